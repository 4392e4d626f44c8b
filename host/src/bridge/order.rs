//! What a bridge is told to do, and what came of it, as types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sandbox::bindings::types::{
    self, ChatKind, ExitStatus, LinkMessage, MediaKind, MediaMessage, TextMessage,
};

/// Something to be carried out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// The account; the default one when none is named.
    pub(super) account: Option<String>,
    /// A name of the sender's own for it. Whatever is sent again under the same name within a day is not carried out
    /// again, and answered as the first time.
    #[schemars(length(min = 1, max = 128))]
    pub(super) key: Option<String>,
    pub(super) command: Command,
}

/// A command, the same that `zalouser grants check` takes.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "command", deny_unknown_fields)]
pub(super) enum Command {
    /// Sends a text.
    #[serde(rename = "send.text")]
    SendText {
        thread: Thread,
        /// At most 2,000 UTF-16 code units.
        text: String,
    },
    /// Sends a piece of media.
    #[serde(rename = "send.media")]
    SendMedia {
        thread: Thread,
        #[serde(default)]
        kind: Media,
        /// An `http` or `https` URL, or the absolute path of a file of the bridge's machine.
        source: String,
        /// A text under an image or a video.
        #[serde(default)]
        caption: Option<String>,
    },
    /// Sends a link as a card with a preview.
    #[serde(rename = "send.link")]
    SendLink {
        thread: Thread,
        /// An `http` or `https` URL.
        url: String,
    },
    /// Lists people or groups.
    #[serde(rename = "directory")]
    Directory {
        #[serde(default)]
        list: Listing,
        /// Whose members, if those are to be listed.
        #[serde(default)]
        group: Option<String>,
    },
    /// Asks who the account is.
    #[serde(rename = "identity")]
    Identity {},
    /// Asks whether the account is logged in.
    #[serde(rename = "session")]
    Session {},
}

/// A conversation, as `user:ID` or `group:ID`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(extend("pattern" = "^(user|group):.+$"))]
pub(super) struct Thread(#[schemars(with = "String")] types::Thread);

/// What kind of media something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Media {
    Image,
    Video,
    Voice,
    #[default]
    File,
}

/// What is to be listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Listing {
    #[default]
    Friends,
    Groups,
    Members,
}

impl TryFrom<String> for Thread {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        let kind = match written.split_once(':') {
            Some(("user", id)) if !id.is_empty() => ChatKind::Direct,
            Some(("group", id)) if !id.is_empty() => ChatKind::Group,
            _ => return Err(format!("the thread {written:?} is neither user:ID nor group:ID")),
        };
        let id = written.split_once(':').map(|(_, id)| id.to_owned()).unwrap_or_default();
        Ok(Self(types::Thread { id, kind }))
    }
}

impl Command {
    /// The command as the contract has it.
    ///
    /// # Errors
    /// What it lacks, or has too much of.
    pub(super) fn into_contract(self) -> Result<types::Command, String> {
        Ok(match self {
            Self::SendText { text, .. } if text.trim().is_empty() => {
                return Err("the text is blank".to_owned());
            }
            Self::SendText { text, .. } if text.encode_utf16().count() > TEXT_MAX => return Err(too_long()),
            Self::SendText { thread, text } => {
                types::Command::SendText(TextMessage { thread: thread.0, text })
            }
            Self::SendMedia { kind: Media::Voice | Media::File, caption: Some(_), .. } => {
                return Err("only an image or a video takes a caption".to_owned());
            }
            Self::SendMedia { caption: Some(text), .. } if text.encode_utf16().count() > TEXT_MAX => {
                return Err(too_long());
            }
            Self::SendMedia { thread, kind, source, caption } => {
                let kind = match kind {
                    Media::Image => MediaKind::Image,
                    Media::Video => MediaKind::Video,
                    Media::Voice => MediaKind::Voice,
                    Media::File => MediaKind::File,
                };
                types::Command::SendMedia(MediaMessage { thread: thread.0, kind, source, caption })
            }
            Self::SendLink { thread, url } => types::Command::SendLink(LinkMessage { thread: thread.0, url }),
            Self::Directory { list: Listing::Members, group: Some(group) } if !group.is_empty() => {
                types::Command::ListMembers(group)
            }
            Self::Directory { list: Listing::Members, .. } => {
                return Err("`members` needs the `group` whose they are".to_owned());
            }
            Self::Directory { group: Some(_), .. } => {
                return Err("`group` goes with `list: \"members\"` alone".to_owned());
            }
            Self::Directory { list: Listing::Friends, .. } => types::Command::ListFriends,
            Self::Directory { list: Listing::Groups, .. } => types::Command::ListGroups,
            Self::Identity {} => types::Command::WhoAmI,
            Self::Session {} => types::Command::SessionStatus,
        })
    }
}

/// The longest text of one message, in UTF-16 code units: the contract's.
const TEXT_MAX: usize = 2_000;

fn too_long() -> String {
    format!(
        "a text of more than {TEXT_MAX} UTF-16 code units does not fit into one message; send it in parts"
    )
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Outcome {
    #[serde(flatten)]
    pub(super) end: End,
    /// What `zca` printed.
    pub(super) stdout: String,
    /// What it printed as an error.
    pub(super) stderr: String,
    /// Zalo's ids of the messages that were delivered, as far as `zca` told them; null when nothing was, or nobody
    /// knows.
    pub(super) delivered: Option<Vec<String>>,
}

/// In which way a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub(super) enum End {
    /// `zca` ended by itself.
    Exited {
        /// Its exit code; 0 is success.
        code: i32,
    },
    /// It took too long, or the bridge ended meanwhile. Nobody knows what it did.
    TimedOut,
    /// It was not begun.
    NotStarted {
        /// Why.
        reason: String,
    },
    /// Nobody granted it.
    Refused {
        /// What would allow it.
        reason: String,
    },
}

impl Outcome {
    /// That of a command of which nobody knows what it did.
    pub(super) fn interrupted() -> Self {
        let stderr = "the bridge ended while this was carried out".to_owned();
        Self { end: End::TimedOut, stdout: String::new(), stderr, delivered: None }
    }

    /// Whether anything was begun.
    pub(super) fn was_begun(&self) -> bool {
        matches!(self.end, End::Exited { .. } | End::TimedOut)
    }
}

impl From<types::Outcome> for Outcome {
    fn from(outcome: types::Outcome) -> Self {
        let types::Outcome { status, stdout, stderr, delivered } = outcome;
        let end = match status {
            ExitStatus::Exited(code) => End::Exited { code },
            ExitStatus::TimedOut => End::TimedOut,
            ExitStatus::NotStarted(reason) => End::NotStarted { reason },
            ExitStatus::Refused(reason) => End::Refused { reason },
        };
        Self { end, stdout, stderr, delivered }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(command: Value) -> Result<types::Command, String> {
        serde_json::from_value::<Command>(command).map_err(|err| err.to_string())?.into_contract()
    }

    #[test]
    fn every_command_of_the_contract_can_be_given() {
        let thread = |id: &str, kind| types::Thread { id: id.to_owned(), kind };
        for (written, meant) in [
            (
                json!({ "command": "send.text", "thread": "user:1", "text": "-hi" }),
                types::Command::SendText(TextMessage {
                    thread: thread("1", ChatKind::Direct),
                    text: "-hi".into(),
                }),
            ),
            (
                json!({ "command": "send.media", "thread": "group:2", "kind": "image", "source": "/a.png", "caption": "c" }),
                types::Command::SendMedia(MediaMessage {
                    thread: thread("2", ChatKind::Group),
                    kind: MediaKind::Image,
                    source: "/a.png".into(),
                    caption: Some("c".into()),
                }),
            ),
            (
                json!({ "command": "send.link", "thread": "user:1", "url": "https://e.org" }),
                types::Command::SendLink(LinkMessage {
                    thread: thread("1", ChatKind::Direct),
                    url: "https://e.org".into(),
                }),
            ),
            (json!({ "command": "directory" }), types::Command::ListFriends),
            (json!({ "command": "directory", "list": "groups" }), types::Command::ListGroups),
            (
                json!({ "command": "directory", "list": "members", "group": "2" }),
                types::Command::ListMembers("2".into()),
            ),
            (json!({ "command": "identity" }), types::Command::WhoAmI),
            (json!({ "command": "session" }), types::Command::SessionStatus),
        ] {
            assert_eq!(read(written.clone()), Ok(meant), "{written}");
        }
    }

    #[test]
    fn what_is_no_command_is_told() {
        for (written, told) in [
            (json!({ "command": "exec" }), "unknown variant `exec`"),
            (json!({ "command": "send.text", "thread": "1", "text": "hi" }), "neither user:ID nor group:ID"),
            (
                json!({ "command": "send.text", "thread": "user:", "text": "hi" }),
                "neither user:ID nor group:ID",
            ),
            (json!({ "command": "send.text", "thread": "user:1", "text": " " }), "the text is blank"),
            (json!({ "command": "send.text", "thread": "user:1", "text": "€".repeat(2_001) }), "in parts"),
            (
                json!({ "command": "send.text", "thread": "user:1", "text": "a", "flag": 1 }),
                "unknown field `flag`",
            ),
            (
                json!({ "command": "send.media", "thread": "user:1", "source": "/a", "caption": "c" }),
                "only an image or a video",
            ),
            (json!({ "command": "directory", "list": "members" }), "needs the `group`"),
            (json!({ "command": "directory", "group": "2" }), "goes with"),
        ] {
            let problem = read(written.clone()).unwrap_err();
            assert!(problem.contains(told), "{written}: {problem}");
        }
    }
}
