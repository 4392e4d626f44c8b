//! Threads, the commands that a guest may ask for, and what became of them.

use serde::Serialize;
pub use zalouser_tolerant::message::{ChatKind, Thread};

use crate::printed;

/// Which way of sending a piece of media has to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// A picture; takes a caption.
    Image,
    /// A film; takes a caption.
    Video,
    /// A voice message; takes no caption.
    Voice,
    /// Any other file; takes no caption.
    File,
}

impl MediaKind {
    /// Whether Zalo shows a text under it.
    pub fn takes_caption(self) -> bool {
        matches!(self, Self::Image | Self::Video)
    }
}

/// Something that the guest asks the host to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "command")]
pub enum Command {
    /// Sends a text of at most 2,000 UTF-16 code units, never blank.
    SendText {
        /// Where it goes.
        thread: Thread,
        /// What is sent.
        text: String,
    },
    /// Sends a piece of media.
    SendMedia {
        /// Where it goes.
        thread: Thread,
        /// Which way of sending it takes.
        kind: MediaKind,
        /// An `http(s)` URL, or an absolute path on the host's disk.
        source: String,
        /// Text under it; always none for a kind that takes none.
        caption: Option<String>,
    },
    /// Sends a link as a card.
    SendLink {
        /// Where it goes.
        thread: Thread,
        /// The URL.
        url: String,
    },
    /// Lists the account's friends.
    ListFriends,
    /// Lists the groups that the account is in.
    ListGroups,
    /// Lists the members of the group with this id.
    ListMembers(String),
    /// Asks who the account is.
    WhoAmI,
    /// Asks whether the account's session holds.
    SessionStatus,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It ran and ended with this code.
    Exited(i32),
    /// It was stopped because it took too long.
    TimedOut,
    /// It never ran, for this reason.
    NotStarted(String),
    /// The host refused to run it; the text says what would allow it.
    Refused(String),
}

/// What became of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it printed as an error.
    pub stderr: String,
    /// The ids of the messages that it delivered, as far as they are known; none when nothing was
    /// delivered or nobody knows, and for a command that sends nothing.
    pub delivered: Option<Vec<String>>,
}

impl Outcome {
    /// In one line why it failed; none when it ran and ended well.
    pub fn complaint(&self) -> Option<String> {
        printed::answer(self).err()
    }
}
