//! Every message between this program and the one that it serves, as types.
//!
//! Both sides ask and answer by JSON-RPC 2.0, one message a line. A request that its sender no longer wants
//! answered is taken back by the notification `$/cancelRequest`.

mod auth;
mod directory;
mod inbound;
mod sending;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use auth::{Auth, AuthLogin, AuthStatus, Login, Person, Probe};
pub use directory::{DirectoryEntry, Found, Search, SearchMembers};
pub use inbound::{Inbound, Log, Paired, Pairing, Senders, Status};
pub use sending::{AskToolPolicy, Deliver, Delivered, Model, ToolCall, ToolCalled, ToolPolicy};

/// The version of this protocol. It grows when a peer that knows only the last one would go wrong.
pub const PROTOCOL: u32 = 1;

/// What the peer asks first, and again whenever its configuration has changed: `initialize`. Accounts that
/// listen go on as they were started.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Initialize {
    /// The version that the peer speaks.
    pub protocol: u32,
    /// The gateway's configuration, whole or as far as the channel depends on it; without it, its file is
    /// read.
    #[serde(default)]
    pub config: Option<Map<String, Value>>,
}

/// What `initialize` answers.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Initialized {
    /// The version that this program speaks.
    pub protocol: u32,
    /// The version of this program.
    pub version: String,
    /// The SHA-256 of the component that decides, in hex.
    pub component: String,
    /// The requests that are understood.
    pub capabilities: Vec<String>,
    /// All accounts, sorted by id.
    pub accounts: Vec<AccountInfo>,
    /// The account that is meant when a request names none.
    pub default_account: String,
    /// What is allowed in the configuration but probably not meant.
    pub warnings: Vec<String>,
}

/// One account, as configured.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountInfo {
    /// Its id.
    pub id: String,
    /// What the operator calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is to run.
    pub enabled: bool,
    /// The profile of `zca` that holds its session.
    pub profile: String,
    /// Who may write to it in a direct chat: `pairing`, `allowlist`, `open` or `disabled`.
    pub dm_policy: String,
}

/// What many requests take: `listen/start`, `listen/stop`, `directory/self`, `auth/logout`, `status/probe`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfAccount {
    /// The account; the default one when none is named.
    #[serde(default)]
    pub account: Option<String>,
}

/// What requests answer that have nothing to say but that they were carried out.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct Done {}

/// Takes a request back: the notification `$/cancelRequest` of either side.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Cancel {
    /// The id of the request.
    pub id: Value,
}

/// What is wrong, beside what JSON-RPC 2.0 itself defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The line is no JSON.
    Parse = -32_700,
    /// The message is no request.
    InvalidRequest = -32_600,
    /// There is no such request.
    MethodNotFound = -32_601,
    /// The request's parameters are wrong.
    InvalidParams = -32_602,
    /// Something went wrong in here.
    Internal = -32_603,
    /// The request was taken back.
    Cancelled = -32_800,
    /// The first request was not `initialize`, or it failed.
    NotInitialized = -32_002,
    /// The configuration is wrong; the message names every problem.
    Config = -32_010,
    /// The account does not run, for want of a login or of a working `zca`.
    Account = -32_011,
    /// Another process listens for the account's profile.
    Elsewhere = -32_012,
    /// Something was not delivered, or not wholly; the data is a [`Delivered`].
    NotDelivered = -32_013,
    /// `zca` or Zalo refused, or what was asked for is not granted.
    Refused = -32_014,
}
