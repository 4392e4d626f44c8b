//! What the monitor wants to happen, as data.

use crate::command::Thread;

/// A piece of media that came with a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// Where `zca` stored it.
    pub path: Option<String>,
    /// Where it can be fetched.
    pub url: Option<String>,
    /// Its MIME type.
    pub mime: Option<String>,
}

/// The message that a message answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its id.
    pub id: Option<String>,
    /// Its text.
    pub body: String,
    /// Who wrote it.
    pub sender_name: Option<String>,
}

/// A message of a group that was not let through and precedes one that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its id.
    pub message_id: String,
    /// A name, or the id of one who has none.
    pub sender: String,
    /// What it said.
    pub body: String,
    /// When, in milliseconds since the Unix epoch.
    pub timestamp: Option<u64>,
}

/// A message of a group that waits to go before the next one that is let through there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The group.
    pub thread_id: String,
    /// The message.
    pub message: HistoryEntry,
}

/// Why a message was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The sender is on the allow-list.
    SenderAllowed,
    /// The sender was paired.
    SenderPaired,
    /// Direct chats are open to everybody.
    DmOpen,
    /// A rule lets the group in.
    GroupAllowed,
    /// Groups are open.
    GroupOpen,
}

/// A message for the agent; its fields are described in the WIT package.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the WIT package describes each field")]
pub struct InboundMessage {
    pub thread: Thread,
    pub admission: Admission,
    pub account_id: String,
    pub session_key: String,
    pub sender_id: String,
    pub sender_name: String,
    pub body: String,
    pub raw_body: String,
    pub command_body: String,
    pub from: String,
    pub to: String,
    pub conversation_label: String,
    pub group_subject: Option<String>,
    pub command_authorized: bool,
    pub was_mentioned: Option<bool>,
    pub message_id: String,
    pub message_id_full: Option<String>,
    pub zalo_id: Option<String>,
    pub client_id: Option<String>,
    pub timestamp: Option<u64>,
    pub reply_to: Option<Quote>,
    pub media: Vec<Media>,
    pub history: Vec<HistoryEntry>,
}

/// A stranger to whom a pairing code is to be offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairingRequest {
    /// The id of the account.
    pub account_id: String,
    /// Who asks. Never empty.
    pub sender_id: String,
    /// Empty when unknown.
    pub sender_name: String,
    /// Where the offer goes.
    pub thread: Thread,
    /// The id of the message that led to it.
    pub message_id: String,
}

/// Why a message was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// It has neither text nor media.
    Blank,
    /// The line is not a message.
    Malformed,
    /// The line is longer than 1 MiB.
    LineTooLong,
    /// It does not say who wrote it.
    SenderMissing,
    /// The account wrote it itself.
    OwnMessage,
    /// Direct chats are switched off.
    DmDisabled,
    /// The sender may not write to the account.
    SenderNotAllowed,
    /// Groups are switched off.
    GroupDisabled,
    /// A rule closes this group.
    GroupClosed,
    /// No rule lets this group in.
    GroupNotAllowed,
    /// The sender is not heard in groups.
    GroupSenderNotAllowed,
    /// A control command in a group from somebody who may not give it.
    CommandNotAuthorized,
    /// It does not speak to the account; it is kept as history.
    NotMentioned,
}

/// What is to be told of the messages that go no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReport {
    /// Why.
    Reason,
    /// Where they were written and by whom, too.
    Origin,
}

/// A message that goes no further. Where and by whom it was written is missing unless that is to be told
/// or it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Why.
    pub reason: DropReason,
    /// What the reason and the ids do not say, for a log.
    pub detail: Option<String>,
    /// Where it was written, if that could be read.
    pub thread: Option<Thread>,
    /// Who wrote it, if that could be read.
    pub sender_id: Option<String>,
    /// Its id, if that could be read.
    pub message_id: Option<String>,
    /// What is kept of it, to go before the next message that is let through in the same group.
    pub remembered: Option<HistoryEntry>,
}

/// What the listener says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenerEvent {
    /// A session with this id begins.
    Session(String),
    /// Zalo is connected.
    Connected,
    /// The listener is alive.
    Heartbeat,
    /// Something went wrong.
    Error(String),
    /// The connection was closed, for this reason.
    Closed(String),
}

/// How much a log entry matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// For somebody who looks for a fault.
    Debug,
    /// For the record.
    Info,
    /// Something is probably not as it was meant.
    Warn,
    /// Something does not work.
    Error,
}

/// A line for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// How much it matters.
    pub level: LogLevel,
    /// What it says.
    pub message: String,
}

/// What the monitor wants to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Hand a message to the agent.
    Deliver(Box<InboundMessage>),
    /// Offer a stranger a pairing code.
    Pair(PairingRequest),
    /// Nothing; a message was dropped.
    Drop(Dropped),
    /// Nothing; the listener says how it is.
    Lifecycle(ListenerEvent),
    /// Write a line to the log.
    Log(LogEntry),
}
