//! The run loop: what comes in is judged by the guest, answered by an agent, and sent.

mod account;
mod act;
pub mod agent;
mod composer;
pub mod context;
mod crew;
mod delivery;
mod desk;
pub mod endpoint;
mod event;
mod intake;
mod lanes;
pub mod metrics;
mod outlet;
pub mod pacing;
mod pairing;
pub mod presence;
pub mod readiness;
mod record;
mod registry;
mod reply;
pub mod service;
mod start;
pub mod status;

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub(crate) use account::{Running, end_of_listener, is_exchange, until};
pub use crew::Renewal;
pub use event::{Event, Events, Refusal, Step, What};
pub use outlet::{Outlet, Sent};
pub(crate) use registry::Clerk;
pub use registry::{Asked, Offered, Pairings, Registry};
pub(crate) use reply::Replies;
pub(crate) use start::Start;
pub use start::{AccountError, StartError};

use self::agent::Agent;
use self::crew::Crew;
use self::desk::Desk;
use self::lanes::{Caps, Lanes};
use self::pacing::Pacers;
use self::record::Record;
use self::reply::Means;
use crate::clock::Clock;
use crate::config::Config;
use crate::decision::excerpt;
use crate::journal::{self, Journal, JournalError, JournalSettings, Recovered};
use crate::plugins::Plugins;
use crate::sandbox::bindings::inbound::{LogEntry, LogLevel};
use crate::state_dir::StateDir;
use crate::zca::program::Zca;

/// How many conversations an agent answers at a time.
const AGENT_CALLS: usize = 16;

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
    pub agent: Option<Arc<Agent>>,
    /// Who keeps the pairing requests.
    pub registry: Registry,
    /// The journal, if it is open already; then it is left open. Else it is opened for as long as this runs.
    pub journal: Option<Journal>,
    /// Where it tells what happens.
    pub events: Events,
    /// What components are told the time by.
    pub clock: Arc<dyn Clock>,
}

impl Gateway {
    /// Runs all enabled accounts until `shutdown` is done, then stops reading, lets answers that are
    /// under way end for ten seconds, and leaves no process behind. What is not answered by then stays
    /// in the journal for the next start.
    ///
    /// # Errors
    /// [`StartError`] when no account can run. An account that cannot run beside others that can is
    /// logged.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), StartError> {
        // Nobody holds the other end, so that there never is one.
        let (_, renewals) = mpsc::channel(1);
        self.run_renewably(shutdown, renewals).await
    }

    /// The same for a configuration that changes: whatever comes out of `renewals` takes the place of what the
    /// gateway was made of, without a message lost or a listener started anew. An account for which that fails goes
    /// on as before, which is logged.
    ///
    /// # Errors
    /// As of [`Self::run`].
    pub async fn run_renewably(
        self,
        shutdown: impl Future<Output = ()>,
        mut renewals: mpsc::Receiver<Renewal>,
    ) -> Result<(), StartError> {
        let (journal, is_ours) = match &self.journal {
            Some(journal) => (journal.clone(), false),
            None => (open_journal(&self.state, self.config.settings.journal).await?, true),
        };
        let events = self.events.clone();
        let start = self.ready(journal.clone());
        let (stopping, lanes) = (start.means.stop.clone(), start.lanes.clone());
        tokio::pin!(shutdown);
        let mut crew = tokio::select! {
            started = Crew::start(start) => started?,
            () = &mut shutdown => return Ok(()),
        };
        loop {
            let ids = crew.ids();
            let renewal = tokio::select! {
                () = &mut shutdown => break,
                Some(renewal) = renewals.recv() => renewal,
                never = watch_journal(&journal, &events, &ids) => match never {},
            };
            tokio::select! {
                () = &mut shutdown => break,
                () = crew.renew(renewal) => {}
            }
        }
        tracing::info!("stopping");
        stopping.cancel();
        crew.stop_all().await;
        finish(&lanes).await;
        if is_ours {
            journal.close().await;
        }
        Ok(())
    }

    /// All that it takes to start the accounts.
    pub(crate) fn ready(self, journal: Journal) -> Start {
        let settings = self.config.settings.journal;
        let caps = Caps { per_lane: settings.waiting_per_conversation, in_all: settings.waiting_in_all };
        let means = Means {
            agent: self.agent,
            zca: self.zca.clone(),
            events: self.events,
            clock: self.clock,
            record: Record::new(journal.clone()),
            settings,
            stop: CancellationToken::new(),
            agent_calls: Arc::new(Semaphore::new(AGENT_CALLS)),
            pacers: Arc::new(Pacers::new(self.config.settings.pacing)),
        };
        Start {
            plugins: self.plugins,
            config: self.config,
            state: self.state,
            registry: self.registry,
            zca: self.zca,
            means,
            journal,
            lanes: Lanes::new(caps),
        }
    }
}

/// Lets what has begun end within the grace time.
async fn finish(lanes: &Lanes<Desk>) {
    lanes.clear();
    if timeout(GRACE, lanes.finish()).await.is_err() {
        tracing::warn!(
            "answers took longer than {} s: they stay in the journal for the next start",
            GRACE.as_secs()
        );
    }
}

/// Opens the journal of a state folder, and tells what is in it.
pub(crate) async fn open_journal(
    state: &StateDir,
    settings: JournalSettings,
) -> Result<Journal, JournalError> {
    let path = journal::file(state);
    let opened = spawn_blocking(move || Journal::open(&path, &settings)).await;
    // A task that is cancelled or panics has no journal to give.
    let (journal, recovered) = opened.map_err(|_| JournalError::Closed)??;
    let Recovered { waiting, unknown, set_aside } = recovered;
    if let Some(copy) = set_aside {
        tracing::error!(
            "the journal was damaged; it was set aside as {}, and a new one begun: what waited in it is not answered",
            copy.display()
        );
    }
    if waiting > 0 {
        tracing::info!("{waiting} messages wait in the journal");
    }
    if unknown > 0 {
        tracing::warn!(
            "of {unknown} answers a part may or may not have arrived; see `zalouser queue list --dead`"
        );
    }
    Ok(journal)
}

/// Tells those who watch whether the journal can be written.
async fn watch_journal(journal: &Journal, events: &Events, accounts: &[String]) -> Infallible {
    let mut trouble = journal.trouble();
    while trouble.changed().await.is_ok() {
        let trouble = trouble.borrow_and_update().clone();
        for account in accounts {
            events.tell(account, What::Journal { trouble: trouble.clone() });
        }
    }
    std::future::pending().await
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
