//! What this program asks and tells: the messages that come in, who wants to be let in, and how it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Person;

/// Hands the peer a message that was let through: the request `inbound` of this program. It is answered with
/// `Done` when all that the message leads to was delivered, and with an error when that failed; then it is
/// handed over again later, unless something was delivered for it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Inbound {
    /// The account that received it.
    pub account: String,
    /// What `deliver` is to name when it answers this message.
    pub entry: String,
    /// The conversation, as `deliver` reads it.
    pub target: String,
    /// The message under the names of OpenClaw's own context, as agents of this channel get it.
    pub context: Value,
}

/// Asks the peer for the code of a stranger: the request `pairing` of this program. The peer keeps the
/// requests; this program writes to the stranger.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pairing {
    /// The account that the stranger wrote to.
    pub account: String,
    /// Who.
    pub sender_id: String,
    /// What the stranger is called; empty when unknown.
    pub sender_name: String,
}

/// What the peer answers to `pairing`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Paired {
    /// The code; none when too many strangers wait already.
    #[serde(default)]
    pub code: Option<String>,
    /// Whether the code is new, so that the stranger is to be told.
    #[serde(default)]
    pub created: bool,
    /// The command line by which the operator accepts it.
    #[serde(default)]
    pub approve: String,
}

/// What the peer answers to `paired`, by which this program asks who was let in, before it judges what came.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Senders {
    /// All user ids that the peer's pairing store holds for the account.
    pub senders: Vec<String>,
}

/// Tells how an account is, whenever that changes: the notification `status` of this program.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The account.
    pub account: String,
    /// Whether its listener runs.
    pub running: bool,
    /// The process id of the listener.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<i32>,
    /// How often a listener was started after the first one.
    pub restarts: u64,
    /// Whose account it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Person>,
    /// How many messages that were let through are not done with.
    pub waiting: u64,
    /// When somebody last wrote, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_inbound_at: Option<u64>,
    /// When something was last sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_outbound_at: Option<u64>,
    /// What went wrong last, since the listener was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// What this program has to say for the record: its notification `log`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    /// `debug`, `info`, `warn` or `error`.
    pub level: String,
    /// The account that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// One line.
    pub message: String,
}
