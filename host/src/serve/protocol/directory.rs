//! What the peer asks of people and groups.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
