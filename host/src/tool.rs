//! The agent's tool: carries out a call from its plan to its answer.

use std::sync::{Arc, OnceLock};

use tokio::sync::Mutex;

use crate::clock::{Clock, SystemClock};
use crate::grants::Gate;
use crate::sandbox::bindings::config::{Account, ToolPolicy};
use crate::sandbox::bindings::directory::Entry;
use crate::sandbox::bindings::tool::{self, Answer, CallContext, Descriptor, ErrorCode};
use crate::sandbox::bindings::types::{Command, ExitStatus, Outcome, Thread};
use crate::sandbox::{self, Attempts, Component, attempt};
use crate::zca::profile::Profile;
use crate::zca::program::Zca;
use crate::zca::receipt;
use crate::zca::send::{carry_out, sends};

/// The tool for one account.
///
/// Calls may be made at the same time. Each is judged by a guest of its own, so that one which is given up
/// leaves nothing behind; what they send is sent one call after the other.
pub struct Tool {
    component: Component,
    gate: Gate,
    zca: Zca,
    account: Account,
    current_thread: Option<Thread>,
    /// Those that the account is in, once a call depended on them.
    groups: OnceLock<Vec<Entry>>,
    sending: Mutex<()>,
    clock: Arc<dyn Clock>,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Conclusion {
    /// Whether all that was asked for was done.
    pub success: bool,
    /// The answer, which the guest promises to be a JSON object.
    pub json: String,
    /// Why nothing was done, if the call itself was wrong.
    pub refusal: Option<tool::Error>,
}

impl Tool {
    /// The tool for `account`, for calls that come from `current_thread`. What the component asks for passes
    /// `gate`.
    pub fn new(
        component: Component,
        gate: Gate,
        zca: Zca,
        account: Account,
        current_thread: Option<Thread>,
    ) -> Self {
        let (groups, sending) = (OnceLock::new(), Mutex::new(()));
        let clock = Arc::new(SystemClock);
        Self { component, gate, zca, account, current_thread, groups, sending, clock }
    }

    /// The same, for which another clock counts the pace of its grants.
    #[must_use]
    pub fn by_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The account's id.
    pub fn account(&self) -> &str {
        &self.account.id
    }

    /// Says what the tool is.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn describe(&self) -> Result<Descriptor, sandbox::Error> {
        self.component.instantiate().await?.describe_tool().await
    }

    /// Which of the agent's tools may be used in the current conversation; none when nothing restricts them.
    ///
    /// # Errors
    /// The outer error is the guest's failure; the inner one says that it depends on the account's groups, which
    /// cannot be listed.
    pub async fn policy(&self) -> Result<Result<Option<ToolPolicy>, tool::Error>, sandbox::Error> {
        let mut attempts = Attempts::new(&self.component, &self.account.id, None);
        let mut context = self.context();
        let policy = attempt!(&mut attempts, |guest| guest.tool_policy(&context))?;
        if context.groups.is_some() || !lacks_groups(&policy) {
            return Ok(policy);
        }
        context.groups = self.learn_groups(&mut attempts).await?;
        attempt!(&mut attempts, |guest| guest.tool_policy(&context))
    }

    /// Carries out a call, which is JSON. Dropped before it is done, it ends the process that it runs and
    /// starts no other.
    ///
    /// # Errors
    /// The guest's failure. What was done by then is in the log.
    pub async fn call(&self, call: &str) -> Result<Conclusion, sandbox::Error> {
        let mut attempts = Attempts::new(&self.component, &self.account.id, None);
        let mut context = self.context();
        let mut planned = attempt!(&mut attempts, |guest| guest.plan_call(call, &context))?;
        if context.groups.is_none() && lacks_groups(&planned) {
            context.groups = self.learn_groups(&mut attempts).await?;
            planned = attempt!(&mut attempts, |guest| guest.plan_call(call, &context))?;
        }
        let (outcomes, parts, refusal) = match planned {
            Ok(commands) => {
                let parts = commands.iter().filter(|command| sends(command)).count();
                (self.carry_out(commands).await, parts, None)
            }
            Err(error) => (Vec::new(), 0, Some(error)),
        };
        let sent = outcomes.iter().filter(|outcome| outcome.delivered.is_some()).count();
        let all_sent = sent >= parts && refusal.is_none();
        let concluded = attempt!(&mut attempts, |guest| async {
            let answer = guest.conclude_call(call, &context, &outcomes).await?;
            self.check(answer, all_sent)
        });
        match concluded {
            Ok(Answer { success, json }) => Ok(Conclusion { success, json, refusal }),
            Err(err) => {
                tracing::error!(
                    account = self.account.id,
                    sent,
                    "a call of the tool was not answered: {err}"
                );
                Err(err)
            }
        }
    }

    fn context(&self) -> CallContext {
        CallContext {
            account: self.account.clone(),
            current_thread: self.current_thread.clone(),
            groups: self.groups.get().cloned(),
        }
    }

    /// Refuses an answer that is not what the contract promises. Only the host knows what was sent, so a model is not
    /// told by a guest that all was when it was not.
    fn check(&self, answer: Answer, all_sent: bool) -> Result<Answer, sandbox::Error> {
        let refuse = |reason| Err(sandbox::Error::of_answer(&self.component, "tool.conclude", reason));
        if answer.success && !all_sent {
            return refuse("it claims that all was sent, and that is not so");
        }
        match serde_json::from_str::<serde_json::Map<_, _>>(&answer.json) {
            Ok(_) => Ok(answer),
            Err(_) => refuse("its answer is no JSON object"),
        }
    }

    /// The groups that the account is in; none when they cannot be listed, which is logged.
    async fn learn_groups(&self, attempts: &mut Attempts<'_>) -> Result<Option<Vec<Entry>>, sandbox::Error> {
        let outcome = self.run(Command::ListGroups).await;
        let found = attempt!(attempts, |guest| guest.find(&Command::ListGroups, &outcome, None, None))?;
        let Ok(groups) = found else {
            let reason = receipt::reason(&outcome);
            tracing::warn!(account = self.account.id, "the account's groups cannot be listed: {reason}");
            return Ok(None);
        };
        Ok(Some(self.groups.get_or_init(|| groups).clone()))
    }

    /// Runs commands in order, up to the first that fails or delivers nothing where it should.
    async fn carry_out(&self, commands: Vec<Command>) -> Vec<Outcome> {
        let _turn = if commands.iter().any(sends) { Some(self.sending.lock().await) } else { None };
        let mut outcomes = Vec::with_capacity(commands.len());
        for command in commands {
            let sends = sends(&command);
            let outcome = self.run(command).await;
            let done = outcome.status == ExitStatus::Exited(0) && (!sends || outcome.delivered.is_some());
            outcomes.push(outcome);
            if !done {
                break;
            }
        }
        outcomes
    }

    async fn run(&self, command: Command) -> Outcome {
        match self.gate.check(&self.account, command, self.clock.now_ms()) {
            Ok(granted) => {
                carry_out(&self.zca, &Profile::new(&self.account.profile), granted.command()).await
            }
            Err(refusal) => {
                tracing::warn!(account = self.account.id, "{refusal}");
                refusal.into_outcome()
            }
        }
    }
}

/// Whether the guest has to know the account's groups first.
fn lacks_groups<T>(answer: &Result<T, tool::Error>) -> bool {
    answer.as_ref().is_err_and(|error| error.code == ErrorCode::GroupsUnknown)
}
