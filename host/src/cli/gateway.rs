//! `zalouser gateway run`: the accounts.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use super::Global;
use super::grants::GrantOptions;
use super::log::{FILE_ONLY, FileSlot};
use crate::gateway::agent::Agent;
use crate::gateway::presence::Presence;
use crate::gateway::{Events, Gateway};
use crate::log_file;
use crate::plugins::Plugins;
use crate::settings;
use crate::state_dir::StateDir;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run all enabled accounts until SIGINT or SIGTERM
    Run(Run),
}

#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    grants: GrantOptions,
}

pub(super) async fn run(command: Command, global: &Global, log: &FileSlot) -> anyhow::Result<()> {
    let Command::Run(arguments) = command;
    let state = super::state_dir()?;
    // Before anything is written that belongs to the gateway which may run already.
    let presence = Presence::claim(&state)?;
    let log_path = log_file::path(&state);
    let _guard = match log.open(log_path.clone()) {
        Ok(guard) => Some(guard),
        Err(err) => {
            tracing::warn!("there will be no log file, {} cannot be written: {err}", log_path.display());
            None
        }
    };
    let ended = run_accounts(&arguments, global, state, &presence).await;
    match &ended {
        Ok(()) => tracing::info!(target: FILE_ONLY, "stopped"),
        Err(err) => tracing::error!(target: FILE_ONLY, "{err:#}"),
    }
    ended
}

async fn run_accounts(
    arguments: &Run,
    global: &Global,
    state: StateDir,
    presence: &Presence,
) -> anyhow::Result<()> {
    let sandbox = super::cached_sandbox(&state)?;
    let mut config = super::load_config(&sandbox, &state).await?;
    arguments.grants.apply(&mut config.settings, &state)?;
    let agent = config.settings.agent.clone().map(Agent::new).transpose()?;
    if agent.is_none() {
        let file = config.file.display();
        tracing::warn!(
            "{file}: nobody answers; set {}.agent, for a try to {{ kind: \"echo\" }}",
            settings::PATH
        );
    }
    let events = Events::default();
    let gateway = Gateway {
        plugins: Plugins::new(sandbox, &state, &config.settings),
        zca: super::zca(global, &config.settings),
        agent,
        config,
        state,
        events: events.clone(),
    };
    let shutdown = shutdown()?;
    tokio::select! {
        ended = gateway.run(shutdown) => Ok(ended?),
        never = presence.publish(&events) => match never {},
    }
}

/// Done at the first SIGINT or SIGTERM.
pub(super) fn shutdown() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be handled")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be handled")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
