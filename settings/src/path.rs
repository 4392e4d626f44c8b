//! Where something stands in a document.

use serde_json::Value;

use crate::shown::json;

/// The path of `key` in the object at `parent`, which is empty for the document as a whole.
///
/// A key that reads well after a dot, as an identifier or an id does, follows one; any other is
/// quoted: `groups["Work Chat"]`.
pub fn of_key(parent: &str, key: &str) -> String {
    if !is_plain(key) {
        format!("{parent}[{}]", json(&Value::from(key)))
    } else if parent.is_empty() {
        key.to_owned()
    } else {
        format!("{parent}.{key}")
    }
}

/// The path of the item at `index` of the list at `parent`.
pub fn of_item(parent: &str, index: usize) -> String {
    format!("{parent}[{index}]")
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_key_that_would_be_misread_is_quoted() {
        for (parent, key, path) in [
            ("", "channels", "channels"),
            ("channels", "zalouser", "channels.zalouser"),
            ("groups", "5002", "groups.5002"),
            ("accounts", "work-2", "accounts.work-2"),
            ("groups", "Work Chat", r#"groups["Work Chat"]"#),
            ("groups", "group:5002", r#"groups["group:5002"]"#),
            ("groups", "*", r#"groups["*"]"#),
            ("groups", "", r#"groups[""]"#),
            ("groups", "a\"b\n", r#"groups["a\"b\n"]"#),
            ("", "Họ", r#"["Họ"]"#),
            ("", "a\u{7f}\u{9b}", r#"["a\u007f\u009b"]"#),
        ] {
            assert_eq!(of_key(parent, key), path, "{key:?} in {parent:?}");
        }
    }

    #[test]
    fn an_item_has_its_index() {
        assert_eq!(of_item("allowFrom", 0), "allowFrom[0]");
    }
}
