//! What is to go wrong, as the folder's `faults.json` says; the [module](super) shows one.

use serde::{Deserialize, Serialize};

/// All that is to go wrong with one profile. Nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Faults {
    /// One for each listener to come, in their order.
    pub listen: Vec<ListenFault>,
    /// For the calls of `msg`; the first that matches applies.
    pub send: Vec<CallFault>,
    /// For the calls of `auth`, `me`, `friend` and `group`; the first that matches applies.
    pub query: Vec<CallFault>,
    /// For the session.
    pub auth: AuthFault,
    /// For what this `zca` says it can do.
    pub help: HelpFault,
}

/// What a listener suffers once it has printed the inbox and `after_ms` have passed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ListenFault {
    /// For how long all is well, in milliseconds.
    pub after_ms: u64,
    /// The fault strikes before the listener says anything on stdout.
    pub early: bool,
    /// Lines that it prints, as they are.
    pub lines: Vec<String>,
    /// A complaint.
    pub stderr: Option<String>,
    /// It lives on without printing anything, heartbeats included.
    pub silent: bool,
    /// It no longer heeds a signal to end.
    pub ignore_term: bool,
    /// It ends with this code; with 0, as one whose connection was closed.
    pub exit: Option<u8>,
}

/// What another call suffers: first the delay, then what else is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct CallFault {
    /// Part of one of the arguments of the calls that are meant; none for all.
    #[serde(rename = "match")]
    pub matching: Option<String>,
    /// To how many calls it happens; none for all.
    pub times: Option<u32>,
    /// How long the call takes, in milliseconds.
    pub delay_ms: u64,
    /// A complaint.
    pub stderr: Option<String>,
    /// It never ends.
    pub hang: bool,
    /// It does not heed a signal to end while it hangs.
    pub ignore_term: bool,
    /// It ends with this code without having done anything.
    pub exit: Option<u8>,
    /// It ends with success without having done or printed anything.
    pub empty_output: bool,
}

/// What is wrong with the session.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct AuthFault {
    /// False when the session has expired, whatever the world says.
    pub logged_in: bool,
}

/// What this `zca` is too old for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct HelpFault {
    /// False when `listen` knows neither `--supervised` nor `--heartbeat-ms`.
    pub supervised: bool,
}

impl Default for AuthFault {
    fn default() -> Self {
        Self { logged_in: true }
    }
}

impl Default for HelpFault {
    fn default() -> Self {
        Self { supervised: true }
    }
}

impl CallFault {
    /// Whether a call with these arguments is meant.
    pub(super) fn is_for(&self, argv: &[String]) -> bool {
        self.matching.as_ref().is_none_or(|part| argv.iter().any(|arg| arg.contains(part)))
    }
}
