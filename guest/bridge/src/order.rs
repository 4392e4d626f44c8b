//! Writes what a bridge is asked to carry out.

use serde_json::{Value, json};
use zalouser_logic::command::{ChatKind, Command, MediaKind, Thread};

/// Whether a command sends something.
pub fn sends(command: &Command) -> bool {
    matches!(command, Command::SendText { .. } | Command::SendMedia { .. } | Command::SendLink { .. })
}

/// A command for an account, under a key if that makes a difference.
pub(crate) fn order(account: &str, command: &Command, key: Option<String>) -> Value {
    let mut order = json!({ "account": account, "command": encoded(command) });
    if let Some(key) = key {
        order["key"] = key.into();
    }
    order
}

/// A command as the bridge takes it.
fn encoded(command: &Command) -> Value {
    match command {
        Command::SendText { thread, text } => {
            json!({ "command": "send.text", "thread": named(thread), "text": text })
        }
        Command::SendMedia { thread, kind, source, caption } => {
            let kind = match kind {
                MediaKind::Image => "image",
                MediaKind::Video => "video",
                MediaKind::Voice => "voice",
                MediaKind::File => "file",
            };
            let thread = named(thread);
            json!({ "command": "send.media", "thread": thread, "kind": kind, "source": source, "caption": caption })
        }
        Command::SendLink { thread, url } => {
            json!({ "command": "send.link", "thread": named(thread), "url": url })
        }
        Command::ListFriends => json!({ "command": "directory", "list": "friends" }),
        Command::ListGroups => json!({ "command": "directory", "list": "groups" }),
        Command::ListMembers(group) => json!({ "command": "directory", "list": "members", "group": group }),
        Command::WhoAmI => json!({ "command": "identity" }),
        Command::SessionStatus => json!({ "command": "session" }),
    }
}

fn named(thread: &Thread) -> String {
    match thread.kind {
        ChatKind::Direct => format!("user:{}", thread.id),
        ChatKind::Group => format!("group:{}", thread.id),
    }
}
