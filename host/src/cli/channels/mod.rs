//! `zalouser channels`: the accounts.

pub(super) mod edit;
mod list;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
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

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments).await,
        Command::Add(arguments) => edit::add(arguments).await,
        Command::Remove(arguments) => edit::remove(arguments).await,
        Command::Enable(arguments) => edit::switch(arguments, true).await,
        Command::Disable(arguments) => edit::switch(arguments, false).await,
    }
}
