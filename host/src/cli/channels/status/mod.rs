//! `zalouser channels status`.

mod report;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use tokio::task::JoinSet;

use self::report::{Found, Probe, Report};
use super::Surroundings;
use crate::clock;
use crate::gateway::presence::Sighting;
use crate::journal::{self, Queue};
use crate::sandbox::bindings::types::Command;
use crate::zca::argv::argv;
use crate::zca::identity::Identity;
use crate::zca::profile::Profile;
use crate::zca::program::{StartError, Zca};
use crate::zca::session::Session;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Ask zca whether and as whom the accounts are logged in, which takes a few seconds
    #[arg(long)]
    probe: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// How long zca may take to answer one question, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    timeout: u64,
    /// Only this account
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

pub(super) async fn run(arguments: Arguments, surroundings: &Surroundings) -> anyhow::Result<()> {
    let Surroundings { state, config, zca } = surroundings;
    let only = match &arguments.account {
        Some(id) => Some(super::super::account(config, Some(id))?.id.clone()),
        None => None,
    };
    let zca_found = which::which(zca.program()).is_ok();
    let mut probes = BTreeMap::new();
    if arguments.probe && zca_found {
        let wanted = |id: &str, enabled: bool| only.as_ref().map_or(enabled, |only| only == id);
        let accounts = config.channel.accounts.iter().filter(|it| wanted(&it.id, it.enabled));
        let profiles: BTreeSet<_> = accounts.map(|account| account.profile.clone()).collect();
        probes = probe_all(zca, profiles, Duration::from_millis(arguments.timeout)).await;
    }
    let found = Found {
        config,
        sighting: Sighting::of(state)?,
        queue: Queue::look(&journal::file(state)).and_then(|queue| queue.map(|it| it.depths()).transpose()),
        zca: zca.program().to_owned(),
        zca_found,
        probes,
        now: clock::now_ms(),
    };
    let report = Report::of(&found, only.as_deref());
    if arguments.json {
        super::super::print_json(&report)?;
    } else {
        io::stdout().write_all(text::text(&report, found.now).as_bytes())?;
    }
    match report.broken().as_slice() {
        [] => Ok(()),
        [id] => bail!("account {id} cannot work"),
        ids => bail!("the accounts {} cannot work", ids.join(", ")),
    }
}

/// Asks about all profiles side by side, and waits for each answer for at most `time`.
async fn probe_all(zca: &Zca, profiles: BTreeSet<String>, time: Duration) -> BTreeMap<String, Probe> {
    let mut probes = JoinSet::new();
    for profile in profiles {
        let zca = zca.clone();
        probes.spawn(async move {
            let probe = probe(&zca, &Profile::new(&profile), time).await;
            (profile, probe.unwrap_or_else(|err| Probe::Failed { reason: err.to_string() }))
        });
    }
    probes.join_all().await.into_iter().collect()
}

async fn probe(zca: &Zca, profile: &Profile, time: Duration) -> Result<Probe, StartError> {
    match zca.session(profile, time).await? {
        Session::Holds => {}
        Session::Missing(reason) => return Ok(Probe::LoggedOut { reason }),
        Session::Unknown(reason) => return Ok(Probe::Failed { reason }),
    }
    let outcome = zca.run(&argv(profile, &Command::WhoAmI), time).await?;
    Ok(match Identity::of(&outcome) {
        Ok(identity) => Probe::LoggedIn { identity },
        Err(reason) => Probe::Failed { reason },
    })
}
