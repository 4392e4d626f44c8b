//! `zalouser channels logout`.

use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;

use super::Surroundings;
use crate::gateway::presence::{Sighting, Snapshot};
use crate::sandbox::bindings::types::ExitStatus;
use crate::zca::profile::Profile;
use crate::zca::receipt::reason;
use crate::zca::session::{SESSION_TIME, Session};

/// How long a logout may take. It removes what is stored on this machine.
const LOGOUT_TIME: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The account [default: the default account]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

pub(super) async fn run(arguments: Arguments, surroundings: &Surroundings) -> anyhow::Result<()> {
    let account = super::super::account(&surroundings.config, arguments.account.as_deref())?;
    let (id, profile) = (&account.id, Profile::new(&account.profile));
    if let Sighting::Running { pid, snapshot } = Sighting::of(&surroundings.state)?
        && snapshot.is_none_or(|snapshot| uses(&snapshot, &account.profile))
    {
        let who = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
        tracing::warn!(
            "the gateway that runs{who} uses the profile {profile}, which will no longer work there"
        );
    }
    let args = ["--profile", profile.as_str(), "auth", "logout"].map(str::to_owned);
    let outcome = surroundings.zca.run(&args, LOGOUT_TIME).await?;
    if outcome.status != ExitStatus::Exited(0) {
        bail!("account {id} was not logged out: {}", reason(&outcome));
    }
    let unsure = || format!("zca logged account {id} out, but does not confirm that it is");
    match surroundings.zca.session(&profile, SESSION_TIME).await.with_context(unsure)? {
        Session::Missing(_) => {}
        Session::Holds => bail!("account {id} is still logged in, although zca says that it logged it out"),
        Session::Unknown(reason) => bail!("{}: {reason}", unsure()),
    }
    Ok(writeln!(io::stdout(), "account {id} is logged out (profile {profile})")?)
}

/// Whether a gateway has an account with this profile, or may have one soon.
fn uses(snapshot: &Snapshot, profile: &str) -> bool {
    let accounts = &snapshot.accounts.0;
    accounts.is_empty() || accounts.values().any(|account| account.profile == profile)
}
