//! `zalouser gateway run`: the accounts.

use std::convert::Infallible;
use std::future::pending;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::grants::GrantOptions;
use super::log::{FILE_ONLY, FileSlot};
use super::{Global, Usage};
use crate::clock::SystemClock;
use crate::file_watch::FileWatch;
use crate::gateway::agent::{Agent, AgentSettings};
use crate::gateway::endpoint::Endpoint;
use crate::gateway::presence::Presence;
use crate::gateway::service::Service;
use crate::gateway::{Events, Gateway, Registry, Renewal};
use crate::log_file;
use crate::plugins::Plugins;
use crate::sandbox::Sandbox;
use crate::settings;
use crate::state_dir::StateDir;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run all enabled accounts until SIGINT or SIGTERM
    ///
    /// A changed configuration file is read again, and so is everything at SIGHUP.
    Run(Run),
}

#[derive(Debug, Args)]
pub(super) struct Run {
    /// Serve /healthz, /readyz and /metrics at this address, or at this port of this machine alone
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    metrics: Option<SocketAddr>,
    /// Allow --metrics an address that other machines can reach
    #[arg(long, requires = "metrics")]
    metrics_allow_remote: bool,
    #[command(flatten)]
    grants: GrantOptions,
}

pub(super) async fn run(command: Command, global: &Global, log: &FileSlot) -> anyhow::Result<()> {
    let Command::Run(arguments) = command;
    let endpoint = endpoint(&arguments).await?;
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
    let ended = run_accounts(&arguments, global, state, &presence, endpoint).await;
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
    endpoint: Option<Endpoint>,
) -> anyhow::Result<()> {
    let source = Source { sandbox: super::cached_sandbox(&state)?, grants: &arguments.grants, state: &state };
    let Renewal { config, plugins, agent } = source.read(None).await?;
    let events = Events::default();
    let gateway = Gateway {
        plugins,
        zca: super::zca(global, &config.settings),
        agent: agent.clone(),
        registry: Registry::Files,
        journal: None,
        config: config.clone(),
        state: state.clone(),
        events: events.clone(),
        clock: Arc::new(SystemClock),
    };
    let service = Service::of_environment();
    let shutdown = shutdown()?;
    let shutdown = async {
        shutdown.await;
        service.stopping();
    };
    let serve = async {
        match endpoint {
            Some(endpoint) => endpoint.serve(events.clone()).await,
            None => pending().await,
        }
    };
    let (renewals, renewed) = mpsc::channel(1);
    let follow = source.follow(&service, (config.settings.agent.clone(), agent), config.file, renewals);
    tokio::select! {
        ended = gateway.run_renewably(shutdown, renewed) => Ok(ended?),
        never = follow => match never? {},
        never = presence.publish(&events) => match never {},
        never = service.follow(&events) => match never {},
        never = serve => match never {},
    }
}

/// The agent with what it was made by.
type Known = (Option<AgentSettings>, Option<Arc<Agent>>);

/// Where the configuration of this run comes from.
struct Source<'a> {
    sandbox: Sandbox,
    grants: &'a GrantOptions,
    state: &'a StateDir,
}

impl Source<'_> {
    /// Reads the configuration. An agent that is known stays who it is while its settings do.
    async fn read(&self, known: Option<&Known>) -> anyhow::Result<Renewal> {
        let mut config = super::load_config(&self.sandbox, self.state).await?;
        self.grants.apply(&mut config.settings, self.state)?;
        let agent = match known {
            Some((settings, agent)) if *settings == config.settings.agent => agent.clone(),
            _ => config.settings.agent.clone().map(Agent::new).transpose()?.map(Arc::new),
        };
        if agent.is_none() {
            let file = config.file.display();
            tracing::warn!(
                "{file}: nobody answers; set {}.agent, for a try to {{ kind: \"echo\" }}",
                settings::PATH
            );
        }
        let plugins = Plugins::new(self.sandbox.clone(), self.state, &config.settings);
        Ok(Renewal { config, plugins, agent })
    }

    /// Reads it again whenever the file changes or SIGHUP comes, and hands it on if it is in order.
    async fn follow(
        &self,
        service: &Service,
        mut known: Known,
        file: PathBuf,
        renewals: mpsc::Sender<Renewal>,
    ) -> anyhow::Result<Infallible> {
        let mut hangup = signal(SignalKind::hangup()).context("SIGHUP cannot be handled")?;
        let mut changes = FileWatch::new(std::slice::from_ref(&file))
            .inspect_err(|err| {
                tracing::warn!("a change of {} needs a SIGHUP to be seen: {err}", file.display())
            })
            .ok();
        loop {
            let changed = async {
                match &mut changes {
                    Some(changes) => changes.changed().await,
                    None => pending().await,
                }
            };
            tokio::select! {
                _ = hangup.recv() => {}
                () = changed => {}
            }
            service.reloading();
            match self.read(Some(&known)).await {
                Ok(renewal) => {
                    known = (renewal.config.settings.agent.clone(), renewal.agent.clone());
                    tracing::info!("the configuration was read again");
                    if renewals.send(renewal).await.is_err() {
                        return pending().await;
                    }
                }
                Err(err) => tracing::error!("{err:#}; the configuration of before stays in force"),
            }
            service.reloaded();
        }
    }
}

async fn endpoint(arguments: &Run) -> anyhow::Result<Option<Endpoint>> {
    let Some(address) = arguments.metrics else { return Ok(None) };
    if !address.ip().is_loopback() && !arguments.metrics_allow_remote {
        bail!(Usage(format!(
            "--metrics {address}: other machines could reach that; give a loopback address such as 127.0.0.1:{}, \
             or add --metrics-allow-remote",
            address.port()
        )));
    }
    let endpoint = Endpoint::bind(address).await;
    let endpoint = endpoint.with_context(|| format!("--metrics {address}: the address cannot be taken"))?;
    tracing::info!("metrics are at http://{}/metrics", endpoint.address());
    Ok(Some(endpoint))
}

/// An address with a port, or a port alone.
pub(super) fn address(typed: &str) -> Result<SocketAddr, String> {
    let port = typed.strip_prefix("localhost:").unwrap_or(typed);
    match (port.parse::<u16>(), typed.parse()) {
        (Ok(port), _) => Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)),
        (_, Ok(address)) => Ok(address),
        _ => Err("write an address with a port, as 127.0.0.1:9464 or [::1]:9464, or a port alone".to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_one_of_this_machine() {
        for (typed, expected) in [
            ("9464", Some("127.0.0.1:9464")),
            ("localhost:9464", Some("127.0.0.1:9464")),
            ("[::1]:1", Some("[::1]:1")),
            ("0.0.0.0:80", Some("0.0.0.0:80")),
            ("host:80", None),
            ("65536", None),
            ("", None),
        ] {
            let found = address(typed).ok().map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{typed}");
        }
    }
}
