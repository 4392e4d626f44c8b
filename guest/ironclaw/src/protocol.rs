//! The bridge's JSON; `zalouser bridge` describes it at `/openapi.json`.

use serde::Deserialize;
use serde_json::{Value, json};
use zalouser_logic::command::{ChatKind, Command, ExitStatus, MediaKind, Outcome, Thread};

/// What the account is decided by.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Configuration {
    pub(crate) json5: String,
    pub(crate) zca_profile: Option<String>,
}

/// What became of a command.
#[derive(Deserialize)]
pub(crate) struct Done {
    #[serde(flatten)]
    end: End,
    stdout: String,
    stderr: String,
    delivered: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
enum End {
    Exited { code: i32 },
    TimedOut,
    NotStarted { reason: String },
    Refused { reason: String },
}

/// Why the bridge did not do something.
#[derive(Default, Deserialize)]
pub(crate) struct Failed {
    pub(crate) error: Trouble,
}

#[derive(Default, Deserialize)]
pub(crate) struct Trouble {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl From<Done> for Outcome {
    fn from(Done { end, stdout, stderr, delivered }: Done) -> Self {
        let status = match end {
            End::Exited { code } => ExitStatus::Exited(code),
            End::TimedOut => ExitStatus::TimedOut,
            End::NotStarted { reason } => ExitStatus::NotStarted(reason),
            End::Refused { reason } => ExitStatus::Refused(reason),
        };
        Self { status, stdout, stderr, delivered }
    }
}

/// Whether a command sends something.
pub(crate) fn sends(command: &Command) -> bool {
    matches!(command, Command::SendText { .. } | Command::SendMedia { .. } | Command::SendLink { .. })
}

/// A command as the bridge takes it.
pub(crate) fn command(command: &Command) -> Value {
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
