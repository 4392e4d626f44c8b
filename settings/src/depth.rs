//! How deep a JSON5 text is nested, found out without recursion.

use std::iter::Peekable;
use std::str::CharIndices;

/// Where in `json5`, in bytes, the first bracket stands that opens more than `limit` levels.
///
/// In a text that is not JSON5 the answer holds up to the first mistake, which is as far as a
/// parser gets.
pub(crate) fn exceeded_at(json5: &str, limit: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut chars = json5.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '[' | '{' if depth == limit => return Some(at),
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            '"' | '\'' => skip_string(&mut chars, c),
            '/' => skip_comment(&mut chars),
            _ => {}
        }
    }
    None
}

fn skip_string(chars: &mut Peekable<CharIndices<'_>>, quote: char) {
    while let Some((_, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            _ if c == quote => return,
            _ => {}
        }
    }
}

/// Skips what follows a slash, if that makes it a comment.
fn skip_comment(chars: &mut Peekable<CharIndices<'_>>) {
    if chars.next_if(|(_, c)| *c == '/').is_some() {
        chars.find(|(_, c)| json5::char::is_json5_line_terminator(*c));
    } else if chars.next_if(|(_, c)| *c == '*').is_some() {
        while chars.find(|(_, c)| *c == '*').is_some() {
            if chars.next_if(|(_, c)| *c == '/').is_some() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_brackets_outside_of_strings_and_comments_count() {
        for (json5, at) in [
            ("[{}]", None),
            ("[[], [], {}]", None),
            ("[{a: []}]", Some(5)),
            ("[['[[', \"[[\"]]", None),
            (r#"[["\"[["]]"#, None),
            (r"[['\\', []]]", Some(8)),
            ("[[ // [[\n]]", None),
            ("[[ // \n[]]]", Some(7)),
            ("[[ // \u{2028}[]]]", Some(9)),
            ("[[ /* [ ' ** */ ]]", None),
            ("[[ /*/ [ */ [] ]]", Some(12)),
            ("[[ /**/[] ]]", Some(7)),
            ("]]]] [[", None),
            ("[[ 'never closed [[", None),
        ] {
            assert_eq!(exceeded_at(json5, 2), at, "{json5:?}");
        }
    }
}
