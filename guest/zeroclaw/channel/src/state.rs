//! What the channel keeps between two calls. The settings are no part of it: ZeroClaw wants them read where they are
//! used, so that a new token counts at once.

use serde_json::Value;
use zalouser_bridge::{Bridge, Configuration, Failure, Kind};
use zalouser_logic::account::Account;
use zalouser_logic::command::{ExitStatus, Outcome};
use zalouser_logic::inbound::Monitor;
use zalouser_zeroclaw::{Http, Settings, now};

use crate::bindings::exports::zeroclaw::plugin::channel::{InboundMessage, SendMessage};
use crate::bindings::zeroclaw::plugin::config::{self, ConfigError};
use crate::bindings::zeroclaw::plugin::logging::PluginAction;
use crate::inbox::{self, Inbox};
use crate::log;
use crate::outbox::Outbox;

const SECOND: u64 = 1_000_000_000;

/// For how long a call may take, in nanoseconds. ZeroClaw ends one after 30 s, and gives up the instance then.
const TIME: u64 = 25 * SECOND;

/// For how long a bridge that did not answer is not asked for messages, in nanoseconds: meanwhile it can be sent to.
const PAUSE: u64 = 2 * SECOND;

/// After how long names are asked for again that were not told, in nanoseconds.
const ASK_AGAIN: u64 = 60 * SECOND;

/// An account that is listened to.
pub(crate) struct State {
    account: Account,
    /// What the account is one of.
    configuration: Configuration,
    pub(crate) monitor: Monitor,
    pub(crate) inbox: Inbox,
    outbox: Outbox,
    /// When to ask again for names that the monitor was not told.
    ask_names: Option<u64>,
    /// Why messages are not fetched now.
    trouble: Option<String>,
    /// From when on they are fetched again.
    resume: u64,
}

impl State {
    /// A channel for the account that the settings name.
    pub(crate) fn configured() -> Result<Self, Failure> {
        let settings = settings()?;
        let id = settings.account.clone();
        let bridge = settings.bridge(TIME);
        let configuration = bridge.configuration()?;
        let account = configuration.account(id.as_deref())?;
        if !account.enabled {
            let message = format!(
                "the account {:?} is switched off; set its `enabled` to true where the bridge runs, and start the \
                 bridge again",
                account.id
            );
            return Err(Failure::new(Kind::Input, "account-disabled", message));
        }
        let monitor = Monitor::new(account.clone(), configuration.zone(&account.id));
        let mut state = Self {
            account,
            configuration,
            monitor,
            inbox: Inbox::default(),
            outbox: Outbox::new(),
            ask_names: None,
            trouble: None,
            resume: 0,
        };
        let paired = bridge.paired(&state.account.id)?;
        state.monitor.set_paired(paired.senders);
        state.learn(&bridge);
        Ok(state)
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// Whether messages can be fetched, as far as that is known.
    pub(crate) fn is_healthy(&self) -> bool {
        self.trouble.is_none()
    }

    /// The next message for the agent.
    pub(crate) fn poll(&mut self) -> Option<InboundMessage> {
        self.inbox.was_taken();
        if now() < self.resume {
            return None;
        }
        let polled = settings().and_then(|settings| self.poll_bridge(&settings.bridge(TIME)));
        match polled {
            Ok(message) => {
                if self.trouble.take().is_some() {
                    log::info("the bridge answers again".to_owned());
                }
                message
            }
            Err(Failure { code, message, .. }) => {
                self.resume = now().saturating_add(PAUSE);
                // That passes, and is nobody's fault.
                if code == "too-many-requests" {
                    return None;
                }
                // Once, however often it is tried again.
                if self.trouble.as_ref() != Some(&message) {
                    log::error(PluginAction::Receive, message.clone());
                    self.trouble = Some(message);
                }
                None
            }
        }
    }

    fn poll_bridge(&mut self, bridge: &Bridge<Http>) -> Result<Option<InboundMessage>, Failure> {
        if self.ask_names.is_some_and(|at| at <= now()) {
            self.learn(bridge);
            // That may have taken the time of this call.
            return Ok(None);
        }
        inbox::next(self, bridge)
    }

    /// Sends what the agent says.
    pub(crate) fn send(&mut self, message: &SendMessage) -> Result<(), String> {
        let settings = settings().map_err(|failure| failure.message)?;
        self.outbox.send(&self.account, &settings.bridge(TIME), message)
    }

    /// Tells the monitor the names that it asks for. One that is not told counts for nobody.
    fn learn(&mut self, bridge: &Bridge<Http>) {
        let questions = self.monitor.prepare();
        let answer = |question| match bridge.carry_out(&self.account.id, question, None) {
            Ok(outcome) => outcome,
            Err(broken) => {
                let status = ExitStatus::NotStarted(broken.failure().message.clone());
                Outcome { status, stdout: String::new(), stderr: String::new(), delivered: None }
            }
        };
        let outcomes: Vec<_> = questions.iter().map(answer).collect();
        let is_complete = outcomes.iter().all(|outcome| outcome.complaint().is_none());
        self.ask_names = (!is_complete).then(|| now().saturating_add(ASK_AGAIN));
        self.monitor.learn(outcomes).into_iter().for_each(inbox::log_entry);
    }

    /// Decides as the bridge does from now on, if it was started with another configuration.
    pub(crate) fn renew(&mut self, bridge: &Bridge<Http>) -> Result<(), Failure> {
        let configuration = bridge.configuration()?;
        if configuration == self.configuration {
            return Ok(());
        }
        self.account = configuration.account(Some(&self.account.id))?;
        self.monitor = Monitor::new(self.account.clone(), configuration.zone(&self.account.id));
        self.configuration = configuration;
        self.learn(bridge);
        log::info("the configuration of the bridge has changed and holds from now on".to_owned());
        Ok(())
    }
}

/// The plugin's settings as they are now.
fn settings() -> Result<Settings, Failure> {
    let public = config::get().map_err(|err| {
        let problem = match err {
            ConfigError::AccessDenied => "the plugin may not read its settings; grant it config_read",
            ConfigError::Unavailable => "the gateway does not hand out the plugin's settings now",
        };
        Failure::new(Kind::Gateway, "setting", problem)
    })?;
    Settings::read(&serde_json::from_str::<Value>(&public).unwrap_or_default())
}
