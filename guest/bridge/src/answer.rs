//! What a bridge answers.

use std::collections::BTreeMap;

use serde::Deserialize;
use zalouser_logic::account::Account;
use zalouser_logic::command::{ExitStatus, Outcome};
use zalouser_logic::config::{self, Environment};
use zalouser_logic::inbound::{Zone, ZoneOffset};

use crate::failure::{Failure, Kind};

/// What the accounts are decided by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    json5: String,
    zca_profile: Option<String>,
    #[serde(default)]
    zones: BTreeMap<String, Vec<Offset>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Offset {
    since: i64,
    offset: i32,
    abbreviation: String,
}

/// Events of one account, the oldest first.
#[derive(Debug, Deserialize)]
pub struct Events {
    /// None when nothing happened.
    pub events: Vec<Event>,
    /// What to ask for as `after` once these are taken care of.
    pub next: u64,
    /// How many were given up because nobody fetched them.
    #[serde(default)]
    pub lost: u64,
}

/// Something that happened to an account.
#[derive(Debug, Deserialize)]
#[serde(from = "FlatEvent")]
pub struct Event {
    /// Its number. Later events have greater ones.
    pub seq: u64,
    /// When, in milliseconds since the Unix epoch.
    pub at: u64,
    /// What it was.
    pub happened: Happened,
}

/// What happened.
#[derive(Debug, PartialEq, Eq)]
pub enum Happened {
    /// The listener printed this line, which is without its end.
    Line(String),
    /// A listener was started or ended.
    Listener(ListenerState),
    /// Something that a later bridge tells.
    Other,
}

/// An event as it is written. To flatten an enum would keep a copy of all there is in it, and most of that, what the
/// bridge decides, is not read.
#[derive(Deserialize)]
struct FlatEvent {
    seq: u64,
    at: u64,
    line: Option<String>,
    state: Option<ListenerState>,
}

/// What became of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListenerState {
    /// It runs.
    Started,
    /// It does not any more.
    Ended,
    /// Something that a later bridge tells.
    #[serde(other)]
    Other,
}

/// Who was let in to an account.
#[derive(Debug, Deserialize)]
pub struct Paired {
    /// Their ids.
    pub senders: Vec<String>,
}

/// What a stranger is to be sent.
#[derive(Debug, Deserialize)]
pub struct Offer {
    /// The code; none when the stranger was sent it before, or too many strangers wait.
    pub code: Option<String>,
    /// The command line by which the operator accepts it.
    #[serde(default)]
    pub approve: String,
}

/// What became of a command.
#[derive(Deserialize)]
pub(crate) struct Done {
    status: Status,
    code: Option<i32>,
    #[serde(default)]
    reason: String,
    stdout: String,
    stderr: String,
    delivered: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    Exited,
    TimedOut,
    NotStarted,
    Refused,
}

impl Configuration {
    /// The account of this id, or the default one.
    ///
    /// # Errors
    /// When the configuration is wrong, or has no such account.
    pub fn account(&self, id: Option<&str>) -> Result<Account, Failure> {
        let environment = Environment { zca_profile: self.zca_profile.clone() };
        let Ok(configuration) = config::load(&self.json5, &environment) else {
            let message = "the configuration of the bridge is wrong; run there: zalouser config check";
            return Err(Failure::new(Kind::Failed, "configuration", message));
        };
        configuration.account(id).cloned().ok_or_else(|| {
            let ids: Vec<_> = configuration.accounts.iter().map(|account| account.id.as_str()).collect();
            let message = format!(
                "the bridge has no account {:?}; it has: {}",
                id.unwrap_or("default"),
                ids.join(", ")
            );
            Failure::new(Kind::Input, "no-such-account", message)
        })
    }

    /// The time zone of the account of this id.
    pub fn zone(&self, account: &str) -> Zone {
        let offsets = self.zones.get(account).map(Vec::as_slice).unwrap_or_default();
        let offset = |Offset { since, offset, abbreviation }: &Offset| ZoneOffset {
            since: *since,
            offset: *offset,
            abbreviation: abbreviation.clone(),
        };
        offsets.iter().map(offset).collect()
    }
}

impl From<FlatEvent> for Event {
    fn from(FlatEvent { seq, at, line, state }: FlatEvent) -> Self {
        let happened = match (line, state) {
            (Some(line), _) => Happened::Line(line),
            (None, Some(state)) => Happened::Listener(state),
            (None, None) => Happened::Other,
        };
        Self { seq, at, happened }
    }
}

impl From<Done> for Outcome {
    fn from(Done { status, code, reason, stdout, stderr, delivered }: Done) -> Self {
        let status = match status {
            // Without a code it is of no use to anybody, and no success.
            Status::Exited => ExitStatus::Exited(code.unwrap_or(-1)),
            Status::TimedOut => ExitStatus::TimedOut,
            Status::NotStarted => ExitStatus::NotStarted(reason),
            Status::Refused => ExitStatus::Refused(reason),
        };
        Self { status, stdout, stderr, delivered }
    }
}
