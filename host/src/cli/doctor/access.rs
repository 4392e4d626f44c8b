//! Who is let through: what is wrong with the configuration, or more open than it need be.

use super::finding::Finding;
use crate::config::{Config, Error};
use crate::sandbox::bindings::config::{Account, DmPolicy, GroupPolicy};
use crate::sandbox::bindings::inbound::{LogEntry, LogLevel};
use crate::zone;

/// Why the configuration cannot be used, a finding a problem.
pub(super) fn broken(err: &Error) -> Vec<Finding> {
    let fail = |what: String, mend: &str| {
        Finding::fail("config", what, "no account runs before this is mended", mend)
    };
    match err {
        Error::Broken { file, problems } => {
            let told = problems.iter().map(|problem| format!("{}: {problem}", file.display()));
            told.map(|what| fail(what, "correct it; `zalouser config check` shows the line")).collect()
        }
        Error::Unreadable { .. } => vec![fail(err.to_string(), "let the user that runs zalouser read it")],
        Error::Guest(_) => vec![fail(err.to_string(), "make the file smaller, or install zalouser again")],
    }
}

/// What is allowed in the configuration but probably not meant.
pub(super) fn odd(config: &Config) -> Vec<Finding> {
    let file = config.file.display();
    if !config.file.exists() {
        return vec![Finding::warn(
            "config",
            format!("{file} does not exist"),
            "one account runs with the defaults, and nobody answers",
            "zalouser onboard",
        )];
    }
    let mut findings: Vec<_> = config
        .warnings()
        .map(|problem| {
            let why = "it is allowed, but hardly does what was meant";
            Finding::warn("config", format!("{file}: {problem}"), why, "correct it, or leave it out")
        })
        .collect();
    if findings.is_empty() {
        findings.push(Finding::ok("config", format!("{file} is in order")));
    }
    findings
}

/// What of an account is open to people whom its owner does not know.
pub(super) fn open(account: &Account) -> Vec<Finding> {
    let Account { id, access, commands, .. } = account;
    let any = |entries: &[String]| entries.iter().any(|entry| entry == "*");
    let mut findings = Vec::new();
    if access.dm_policy == DmPolicy::Open {
        findings.push(Finding::warn(
            "access",
            format!("account {id}: everybody may write, because dmPolicy is open"),
            "strangers talk to the agent, with all the tools it has",
            "set dmPolicy to pairing or allowlist",
        ));
    } else if access.dm_policy != DmPolicy::Disabled && any(&access.allow_from) {
        findings.push(Finding::warn(
            "access",
            format!("account {id}: everybody may write, because allowFrom has \"*\""),
            "strangers talk to the agent, with all the tools it has",
            "remove \"*\" from allowFrom, and name who may write",
        ));
    }
    if access.group_policy == GroupPolicy::Open {
        findings.push(Finding::warn(
            "access",
            format!("account {id}: every group is answered, because groupPolicy is open"),
            "whoever adds the account to a group talks to the agent, with all the tools it has",
            "set groupPolicy to allowlist and name the groups under `groups`, or set it to disabled",
        ));
    }
    if !commands.use_access_groups {
        findings.push(Finding::warn(
            "access",
            format!("account {id}: everybody who is heard may give control commands"),
            "any member of a group can reset or reconfigure the agent",
            "set commands.useAccessGroups to true",
        ));
    }
    if let Err(err) = zone::offsets(&account.envelope.zone) {
        let why = "the agent is told all times in UTC";
        findings.push(Finding::warn(
            "config",
            format!("account {id}: {err}"),
            why,
            "correct envelopeTimezone",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok("access", format!("account {id} is open to nobody by accident")));
    }
    findings
}

/// What the guest said about the names in an account's rules.
pub(super) fn names(account: &Account, learnt: &[LogEntry]) -> Vec<Finding> {
    let id = &account.id;
    let mut findings: Vec<_> = learnt
        .iter()
        .filter(|entry| matches!(entry.level, LogLevel::Warn | LogLevel::Error))
        .map(|entry| {
            Finding::warn(
                "names",
                format!("account {id}: {}", entry.message),
                "a name that means nobody, or more than one, lets nobody in",
                "write the id instead; `zalouser directory peers list` and `groups list` show it",
            )
        })
        .collect();
    if findings.is_empty() {
        findings.push(Finding::ok("names", format!("account {id}: every name in its rules means one id")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use zalouser_settings::Problem;

    use super::super::finding::Level;
    use super::super::fixture::account;
    use super::*;

    #[test]
    fn every_problem_is_a_finding() {
        let problems = vec![Problem::new("a.b", "is wrong"), Problem::new("c", "is unknown")];
        let findings = broken(&Error::Broken { file: "/f".into(), problems });
        let told: Vec<_> = findings.iter().map(|finding| (finding.level, finding.what.as_str())).collect();
        assert_eq!(told, [(Level::Fail, "/f: a.b is wrong"), (Level::Fail, "/f: c is unknown")]);
    }

    #[test]
    fn what_is_open_is_named() {
        type Change = fn(&mut Account);
        let cases: [(&str, Change); 5] = [
            ("dmPolicy", |account| account.access.dm_policy = DmPolicy::Open),
            ("allowFrom", |account| {
                account.access.dm_policy = DmPolicy::Pairing;
                account.access.allow_from = vec!["*".to_owned()];
            }),
            ("groupPolicy", |account| account.access.group_policy = GroupPolicy::Open),
            ("commands", |account| account.commands.use_access_groups = false),
            ("time zone", |account| {
                account.envelope.zone =
                    crate::sandbox::bindings::config::EnvelopeZone::Named("Nowhere".to_owned());
            }),
        ];
        for (named, change) in cases {
            let mut account = account("a");
            change(&mut account);
            let findings = open(&account);
            assert_eq!((findings.len(), findings[0].level), (1, Level::Warn), "{findings:?}");
            assert!(findings[0].what.contains(named), "{findings:?}");
        }
    }

    #[test]
    fn what_is_closed_is_not() {
        let mut account = account("a");
        account.access.allow_from = vec!["*".to_owned()];
        assert_eq!(open(&account)[0].level, Level::Ok, "direct chats are switched off");
    }

    #[test]
    fn the_guest_s_warnings_about_names_are_told() {
        let say = |level, message: &str| LogEntry { level, message: message.to_owned() };
        let learnt =
            [say(LogLevel::Info, "Lan→1"), say(LogLevel::Warn, "\"An\" stands for more than one id")];
        let findings = names(&account("a"), &learnt);
        assert_eq!((findings.len(), findings[0].level), (1, Level::Warn));
        assert!(findings[0].what.contains("\"An\""), "{findings:?}");
        assert_eq!(names(&account("a"), &learnt[..1])[0].level, Level::Ok);
    }
}
