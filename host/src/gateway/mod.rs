//! The run loop: what comes in is judged by the guest, answered by an agent, and sent.

mod account;
mod act;
pub mod agent;
mod composer;
pub mod context;
mod event;
mod lanes;
mod pairing;
pub mod presence;
mod reply;
mod start;
pub mod status;

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

pub use event::{Event, Events, What};
pub use start::StartError;

use self::agent::Agent;
use self::lanes::Lanes;
use self::reply::Answering;
use crate::config::Config;
use crate::decision::excerpt;
use crate::plugins::Plugins;
use crate::sandbox::bindings::inbound::{LogEntry, LogLevel};
use crate::state_dir::StateDir;
use crate::zca::program::Zca;

/// How long answers that are under way may take once the gateway was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// How much of what a guest has to say is written into the log, in bytes.
const LOG_ENTRY_MAX: usize = 2_000;

/// What a gateway is made of.
pub struct Gateway {
    /// The components that decide.
    pub plugins: Plugins,
    /// What the operator configured.
    pub config: Config,
    /// Where state is kept.
    pub state: StateDir,
    /// The program that speaks to Zalo.
    pub zca: Zca,
    /// Who answers. Without an agent strangers are paired all the same, and every message that is
    /// let through is logged as unanswered.
    pub agent: Option<Agent>,
    /// Where it tells what happens.
    pub events: Events,
}

impl Gateway {
    /// Runs all enabled accounts until `shutdown` is done, then stops reading, lets answers that are
    /// under way end for ten seconds, and leaves no process behind.
    ///
    /// # Errors
    /// [`StartError`] when no account can run. An account that cannot run beside others that can is
    /// logged.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), StartError> {
        let lanes = Lanes::default();
        let answering = Answering::new(self.agent, self.zca.clone(), self.events);
        let start = start::Start {
            plugins: self.plugins,
            config: self.config,
            state: self.state,
            zca: self.zca,
            answering,
            lanes: lanes.clone(),
        };
        tokio::pin!(shutdown);
        let started = tokio::select! {
            started = start.all() => started?,
            () = &mut shutdown => return Ok(()),
        };

        let (stop, stopped) = watch::channel(false);
        let mut accounts = JoinSet::new();
        for (running, listener) in started {
            accounts.spawn(running.run(listener, stopped.clone()));
        }
        shutdown.await;
        tracing::info!("stopping");
        // Nobody to tell is fine, too: the accounts have ended then.
        let _ = stop.send(true);
        while accounts.join_next().await.is_some() {}
        finish(&lanes).await;
        Ok(())
    }
}

/// Lets what has begun end within the grace time.
async fn finish(lanes: &Lanes) {
    let waiting = lanes.clear();
    if waiting > 0 {
        tracing::warn!("{waiting} messages that wait for an answer are given up");
    }
    if timeout(GRACE, lanes.finish()).await.is_err() {
        tracing::warn!("answers took longer than {} s and are given up", GRACE.as_secs());
    }
}

/// Writes what a guest has to say into the log, as one line of bounded length: it may be a stranger's text.
pub(crate) fn log(account: &str, entry: &LogEntry) {
    let message = excerpt(&entry.message, LOG_ENTRY_MAX);
    match entry.level {
        LogLevel::Debug => tracing::debug!(account, "{message}"),
        LogLevel::Info => tracing::info!(account, "{message}"),
        LogLevel::Warn => tracing::warn!(account, "{message}"),
        LogLevel::Error => tracing::error!(account, "{message}"),
    }
}
