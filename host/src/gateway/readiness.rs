//! Whether the accounts of a gateway are at work, for whoever waits for that.

use std::collections::BTreeMap;

use serde::Serialize;

use super::status::{AccountStatus, ListenerState, Status};

/// What each enabled account does, by its id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether all of them listen, or have said why not, and there is one.
    pub ready: bool,
    /// The accounts.
    pub accounts: BTreeMap<String, Work>,
}

/// What one account does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum Work {
    /// It is about to be started for the first time.
    Starts,
    /// Its listener runs.
    Listens,
    /// It does not, or not at the moment.
    Hindered {
        /// Why.
        reason: String,
    },
}

impl Readiness {
    /// What a status comes to.
    pub fn of(status: &Status) -> Self {
        let accounts: BTreeMap<_, _> = status.0.iter().map(|(id, it)| (id.clone(), Work::of(it))).collect();
        Self { ready: !accounts.is_empty() && accounts.values().all(|work| *work != Work::Starts), accounts }
    }

    /// The same in one line.
    pub fn summary(&self) -> String {
        let listening = self.accounts.values().filter(|work| **work == Work::Listens).count();
        let mut summary = match (listening, self.accounts.len()) {
            (_, 0) => "starting".to_owned(),
            (1, 1) => "the account listens".to_owned(),
            (listening, total) => format!("{listening} of {total} accounts listen"),
        };
        for (id, work) in &self.accounts {
            if let Work::Hindered { reason } = work {
                summary.push_str(&format!("; {id}: {reason}"));
            }
        }
        summary
    }
}

impl Work {
    fn of(account: &AccountStatus) -> Self {
        let reason = |remark: &Option<_>, otherwise: &str| {
            let text = remark.as_ref().map(|remark: &super::status::Remark| remark.text.clone());
            Self::Hindered { reason: text.unwrap_or_else(|| otherwise.to_owned()) }
        };
        match account.listener {
            ListenerState::Running { .. } => Self::Listens,
            ListenerState::Starting if account.last_end.is_none() => Self::Starts,
            ListenerState::Starting | ListenerState::Waiting { .. } => {
                reason(&account.last_end, "its listener is started again")
            }
            ListenerState::Stopped => Self::Hindered { reason: "it was stopped".to_owned() },
            ListenerState::NotStarted => reason(&account.last_error, "it could not be started"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::status::Remark;
    use super::*;

    fn account(listener: ListenerState, ended: bool, error: bool) -> AccountStatus {
        let remark = |text: &str| Remark { at: 1, text: text.to_owned() };
        let mut account = AccountStatus::default();
        account.listener = listener;
        account.last_end = ended.then(|| remark("exit code 1"));
        account.last_error = error.then(|| remark("not logged in"));
        account
    }

    fn readiness(accounts: Vec<AccountStatus>) -> Readiness {
        let named = accounts.into_iter().zip(["a", "b", "c"]).map(|(account, id)| (id.to_owned(), account));
        Readiness::of(&Status(named.collect()))
    }

    #[test]
    fn ready_is_who_listens_or_says_why_not() {
        let running = || account(ListenerState::Running { pid: 1, since: 1 }, false, false);
        let first = || account(ListenerState::Starting, false, false);
        let again = || account(ListenerState::Starting, true, false);
        let waiting = || account(ListenerState::Waiting { until: 9 }, true, false);
        let stopped = || account(ListenerState::Stopped, false, false);
        let refused = || account(ListenerState::NotStarted, false, true);
        for (accounts, ready, summary) in [
            (vec![], false, "starting"),
            (vec![first()], false, "0 of 1 accounts listen"),
            (vec![running()], true, "the account listens"),
            (vec![running(), first()], false, "1 of 2 accounts listen"),
            (vec![running(), refused()], true, "1 of 2 accounts listen; b: not logged in"),
            (vec![running(), stopped()], true, "1 of 2 accounts listen; b: it was stopped"),
            (vec![waiting(), again()], true, "0 of 2 accounts listen; a: exit code 1; b: exit code 1"),
        ] {
            let found = readiness(accounts);
            assert_eq!((found.ready, found.summary().as_str()), (ready, summary), "{found:?}");
        }
    }
}
