//! The accounts that listen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::peer_side::{Entries, PeerAgent, PeerPairings};
use super::protocol::Code;
use super::session::Acting;
use super::wire::{Failure, Peer};
use crate::clock::SystemClock;
use crate::gateway::agent::Agent;
use crate::gateway::presence::{Presence, PresenceError};
use crate::gateway::{AccountError, Events, Gateway, Registry, StartError, What, open_journal};
use crate::journal::{Journal, JournalError, JournalSettings};
use crate::state_dir::StateDir;
use crate::zca::profile_lock::LockError;

/// How long a stop waits. A gateway of 2026.9 gives an account five seconds.
const STOP_TIME: Duration = Duration::from_secs(3);

/// The accounts that listen for one peer.
pub(super) struct Listening {
    pub(super) peer: Peer,
    pub(super) state: StateDir,
    pub(super) events: Events,
    pub(super) entries: Entries,
    live: Mutex<Live>,
}

/// What runs, and what all of it needs.
#[derive(Default)]
struct Live {
    accounts: BTreeMap<String, Account>,
    /// Held from the first account on: answers may go on when none listens any more.
    gateway: Option<Running>,
}

/// What makes this process the gateway of its state folder.
struct Running {
    journal: Journal,
    presence: JoinHandle<()>,
}

/// One of them.
struct Account {
    stop: CancellationToken,
    run: JoinHandle<Result<(), StartError>>,
}

impl Listening {
    pub(super) fn new(peer: Peer, state: StateDir) -> Self {
        let (events, entries, live) = (Events::default(), Entries::default(), Mutex::default());
        Self { peer, state, events, entries, live }
    }

    /// Starts to listen for an account, and returns when its listener runs. One that listens already goes
    /// on as it is.
    pub(super) async fn start(&self, acting: &Acting) -> Result<(), Failure> {
        let id = &acting.account.id;
        let mut live = self.live.lock().await;
        if live.accounts.get(id).is_some_and(|account| !account.run.is_finished()) {
            return Ok(());
        }
        let journal = match &live.gateway {
            Some(Running { journal, .. }) => journal.clone(),
            None => {
                let running = self.claim(acting.session.config.settings.journal).await?;
                live.gateway.insert(running).journal.clone()
            }
        };
        let account = self.run(acting, journal).await?;
        live.accounts.insert(id.clone(), account);
        Ok(())
    }

    /// Becomes the gateway of the state folder, which other programs see by what is published there.
    async fn claim(&self, settings: JournalSettings) -> Result<Running, Failure> {
        let presence = Presence::claim(&self.state).map_err(|err| {
            let held = matches!(err, PresenceError::Held { .. });
            Failure::new(if held { Code::Elsewhere } else { Code::Account }, err)
        })?;
        let journal = open_journal(&self.state, settings).await;
        let journal = journal.map_err(|err| failure(&StartError::Journal(err)))?;
        let events = self.events.clone();
        let presence = tokio::spawn(async move { match presence.publish(&events).await {} });
        Ok(Running { journal, presence })
    }

    /// Runs an account, once its listener does.
    async fn run(&self, acting: &Acting, journal: Journal) -> Result<Account, Failure> {
        let id = &acting.account.id;
        let mut told = self.events.watch_health();
        let stop = CancellationToken::new();
        let gateway = self.gateway(acting, journal);
        let mut run = tokio::spawn(gateway.run(stop.clone().cancelled_owned()));
        // Dropped before it runs, with a request that is taken back, it does not.
        let guard = stop.clone().drop_guard();
        let begun = async {
            loop {
                match told.recv().await {
                    Ok(event) if event.account == *id => match event.what {
                        What::Listening { .. } | What::ListenerEnded { .. } => return,
                        _ => {}
                    },
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                }
            }
        };
        tokio::select! {
            () = begun => {}
            ended = &mut run => return Err(match ended {
                Ok(Err(err)) => failure(&err),
                Ok(Ok(())) => Failure::new(Code::Internal, "the account was stopped while it was started"),
                Err(err) => Failure::new(Code::Internal, err),
            }),
        }
        guard.disarm();
        Ok(Account { stop, run })
    }

    /// Stops to listen for an account. Answers that are under way may end; those that take longer go on.
    pub(super) async fn stop(&self, account: &str) {
        let mut live = self.live.lock().await;
        let Some(ended) = live.accounts.remove(account) else { return };
        if timeout(STOP_TIME, ended.end()).await.is_err() {
            tracing::info!(account, "answers that are under way go on");
        }
        self.events.tell(account, What::Stopped);
    }

    /// Stops all.
    pub(super) async fn stop_all(&self) {
        let mut live = self.live.lock().await;
        let all = std::mem::take(&mut live.accounts);
        for account in all.values() {
            account.stop.cancel();
        }
        for account in all.into_values() {
            account.end().await;
        }
        if let Some(Running { journal, presence }) = live.gateway.take() {
            journal.close().await;
            presence.abort();
            // It was told to end, and with that what it published.
            let _ = presence.await;
        }
    }

    /// A gateway that runs this account alone, since each is started and stopped by itself.
    fn gateway(&self, acting: &Acting, journal: Journal) -> Gateway {
        let session = &acting.session;
        let mut config = session.config.clone();
        for account in &mut config.channel.accounts {
            account.enabled = account.id == acting.account.id;
        }
        let agent = PeerAgent { peer: self.peer.clone(), entries: self.entries.clone() };
        let pairings = PeerPairings { peer: self.peer.clone(), unsent: std::sync::Mutex::default() };
        Gateway {
            plugins: session.plugins.clone(),
            config,
            state: self.state.clone(),
            zca: session.zca.clone(),
            agent: Some(Arc::new(Agent::of(Arc::new(agent)))),
            registry: Registry::Other(Arc::new(pairings)),
            journal: Some(journal),
            events: self.events.clone(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl Account {
    async fn end(self) {
        self.stop.cancel();
        match self.run.await {
            Ok(Ok(())) => {}
            Ok(Err(err)) => tracing::error!("{err}"),
            Err(err) => tracing::error!("an account ended badly: {err}"),
        }
    }
}

fn failure(err: &StartError) -> Failure {
    let code = match err {
        StartError::Account(AccountError::Locked { source: LockError::Held { .. }, .. })
        | StartError::Journal(JournalError::Held { .. }) => Code::Elsewhere,
        _ => Code::Account,
    };
    Failure::new(code, err)
}
