//! What is known of the accounts, put together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::Config;
use crate::gateway::presence::{Sighting, Snapshot};
use crate::gateway::status::{AccountStatus, ListenerState, Moment, Remark};
use crate::journal::{Depths, JournalError};
use crate::sandbox::bindings::config::{Account, DmPolicy, GroupPolicy};
use crate::settings;
use crate::zca::identity::Identity;

/// All that was found out.
pub(super) struct Found<'a> {
    pub(super) config: &'a Config,
    pub(super) sighting: Sighting,
    /// What is in the journal, by account; none where there is no journal yet.
    pub(super) queue: Result<Option<BTreeMap<String, Depths>>, JournalError>,
    /// The program that is meant to be `zca`, and whether it is there.
    pub(super) zca: PathBuf,
    pub(super) zca_found: bool,
    /// What `zca` said of the profiles that it was asked about.
    pub(super) probes: BTreeMap<String, Probe>,
    pub(super) now: Moment,
}

/// What `zca` said of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "camelCase")]
pub(super) enum Probe {
    /// The session holds.
    LoggedIn { identity: Identity },
    /// There is none.
    LoggedOut { reason: String },
    /// Nothing that can be relied on.
    Failed { reason: String },
}

/// How everything is. Its JSON is what `--json` prints; what is not known is null.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report<'a> {
    config_file: &'a Path,
    pub(super) zca: ZcaReport<'a>,
    pub(super) gateway: GatewayReport<'a>,
    pub(super) accounts: Vec<AccountReport<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ZcaReport<'a> {
    pub(super) program: &'a Path,
    pub(super) found: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GatewayReport<'a> {
    pub(super) running: bool,
    pub(super) pid: Option<u32>,
    pub(super) version: Option<&'a str>,
    pub(super) started_at: Option<Moment>,
    /// When one that was killed last gave a sign of life.
    pub(super) killed_after: Option<Moment>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountReport<'a> {
    pub(super) account_id: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) enabled: bool,
    pub(super) profile: &'a str,
    pub(super) logged_in: Option<bool>,
    pub(super) identity: Option<&'a Identity>,
    pub(super) listener: Option<&'a ListenerState>,
    pub(super) restarts: Option<u64>,
    pub(super) last_sign_at: Option<Moment>,
    pub(super) last_end: Option<&'a Remark>,
    pub(super) last_inbound_at: Option<Moment>,
    pub(super) last_outbound_at: Option<Moment>,
    pub(super) waiting: Option<u64>,
    pub(super) queue: Option<Depths>,
    pub(super) counts: Option<&'a BTreeMap<String, BTreeMap<String, u64>>>,
    pub(super) dm_policy: &'static str,
    pub(super) group_policy: &'static str,
    pub(super) quarantined_until: Option<Moment>,
    pub(super) last_error: Option<&'a Remark>,
    pub(super) probe: Option<&'a Probe>,
    pub(super) issues: Vec<Issue>,
}

/// Something that should be mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Issue {
    pub(super) kind: Kind,
    /// Whether the account cannot work because of it.
    pub(super) fatal: bool,
    pub(super) message: String,
    pub(super) fix: String,
}

/// What an issue is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Runtime,
    Auth,
    Config,
    Gateway,
    Queue,
}

impl<'a> Report<'a> {
    /// The report on all accounts, or on one.
    pub(super) fn of(found: &'a Found<'a>, only: Option<&str>) -> Self {
        let accounts = found.config.channel.accounts.iter();
        let wanted = accounts.filter(|account| only.is_none_or(|only| only == account.id));
        Self {
            config_file: &found.config.file,
            zca: ZcaReport { program: &found.zca, found: found.zca_found },
            gateway: GatewayReport::of(&found.sighting),
            accounts: wanted.map(|account| AccountReport::of(found, account)).collect(),
        }
    }

    /// The enabled accounts that cannot work.
    pub(super) fn broken(&self) -> Vec<&str> {
        let broken =
            |account: &&AccountReport<'_>| account.enabled && account.issues.iter().any(|issue| issue.fatal);
        self.accounts.iter().filter(broken).map(|account| account.account_id).collect()
    }
}

impl<'a> GatewayReport<'a> {
    fn of(sighting: &'a Sighting) -> Self {
        let live = sighting.live();
        let (running, pid, killed_after) = match sighting {
            Sighting::Running { pid, .. } => (true, *pid, None),
            Sighting::Stopped { left_behind } => (false, None, left_behind.as_ref().map(|it| it.written_at)),
        };
        Self {
            running,
            pid,
            version: live.map(|it| it.program.as_str()),
            started_at: live.map(|it| it.started_at),
            killed_after,
        }
    }
}

impl<'a> AccountReport<'a> {
    fn of(found: &'a Found<'a>, account: &'a Account) -> Self {
        let live = found.sighting.live().and_then(|snapshot| snapshot.accounts.0.get(&account.id));
        let probe = found.probes.get(&account.profile);
        let (logged_in, identity) = match probe {
            Some(Probe::LoggedIn { identity }) => (Some(true), Some(identity)),
            Some(Probe::LoggedOut { .. }) => (Some(false), None),
            // A gateway names an account only after it was logged in.
            Some(Probe::Failed { .. }) | None => {
                let identity = live.and_then(|it| it.identity.as_ref());
                (identity.map(|_| true), identity)
            }
        };
        Self {
            account_id: &account.id,
            name: account.name.as_deref(),
            enabled: account.enabled,
            profile: &account.profile,
            logged_in,
            identity,
            listener: live.map(|it| &it.listener),
            restarts: live.map(|it| it.restarts),
            last_sign_at: live.and_then(|it| it.last_sign_at),
            last_end: live.and_then(|it| it.last_end.as_ref()),
            last_inbound_at: live.and_then(|it| it.last_inbound_at),
            last_outbound_at: live.and_then(|it| it.last_outbound_at),
            waiting: live.map(|it| it.waiting),
            queue: queue(found, account),
            counts: live.map(|it| &it.counts),
            dm_policy: dm_policy(account.access.dm_policy),
            group_policy: group_policy(account.access.group_policy),
            quarantined_until: quarantine(live, found.now),
            last_error: live.and_then(|it| it.last_error.as_ref()),
            probe,
            issues: if account.enabled { issues(found, account, live) } else { Vec::new() },
        }
    }
}

fn issues(found: &Found<'_>, account: &Account, live: Option<&AccountStatus>) -> Vec<Issue> {
    let issue = |kind, fatal, message: String, fix: String| Issue { kind, fatal, message, fix };
    let mut issues = Vec::new();
    let login = || format!("run: zalouser channels login --account {}", account.id);
    if !found.zca_found {
        issues.push(issue(
            Kind::Runtime,
            true,
            format!(
                "the zca program is missing: {} is not there, or may not be executed",
                found.zca.display()
            ),
            "install openzca or zca-cli, or name the program with --zca, ZALOUSER_ZCA or \
             plugins.entries.zalouser.config.zca"
                .to_owned(),
        ));
    }
    match found.probes.get(&account.profile) {
        Some(Probe::LoggedOut { reason }) => {
            issues.push(issue(Kind::Auth, true, format!("nobody is logged in: {reason}"), login()));
        }
        Some(Probe::Failed { reason }) => issues.push(issue(
            Kind::Runtime,
            // It may be slow today, and the listener that was started before still be of use.
            !live.is_some_and(|it| matches!(it.listener, ListenerState::Running { .. })),
            format!("zca could not be asked: {reason}"),
            format!("see what `{} --profile {} auth status` prints", found.zca.display(), account.profile),
        )),
        Some(Probe::LoggedIn { .. }) | None => {}
    }
    if let Some(first) = first_with_profile(found.config, account) {
        issues.push(issue(
            Kind::Config,
            true,
            format!(
                "account {first} has the same zca profile {:?}, on which only one can listen",
                account.profile
            ),
            format!("set channels.zalouser.accounts.{}.profile to another one", account.id),
        ));
    }
    issues.extend(gateway_issue(&found.sighting, live));
    if let Some(until) = quarantine(live, found.now) {
        let seconds = until.saturating_sub(found.now).div_ceil(1_000);
        issues.push(issue(
            Kind::Runtime,
            false,
            format!(
                "the component that judges its messages failed too often and is left alone for {seconds} s more"
            ),
            "messages are kept until then; what it failed over is in: zalouser logs".to_owned(),
        ));
    }
    issues.extend(queue_issues(found, account, live));
    if found.config.settings.agent.is_none() {
        issues.push(issue(
            Kind::Config,
            false,
            "no agent is set, so that nothing is answered".to_owned(),
            format!("set {}.agent, for a try to {{ kind: \"echo\" }}", settings::PATH),
        ));
    }
    if account.access.dm_policy == DmPolicy::Open {
        issues.push(issue(
            Kind::Config,
            false,
            "everybody on Zalo may write to the agent, since dmPolicy is \"open\"".to_owned(),
            "set dmPolicy to \"pairing\" or \"allowlist\", unless that is meant".to_owned(),
        ));
    }
    issues
}

/// Until when the component of an account is left alone, if it is.
fn quarantine(live: Option<&AccountStatus>, now: Moment) -> Option<Moment> {
    live?.quarantined_until.filter(|until| *until > now)
}

/// What is wrong with the gateway as far as it concerns an account.
fn gateway_issue(sighting: &Sighting, live: Option<&AccountStatus>) -> Option<Issue> {
    let found = |fatal, message: String, fix: &str| {
        Some(Issue { kind: Kind::Gateway, fatal, message, fix: fix.to_owned() })
    };
    let issue = |message, fix| found(true, message, fix);
    // An account that nobody runs can still work.
    let stopped = |message: &str| found(false, message.to_owned(), "run: zalouser gateway run");
    let snapshot: &Snapshot = match sighting {
        Sighting::Stopped { left_behind: None } => return stopped("no gateway runs"),
        Sighting::Stopped { left_behind: Some(_) } => {
            return stopped("no gateway runs; the last one was killed");
        }
        // It has only just begun.
        Sighting::Running { snapshot: None, .. } => return None,
        Sighting::Running { snapshot: Some(snapshot), .. } => snapshot,
    };
    let why = |account: &AccountStatus| {
        account.last_error.as_ref().map_or_else(String::new, |error| format!(": {}", error.text))
    };
    match live.map(|account| (account, &account.listener)) {
        Some((account, ListenerState::NotStarted)) => issue(
            format!("the gateway could not start this account{}", why(account)),
            "mend that, and start the gateway anew",
        ),
        Some((_, ListenerState::Stopped)) => {
            issue("the gateway that runs has stopped this account".to_owned(), "start it there again")
        }
        Some((account, ListenerState::Waiting { .. })) => issue(
            account.last_end.as_ref().map_or_else(|| "the listener ended".to_owned(), |end| end.text.clone()),
            "it is started again by itself; if it keeps ending, see: zalouser logs",
        ),
        Some((_, ListenerState::Starting | ListenerState::Running { .. })) => None,
        // Accounts are told of one after the other when a gateway starts.
        None if snapshot.accounts.0.is_empty() => None,
        None => issue(
            "the gateway that runs does not know this account".to_owned(),
            "start the gateway anew, so that it reads the configuration",
        ),
    }
}

/// What is in the journal of an account's.
fn queue(found: &Found<'_>, account: &Account) -> Option<Depths> {
    let queue = found.queue.as_ref().ok()?.as_ref()?;
    Some(queue.get(&account.id).copied().unwrap_or_default())
}

/// What is wrong with the journal as far as it concerns an account, and what in it needs a decision.
fn queue_issues(found: &Found<'_>, account: &Account, live: Option<&AccountStatus>) -> Vec<Issue> {
    let issue = |message: String, fix: String| Issue { kind: Kind::Queue, fatal: false, message, fix };
    let mut issues = Vec::new();
    if let Some(trouble) = live.and_then(|it| it.journal_trouble.as_ref()) {
        let fix = "mend that; messages are taken again by themselves then".to_owned();
        issues.push(Issue { fatal: true, ..issue(format!("messages are refused: {trouble}"), fix) });
    } else if let Err(error) = &found.queue {
        issues.push(issue(error.to_string(), "see: zalouser doctor".to_owned()));
    }
    let Depths { unknown, dead, .. } = queue(found, account).unwrap_or_default();
    let list = format!("see: zalouser queue list --dead --account {}", account.id);
    let messages = |count: u64| if count == 1 { "1 message".to_owned() } else { format!("{count} messages") };
    if dead > 0 {
        let message = format!("{} could not be answered", messages(dead));
        issues.push(issue(message, format!("{list}; then: zalouser queue retry ID, or drop ID")));
    }
    if unknown > 0 {
        let message = format!("nobody knows how much of the answer to {} arrived", messages(unknown));
        let fix = format!(
            "{list}; then: zalouser queue retry ID, with --skip-unknown if it did arrive, or drop ID"
        );
        issues.push(issue(message, fix));
    }
    issues
}

/// The enabled account before this one that has its profile.
fn first_with_profile<'a>(config: &'a Config, account: &Account) -> Option<&'a str> {
    let enabled = config.channel.accounts.iter().filter(|other| other.enabled);
    let mut earlier = enabled.take_while(|other| other.id != account.id);
    earlier.find(|other| other.profile == account.profile).map(|other| other.id.as_str())
}

fn dm_policy(policy: DmPolicy) -> &'static str {
    match policy {
        DmPolicy::Pairing => "pairing",
        DmPolicy::Allowlist => "allowlist",
        DmPolicy::Open => "open",
        DmPolicy::Disabled => "disabled",
    }
}

fn group_policy(policy: GroupPolicy) -> &'static str {
    match policy {
        GroupPolicy::Open => "open",
        GroupPolicy::Allowlist => "allowlist",
        GroupPolicy::Disabled => "disabled",
    }
}
