//! What the peer has sent: answers, messages of its own, and calls of the agent's tool.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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

/// Asks which of the agent's tools may be used in a conversation: `tool/policy`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskToolPolicy {
    /// The account; the default one when none is named.
    #[serde(default)]
    pub account: Option<String>,
    /// The conversation, as `deliver` reads it.
    pub current: String,
}

/// What `tool/policy` answers, as OpenClaw writes a group's `tools`: by name, and `*` stands for all.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ToolPolicy {
    /// Only these; all when it is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// These on top of what the gateway allows anyway.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_allow: Vec<String>,
    /// Never these.
    pub deny: Vec<String>,
}
