//! `zalouser doctor`: what keeps accounts from running well, and how to mend it.

mod access;
mod accounts;
mod agent;
mod clock;
mod components;
mod files;
mod finding;
#[cfg(test)]
mod fixture;
mod listeners;
mod program;

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use self::finding::{Finding, Level};
use self::listeners::Processes;
use self::program::Program;
use super::Global;
use crate::config::Config;
use crate::plugins::PluginFolder;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::types::{Command, ExitStatus};
use crate::sandbox::{self, Component, Limits, Monitor, Sandbox};
use crate::settings::Settings;
use crate::state_dir::StateDir;
use crate::store::{AccountFiles, Leftover, PairingStore};
use crate::zca::profile::Profile;
use crate::zca::profile_lock::holder;
use crate::zca::program::Zca;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Mend file modes, and remove stale locks and temporary files
    #[arg(long)]
    fix: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    /// Whether nothing fails.
    ok: bool,
    findings: &'a [Finding],
}

pub(super) async fn run(arguments: Arguments, global: &Global) -> anyhow::Result<()> {
    let state = super::state_dir()?;
    let mut findings = examine(&state, global).await;
    if arguments.fix {
        findings.iter_mut().for_each(Finding::mend);
    }
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (failed, warned) = (count(Level::Fail), count(Level::Warn));
    if arguments.json {
        let mut out = io::stdout().lock();
        let report = Report { ok: failed == 0, findings: &findings };
        serde_json::to_writer_pretty(&mut out, &report).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        let mut out = anstream::stdout().lock();
        findings.iter().try_for_each(|finding| finding.print(&mut out))?;
        let (failures, warnings) = (counted(failed, "failure"), counted(warned, "warning"));
        writeln!(out, "\n{}: {failures}, {warnings}", counted(findings.len(), "finding"))?;
    }
    if failed > 0 {
        bail!("{} among the findings; each says how to mend it", counted(failed, "failure"));
    }
    Ok(())
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

async fn examine(state: &StateDir, global: &Global) -> Vec<Finding> {
    let config_path = Config::path(state);
    // Before anything is made or given the right mode in passing.
    let private = files::private(state, &config_path, zca_home().as_deref());
    let now = SystemTime::now();

    let (component, mut findings) = match load_component(state) {
        Ok(component) => (Some(component), Vec::new()),
        Err(err) => (None, vec![broken_sandbox(&err)]),
    };
    let config = match &component {
        Some(component) => read_config(component, &config_path, &mut findings).await,
        None => None,
    };
    let settings = config.as_ref().map_or_else(Settings::default, |config| config.settings.clone());
    let zca = super::zca(global, &settings);
    let program = Program::examine(&zca).await;
    findings.extend(program::check(&program));
    if let (Some(config), Some(component)) = (&config, &component) {
        findings.extend(accounts::profiles(&config.channel.accounts));
        findings.extend(components::check(config, &PluginFolder::of(state)));
        let processes = Processes::running();
        for account in config.channel.accounts.iter().filter(|account| account.enabled) {
            findings.extend(access::open(account));
            findings.extend(listener(state, account, &processes));
            if program.works() {
                findings.extend(sessions(&zca, component, account).await);
            }
        }
        let agent = config.settings.agent.as_ref();
        findings.push(agent::check(agent, |it| which::which(it).is_ok(), |name| env::var(name).ok()));
    }
    findings.extend(pairing(state, config.as_ref()));
    findings.extend(files::modes(&private));
    findings.extend(files::leftovers(Leftover::find(state, now)));
    findings.push(clock::check(now, files::newest(&private).as_ref()));
    findings
}

fn load_component(state: &StateDir) -> Result<Component, sandbox::Error> {
    Sandbox::new(Limits::default(), Some(&state.own().join("cache")))?.load_shipped()
}

fn broken_sandbox(err: &sandbox::Error) -> Finding {
    let why = "nothing can be judged without the guest: no configuration, no message";
    Finding::fail(
        "guest",
        err.to_string(),
        why,
        "correct the folder that it names, or install zalouser again",
    )
}

async fn read_config(component: &Component, path: &Path, findings: &mut Vec<Finding>) -> Option<Config> {
    let mut guest = match component.instantiate().await {
        Ok(guest) => guest,
        Err(err) => {
            findings.push(broken_sandbox(&err));
            return None;
        }
    };
    match Config::load(path, &mut guest).await {
        Ok(config) => {
            findings.extend(access::odd(&config));
            Some(config)
        }
        Err(err) => {
            findings.extend(access::broken(&err));
            None
        }
    }
}

fn listener(state: &StateDir, account: &Account, processes: &Processes) -> Vec<Finding> {
    let profile = Profile::new(&account.profile);
    let Ok(holder) = holder(&state.own().join("listeners"), &profile) else { return Vec::new() };
    let mut findings = vec![accounts::listener(account, holder.as_ref())];
    findings.extend(processes.check(account, zca_home().as_deref(), holder.as_ref()));
    findings
}

/// Asks `zca` whether the account is logged in and, if it is, whom the names in its rules mean.
async fn sessions(zca: &Zca, component: &Component, account: &Account) -> Vec<Finding> {
    let outcome = zca.call(&Profile::new(&account.profile), &Command::SessionStatus).await;
    let mut findings = vec![accounts::session(account, &outcome)];
    if outcome.status == ExitStatus::Exited(0) {
        match names(zca, component, account).await {
            Ok(found) => findings.extend(found),
            Err(err) => findings.push(broken_sandbox(&err)),
        }
    }
    findings
}

/// Lets the guest resolve names just as it does when the account starts.
async fn names(zca: &Zca, component: &Component, account: &Account) -> Result<Vec<Finding>, sandbox::Error> {
    let mut monitor = Monitor::start(component.clone(), account.clone(), Vec::new()).await?;
    let questions = monitor.prepare().await?;
    // Every call logs in anew, and Zalo watches how often that happens.
    if !questions.iter().any(|question| matches!(question, Command::ListFriends | Command::ListGroups)) {
        return Ok(Vec::new());
    }
    let profile = Profile::new(&account.profile);
    let mut outcomes = Vec::new();
    for question in questions {
        outcomes.push(zca.call(&profile, &question).await);
    }
    Ok(access::names(account, &monitor.learn(outcomes).await?))
}

/// Reads the pairing files of every account, of the default one alone when nothing is known of others.
fn pairing(state: &StateDir, config: Option<&Config>) -> Vec<Finding> {
    let accounts: Vec<_> = match config {
        Some(config) => {
            let ids = config.channel.accounts.iter().map(|account| account.id.as_str());
            ids.map(|id| (id, id == config.channel.default_account)).collect()
        }
        None => vec![("default", true)],
    };
    let read = |(id, is_default): (&str, bool)| {
        let store = PairingStore::new(state, &AccountFiles::of(id, is_default));
        let read = store.pending(jiff::Timestamp::now()).and_then(|pending| Ok((pending, store.allowed()?)));
        match read {
            Ok((pending, allowed)) => {
                let (waiting, paired) = (pending.len(), allowed.len());
                Finding::ok("pairing", format!("account {id}: {paired} paired, {waiting} waiting"))
            }
            Err(err) => Finding::fail(
                "pairing",
                err.to_string(),
                "while it cannot be read, nobody in it is let in and nobody is added",
                "as said; what can be saved is taken over with `zalouser pairing allow ID`",
            ),
        }
    };
    accounts.into_iter().map(read).collect()
}

/// Where openzca keeps its sessions, whose files others may read unless the folder is private.
fn zca_home() -> Option<PathBuf> {
    let named = env::var_os("OPENZCA_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    named.or_else(|| Some(env::home_dir()?.join(".openzca")))
}
