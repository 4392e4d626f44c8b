//! `zalouser channels`: the accounts.

pub(super) mod edit;
mod list;
mod login;
mod logout;
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
    /// The exit code is 1 when an enabled account cannot work: when its listener is down, zca is missing,
    /// another account has its profile, or, as far as zca was asked, nobody is logged in.
    Status(status::Arguments),
    /// Show the accounts
    List(list::Arguments),
    /// Add an account, or change one
    ///
    /// The first account with an id of its own turns the section, which has described the account
    /// `default` so far, into what all accounts have in common; `default` goes on beside the new one.
    Add(edit::Add),
    /// Disable an account, or delete it
    Remove(edit::Remove),
    /// Enable an account, or the channel
    Enable(edit::Switch),
    /// Disable an account, or the channel
    Disable(edit::Switch),
}

pub(super) async fn run(command: Command, global: &Global) -> anyhow::Result<()> {
    match command {
        Command::Login(arguments) => login::run(arguments, &Surroundings::find(global).await?).await,
        Command::Logout(arguments) => logout::run(arguments, &Surroundings::find(global).await?).await,
        Command::Status(arguments) => status::run(arguments, &Surroundings::find(global).await?).await,
        Command::List(arguments) => list::run(arguments).await,
        Command::Add(arguments) => edit::add(arguments).await,
        Command::Remove(arguments) => edit::remove(arguments).await,
        Command::Enable(arguments) => edit::switch(arguments, true).await,
        Command::Disable(arguments) => edit::switch(arguments, false).await,
    }
}

/// What a command works with that looks at accounts as they are.
struct Surroundings {
    state: StateDir,
    config: Config,
    zca: Zca,
}

impl Surroundings {
    async fn find(global: &Global) -> anyhow::Result<Self> {
        let state = super::state_dir()?;
        let sandbox = super::looking_sandbox(&state)?;
        let config = super::load_config(&sandbox, &state).await?;
        let zca = super::zca(global, &config.settings);
        Ok(Self { state, config, zca })
    }
}
