//! `zalouser gateway run`: the accounts.

use anyhow::Context as _;
use clap::Subcommand;
use tokio::signal::unix::{SignalKind, signal};

use super::Global;
use crate::gateway::agent::Agent;
use crate::gateway::{Events, Gateway};
use crate::sandbox::{Limits, Sandbox};
use crate::settings;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run all enabled accounts until SIGINT or SIGTERM
    Run,
}

pub(super) async fn run(command: Command, global: &Global) -> anyhow::Result<()> {
    let Command::Run = command;
    let state = super::state_dir()?;
    let sandbox = Sandbox::new(Limits::default(), Some(&state.own().join("cache")))?;
    let config = super::load_config(&sandbox, &state).await?;
    let agent = config.settings.agent.clone().map(Agent::new).transpose()?;
    if agent.is_none() {
        let file = config.file.display();
        tracing::warn!(
            "{file}: nobody answers; set {}.agent, for a try to {{ kind: \"echo\" }}",
            settings::PATH
        );
    }
    let gateway = Gateway {
        component: sandbox.load_shipped()?,
        zca: super::zca(global, &config.settings),
        agent,
        config,
        state,
        events: Events::default(),
    };
    let shutdown = shutdown()?;
    Ok(gateway.run(shutdown).await?)
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
