//! Every message between this program and the one that it serves, as types.
//!
//! Both sides ask and answer by JSON-RPC 2.0, one message a line. A request that its sender no longer wants
//! answered is taken back by the notification `$/cancelRequest`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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

/// Sends something: `deliver`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deliver {
    /// The account; the default one when none is named.
    #[serde(default)]
    pub account: Option<String>,
    /// Where it goes: a user's id, `user:ID`, `group:ID`, or the name of a friend or a group; `zalouser:` may
    /// precede it.
    pub to: String,
    /// Markdown. It is cut into as many messages as it takes.
    #[serde(default)]
    pub text: String,
    /// `http` or `https` URLs, or absolute paths of files.
    #[serde(default)]
    pub media: Vec<String>,
    /// The entry of the message that it answers. What answers none carries no prefix.
    #[serde(default)]
    pub entry: Option<String>,
    /// Which model wrote it, for the prefix.
    #[serde(default)]
    pub model: Option<Model>,
}

/// Which model wrote an answer.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Model {
    /// Who offers it; empty when unknown.
    #[serde(default)]
    pub provider: String,
    /// What it is called there.
    pub model: String,
    /// How hard it was told to think.
    #[serde(default)]
    pub thinking_level: Option<String>,
}

/// How far a delivery got: what `deliver` answers, and the data of its error.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delivered {
    /// Where it went, as `deliver` reads it.
    pub to: String,
    /// Zalo's ids of the messages that arrived, in order, as far as they are known.
    pub message_ids: Vec<String>,
    /// How many parts arrived.
    pub sent: usize,
    /// Of how many. None when there was nothing to send.
    pub parts: usize,
    /// Whether the part after them may have arrived all the same.
    pub unknown: bool,
}

/// Uses the agent's tool: `tool/call`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolCall {
    /// The account; the default one when none is named.
    #[serde(default)]
    pub account: Option<String>,
    /// The call as the model made it.
    pub call: Map<String, Value>,
    /// The conversation that it comes from, as `deliver` reads it, which is also where it sends if it does
    /// not say. The tool policy of a group holds for calls from it.
    #[serde(default)]
    pub current: Option<String>,
}

/// What `tool/call` answers.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ToolCalled {
    /// Whether all that was asked for was done.
    pub success: bool,
    /// What the model is to be told.
    pub answer: Value,
}

/// Searches friends or groups: `directory/peers` and `directory/groups`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Search {
    /// The account; the default one when none is named.
    #[serde(default)]
    pub account: Option<String>,
    /// Only those whose name or id contains this, whatever the case and the accents.
    #[serde(default)]
    pub query: Option<String>,
    /// At most this many.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Searches the members of a group: `directory/members`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchMembers {
    /// The account; the default one when none is named.
    #[serde(default)]
    pub account: Option<String>,
    /// The group: its id, or `group:ID`.
    pub group: String,
    /// Only those whose name or id contains this, whatever the case and the accents.
    #[serde(default)]
    pub query: Option<String>,
    /// At most this many.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// What every `directory/…` answers.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The best match first.
    pub entries: Vec<DirectoryEntry>,
}

/// A person or a group. The name is what strangers wrote.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryEntry {
    /// `user` or `group`.
    pub kind: String,
    /// Zalo's id of it.
    pub id: String,
    /// The same as `deliver` reads it.
    pub target: String,
    /// What it is called; empty when unknown.
    pub name: String,
    /// The URL of its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// How many members a group has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_count: Option<u32>,
}

/// Asks whether somebody is logged in: `auth/status`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthStatus {
    /// The account; the default one when none is named.
    #[serde(default)]
    pub account: Option<String>,
    /// How long to wait for somebody who is not, 0 to 600 seconds.
    #[serde(default)]
    #[schemars(range(max = 600))]
    pub wait_seconds: u64,
}

/// What `auth/status` answers.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Auth {
    /// Whether somebody is.
    pub logged_in: bool,
    /// What `zca` says if nobody is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who, if `zca` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Person>,
}

/// Somebody on Zalo.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Zalo's id.
    pub user_id: String,
    /// The name; empty when unknown.
    pub display_name: String,
}

/// Begins a login: `auth/login`. It is over when `auth/status` says so.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthLogin {
    /// The account; the default one when none is named.
    #[serde(default)]
    pub account: Option<String>,
    /// Whether to make a code even if somebody is logged in.
    #[serde(default)]
    pub force: bool,
}

/// What `auth/login` answers.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// The profile of `zca` that is logged in.
    pub profile: String,
    /// Whether somebody is logged in already, so that there is nothing to scan.
    pub logged_in: bool,
    /// The QR code to scan with the Zalo app, as a `data:image/png;base64,` URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr_data_url: Option<String>,
    /// The same drawn with text; none when the picture cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr_text: Option<String>,
}

/// What `status/probe` answers.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// Whether the account can work.
    pub ok: bool,
    /// Why it cannot, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The version of this program.
    pub version: String,
    /// What `zca` calls its version, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zca_version: Option<String>,
    /// Whose account it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Person>,
    /// The process that listens for its profile, if one does and says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listener: Option<u32>,
}

/// Hands the peer a message that was let through: the request `inbound` of this program. It is answered with
/// [`Done`] when all that the message leads to was delivered, and with an error when that failed; then it is
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
