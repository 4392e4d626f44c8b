//! Makes what strangers call themselves safe to show in one line.

use std::borrow::Cow;

/// `text` on one line: without control characters and those that reorder a line, and trimmed.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    without(text.trim(), breaks_line)
}

/// [`one_line`] of a name that was read.
pub(crate) fn label(name: Cow<'_, str>) -> Cow<'_, str> {
    match name {
        Cow::Borrowed(name) => one_line(name),
        Cow::Owned(name) => one_line(&name).into_owned().into(),
    }
}

/// `text` for use within square brackets, which it can neither close nor open.
pub(crate) fn bracketed(text: &str) -> Cow<'_, str> {
    without(text.trim(), |char| breaks_line(char) || matches!(char, '[' | ']'))
}

/// At most `limit` bytes of `text` on one line, for a log.
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    one_line(prefix(text, limit)).into_owned()
}

/// The longest prefix of `text` of at most `limit` bytes.
pub(crate) fn prefix(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit)).unwrap_or(text)
}

/// `text` with line feeds for ends of lines.
pub(crate) fn unix_lines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

/// Besides control characters: the separators of lines and paragraphs, and what overrides the
/// direction of the text after it.
fn breaks_line(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn without(text: &str, unwanted: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&unwanted) {
        return text.into();
    }
    let kept: String = text.chars().filter(|char| !unwanted(*char)).collect();
    kept.trim().to_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_line_or_its_brackets() {
        let name = " Eve]\r\n[Zalo Personal\u{2028} Owner\u{202e} ";
        assert_eq!(one_line(name), "Eve][Zalo Personal Owner");
        assert_eq!(bracketed(name), "EveZalo Personal Owner");
    }

    #[test]
    fn an_excerpt_ends_at_a_character() {
        assert_eq!(excerpt("aế\nb", 3), "a");
        assert_eq!(excerpt("aế\nb", 9), "aếb");
    }
}
