//! Values as they are shown to whoever edits a document.

use std::fmt::Write;

use serde_json::Value;

/// `value` as JSON on one line. Beyond what JSON demands, every character is escaped that a terminal obeys
/// or that ends or reorders a line.
pub(crate) fn json(value: &Value) -> String {
    // As `to_string` does, which brings what writes JSON over several lines, too.
    let json = serde_json::to_string(value).unwrap_or_default();
    if !json.contains(is_obeyed) {
        return json;
    }
    // Such a character can only stand within a string, where an escape means the same.
    escaped(&json)
}

/// `text` with the characters that [`json`] escapes escaped alike.
pub(crate) fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut shown, char| {
        if is_obeyed(char) {
            // A string takes all that is written to it. All of these have four digits.
            let _ = write!(shown, "\\u{:04x}", u32::from(char));
        } else {
            shown.push(char);
        }
        shown
    })
}

fn is_obeyed(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_means_the_same() {
        let text = "a\u{1b}\u{7f}\u{9b}\u{202e}\u{2028}Họ 😀";
        let shown = json(&Value::from(text));
        assert_eq!(shown, r#""a\u001b\u007f\u009b\u202e\u2028Họ 😀""#);
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
