//! `zalouser plugins export`: the account for gateways that load components themselves.

mod ironclaw;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Write the agent's tool as a package that IronClaw imports
    ///
    /// It reaches the account through `zalouser bridge`, whose address becomes part of it.
    Ironclaw(ironclaw::Arguments),
}

pub(super) async fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Ironclaw(arguments) => ironclaw::run(arguments).await,
    }
}
