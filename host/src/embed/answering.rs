//! Hands messages over, and waits for what becomes of them.

use std::fmt;
use std::sync::Arc;

use super::inbound::{Inbound, Verdict};
use super::journal::{Admission, Journal, Settled};
use super::queue::Queue;
use crate::gateway::Outlet;
use crate::gateway::agent::{AgentError, AgentReply, Answer, Answering};
use crate::gateway::context::Context;

/// Has whoever takes the messages of an account answer them.
pub(super) struct HandOver {
    pub(super) queue: Arc<Queue>,
    pub(super) journal: Option<Arc<dyn Journal>>,
}

impl fmt::Debug for HandOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandOver").field("journal", &self.journal).finish_non_exhaustive()
    }
}

impl Answer for HandOver {
    fn answer<'a>(&'a self, context: &'a Context, outlet: &'a Outlet) -> Answering<'a> {
        Box::pin(self.hand_over(context, outlet))
    }
}

impl HandOver {
    async fn hand_over(&self, context: &Context, outlet: &Outlet) -> Result<AgentReply, AgentError> {
        let failed = |problem, retryable| AgentError::Other { problem, retryable };
        if let Some(journal) = &self.journal {
            match journal.admit(context).await.map_err(|problem| failed(problem, true))? {
                Admission::Open => {}
                Admission::Settled => return Ok(AgentReply::default()),
            }
        }
        let (inbound, told) = Inbound::new(context, outlet);
        self.queue.push(inbound);
        // What it says goes through the outlet, so that nothing is left to be sent after it.
        let (end, result) = match told.await.unwrap_or(Verdict::Dropped) {
            Verdict::Answered => (Settled::Answered, Ok(AgentReply::default())),
            Verdict::Failed { problem, again: false } => {
                (Settled::Failed(problem.clone()), Err(failed(problem, false)))
            }
            Verdict::Failed { problem, again: true } => return Err(failed(problem, true)),
            Verdict::Dropped => {
                return Err(failed("whoever took the message dropped it".to_owned(), true));
            }
        };
        if let Some(journal) = &self.journal
            && let Err(problem) = journal.settle(context, &end).await
        {
            tracing::error!(
                account = context.account_id,
                "the gateway's journal did not note an answer: {problem}"
            );
        }
        result
    }
}
