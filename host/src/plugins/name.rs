//! What a component is called, in the settings and on the disk.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most characters of a name.
const LENGTH: usize = 64;

/// The name of a component: up to 64 of the characters `a-z`, `0-9`, `-` and `_`, of which the first is a
/// letter or a digit. It is safe as the name of a folder, and no two names are one where case does not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ComponentName(String);

/// A text that is no name of a component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no name of a component; it has up to {LENGTH} of a-z, 0-9, - and _, and begins with a letter or digit"
)]
pub struct NotAName(String);

impl ComponentName {
    /// The component that is part of this program.
    pub fn shipped() -> Self {
        Self("zalouser".to_owned())
    }

    /// Whether it is the name of the component that is part of this program.
    pub fn is_shipped(&self) -> bool {
        *self == Self::shipped()
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ComponentName {
    fn default() -> Self {
        Self::shipped()
    }
}

impl fmt::Display for ComponentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ComponentName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let begins = text.bytes().next().is_some_and(is_plain);
        let goes_on = text.bytes().all(|byte| is_plain(byte) || matches!(byte, b'-' | b'_'));
        if begins && goes_on && text.len() <= LENGTH {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAName(text.chars().take(2 * LENGTH).collect()))
        }
    }
}

impl TryFrom<String> for ComponentName {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        text.parse()
    }
}

impl From<ComponentName> for String {
    fn from(name: ComponentName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_as_a_file_name() {
        for text in ["zalouser", "office-hours", "a", "0_b", &"a".repeat(64)] {
            assert_eq!(text.parse::<ComponentName>().unwrap().as_str(), text);
        }
        for text in ["", ".", "..", "a/b", "-a", "_a", "A", "a.b", "a b", "ä", "a\0", &"a".repeat(65)] {
            assert!(text.parse::<ComponentName>().is_err(), "{text:?}");
        }
    }
}
