//! A command as an operator writes it, to ask whether it would pass.

use serde_json::Value;
use zalouser_settings::{Problem, Section};

use crate::grants::Capability;
use crate::sandbox::bindings::types::{
    ChatKind, Command, LinkMessage, MediaKind, MediaMessage, TextMessage, Thread,
};

/// What `directory` can list.
#[derive(Clone, Copy)]
enum Listing {
    Friends,
    Groups,
    Members,
}

const LISTINGS: [(&str, Listing); 3] =
    [("friends", Listing::Friends), ("groups", Listing::Groups), ("members", Listing::Members)];

const MEDIA_KINDS: [(&str, MediaKind); 4] = [
    ("image", MediaKind::Image),
    ("video", MediaKind::Video),
    ("voice", MediaKind::Voice),
    ("file", MediaKind::File),
];

/// Reads `{"command": "send.text", "thread": "user:111", …}`, with all that the bridge takes.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn command(asked: &Value) -> Result<Command, Vec<Problem>> {
    let read = zalouser_settings::read("", Some(asked), read)?;
    // Without a command there was a problem.
    read.ok_or_else(|| vec![Problem::new("command", "is missing")])
}

fn read(section: &mut Section<'_>) -> Option<Command> {
    section.require("command");
    let Some(capability) = section.choice("command", "a kind of command", &Capability::ALL) else {
        section.leave_rest();
        return None;
    };
    Some(match capability {
        Capability::Directory => listing(section)?,
        Capability::Identity => Command::WhoAmI,
        Capability::Session => Command::SessionStatus,
        Capability::SendText => {
            let text = section.string("text").unwrap_or_default();
            Command::SendText(TextMessage { thread: thread(section)?, text })
        }
        Capability::SendMedia => {
            section.require("source");
            let source = section.text("source");
            let kind = section.choice("kind", "a kind of media", &MEDIA_KINDS).unwrap_or(MediaKind::File);
            let caption = section.string("caption");
            let thread = thread(section);
            Command::SendMedia(MediaMessage { thread: thread?, kind, source: source?, caption })
        }
        Capability::SendLink => {
            section.require("url");
            let url = section.text("url");
            let thread = thread(section);
            Command::SendLink(LinkMessage { thread: thread?, url: url? })
        }
    })
}

fn listing(section: &mut Section<'_>) -> Option<Command> {
    Some(match section.choice("list", "a list", &LISTINGS).unwrap_or(Listing::Friends) {
        Listing::Friends => Command::ListFriends,
        Listing::Groups => Command::ListGroups,
        Listing::Members => {
            section.require("group");
            Command::ListMembers(section.id("group")?)
        }
    })
}

fn thread(section: &mut Section<'_>) -> Option<Thread> {
    section.require("thread");
    section.parse("thread", |value| {
        let (kind, id) = value.as_str().and_then(|text| text.split_once(':')).unwrap_or_default();
        let kind = match kind {
            "user" => Some(ChatKind::Direct),
            "group" => Some(ChatKind::Group),
            _ => None,
        };
        match kind.filter(|_| !id.is_empty()) {
            Some(kind) => Ok(Thread { id: id.to_owned(), kind }),
            None => Err("is neither user:ID nor group:ID".to_owned()),
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_of_command_can_be_asked_for() {
        for (asked, capability) in [
            (json!({ "command": "send.text", "thread": "user:1", "text": "hi" }), Capability::SendText),
            (json!({ "command": "send.text", "thread": "group:1" }), Capability::SendText),
            (
                json!({ "command": "send.media", "thread": "user:1", "source": "/srv/a.png" }),
                Capability::SendMedia,
            ),
            (
                json!({ "command": "send.link", "thread": "user:1", "url": "https://e.org" }),
                Capability::SendLink,
            ),
            (
                json!({ "command": "send.media", "thread": "user:1", "source": "/a", "kind": "image", "caption": "c" }),
                Capability::SendMedia,
            ),
            (json!({ "command": "directory" }), Capability::Directory),
            (json!({ "command": "directory", "list": "members", "group": "5001" }), Capability::Directory),
            (json!({ "command": "identity" }), Capability::Identity),
            (json!({ "command": "session" }), Capability::Session),
        ] {
            assert_eq!(Capability::of(&command(&asked).unwrap()), capability, "{asked}");
        }
    }

    #[test]
    fn what_is_no_command_is_told() {
        for (asked, told) in [
            (json!({}), "command is missing"),
            (json!([]), "is not an object"),
            (json!({ "command": "send-text" }), "did you mean \"send.text\""),
            (json!({ "command": "send.text" }), "thread is missing"),
            (json!({ "command": "send.text", "thread": "1" }), "neither user:ID nor group:ID"),
            (json!({ "command": "send.link", "thread": "user:1" }), "url is missing"),
            (json!({ "command": "directory", "list": "members" }), "group is missing"),
            (json!({ "command": "session", "thread": "user:1" }), "thread is not a known key"),
        ] {
            let problems: Vec<_> = command(&asked).unwrap_err().iter().map(ToString::to_string).collect();
            assert!(problems.join("\n").contains(told), "{asked}: {problems:?}");
        }
    }
}
