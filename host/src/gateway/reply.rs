//! From a message that was let through to the answer on Zalo.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::agent::{Agent, AgentReply};
use super::composer::Composer;
use super::context::Context;
use super::event::{Events, What};
use crate::clock;
use crate::grants::Gate;
use crate::plugins::Plugin;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::inbound::InboundMessage;
use crate::sandbox::bindings::outbound::{ModelInfo, Reply};
use crate::sandbox::bindings::types::{Command, Thread};
use crate::zca::profile::Profile;
use crate::zca::program::Zca;
use crate::zca::send::send;

/// How many conversations an agent answers at a time.
const AGENT_CALLS: usize = 16;
/// How many conversations are sent to at a time.
const SENDS: usize = 4;

/// What all accounts have in common that answer.
pub(super) struct Answering {
    agent: Option<Arc<Agent>>,
    zca: Zca,
    pub(super) events: Events,
    agent_calls: Arc<Semaphore>,
    pub(super) sends: Arc<Semaphore>,
}

/// Has the messages of one account answered and sends the answers.
pub(super) struct Replies {
    agent: Option<Arc<Agent>>,
    zca: Zca,
    gate: Gate,
    pub(super) composer: Composer,
    pub(super) events: Events,
    agent_calls: Arc<Semaphore>,
    pub(super) sends: Arc<Semaphore>,
}

/// How far an answer got.
struct Progress {
    sent: usize,
    failure: Option<String>,
}

impl Answering {
    pub(super) fn new(agent: Option<Agent>, zca: Zca, events: Events) -> Self {
        let (agent_calls, sends) = (Semaphore::new(AGENT_CALLS), Semaphore::new(SENDS));
        let (agent_calls, sends) = (Arc::new(agent_calls), Arc::new(sends));
        Self { agent: agent.map(Arc::new), zca, events, agent_calls, sends }
    }

    /// Answers an account that `plugin` judges.
    pub(super) fn replies(&self, plugin: Plugin) -> Arc<Replies> {
        Arc::new(Replies {
            agent: self.agent.clone(),
            zca: self.zca.clone(),
            gate: plugin.gate,
            composer: Composer::new(plugin.component),
            events: self.events.clone(),
            agent_calls: Arc::clone(&self.agent_calls),
            sends: Arc::clone(&self.sends),
        })
    }
}

impl Replies {
    /// Has one message answered. What goes wrong is logged and told to those who watch: there is
    /// nobody else who could do something about it.
    pub(super) async fn answer(&self, account: &Account, message: InboundMessage) {
        let thread = message.thread.clone();
        let progress = match self.compose(account, &message).await {
            Ok(commands) => self.send(account, commands).await,
            Err(failure) => Progress { sent: 0, failure: Some(failure) },
        };
        if let Some(failure) = &progress.failure {
            let (account, message_id) = (&account.id, &message.message_id);
            tracing::error!(account, thread = thread.id, message_id, sent = progress.sent, "{failure}");
        }
        let Progress { sent, failure } = progress;
        self.events.tell(&account.id, What::Answered { thread, sent, failure });
    }

    /// Asks the agent and plans its answer. The error is what went wrong, for a log.
    async fn compose(&self, account: &Account, message: &InboundMessage) -> Result<Vec<Command>, String> {
        let Some(agent) = &self.agent else {
            return Err("nobody answers; set plugins.entries.zalouser.config.agent".to_owned());
        };
        let reply = {
            let _permit = self.agent_calls.acquire().await;
            agent.answer(&Context::of(message)).await
        };
        let reply = reply.map_err(|err| format!("the agent did not answer: {err}"))?;
        if reply.is_empty() {
            tracing::debug!(account = account.id, thread = message.thread.id, "the agent said nothing");
            return Ok(Vec::new());
        }
        let reply = addressed(reply, message.thread.clone());
        let planned = self.composer.plan(account, &reply).await;
        planned.map_err(|err| format!("the answer was not planned: {err}"))
    }

    /// Carries out commands in order, up to the first that fails.
    async fn send(&self, account: &Account, commands: Vec<Command>) -> Progress {
        let total = commands.len();
        let mut sent = 0;
        let _permit = self.sends.acquire().await;
        for command in commands {
            if let Err(failure) = self.carry_out(account, command).await {
                let failure = match sent {
                    0 => failure,
                    _ => format!("{failure}; {sent} of {total} parts were delivered before"),
                };
                return Progress { sent, failure: Some(failure) };
            }
            sent += 1;
        }
        Progress { sent, failure: None }
    }

    /// Carries out one command that sends something.
    pub(super) async fn carry_out(&self, account: &Account, command: Command) -> Result<(), String> {
        let granted =
            self.gate.check(account, command, clock::now_ms()).map_err(|refusal| refusal.to_string())?;
        let profile = Profile::new(&account.profile);
        let receipt = send(&self.zca, &profile, granted.command()).await.map_err(|err| err.to_string())?;
        self.events.tell(&account.id, What::Sent { command: granted.into_command(), receipt });
        Ok(())
    }
}

fn addressed(reply: AgentReply, thread: Thread) -> Reply {
    let model = reply.model.map(|model| ModelInfo {
        provider: model.provider,
        model: model.model,
        thinking_level: None,
    });
    Reply { thread, text: reply.text, media: reply.media, model }
}
