//! A channel: the component, its configuration, and what its accounts share.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::account::Account;
use super::answering::HandOver;
use super::builder::ChannelBuilder;
use super::error::StartError;
use super::journal::Journal;
use super::queue::Queue;
use crate::clock::Clock;
use crate::config::Config;
use crate::gateway::agent::Agent;
use crate::gateway::{Events, Gateway, Registry, What};
use crate::journal;
use crate::plugins::Plugins;
use crate::sandbox::bindings::config;
use crate::state_dir::StateDir;
use crate::zca::program::Zca;

/// A component with its configuration, from which accounts are started. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Channel(pub(super) Arc<Shared>);

/// What all accounts of a channel share.
pub(super) struct Shared {
    pub(super) plugins: Plugins,
    pub(super) config: Config,
    pub(super) state: StateDir,
    pub(super) zca: Zca,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) journal: Option<Arc<dyn Journal>>,
    pub(super) registry: Registry,
    pub(super) record: journal::Journal,
    /// Where the record is, if that is not to last.
    pub(super) _temporary: Option<TempDir>,
}

impl Channel {
    /// A channel that keeps all that it keeps in `folder`: the journal, pairing requests, locks of listeners, and
    /// compiled code. It is made if it is missing, and is to be writable by this user alone.
    pub fn builder(folder: impl Into<PathBuf>) -> ChannelBuilder {
        ChannelBuilder::new(folder.into())
    }

    /// The ids of the accounts that are configured.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.0.config.channel.accounts.iter().map(|account| account.id.as_str())
    }

    /// Starts to listen for an account, enabled or not, and returns once its listener has begun. What an earlier run left
    /// unanswered comes first in its stream.
    ///
    /// Cancel-safe: dropped, the account is stopped again.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(&self, account: &str) -> Result<Account, StartError> {
        let Some(account) = self.0.config.account(Some(account)).cloned() else {
            let known = self.accounts().map(str::to_owned).collect();
            return Err(StartError::Unknown { account: account.to_owned(), known });
        };
        let (queue, events, stop) = (Arc::<Queue>::default(), Events::default(), CancellationToken::new());
        let mut told = events.watch_health();
        let gateway = self.gateway(&account, &queue, events);
        let (stopped, ended) = (stop.clone(), Arc::clone(&queue));
        let mut run = tokio::spawn(async move {
            let shutdown = async {
                stopped.cancelled().await;
                // Before the answers are waited for: what nobody has taken yet will not be answered.
                ended.close();
            };
            let result = gateway.run(shutdown).await;
            ended.close();
            result
        });
        let guard = stop.drop_guard();
        loop {
            let event = tokio::select! {
                event = told.recv() => event,
                end = &mut run => return Err(match end {
                    Ok(Err(err)) => StartError::Gateway(err),
                    Ok(Ok(())) | Err(_) => StartError::Ended(account.id),
                }),
            };
            match event {
                Ok(event) if matches!(event.what, What::Listening { .. } | What::ListenerEnded { .. }) => {
                    break;
                }
                // The account ends next, and says why.
                Err(RecvError::Closed) => tokio::task::yield_now().await,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
            }
        }
        Ok(Account::new(Arc::clone(&self.0), account, queue, guard, run))
    }

    /// Writes all that the journal has not written yet, and closes it. Accounts are to be stopped before.
    pub async fn close(self) {
        self.0.record.close().await;
    }

    /// A gateway for one account, since each is started and stopped by itself.
    fn gateway(&self, account: &config::Account, queue: &Arc<Queue>, events: Events) -> Gateway {
        let shared = &self.0;
        let mut config = shared.config.clone();
        for other in &mut config.channel.accounts {
            other.enabled = other.id == account.id;
        }
        let agent = HandOver { queue: Arc::clone(queue), journal: shared.journal.clone() };
        Gateway {
            plugins: shared.plugins.clone(),
            config,
            state: shared.state.clone(),
            zca: shared.zca.clone(),
            agent: Some(Arc::new(Agent::of(Arc::new(agent)))),
            registry: shared.registry.clone(),
            journal: Some(shared.record.clone()),
            events,
            clock: Arc::clone(&shared.clock),
        }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("zca", &self.0.zca).finish_non_exhaustive()
    }
}
