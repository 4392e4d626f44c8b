//! Reads where an operator wants a message to go.

use crate::address::{after_prefix, is_number, without_channel};
use crate::command::{ChatKind, Thread};

/// What may stand in front of a person's id.
const USER_PREFIXES: [&str; 3] = ["user:", "dm:", "u:"];

/// What may stand in front of a group's id.
const GROUP_PREFIXES: [&str; 2] = ["group:", "g:"];

/// Where a message is to go, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// This conversation.
    Thread(Thread),
    /// The conversation with the one friend or group of this name. Never blank.
    Name(String),
}

/// What is wrong with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// It is blank.
    Blank,
    /// What follows a prefix such as `group:`, or stands where only an id may, is no id.
    NotAnId,
    /// A person stands where only a group may.
    NotAGroup,
}

/// Reads a target: digits are a person's id; `user:`, `dm:` or `u:` precede one, too, and `group:` or
/// `g:` a group's. Everything else is a name. The channel's own prefix may precede any of them.
pub fn parse_target(text: &str) -> Result<Target, TargetError> {
    let text = without_channel(text);
    match prefixed_id(text)? {
        Some(thread) => Ok(Target::Thread(thread)),
        None if is_number(text) => Ok(Target::Thread(thread(text, ChatKind::Direct))),
        None => Ok(Target::Name(text.to_owned())),
    }
}

/// Reads the id of a group, as it is or as a target that means a group.
pub fn parse_group(text: &str) -> Result<String, TargetError> {
    let text = without_channel(text);
    match prefixed_id(text)? {
        Some(Thread { id, kind: ChatKind::Group }) => Ok(id),
        Some(_) => Err(TargetError::NotAGroup),
        None if is_number(text) => Ok(text.to_owned()),
        None => Err(TargetError::NotAnId),
    }
}

/// The thread that `text` names by a prefix and an id; none when it has no prefix.
fn prefixed_id(text: &str) -> Result<Option<Thread>, TargetError> {
    if text.is_empty() {
        return Err(TargetError::Blank);
    }
    let direct = after_prefix(text, &USER_PREFIXES).map(|id| (id, ChatKind::Direct));
    let prefixed = direct.or_else(|| Some((after_prefix(text, &GROUP_PREFIXES)?, ChatKind::Group)));
    match prefixed {
        Some((id, kind)) if is_number(id) => Ok(Some(thread(id, kind))),
        Some(_) => Err(TargetError::NotAnId),
        None => Ok(None),
    }
}

fn thread(id: &str, kind: ChatKind) -> Thread {
    Thread { id: id.to_owned(), kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_person_unless_it_says_otherwise() {
        use ChatKind::{Direct, Group};
        for (text, id, kind) in [
            ("111", "111", Direct),
            (" user:111 ", "111", Direct),
            ("DM: 111", "111", Direct),
            ("u:111", "111", Direct),
            ("group:5001", "5001", Group),
            ("G:5001", "5001", Group),
            ("zalouser:111", "111", Direct),
            ("ZLU: group: 5001", "5001", Group),
        ] {
            assert_eq!(parse_target(text), Ok(Target::Thread(thread(id, kind))), "{text:?}");
        }
    }

    #[test]
    fn everything_else_is_a_name() {
        for (text, name) in [
            ("Alice Nguyễn", "Alice Nguyễn"),
            ("zlu: Alice ", "Alice"),
            ("0911 222", "0911 222"),
            ("-5", "-5"),
            ("guild:5001", "guild:5001"),
        ] {
            assert_eq!(parse_target(text), Ok(Target::Name(name.into())), "{text:?}");
        }
    }

    #[test]
    fn a_prefix_without_an_id_is_an_error() {
        for text in ["", " ", "zalouser:"] {
            assert_eq!(parse_target(text), Err(TargetError::Blank), "{text:?}");
        }
        for text in ["group:", "g: ", "user:Alice", "dm:1 2", "zalouser:u:"] {
            assert_eq!(parse_target(text), Err(TargetError::NotAnId), "{text:?}");
        }
    }

    #[test]
    fn only_a_group_is_a_group() {
        for (text, expected) in [
            ("5001", Ok("5001".to_owned())),
            ("zalouser:group:5001", Ok("5001".to_owned())),
            ("user:111", Err(TargetError::NotAGroup)),
            ("Work Chat", Err(TargetError::NotAnId)),
            ("group:x", Err(TargetError::NotAnId)),
            ("", Err(TargetError::Blank)),
        ] {
            assert_eq!(parse_group(text), expected, "{text:?}");
        }
    }
}
