//! `zalouser bridge`: the accounts for gateways that cannot start processes, over HTTP.
//!
//! Everything that the listeners print is recorded in the journal before it is offered, and kept until the gateway
//! confirms it. The gateway decides by a component of its own, or by what this one's has decided, and sends by
//! commands, which pass the same gate as those of a guest.

mod access;
mod account;
mod commands;
mod configuration;
mod lines;
mod openapi;
mod order;
mod problem;
mod protocol;
mod routes;
mod token;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::net::TcpListener;
use tokio::sync::{SetOnce, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::token::{Token, TokenError};

use self::access::Access;
use self::account::Recorder;
use self::commands::Actor;
use self::lines::Lines;
use self::problem::Problem;
use crate::config::Config;
use crate::gateway::{Events, Gateway, StartError, open_journal};
use crate::journal::Journal;
use crate::sandbox::bindings::config::Account;
use crate::state_dir::StateDir;
use crate::store::{AccountFiles, PairingStore};

/// How long commands that are under way may take once the bridge was told to stop: as long as the slowest call of
/// `zca`.
const GRACE: Duration = Duration::from_secs(65);

/// How long whoever waits for events may take to hear that there are none.
const HANG_UP: Duration = Duration::from_secs(2);

/// A bridge.
#[derive(Debug)]
pub struct Bridge {
    listener: TcpListener,
    address: SocketAddr,
    token: Token,
    hosts: Vec<String>,
}

/// What all requests are answered from.
struct Hall {
    config: Config,
    state: StateDir,
    configuration: protocol::Configuration,
    journal: Journal,
    events: Events,
    /// Those that could be started, by their ids.
    actors: BTreeMap<String, Arc<Actor>>,
    /// Counts the events that were recorded.
    news: watch::Sender<u64>,
    stopping: CancellationToken,
    /// What is done to its end.
    tasks: TaskTracker,
}

impl Bridge {
    /// Takes an address, at which whoever knows the token may ask for this machine, or for one of `hosts`. Port 0 is
    /// any that is free.
    ///
    /// # Errors
    /// When somebody else has the address, or it is not this machine's.
    pub async fn bind(address: SocketAddr, token: Token, hosts: Vec<String>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { address: listener.local_addr()?, listener, token, hosts })
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Records what happens to the accounts of `gateway`, which needs no agent, and answers requests until `shutdown`
    /// is done. Then it stops listening, lets what is under way end, and leaves no process behind.
    ///
    /// # Errors
    /// [`StartError`] when no account can run.
    pub async fn run(self, gateway: Gateway, shutdown: impl Future<Output = ()>) -> Result<(), StartError> {
        let (config, state, events) = (gateway.config.clone(), gateway.state.clone(), gateway.events.clone());
        let journal = open_journal(&state, config.settings.journal).await?;
        let start = gateway.ready(journal.clone());
        let (news, tasks, stopping) = (watch::Sender::new(0), TaskTracker::new(), CancellationToken::new());
        let recorders = TaskTracker::new();
        let mut actors = BTreeMap::new();
        for (running, listener) in start.all(&SetOnce::new()).await? {
            let account = Arc::clone(&running.account);
            let (clerk, replies) = (running.paired.clerk(), Arc::clone(&running.replies));
            let actor = Actor::new(Arc::clone(&account), clerk, replies, journal.clone());
            actors.insert(account.id.clone(), Arc::new(actor));
            let recorder = Recorder {
                running,
                journal: journal.clone(),
                lines: Lines::default(),
                news: news.clone(),
                stop: stopping.clone(),
            };
            recorders.spawn(recorder.run(listener));
        }
        let configuration = configuration::of(&config);
        let hall = Hall { config, state, configuration, journal, events, actors, news, stopping, tasks };
        self.serve(Arc::new(hall), recorders, shutdown).await;
        Ok(())
    }

    async fn serve(self, hall: Arc<Hall>, recorders: TaskTracker, shutdown: impl Future<Output = ()>) {
        let router = routes::router(Arc::clone(&hall), Access::new(self.token, self.hosts));
        let served = axum::serve(self.listener, router)
            .with_graceful_shutdown(hall.stopping.clone().cancelled_owned())
            .into_future();
        let mut served = tokio::spawn(served);
        shutdown.await;
        tracing::info!("stopping");
        hall.stopping.cancel();
        hall.tasks.close();
        recorders.close();
        recorders.wait().await;
        if timeout(GRACE, hall.tasks.wait()).await.is_err() {
            tracing::warn!("commands took longer than {} s, and nobody knows what they did", GRACE.as_secs());
        }
        // A connection that is kept open and says nothing is no reason to go on.
        if timeout(HANG_UP, &mut served).await.is_err() {
            served.abort();
        }
        hall.journal.close().await;
    }
}

impl Hall {
    /// The account of this id, without regard to case; the default one when none is named.
    fn account(&self, id: Option<&str>) -> Result<&Account, Problem> {
        self.config.account(id).ok_or_else(|| {
            let ids: Vec<_> = self.config.channel.accounts.iter().map(|it| it.id.as_str()).collect();
            let asked = crate::decision::excerpt(id.unwrap_or_default(), 100);
            let message = format!("there is no account {asked:?}; there is: {}", ids.join(", "));
            Problem::new(StatusCode::NOT_FOUND, "no-such-account", message)
        })
    }

    /// Who acts for the account of this id.
    fn actor(&self, id: &str) -> Result<Arc<Actor>, Problem> {
        self.actors.get(id).cloned().ok_or_else(|| {
            let status = self.events.status();
            let error = status.0.get(id).and_then(|it| it.last_error.as_ref()).map(|it| it.text.clone());
            let reason = error.unwrap_or_else(|| "it is not enabled".to_owned());
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "account-not-running",
                format!("account {id} does not run: {reason}"),
            )
        })
    }

    /// Those who were let in to an account.
    async fn paired(&self, account: &Account) -> Result<Vec<String>, String> {
        let files = AccountFiles::of(&account.id, account.id == self.config.channel.default_account);
        let store = PairingStore::new(&self.state, &files);
        let allowed = spawn_blocking(move || store.allowed()).await.map_err(|err| err.to_string())?;
        allowed.map_err(|err| err.to_string())
    }
}
