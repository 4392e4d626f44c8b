//! What a program prints, made fit for a log.

/// `text` without terminal escapes and control characters, trimmed, and cut to at most `max` bytes.
pub(super) fn plain(text: &str, max: usize) -> String {
    let stripped = anstream::adapter::strip_str(text).to_string();
    let mut clean: String = stripped.chars().filter(|character| !character.is_control()).collect();
    clean.truncate(clean.floor_char_boundary(max));
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_a_terminal_obeys() {
        let cases = [
            ("\u{1b}[31mred\u{1b}[0m\r", "red"),
            ("\u{1b}]0;title\u{7}x\u{9b}31m", "x31m"),
            ("  Đăng nhập  ", "Đăng nhập"),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text, 100), expected, "{text:?}");
        }
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(plain("aĐ", 2), "a");
    }
}
