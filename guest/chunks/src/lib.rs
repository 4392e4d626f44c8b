//! Cuts a long text into messages.
//!
//! It looks at each character of an answer, and is therefore a crate of its own: one that is built for speed.

mod cluster;
mod cluster_table;
mod cut;
pub mod fence;
mod measure;
mod spans;

/// Where a long text is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChunkMode {
    /// As late as the limit allows.
    #[default]
    Length,
    /// At every blank line, and where a paragraph is too long.
    Newline,
}

/// Cuts `text` into chunks of at most `limit` UTF-16 code units, none of them blank.
///
/// A text that fits is one chunk and stays as it is, unless `mode` asks for one chunk a paragraph.
/// Otherwise a chunk ends after a paragraph, else after a line, else after a word, else before
/// anything but the inside of a grapheme cluster; links, URLs and parentheses that fit in a chunk
/// stay whole, and so does fenced code. Fenced code that has to be cut is closed and opened again.
/// What is lost is the white space between two chunks.
///
/// A chunk is longer than `limit` only where a single character is.
pub fn chunk(text: &str, limit: u32, mode: ChunkMode) -> Vec<String> {
    let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
    match mode {
        ChunkMode::Length => cut::cut(text, limit),
        ChunkMode::Newline => {
            paragraphs(text).into_iter().flat_map(|paragraph| cut::cut(paragraph, limit)).collect()
        }
    }
}

/// The parts of `text` between blank lines; blank lines in fenced code separate nothing.
fn paragraphs(text: &str) -> Vec<&str> {
    let mut fences = fence::scan(text).into_iter().peekable();
    let mut paragraphs = Vec::new();
    let mut start = None;
    let mut at = 0;
    for line in fence::lines(text) {
        while fences.next_if(|fence| fence.end < at).is_some() {}
        let in_code = fences.peek().is_some_and(|fence| fence.start <= at);
        if in_code || !line.trim().is_empty() {
            start.get_or_insert(at);
        } else if let Some(start) = start.take() {
            paragraphs.extend(text.get(start..at).map(str::trim_end));
        }
        at += line.len();
    }
    paragraphs.extend(start.and_then(|start| text.get(start..)).map(str::trim_end));
    paragraphs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(limit: u32, text: &str, expected: &[&str]) {
        assert_eq!(chunk(text, limit, ChunkMode::Length), expected, "{text:?}");
    }

    #[test]
    fn a_text_that_fits_stays_as_it_is() {
        check(9, "  a\r\n\nb \n", &["  a\r\n\nb \n"]);
        check(2, "😀", &["😀"]);
        check(9, " \n\t ", &[]);
        check(9, "", &[]);
    }

    #[test]
    fn paragraphs_come_before_lines_before_words_before_characters() {
        check(16, "aa bb\n\ncc\ndd ee ff", &["aa bb\n\ncc", "dd ee ff"]);
        check(16, "aa bb cc\n\ndd\nee ff gg", &["aa bb cc", "dd\nee ff gg"]);
        check(9, "aa\nbb cc dd", &["aa", "bb cc dd"]);
        check(9, "aa bb cc dd", &["aa bb cc", "dd"]);
        check(4, "aaaaaabb", &["aaaa", "aabb"]);
    }

    #[test]
    fn white_space_at_a_cut_is_lost_but_not_the_indentation_of_a_line() {
        check(6, "\n aa   \n \t\n  bb  cc\n\n", &[" aa", "  bb", "cc"]);
        check(6, "aa bb\r\n\r\ncc dd", &["aa bb", "cc dd"]);
    }

    #[test]
    fn an_indentation_that_leaves_no_room_for_its_word_is_lost() {
        check(6, "a\n    bbbbb c", &["a", "bbbbb", "c"]);
        check(4, "a\n          bb", &["a", "bb"]);
    }

    #[test]
    fn a_grapheme_cluster_is_cut_only_if_it_does_not_fit() {
        check(5, "🇻🇳🇻🇳", &["🇻🇳", "🇻🇳"]);
        check(3, "e\u{301}\u{302}e\u{301}", &["e\u{301}\u{302}", "e\u{301}"]);
        check(2, "e\u{301}\u{302}", &["e\u{301}", "\u{302}"]);
        check(1, "😀a", &["😀", "a"]);
    }

    #[test]
    fn links_and_parentheses_that_fit_stay_whole() {
        check(14, "aa ![b c](d) e", &["aa ![b c](d) e"]);
        check(13, "aa ![b c](d) e", &["aa ![b c](d)", "e"]);
        check(11, "aa ![b c](d) e", &["aa", "![b c](d) e"]);
        check(8, "aa (b\ncc) d", &["aa", "(b\ncc) d"]);
        check(9, "aa (b (c d) e", &["aa (b", "(c d) e"]);
        check(9, "aa (b\n\ncc) d", &["aa (b", "cc) d"]);
        check(9, "aa (bbbb cc dd) e", &["aa (bbbb", "cc dd) e"]);
        check(9, "aa \\(b cc) d", &["aa \\(b", "cc) d"]);
    }

    #[test]
    fn a_url_that_fits_stays_whole_even_between_letters() {
        check(10, "请看请看http://a.b然后", &["请看请看", "http://a.b", "然后"]);
        check(12, "请看<http://a.b>", &["请看", "<http://a.b>"]);
        check(8, "http://a.b", &["http://a", ".b"]);
    }

    #[test]
    fn code_that_is_cut_is_closed_and_opened_again_with_its_own_marker() {
        check(
            24,
            "~~~~rust\naa bb\n  cc dd\n\n\n  ee\n~~~~\nff",
            &["~~~~rust\naa bb\n~~~~", "~~~~rust\n  cc dd\n~~~~", "~~~~rust\n  ee\n~~~~\nff"],
        );
    }

    #[test]
    fn a_line_of_code_is_cut_only_if_it_does_not_fit() {
        check(14, "```\naaaa bbbb cc\n```", &["```\naaaa\n```", "```\nbbbb\n```", "```\ncc\n```"]);
        check(14, "```\n aaaaaaa\n```", &["```\n aaaaa\n```", "```\naa\n```"]);
    }

    #[test]
    fn code_that_fits_in_a_chunk_is_not_cut() {
        check(14, "a\n```\nb\nc\nd\n```", &["a", "```\nb\nc\nd\n```"]);
    }

    #[test]
    fn code_that_the_text_never_closes_is_closed_where_it_was_cut() {
        check(14, "```\naaaaa\nbbbbb\n", &["```\naaaaa\n```", "```\nbbbbb\n```"]);
    }

    #[test]
    fn code_whose_last_line_fits_without_its_marker_ends_there() {
        check(14, "```\naaaa\n``````\nb", &["```\naaaa\n```", "b"]);
    }

    #[test]
    fn code_is_cut_like_other_text_if_there_is_no_room_for_markers() {
        check(9, "```\naaa bbb\nccc\n```", &["```", "aaa bbb", "ccc\n```"]);
    }

    #[test]
    fn long_markers_of_two_fences_in_a_row_do_not_get_in_the_way_of_each_other() {
        let (open, ticks) = ("```iiiiiiiiiiiiiiiiiiiiii", "``````````````");
        let part = "cccccccccc";
        check(
            40,
            &format!("{open}\naaaaaaaaaa\nb\n```\n{ticks}\n{part}{part}\n{ticks}"),
            &[
                &format!("{open}\naaaaaaaaaa\n```"),
                &format!("{open}\nb\n```"),
                &format!("{ticks}\n{part}\n{ticks}"),
                &format!("{ticks}\n{part}\n{ticks}"),
            ],
        );
    }

    #[test]
    fn newline_mode_makes_a_chunk_of_every_paragraph() {
        let text = "\na\nb\n \n\n```\nc\n\nd\n```\n\naaaaa aaaaa aaaaa aaaaa\n";
        assert_eq!(
            chunk(text, 20, ChunkMode::Newline),
            ["a\nb", "```\nc\n\nd\n```", "aaaaa aaaaa aaaaa", "aaaaa"]
        );
    }
}
