//! The accounts that run, and how a new configuration reaches them while they do.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{SetOnce, mpsc, watch};
use tokio::task::JoinHandle;

use super::account::{Renewed, Running};
use super::agent::Agent;
use super::event::What;
use super::pacing::Pacers;
use super::start::{Start, StartError};
use crate::config::Config;
use crate::plugins::Plugins;
use crate::sandbox::bindings::config::Account;
use crate::zca::listener::Listener;
use crate::zca::probe::Support;

/// What a gateway that runs is to go by from now on.
pub struct Renewal {
    /// What the operator configured.
    pub config: Config,
    /// The components that decide.
    pub plugins: Plugins,
    /// Who answers.
    pub agent: Option<Arc<Agent>>,
}

/// The accounts that run.
pub(super) struct Crew {
    start: Start,
    support: SetOnce<Support>,
    posts: BTreeMap<String, Post>,
}

/// One account that runs.
struct Post {
    standing: Standing,
    stop: watch::Sender<bool>,
    renewals: mpsc::Sender<Renewed>,
    task: JoinHandle<()>,
}

/// All that an account goes by beside the settings.
#[derive(PartialEq)]
struct Standing {
    account: Account,
    /// Whether it is the one that is meant when none is named.
    is_default: bool,
    /// What identifies its component to the byte; none when that cannot be read.
    component: Option<String>,
}

impl Crew {
    /// Starts every enabled account that can run.
    pub(super) async fn start(start: Start) -> Result<Self, StartError> {
        let support = SetOnce::new();
        let started = start.all(&support).await?;
        let mut crew = Self { start, support, posts: BTreeMap::new() };
        for (running, listener) in started {
            crew.post(running, listener);
        }
        Ok(crew)
    }

    /// The ids of those that run.
    pub(super) fn ids(&self) -> Vec<String> {
        self.posts.keys().cloned().collect()
    }

    /// Has every account go by `renewal`. A listener goes on unless its account has another profile, and an account
    /// for which something fails goes on as before.
    pub(super) async fn renew(&mut self, renewal: Renewal) {
        let Renewal { config, plugins, agent } = renewal;
        let before = &self.start.config.settings;
        let same_settings = *before == config.settings;
        if before.zca != config.settings.zca
            || before.heartbeat != config.settings.heartbeat
            || before.journal != config.settings.journal
        {
            tracing::warn!("what changed of zca, heartbeatSeconds and journal holds from the next start on");
        }
        if before.pacing != config.settings.pacing {
            self.start.means.pacers = Arc::new(Pacers::new(config.settings.pacing));
        }
        self.start.means.agent = agent;
        self.start.config = config;
        self.start.plugins = plugins;

        let wanted: Vec<Account> =
            self.start.config.channel.accounts.iter().filter(|account| account.enabled).cloned().collect();
        let goes_on = |post: &Post| {
            let account = &post.standing.account;
            wanted.iter().any(|wanted| wanted.id == account.id && wanted.profile == account.profile)
        };
        let gone: Vec<String> =
            self.posts.iter().filter(|(_, post)| !goes_on(post)).map(|(id, _)| id.clone()).collect();
        for id in gone {
            self.stop(&id).await;
        }
        for account in &wanted {
            let standing = self.standing(account);
            match self.posts.get(&account.id) {
                None => self.begin(account).await,
                Some(post) if same_settings && post.standing == standing => {}
                Some(_) => self.exchange(account, standing).await,
            }
        }
    }

    /// Stops all, and returns when their listeners are gone.
    pub(super) async fn stop_all(self) {
        for post in self.posts.values() {
            post.stop.send_replace(true);
        }
        for post in self.posts.into_values() {
            join(post.task).await;
        }
    }

    fn post(&mut self, running: Running, listener: Listener) {
        let standing = self.standing(&running.account);
        let (stop, stopped) = watch::channel(false);
        let (renewals, renewed) = mpsc::channel(1);
        let id = running.account.id.clone();
        let task = tokio::spawn(running.run(listener, stopped, renewed));
        self.posts.insert(id, Post { standing, stop, renewals, task });
    }

    fn standing(&self, account: &Account) -> Standing {
        Standing {
            account: account.clone(),
            is_default: account.id == self.start.config.channel.default_account,
            component: self.start.plugins.pin(&account.id).ok(),
        }
    }

    async fn begin(&mut self, account: &Account) {
        let events = self.start.means.events.clone();
        events.tell(&account.id, What::Starting { profile: account.profile.clone() });
        match self.start.one(account, &self.support).await {
            Ok((running, listener)) => self.post(running, listener),
            Err(err) => {
                tracing::error!("{err}");
                events.tell(&account.id, What::NotStarted(err.to_string()));
            }
        }
    }

    async fn exchange(&mut self, account: &Account, standing: Standing) {
        let renewed = match self.start.renewed(account).await {
            Ok(renewed) => renewed,
            Err(err) => return tracing::error!("{err}; it goes on as before"),
        };
        // A task that has ended takes nothing any more, and is told so by its listener's end.
        if let Some(post) = self.posts.get_mut(&account.id)
            && post.renewals.send(renewed).await.is_ok()
        {
            post.standing = standing;
        }
    }

    async fn stop(&mut self, id: &str) {
        let Some(post) = self.posts.remove(id) else { return };
        tracing::info!(account = id, "the configuration wants it to stop");
        post.stop.send_replace(true);
        join(post.task).await;
    }
}

async fn join(task: JoinHandle<()>) {
    if let Err(err) = task.await {
        tracing::error!("an account ended badly: {err}");
    }
}
