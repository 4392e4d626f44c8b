//! `zalouser channels`: the accounts as a whole.

mod login;
mod logout;
mod qr;
mod status;

use clap::Subcommand;

use super::Global;
use crate::config::Config;
use crate::state_dir::StateDir;
use crate::zca::program::Zca;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Log an account in, by a QR code that is scanned with the Zalo app
    Login(login::Arguments),
    /// Log an account out
    Logout(logout::Arguments),
    /// Show how the accounts are, and what keeps them from working
    ///
    /// The exit code is 1 when an enabled account cannot work: when no gateway runs it, its listener is down,
    /// zca is missing, another account has its profile, or, as far as zca was asked, nobody is logged in.
    Status(status::Arguments),
}

pub(super) async fn run(command: Command, global: &Global) -> anyhow::Result<()> {
    let surroundings = Surroundings::find(global).await?;
    match command {
        Command::Login(arguments) => login::run(arguments, &surroundings).await,
        Command::Logout(arguments) => logout::run(arguments, &surroundings).await,
        Command::Status(arguments) => status::run(arguments, &surroundings).await,
    }
}

/// What all of these commands work with.
struct Surroundings {
    state: StateDir,
    config: Config,
    zca: Zca,
}

impl Surroundings {
    async fn find(global: &Global) -> anyhow::Result<Self> {
        let state = super::state_dir()?;
        // To look must neither leave something behind where there is no state folder, nor fail where it
        // cannot be written.
        let cached = state.root().is_dir().then(|| super::cached_sandbox(&state));
        let sandbox = cached.and_then(Result::ok).map_or_else(super::sandbox, Ok)?;
        let config = super::load_config(&sandbox, &state).await?;
        let zca = super::zca(global, &config.settings);
        Ok(Self { state, config, zca })
    }
}
