//! Writes a table as a code block or as a list.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

/// An aligned code block, or none if it would take more than `most` bytes.
pub(super) fn code(header: &[&str], rows: &[Vec<&str>], most: usize) -> Option<String> {
    /// The fewest dashes that markdown takes for a delimiter everywhere.
    const NARROWEST: usize = 3;
    let mut widths = vec![NARROWEST; header.len()];
    let mut longest_run = 0;
    for row in std::iter::once(header).chain(rows.iter().map(Vec::as_slice)) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = unescaped(cell).width().max(*width);
            longest_run = longest_run.max(backticks(cell));
        }
    }
    let dashes: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let dashes: Vec<_> = dashes.iter().map(String::as_str).collect();
    let fence = "`".repeat(3.max(longest_run + 1));
    let mut block = format!("{fence}\n");
    for row in [header, &dashes].into_iter().chain(rows.iter().map(Vec::as_slice)) {
        for (index, width) in widths.iter().enumerate() {
            let cell = unescaped(row.get(index).copied().unwrap_or_default());
            block.extend(["| ", &cell]);
            block.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 1));
        }
        block.push_str("|\n");
        if block.len() > most {
            return None;
        }
    }
    block.push_str(&fence);
    Some(block)
}

/// A list with a heading for each row, or none if there is no row or it would take more than `most`
/// bytes.
pub(super) fn bullets(header: &[&str], rows: &[Vec<&str>], most: usize) -> Option<String> {
    let headed = header.len() > 1;
    let mut list = String::new();
    for row in rows.iter().filter(|row| row.iter().any(|cell| !cell.is_empty())) {
        if !list.is_empty() {
            list.push_str(if headed { "\n\n" } else { "\n" });
        }
        let heading = row.first().filter(|cell| headed && !cell.is_empty());
        let mut lines: Vec<_> = heading.map(|cell| bold(&unescaped(cell))).into_iter().collect();
        for (index, value) in row.iter().enumerate().skip(usize::from(headed)) {
            match header.get(index).filter(|name| !name.is_empty()) {
                _ if value.is_empty() => {}
                Some(name) => lines.push(format!("• {}: {}", unescaped(name), unescaped(value))),
                None => lines.push(format!("• Column {}: {}", index + 1, unescaped(value))),
            }
        }
        list.push_str(&lines.join("\n"));
        if list.len() > most {
            return None;
        }
    }
    Some(list).filter(|list| !list.is_empty())
}

fn unescaped(cell: &str) -> Cow<'_, str> {
    if cell.contains("\\|") { Cow::Owned(cell.replace("\\|", "|")) } else { Cow::Borrowed(cell) }
}

/// `cell` in bold; as it is if some of it is bold already, since the marks do not nest.
fn bold(cell: &str) -> String {
    if cell.contains("**") { cell.to_owned() } else { format!("**{cell}**") }
}

/// The length of the longest run of backticks in `text`.
fn backticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
