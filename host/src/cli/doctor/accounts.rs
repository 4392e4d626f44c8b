//! Whether the accounts are logged in, and each on a profile of its own.

use std::collections::BTreeMap;

use super::finding::Finding;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::types::{ExitStatus, Outcome};
use crate::zca::profile_lock::Holder;
use crate::zca::receipt;

/// Judges the session of an account by what `zca auth status` came to.
pub(super) fn session(account: &Account, outcome: &Outcome) -> Finding {
    let Account { id, profile, .. } = account;
    let reason = match &outcome.status {
        ExitStatus::Exited(0) => {
            return Finding::ok("session", format!("account {id} is logged in with profile {profile:?}"));
        }
        ExitStatus::Exited(_) => receipt::reason(outcome),
        ExitStatus::TimedOut => "zca did not answer in time".to_owned(),
        ExitStatus::NotStarted(reason) | ExitStatus::Refused(reason) => reason.clone(),
    };
    Finding::fail(
        "session",
        format!("account {id} is not logged in with profile {profile:?}: {reason}"),
        "nothing is received and nothing sent before somebody logs in",
        format!("zalouser channels login --account {id}"),
    )
}

/// Finds accounts that get into each other's way, among those that are enabled.
pub(super) fn profiles(accounts: &[Account]) -> Vec<Finding> {
    let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for account in accounts.iter().filter(|account| account.enabled) {
        users.entry(&account.profile).or_default().push(&account.id);
    }
    if users.is_empty() {
        return vec![Finding::fail(
            "accounts",
            "no account is enabled",
            "the gateway has nothing to do, and does not start",
            "set channels.zalouser.enabled, or an account's own, to true",
        )];
    }
    let shared = users.iter().filter(|(_, ids)| ids.len() > 1);
    shared
        .map(|(profile, ids)| {
            Finding::fail(
                "accounts",
                format!("the accounts {} have the same profile {profile:?} of zca", ids.join(", ")),
                "only one can listen on a profile, so the others do not run",
                "give each account a `profile` of its own; ZCA_PROFILE counts only for the account `default`",
            )
        })
        .collect()
}

/// Tells who listens for an account.
pub(super) fn listener(account: &Account, holder: Option<&Holder>) -> Finding {
    let Account { id, profile, .. } = account;
    let what = match holder {
        Some(Holder { pid: Some(pid) }) => {
            format!("process {pid} listens for account {id} on profile {profile:?}")
        }
        Some(Holder { pid: None }) => format!("a process listens for account {id} on profile {profile:?}"),
        None => format!("no zalouser listens for account {id} at the moment"),
    };
    Finding::ok("listener", what)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::super::fixture::account;
    use super::*;

    fn outcome(status: ExitStatus, stderr: &str) -> Outcome {
        Outcome { status, stdout: String::new(), stderr: stderr.to_owned(), delivered: None }
    }

    #[test]
    fn only_exit_code_0_is_a_session() {
        let cases = [
            (ExitStatus::Exited(0), Level::Ok),
            (ExitStatus::Exited(1), Level::Fail),
            (ExitStatus::TimedOut, Level::Fail),
            (ExitStatus::NotStarted("no zca".to_owned()), Level::Fail),
        ];
        for (status, level) in cases {
            assert_eq!(session(&account("work"), &outcome(status, "Error: not logged in")).level, level);
        }
        let found = session(&account("work"), &outcome(ExitStatus::Exited(1), "Error: not logged in"));
        assert!(found.what.ends_with(": not logged in"), "{found:?}");
        assert!(found.mend.unwrap().ends_with("--account work"));
    }

    #[test]
    fn two_accounts_cannot_share_a_profile() {
        let on = |id: &str, profile: &str, enabled| Account {
            profile: profile.to_owned(),
            enabled,
            ..account(id)
        };
        assert_eq!(profiles(&[on("a", "p", true), on("b", "q", true), on("c", "p", false)]), []);
        let found = profiles(&[on("a", "p", true), on("b", "p", true)]);
        assert_eq!((found.len(), found[0].level), (1, Level::Fail));
        assert!(found[0].what.contains("a, b"), "{found:?}");
    }

    #[test]
    fn nothing_to_run_is_a_failure() {
        let found = profiles(&[Account { enabled: false, ..account("a") }]);
        assert_eq!((found.len(), found[0].level), (1, Level::Fail));
    }
}
