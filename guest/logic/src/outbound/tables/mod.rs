//! Turns markdown tables, which Zalo cannot show, into something that it can.

mod parse;
mod render;

use std::borrow::Cow;

use crate::account::TableStyle;
use parse::Table;

/// Rewrites every table of `text` in the given style; all else stays byte for byte.
///
/// A table is what GitHub Flavored Markdown takes for one, outside of fenced code. One that would
/// grow out of proportion stays as it is, and so does one without rows that is to become a list.
pub fn convert_tables(text: &str, style: TableStyle) -> Cow<'_, str> {
    let render = match style {
        TableStyle::Off => return Cow::Borrowed(text),
        TableStyle::Bullets => render::bullets,
        TableStyle::Code => render::code,
    };
    let mut converted = String::new();
    let mut copied = 0;
    for Table { range, header, rows } in parse::tables(text) {
        // A short row in a wide table, or a long header over many rows, is written out at full
        // length; the bound keeps that from growing with the square of the text.
        let most = range.len().saturating_mul(8).saturating_add(4096);
        if let Some(table) = render(&header, &rows, most) {
            converted.push_str(text.get(copied..range.start).unwrap_or_default());
            converted.push_str(&table);
            copied = range.end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    converted.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(converted)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[track_caller]
    fn check(style: TableStyle, text: &str, expected: &str) {
        assert_eq!(convert_tables(text, style), expected);
    }

    #[test]
    fn columns_align_by_the_width_that_is_seen() {
        check(
            TableStyle::Code,
            "| a | bb |\n|:-:|---|\n| 漢字 | e\u{301} |\n| x | 👩‍👩‍👧‍👦 y |",
            "```\n| a    | bb   |\n| ---- | ---- |\n| 漢字 | e\u{301}    |\n| x    | 👩‍👩‍👧‍👦 y |\n```",
        );
    }

    #[test]
    fn only_the_table_changes() {
        check(
            TableStyle::Code,
            "# T \r\n\r\n  a | b\r\n-:|--\r\n1 | 2\r\n\r\n- [ ] _x_\r\n",
            "# T \r\n\r\n```\n| a   | b   |\n| --- | --- |\n| 1   | 2   |\n```\r\n\r\n- [ ] _x_\r\n",
        );
    }

    #[test]
    fn what_is_no_table_stays() {
        for text in [
            "a | b\n",
            "a | b\n--- | --- | ---\n1 | 2",
            "a\n---\nb",
            "| a |\n| b |",
            "```\n| a |\n|---|\n| 1 |\n```",
            "    | a |\n    |---|\n    | 1 |",
            "- a | b\n--- | ---\n1 | 2",
            "|---|---|\n| 1 | 2 |",
        ] {
            for style in [TableStyle::Code, TableStyle::Bullets] {
                assert!(
                    matches!(convert_tables(text, style), Cow::Borrowed(same) if same == text),
                    "{text:?}"
                );
            }
        }
    }

    #[test]
    fn tables_stay_if_they_are_not_to_be_converted() {
        check(TableStyle::Off, "| a |\n|---|\n| 1 |", "| a |\n|---|\n| 1 |");
    }

    #[test]
    fn missing_cells_are_empty_and_surplus_ones_are_dropped() {
        check(
            TableStyle::Code,
            "| a | b |\n|---|---|\n| 1\n| 1 | 2 | 3 |",
            "```\n| a   | b   |\n| --- | --- |\n| 1   |     |\n| 1   | 2   |\n```",
        );
    }

    #[test]
    fn an_escaped_pipe_is_part_of_its_cell() {
        check(
            TableStyle::Code,
            "| a |\n|---|\n| `x\\|y` |\n| z\\\\ |",
            "```\n| a     |\n| ----- |\n| `x|y` |\n| z\\\\   |\n```",
        );
    }

    #[test]
    fn a_table_ends_where_another_block_begins() {
        for after in ["", "# b", "> b", "- b", "12. b", "---", "~~~\nb\n~~~", "    b"] {
            let text = format!("| a |\n|---|\n| 1 |\n{after}");
            check(TableStyle::Bullets, &text, &format!("• a: 1\n{after}"));
        }
        check(TableStyle::Bullets, "| a |\n|---|\n| 1 |\nb", "• a: 1\n• a: b");
    }

    #[test]
    fn a_cell_with_a_fence_marker_gets_a_longer_fence() {
        check(TableStyle::Code, "| a |\n|---|\n| ```` |", "`````\n| a    |\n| ---- |\n| ```` |\n`````");
    }

    #[test]
    fn bullets_name_each_value_by_its_header() {
        check(
            TableStyle::Bullets,
            "| a | b | |\n|---|---|---|\n| 1 | 2 | 3 |\n| **4** | | 5 |\n| | 6 | |\n| | | |\n",
            "**1**\n• b: 2\n• Column 3: 3\n\n**4**\n• Column 3: 5\n\n• b: 6\n",
        );
    }

    #[test]
    fn a_table_without_rows_is_no_list() {
        check(TableStyle::Bullets, "| a |\n|---|\n", "| a |\n|---|\n");
        check(TableStyle::Code, "| a |\n|---|\n", "```\n| a   |\n| --- |\n```\n");
    }

    #[test]
    fn a_table_that_would_grow_out_of_proportion_stays() {
        let wide = "| a ".repeat(2_000) + "|\n" + &"|-".repeat(2_000) + "|\n" + &"| b |\n".repeat(2_000);
        check(TableStyle::Code, &wide, &wide);
        let long = format!("| a | {} |\n|---|---|\n{}", "b".repeat(9_000), "| 1 | 2 |\n".repeat(2_000));
        check(TableStyle::Bullets, &long, &long);
    }

    /// Where the reference differs: it drops the blank line after a table (all cases), measures
    /// width in UTF-16 code units without the marks of markdown (all cases), and puts the marks of
    /// bold inside those of code (the first case).
    #[test]
    fn the_cases_of_the_reference_hold_but_for_its_faults() {
        let cases: Vec<Value> =
            serde_json::from_str(include_str!("../../../tests/vectors/tables.json")).unwrap();
        for case in cases {
            let text = case["text"].as_str().unwrap();
            let bullets = case["tables_bullets"].as_str().unwrap().replace("`**code**`", "**`code`**");
            check(TableStyle::Bullets, text, &bullets);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let code = convert_tables(text, TableStyle::Code).replace('-', "");
            let reference = case["tables_code"].as_str().unwrap().replace('-', "");
            assert_eq!(words(&code), words(&reference), "{}", case["name"]);
        }
    }
}
