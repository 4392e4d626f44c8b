//! From a message that was let through to the answer on Zalo.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::agent::{Agent, AgentReply};
use super::composer::Composer;
use super::context::Context;
use super::delivery::{Delivered, End};
use super::event::{Events, Step, What};
use super::outlet::Outlet;
use super::pacing::Pacers;
use super::record::Record;
use crate::clock::{self, Clock};
use crate::grants::{Gate, Refusal};
use crate::journal::{EntryId, JournalSettings, Rest, Task, Work};
use crate::plugins::Plugin;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::outbound::{ModelInfo, Reply};
use crate::sandbox::bindings::types::{Command, Thread};
use crate::zca::program::Zca;

/// What all accounts have in common that have messages answered.
pub(super) struct Means {
    pub(super) agent: Option<Arc<Agent>>,
    pub(super) zca: Zca,
    pub(super) events: Events,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) record: Record,
    pub(super) settings: JournalSettings,
    /// Cancelled when nothing new is to be begun.
    pub(super) stop: CancellationToken,
    /// A permit for each conversation that an agent answers at a time.
    pub(super) agent_calls: Arc<Semaphore>,
    /// What every account sends through.
    pub(super) pacers: Arc<Pacers>,
}

/// Has the messages of one account answered and sends the answers.
pub(crate) struct Replies {
    agent: Option<Arc<Agent>>,
    pub(crate) zca: Zca,
    pub(crate) gate: Gate,
    pub(super) composer: Composer,
    pub(crate) events: Events,
    pub(crate) clock: Arc<dyn Clock>,
    pub(super) record: Record,
    settings: JournalSettings,
    /// Cancelled when nothing new is to be begun.
    pub(super) stop: CancellationToken,
    pub(super) agent_calls: Arc<Semaphore>,
    pub(crate) pacers: Arc<Pacers>,
}

/// What became of an entry for now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// There is nothing more to do.
    Done,
    /// It is to be tried again at this time, in milliseconds since the Unix epoch.
    Later(u64),
}

/// Why something was not answered.
pub(super) struct Failure {
    /// For a log.
    pub(super) reason: String,
    /// Whether it may well be answered if it is tried again, and trying does no harm.
    pub(super) is_retryable: bool,
    /// What refused it, if the component may not do that.
    pub(super) refusal: Option<Box<Refusal>>,
}

impl Failure {
    pub(super) fn lasting(reason: String) -> Self {
        Self { reason, is_retryable: false, refusal: None }
    }
}

impl Means {
    /// Has the messages of an account answered that `plugin` judges.
    pub(super) fn replies(&self, plugin: Plugin) -> Arc<Replies> {
        Arc::new(Replies {
            agent: self.agent.clone(),
            zca: self.zca.clone(),
            gate: plugin.gate,
            composer: Composer::new(plugin.component),
            events: self.events.clone(),
            clock: Arc::clone(&self.clock),
            record: self.record.clone(),
            settings: self.settings,
            stop: self.stop.clone(),
            agent_calls: Arc::clone(&self.agent_calls),
            pacers: Arc::clone(&self.pacers),
        })
    }
}

impl Replies {
    /// Does `work`, and tells how long that took.
    pub(super) async fn timed<T, E>(
        &self,
        account: &Account,
        step: Step,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let began = Instant::now();
        let done = work.await;
        let (time, failed) = (began.elapsed(), done.is_err());
        self.events.tell(&account.id, What::Took { step, time, failed });
        done
    }

    /// Asks the agent for the answer to a message, and plans how it is sent. What goes wrong is noted in the
    /// journal, logged, and told to those who watch. None once there is an answer to be sent.
    pub(super) async fn compose(
        self: &Arc<Self>,
        account: &Arc<Account>,
        entry: EntryId,
        task: &Task,
    ) -> Option<Course> {
        let outlet = Outlet::new(self, account, entry, &task.thread);
        let commands = match &task.work {
            Some(Work::Message(context)) => self.ask(account, &outlet, context).await,
            _ => Err(Failure::lasting("the journal does not know what it says".to_owned())),
        };
        match commands {
            Ok(commands) if commands.is_empty() => {
                self.record.rest(entry, Rest::Answered).await;
                let thread = task.thread.clone();
                let sent = outlet.arrived();
                self.events.tell(&account.id, What::Answered { thread, sent, failure: None });
                Some(Course::Done)
            }
            Ok(commands) => {
                if outlet.arrived() == 0 {
                    self.record.plan(entry, &commands, false).await;
                } else {
                    let _ = self.record.append(entry, &commands).await;
                }
                None
            }
            Err(failure) => {
                let sent = outlet.arrived();
                // What was answered in part is not begun anew.
                let is_retryable = failure.is_retryable && sent == 0;
                Some(self.fail(account, entry, task, sent, Failure { is_retryable, ..failure }).await)
            }
        }
    }

    /// Sends what is left of an answer.
    pub(super) async fn send(&self, account: &Account, entry: EntryId, task: &Task) -> Course {
        let Delivered { sent, before, total, end, .. } = self.deliver(account, entry, true).await;
        let arrived = before + sent;
        let told = |failure: String| match arrived {
            0 => failure,
            _ => format!("{failure}; {arrived} of {total} parts were delivered before"),
        };
        match end {
            End::Complete => {
                let thread = task.thread.clone();
                self.events.tell(&account.id, What::Answered { thread, sent, failure: None });
                Course::Done
            }
            End::Unknown(reason) => {
                let failure = format!("{}; see `zalouser queue list`", told(reason));
                self.log(account, entry, task, arrived, &failure);
                self.record.rest(entry, Rest::Unknown(failure.clone())).await;
                self.events.tell(&account.id, What::Uncertain { thread: task.thread.clone(), failure });
                Course::Done
            }
            End::Failed(failure) => {
                let is_retryable = failure.is_retryable && arrived == 0;
                let failure = Failure { reason: told(failure.reason), is_retryable, ..failure };
                self.fail(account, entry, task, sent, failure).await
            }
        }
    }

    /// Asks the agent and plans its answer.
    async fn ask(
        &self,
        account: &Account,
        outlet: &Outlet,
        context: &Context,
    ) -> Result<Vec<Command>, Failure> {
        let Some(agent) = &self.agent else {
            let reason = "nobody answers; set plugins.entries.zalouser.config.agent";
            return Err(Failure::lasting(reason.to_owned()));
        };
        let thread = outlet.thread();
        let reply = self.timed(account, Step::Agent, agent.answer(context, outlet)).await;
        let reply = reply.map_err(|err| Failure {
            reason: format!("the agent did not answer: {err}"),
            is_retryable: err.is_retryable(),
            refusal: None,
        })?;
        if reply.is_empty() {
            tracing::debug!(account = account.id, thread = thread.id, "the agent said nothing");
            return Ok(Vec::new());
        }
        let reply = addressed(reply, thread.clone());
        let planned = self.composer.plan(account, &reply).await;
        planned.map_err(|err| Failure::lasting(format!("the answer was not planned: {err}")))
    }

    /// Has a message tried again later, or gives it up as a dead letter.
    async fn fail(
        &self,
        account: &Account,
        entry: EntryId,
        task: &Task,
        sent: usize,
        failure: Failure,
    ) -> Course {
        let (failures, thread) = (task.failures.saturating_add(1), task.thread.clone());
        let pause = self.settings.retry_in(failures, rand::random()).filter(|_| failure.is_retryable);
        let reason = failure.reason;
        let Some(pause) = pause else {
            self.log(account, entry, task, sent, &reason);
            self.record.rest(entry, Rest::Dead(reason.clone())).await;
            self.events.tell(&account.id, What::Answered { thread, sent, failure: Some(reason) });
            return Course::Done;
        };
        let at = clock::now_ms().saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        tracing::warn!(
            account = account.id,
            thread = thread.id,
            message_id = task.message_id,
            %entry,
            "{reason}; try {failures} of {} follows in {:.1} s",
            self.settings.retries,
            pause.as_secs_f32()
        );
        self.record.rest(entry, Rest::RetryAt(at, reason.clone())).await;
        self.events.tell(&account.id, What::Retrying { thread, failure: reason, at });
        Course::Later(at)
    }

    fn log(&self, account: &Account, entry: EntryId, task: &Task, sent: usize, failure: &str) {
        let Task { thread, message_id, .. } = task;
        tracing::error!(account = account.id, thread = thread.id, message_id, sent, %entry, "{failure}");
    }
}

pub(super) fn addressed(reply: AgentReply, thread: Thread) -> Reply {
    let model = reply.model.map(|model| ModelInfo {
        provider: model.provider,
        model: model.model,
        thinking_level: None,
    });
    Reply { thread, text: reply.text, media: reply.media, model }
}
