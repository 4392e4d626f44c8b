//! `zalouser bridge`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;

use super::gateway::{address, shutdown};
use super::grants::GrantOptions;
use super::log::FileSlot;
use super::{Global, Usage};
use crate::bridge::{Bridge, Token};
use crate::clock::SystemClock;
use crate::gateway::presence::Presence;
use crate::gateway::service::Service;
use crate::gateway::{Events, Gateway, Registry};
use crate::log_file;
use crate::plugins::Plugins;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Answer at this address, or at this port of this machine alone
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    listen: SocketAddr,
    /// Allow --listen an address that other machines can reach
    #[arg(long)]
    allow_remote: bool,
    /// Answer requests for this host name, too
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// The file with the token, which is made where there is none [default: bridge-token in zalouser's own folder]
    #[arg(long, value_name = "PATH")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    grants: GrantOptions,
}

pub(super) async fn run(arguments: Arguments, global: &Global, log: &FileSlot) -> anyhow::Result<()> {
    if !arguments.listen.ip().is_loopback() && !arguments.allow_remote {
        bail!(Usage(format!(
            "--listen {}: other machines could reach that; give a loopback address such as 127.0.0.1:{}, or add \
             --allow-remote",
            arguments.listen,
            arguments.listen.port()
        )));
    }
    let state = super::state_dir()?;
    let presence = Presence::claim(&state)?;
    let log_path = log_file::path(&state);
    let _guard = log
        .open(log_path.clone())
        .inspect_err(|err| {
            tracing::warn!("there will be no log file, {} cannot be written: {err}", log_path.display());
        })
        .ok();
    let token_file = arguments.token_file.unwrap_or_else(|| Token::file(&state));
    let token = Token::open(&token_file)?;
    let sandbox = super::cached_sandbox(&state)?;
    let mut config = super::load_config(&sandbox, &state).await?;
    arguments.grants.apply(&mut config.settings, &state)?;
    let bridge = Bridge::bind(arguments.listen, token, arguments.allow_host).await;
    let bridge =
        bridge.with_context(|| format!("--listen {}: the address cannot be taken", arguments.listen))?;
    let events = Events::default();
    let gateway = Gateway {
        plugins: Plugins::new(sandbox, &state, &config.settings),
        zca: super::zca(global, &config.settings),
        agent: None,
        registry: Registry::Files,
        journal: None,
        config,
        state,
        events: events.clone(),
        clock: Arc::new(SystemClock),
    };
    tracing::info!("the bridge is at http://{}; its token is in {}", bridge.address(), token_file.display());
    let service = Service::of_environment();
    let shutdown = shutdown()?;
    let shutdown = async {
        shutdown.await;
        service.stopping();
    };
    tokio::select! {
        ended = bridge.run(gateway, shutdown) => Ok(ended?),
        never = presence.publish(&events) => match never {},
        never = service.follow(&events) => match never {},
    }
}
