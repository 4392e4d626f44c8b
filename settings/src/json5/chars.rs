//! What kinds of characters JSON5 knows.

/// Whether `char` ends a line.
pub(crate) fn ends_line(char: char) -> bool {
    matches!(char, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// Whether `char` may stand between any two tokens. JSON5 knows one more kind of it than Unicode, and
/// one less.
pub(super) fn is_white_space(char: char) -> bool {
    (char.is_whitespace() && char != '\u{85}') || char == '\u{feff}'
}

/// Whether a key without quotes may begin with `char`.
pub(super) fn is_identifier_start(char: char) -> bool {
    matches!(char, '$' | '_') || char.is_alphabetic()
}

/// Whether a key without quotes may go on with `char`. JSON5 lists the characters outside of ASCII that
/// may; a table of them would be larger than this whole reader, and here they are all but white space and
/// control characters.
pub(super) fn is_identifier(char: char) -> bool {
    let is_other = char.is_ascii() || char.is_control() || is_white_space(char);
    matches!(char, '$' | '_') || char.is_alphanumeric() || !is_other
}
