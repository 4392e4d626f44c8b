//! What a bridge is asked and answers, as types; what it is told to do is in [`order`](super::order).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sandbox::bindings::inbound::ZoneOffset;

/// What went wrong.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Failed {
    pub(super) error: Trouble,
}

/// What went wrong, and what to do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Trouble {
    /// A name for programs, such as `no-such-account`.
    pub(super) code: &'static str,
    /// What is wrong, for people.
    pub(super) message: String,
}

/// The accounts of this bridge.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Accounts {
    pub(super) accounts: Vec<AccountInfo>,
}

/// One account.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountInfo {
    /// Its id.
    pub(super) id: String,
    /// What the operator calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// The profile of `zca` that it has.
    pub(super) profile: String,
    /// Whether it is to be run.
    pub(super) enabled: bool,
    /// Whether its listener runs.
    pub(super) listening: bool,
    /// Why its listener does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
}

/// Which events are wanted.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The last event that was taken care of. All up to this one may be forgotten.
    pub(super) after: Option<u64>,
    /// How many seconds to wait for an event if there is none.
    pub(super) wait: Option<u64>,
    /// How many events at most.
    pub(super) limit: Option<u32>,
}

/// Events of one account, the oldest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Events {
    /// None when nothing happened for as long as was waited.
    pub(super) events: Vec<Event>,
    /// What to ask for as `after` once these are taken care of.
    pub(super) next: u64,
    /// How many events were given up since one was last confirmed, because nobody fetched them.
    pub(super) lost: u64,
}

/// Something that happened to an account.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Event {
    /// Its number, which no other event ever has. Later events have greater ones.
    pub(super) seq: u64,
    /// When, in milliseconds since the Unix epoch.
    pub(super) at: u64,
    #[serde(flatten)]
    pub(super) happened: Happened,
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Happened {
    /// The listener printed a line.
    Line {
        /// The line without its end.
        line: String,
        /// What the component of this bridge makes of it under the operator's configuration, as `zalouser replay
        /// --json` prints it. Null when it is no message, or the component failed.
        decision: Option<Value>,
    },
    /// A listener was started or ended.
    Listener {
        state: ListenerState,
        /// How it ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
}

/// What became of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ListenerState {
    Started,
    Ended,
}

/// Who was let in to an account.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Paired {
    /// Their ids.
    pub(super) senders: Vec<String>,
}

/// A stranger who is to be offered a code.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Stranger {
    /// The stranger's id.
    #[schemars(length(min = 1, max = 128))]
    pub(super) sender_id: String,
    /// What the stranger is called; empty when unknown.
    #[serde(default)]
    pub(super) sender_name: String,
}

/// What the stranger is to be sent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Offer {
    /// The code; null when the stranger was sent it before, or too many strangers wait.
    pub(super) code: Option<String>,
    /// The command line by which the operator accepts it; empty without a code.
    pub(super) approve: String,
}

/// That something was done.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub(super) struct Done {}

/// What a component needs to decide as this bridge does.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Configuration {
    /// What it is to load.
    pub(super) json5: String,
    /// The value of `ZCA_PROFILE` where the bridge runs.
    #[serde(rename = "zcaProfile", skip_serializing_if = "Option::is_none")]
    pub(super) zca_profile: Option<String>,
    /// The offsets of each account's time zone, by its id; none for UTC.
    pub(super) zones: std::collections::BTreeMap<String, Vec<Offset>>,
}

/// From when on a time zone has which offset.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Offset {
    /// Seconds since the Unix epoch.
    since: i64,
    /// Seconds east of UTC.
    offset: i32,
    /// What the zone is called then.
    abbreviation: String,
}

impl From<ZoneOffset> for Offset {
    fn from(ZoneOffset { since, offset, abbreviation }: ZoneOffset) -> Self {
        Self { since, offset, abbreviation }
    }
}
