//! The JSON that a model is answered, one shape an action.

use serde::Serialize;

use super::error::ToolError;
use crate::directory::{Entry, EntryKind};

/// What became of an action that sends.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sent<'a> {
    pub(super) action: &'static str,
    pub(super) ok: bool,
    pub(super) delivered: Delivered,
    pub(super) thread_id: &'a str,
    pub(super) is_group: bool,
    /// As far as they are known.
    pub(super) message_ids: Vec<&'a str>,
    /// How many messages were sent.
    pub(super) sent: usize,
    /// How many messages it takes.
    pub(super) parts: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Failure>,
}

/// Whether the other side got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Delivered {
    /// All of it, or nothing.
    All(bool),
    /// `partly` or `unknown`.
    Else(&'static str),
}

/// The friends or the groups that were found.
#[derive(Serialize)]
pub(super) struct Listed<'a> {
    pub(super) action: &'static str,
    pub(super) ok: bool,
    /// How many there are, of which the first are listed.
    pub(super) total: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) friends: Option<Vec<Listing<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) groups: Option<Vec<Listing<'a>>>,
}

/// One of them, named as the arguments of an action name it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listing<'a> {
    pub(super) thread_id: &'a str,
    pub(super) is_group: bool,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) member_count: Option<u32>,
}

/// Whose account it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Me<'a> {
    pub(super) action: &'static str,
    pub(super) ok: bool,
    pub(super) user_id: &'a str,
    pub(super) name: &'a str,
    pub(super) account: &'a str,
    pub(super) profile: &'a str,
}

/// Whether the account's session holds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status<'a> {
    pub(super) action: &'static str,
    pub(super) ok: bool,
    pub(super) logged_in: bool,
    pub(super) account: &'a str,
    pub(super) profile: &'a str,
    /// What `zca` said, if nobody is logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<String>,
}

/// An action that came to nothing.
#[derive(Serialize)]
pub(super) struct Failed {
    pub(super) action: Option<&'static str>,
    pub(super) ok: bool,
    pub(super) delivered: bool,
    pub(super) error: Failure,
}

/// Why an action failed.
#[derive(Serialize)]
pub(super) struct Failure {
    pub(super) code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) argument: Option<String>,
    pub(super) message: String,
    pub(super) hint: String,
}

impl<'a> From<&'a Entry> for Listing<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            thread_id: &entry.id,
            is_group: entry.kind == EntryKind::Group,
            name: &entry.name,
            member_count: entry.member_count,
        }
    }
}

impl From<ToolError> for Failure {
    fn from(error: ToolError) -> Self {
        let ToolError { code, argument, message, hint } = error;
        Self { code: code.name(), argument, message, hint }
    }
}
