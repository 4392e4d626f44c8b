//! What has to be in order before an account runs.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use tokio::sync::SetOnce;
use tokio::try_join;

use super::account::{Renewed, Running};
use super::desk::Desk;
use super::event::What;
use super::intake::Intake;
use super::lanes::Lanes;
use super::registry::Registry;
use super::reply::Means;
use crate::config::Config;
use crate::journal::{Journal, JournalError};
use crate::plugins::{self, Plugin, Plugins};
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::types::{Command, Outcome};
use crate::sandbox::{self, Monitor};
use crate::state_dir::StateDir;
use crate::zca::identity::Identity;
use crate::zca::listener::{ListenOptions, Listener};
use crate::zca::probe::{ProbeError, Support, probe};
use crate::zca::profile::Profile;
use crate::zca::profile_lock::{LockError, ProfileLock};
use crate::zca::program::Zca;
use crate::zca::session::{SESSION_TIME, Session};
use crate::zone;

/// How many accounts are made ready at a time. Each takes a few processes of `zca`, which may be a hundred MiB and a
/// login each.
const AT_A_TIME: usize = 4;

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is nothing to run.
    #[error("no account is enabled; set channels.zalouser.enabled, or an account's own, to true")]
    NothingEnabled,
    /// `zca` does not run.
    #[error(transparent)]
    Zca(#[from] ProbeError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No account can run; each one's reason was logged, and this is the last.
    #[error(transparent)]
    Account(AccountError),
}

/// Why one account cannot run.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Nobody is logged in.
    #[error("account {account} is not logged in ({reason}); run: {login}")]
    NotLoggedIn {
        /// The account.
        account: String,
        /// What `zca` said.
        reason: String,
        /// The command that mends it.
        login: String,
    },
    /// Another account of the same configuration runs on its profile.
    #[error(
        "accounts {first} and {account} have the same zca profile {profile:?}, on which only one can \
         listen; give one of them another `profile`"
    )]
    SharedProfile {
        /// The account that is refused.
        account: String,
        /// The one that runs.
        first: String,
        /// Their profile.
        profile: String,
    },
    /// Another process listens on its profile.
    #[error("account {account}: {source}")]
    Locked {
        /// The account.
        account: String,
        /// Who holds the lock.
        source: LockError,
    },
    /// The component that is to judge it is not there, or not as it was approved.
    #[error("account {account}: {reason}")]
    Plugin {
        /// The account.
        account: String,
        /// Why.
        reason: plugins::Error,
    },
    /// Its guest failed at the start.
    #[error("account {account}: {source}")]
    Guest {
        /// The account.
        account: String,
        /// How.
        source: sandbox::Error,
    },
}

/// All that is needed to start accounts.
pub(crate) struct Start {
    pub(super) plugins: Plugins,
    pub(super) config: Config,
    pub(super) state: StateDir,
    pub(super) registry: Registry,
    pub(super) zca: Zca,
    pub(super) means: Means,
    pub(super) journal: Journal,
    pub(super) lanes: Lanes<Desk>,
}

impl Start {
    /// Starts every enabled account that can run, and sets what the `zca` supports that they run with.
    pub(crate) async fn all(
        &self,
        support: &SetOnce<Support>,
    ) -> Result<Vec<(Running, Listener)>, StartError> {
        if self.enabled().next().is_none() {
            return Err(StartError::NothingEnabled);
        }
        // Each question takes a process of `zca`, and no account is asked for the answer to another one. A `zca` that
        // does not work at all is told as that, before what it means for each account.
        let (_, results) = try_join!(self.ask_support(support), async { Ok(self.each(support).await) })?;
        let mut started = Vec::new();
        let mut refusal = None;
        for result in results {
            match result {
                Ok(running) => started.push(running),
                Err(err) => {
                    if let Some(earlier) = refusal.replace(err) {
                        tracing::error!("{earlier}");
                    }
                }
            }
        }
        match refusal {
            Some(err) if started.is_empty() => return Err(StartError::Account(err)),
            Some(err) => tracing::error!("{err}"),
            None => {}
        }
        Ok(started)
    }

    async fn ask_support(&self, support: &SetOnce<Support>) -> Result<(), StartError> {
        let found = probe(&self.zca).await?;
        let version = found.version.as_deref().unwrap_or("unknown");
        tracing::debug!(
            supervised = found.supervised,
            "zca is {}, version {version}",
            self.zca.program().display()
        );
        // It is not asked twice.
        let _ = support.set(found);
        Ok(())
    }

    fn enabled(&self) -> impl Iterator<Item = &Account> {
        self.config.channel.accounts.iter().filter(|account| account.enabled)
    }

    /// Starts each enabled account, or finds out why not.
    async fn each(&self, support: &SetOnce<Support>) -> Vec<Result<(Running, Listener), AccountError>> {
        let events = &self.means.events;
        // All at first, so that none is forgotten by who waits until all have started.
        for account in self.enabled() {
            events.tell(&account.id, What::Starting { profile: account.profile.clone() });
        }
        let mut profiles = HashMap::new();
        let mut starts = Vec::new();
        for account in self.enabled() {
            let first: &String = profiles.entry(&account.profile).or_insert(&account.id);
            starts.push(async move {
                let result = if *first == account.id {
                    self.one(account, support).await
                } else {
                    let (account, profile) = (account.id.clone(), account.profile.clone());
                    Err(AccountError::SharedProfile { account, first: first.clone(), profile })
                };
                result.inspect_err(|err| events.tell(&account.id, What::NotStarted(err.to_string())))
            });
        }
        stream::iter(starts).buffer_unordered(AT_A_TIME).collect().await
    }

    /// Starts one account, once it is known what the `zca` supports.
    pub(super) async fn one(
        &self,
        account: &Account,
        support: &SetOnce<Support>,
    ) -> Result<(Running, Listener), AccountError> {
        let (running, lock) = self.ready(account).await?;
        let options = ListenOptions::of(support.wait().await, self.config.settings.heartbeat);
        Ok((running, Listener::start(self.zca.clone(), lock, options)))
    }

    /// Makes all of an account but its listener.
    async fn ready(&self, account: &Account) -> Result<(Running, ProfileLock), AccountError> {
        let profile = Profile::new(&account.profile);
        let lock = ProfileLock::acquire(&self.state.own().join("listeners"), profile.clone())
            .map_err(|source| AccountError::Locked { account: account.id.clone(), source })?;
        self.check_session(account, &profile).await?;
        let Renewed { desk, mut monitor, paired } = self.renewed(account).await?;
        match self.journal.recall(&account.id).await {
            Ok(remembered) if remembered.is_empty() => {}
            Ok(remembered) => monitor
                .recall(remembered)
                .await
                .map_err(|source| AccountError::Guest { account: account.id.clone(), source })?,
            Err(err) => {
                tracing::error!(account = account.id, "what was written in groups is forgotten: {err}")
            }
        }
        let running = Running {
            account: Arc::clone(&desk.account),
            monitor,
            paired,
            replies: Arc::clone(&desk.replies),
            journal: self.journal.clone(),
            intake: Intake::new(desk, self.lanes.clone()),
        };
        Ok((running, lock))
    }

    /// Makes all that judges and answers for one account.
    pub(super) async fn renewed(&self, account: &Account) -> Result<Renewed, AccountError> {
        let id = account.id.clone();
        let profile = Profile::new(&account.profile);
        let plugin =
            self.plugins.of(&id).map_err(|reason| AccountError::Plugin { account: id.clone(), reason })?;
        let monitor = self
            .monitor(account, &profile, &plugin)
            .await
            .map_err(|source| AccountError::Guest { account: id.clone(), source })?;
        let is_default = id == self.config.channel.default_account;
        let paired = self.registry.paired(&self.state, account, is_default);
        let desk = Arc::new(Desk {
            account: Arc::new(account.clone()),
            clerk: paired.clerk(),
            replies: self.means.replies(plugin),
            journal: self.journal.clone(),
        });
        Ok(Renewed { desk, monitor, paired })
    }

    async fn check_session(&self, account: &Account, profile: &Profile) -> Result<(), AccountError> {
        let reason = match self.zca.session(profile, SESSION_TIME).await {
            Ok(Session::Holds) => return Ok(()),
            Ok(Session::Missing(reason) | Session::Unknown(reason)) => reason,
            Err(err) => err.to_string(),
        };
        let login = format!("{} --profile {} auth login", self.zca.program().display(), account.profile);
        Err(AccountError::NotLoggedIn { account: account.id.clone(), reason, login })
    }

    /// A monitor that knows the names it asked for.
    async fn monitor(
        &self,
        account: &Account,
        profile: &Profile,
        plugin: &Plugin,
    ) -> Result<Monitor, sandbox::Error> {
        let mut monitor =
            Monitor::start(plugin.component.clone(), account.clone(), zone::of(account)).await?;
        let answers = monitor
            .prepare()
            .await?
            .into_iter()
            .map(|question| self.answer(account, profile, plugin, question));
        let outcomes = join_all(answers).await;
        for entry in monitor.learn(outcomes).await? {
            super::log(&account.id, &entry);
        }
        Ok(monitor)
    }

    /// Carries out what a monitor would like to see the outcome of, if it may.
    async fn answer(
        &self,
        account: &Account,
        profile: &Profile,
        plugin: &Plugin,
        question: Command,
    ) -> Outcome {
        let who = question == Command::WhoAmI;
        let outcome = match plugin.gate.check(account, question, self.means.clock.now_ms()) {
            Ok(granted) => self.zca.call(profile, granted.command()).await,
            Err(refusal) => {
                tracing::warn!(account = account.id, "{refusal}");
                refusal.into_outcome()
            }
        };
        if who && let Ok(identity) = Identity::of(&outcome) {
            self.means.events.tell(&account.id, What::Identified(identity));
        }
        outcome
    }
}
