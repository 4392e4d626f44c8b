//! What the journal holds, as types.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::gateway::context::Context;
use crate::grants;
use crate::sandbox::bindings::inbound::{InboundMessage, PairingRequest};
use crate::sandbox::bindings::types::{ChatKind, Command, Thread};

/// How much of an id is kept for people to read, in bytes.
const SHOWN: usize = 128;

/// Half the length of a SHA-256, in bytes.
const HALF: usize = 16;

/// The number of an entry. Later entries have greater ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EntryId(pub(super) i64);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for EntryId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Makes an enum whose variants have names, under which they are stored and printed.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// The name under which it is stored and printed.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.name()))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_str()? {
                    $($text => Ok(Self::$variant),)*
                    _ => Err(FromSqlError::InvalidType),
                }
            }
        }
    };
}

named! {
    /// What an entry is.
    Kind {
        /// A message for the agent.
        Message = "message",
        /// A stranger who is to be offered a pairing code.
        Pairing = "pairing",
        /// Something that the guest sends of its own accord.
        Act = "act",
        /// A line of the listener that made the guest fail.
        Line = "line",
    }
}

named! {
    /// How far an entry is. Only the last two are for good.
    State {
        /// It waits for its turn.
        Received = "received",
        /// It is being answered.
        Running = "running",
        /// It could not be answered, and is tried again.
        Failed = "failed",
        /// Nobody knows whether a part of its reply arrived; what to do about that is the operator's choice.
        Unknown = "unknown",
        /// It is not tried again by itself: a dead letter.
        Dead = "dead",
        /// It was answered.
        Answered = "answered",
        /// It was given up.
        Dropped = "dropped",
    }
}

impl State {
    /// Whether nothing will become of the entry any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Answered | Self::Dropped)
    }
}

named! {
    /// What became of one part of a reply.
    ChunkState {
        /// It is to be sent.
        Planned = "planned",
        /// It is being sent.
        Sending = "sending",
        /// It was sent.
        Sent = "sent",
        /// It was not sent.
        Failed = "failed",
        /// Nobody knows whether it was sent.
        Unknown = "unknown",
        /// The operator wants the reply to go on without it.
        Skipped = "skipped",
    }
}

/// What is to be done about an entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    /// The agent is to answer this.
    Message(Box<Context>),
    /// A stranger is to be offered a pairing code.
    Pairing(Box<PairingRequest>),
    /// The guest wants this to be sent of its own accord.
    Act(Box<Command>),
}

/// Something that is to be admitted.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The account that received it.
    pub account: String,
    /// The conversation that it belongs to.
    pub thread: Thread,
    /// Who wrote it.
    pub sender_id: String,
    /// Its id, for people to read.
    pub message_id: String,
    /// By what it is recognised when it comes again.
    pub identity: Identity,
    /// What is to be done about it.
    pub work: Work,
}

impl Admission {
    /// A message for the agent.
    pub fn message(message: InboundMessage) -> Self {
        Self {
            account: message.account_id.clone(),
            thread: message.thread.clone(),
            sender_id: shown(&message.sender_id),
            message_id: shown(&message.message_id),
            identity: Identity::of(&message),
            work: Work::Message(Box::new(Context::of(message))),
        }
    }

    /// A stranger who is to be offered a code. It does no harm to do so twice, hence it is not recognised.
    pub fn pairing(request: PairingRequest) -> Self {
        Self {
            account: request.account_id.clone(),
            thread: request.thread.clone(),
            sender_id: shown(&request.sender_id),
            message_id: shown(&request.message_id),
            identity: Identity::default(),
            work: Work::Pairing(Box::new(request)),
        }
    }

    /// Something that the guest of `account` wants to be sent of its own accord.
    ///
    /// # Errors
    /// A command that sends nothing is given back.
    pub fn act(account: &str, command: Command) -> Result<Self, Command> {
        let Some(thread) = grants::recipient(&command).cloned() else { return Err(command) };
        Ok(Self {
            account: account.to_owned(),
            thread,
            sender_id: String::new(),
            message_id: String::new(),
            identity: Identity::default(),
            work: Work::Act(Box::new(command)),
        })
    }
}

/// What became of an admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// It is on disk, as this entry.
    New(EntryId),
    /// It had been admitted before, as this entry.
    Duplicate(EntryId),
}

/// By what a message is recognised when it comes again: as one of the same account with the same id of
/// Zalo's, or with the same id of its sender's, thread, sender and text. Each is the beginning of the id and a hash, since
/// the parts may be of any length: ids grow, so that what is looked for lies together on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub(super) by_zalo: Option<Vec<u8>>,
    pub(super) by_client: Option<Vec<u8>>,
}

impl Identity {
    /// That of `message`. One without any id is never recognised.
    pub fn of(message: &InboundMessage) -> Self {
        let account = message.account_id.as_str();
        let (thread, sender, text) = (&message.thread.id, &message.sender_id, &message.raw_body);
        let by_client = |id: &String| key(id, ["client", account, id, thread, sender, text]);
        Self {
            by_zalo: message.zalo_id.as_ref().map(|id| key(id, ["zalo", account, id])),
            by_client: message.client_id.as_ref().map(by_client),
        }
    }
}

/// The beginning of an id and the first half of a SHA-256, in which every part is preceded by its length.
fn key<const N: usize>(id: &str, parts: [&str; N]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let (id, hash) = (id.as_bytes(), hash.finalize());
    let [id, hash] = [id, hash.as_slice()].map(|bytes| bytes.get(..HALF).unwrap_or(bytes));
    [id, hash].concat()
}

/// What came of the wish to begin an entry.
#[derive(Debug)]
pub enum Begun {
    /// It is running.
    Task(Box<Task>),
    /// It is to be tried again at this time, in milliseconds since the Unix epoch.
    NotYet(u64),
    /// There is nothing to do any more.
    Gone,
}

/// What waits of an account's.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    /// What waits for its turn or for another try, the oldest first.
    pub entries: Vec<(EntryId, Thread)>,
    /// Buried lines that the operator wants to be judged again, a few at a time.
    pub lines: Vec<(EntryId, Vec<u8>)>,
}

/// An entry that is running.
#[derive(Clone, Debug)]
pub struct Task {
    /// Where it was written.
    pub thread: Thread,
    /// Its id, for people to read.
    pub message_id: String,
    /// What is to be done; none for a message whose reply is planned.
    pub work: Option<Work>,
    /// Whether the commands of its reply are known.
    pub planned: bool,
    /// How often it failed before.
    pub failures: u32,
}

/// A part of a reply that was not sent yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// Its place in the reply, counted from 0.
    pub place: u32,
    /// What sends it.
    pub command: Command,
}

/// How a running entry comes to rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It was answered.
    Answered,
    /// It is tried again at this time, in milliseconds since the Unix epoch.
    RetryAt(u64, String),
    /// A part of its reply may or may not have arrived.
    Unknown(String),
    /// It is not tried again by itself.
    Dead(String),
}

/// What is in the journal at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// How many messages wait for an answer.
    pub waiting: u64,
    /// Of how many messages a part of the reply was being sent when the last gateway ended.
    pub unknown: u64,
    /// A damaged journal, in whose place a new one was begun.
    pub set_aside: Option<std::path::PathBuf>,
}

/// The beginning of an id, for people to read.
pub(super) fn shown(id: &str) -> String {
    id.get(..id.floor_char_boundary(SHOWN)).unwrap_or_default().to_owned()
}

pub(super) fn is_group(thread: &Thread) -> bool {
    thread.kind == ChatKind::Group
}

pub(super) fn thread(id: String, is_group: bool) -> Thread {
    Thread { id, kind: if is_group { ChatKind::Group } else { ChatKind::Direct } }
}
