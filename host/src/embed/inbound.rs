//! A message that is to be answered.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::error::{SendError, Undelivered};
use crate::gateway::agent::AgentReply;
use crate::gateway::context::Context;
use crate::gateway::{Outlet, Sent};
use crate::sandbox::bindings::types::Thread;

/// What became of a message that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Answered,
    Failed {
        problem: String,
        again: bool,
    },
    /// Whoever had it did not say.
    Dropped,
}

/// A message that the component let through, to be answered and acknowledged.
///
/// The next message of the same conversation is handed over once this one is acknowledged, by [`Self::answered`] or
/// [`Self::failed`]. Dropped without that, it is handed over again in a while, with [`Context::redelivered`] set, unless
/// a part of an answer was sent: then it is a dead letter, so that nobody is answered twice. It counts as a failure:
/// after `journal.retries` of them, 8 by default, a message is a dead letter, too.
#[must_use = "dropped without an acknowledgement, it is handed over again"]
pub struct Inbound {
    context: Arc<Context>,
    turn: Arc<Turn>,
}

/// One time that a message is handed over. It is over when nobody holds it any more.
struct Turn {
    outlet: Outlet,
    verdict: Mutex<Verdict>,
    tell: Mutex<Option<oneshot::Sender<Verdict>>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let tell = self.tell.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let verdict = self.verdict.get_mut().unwrap_or_else(PoisonError::into_inner).clone();
        // An error says that the account was stopped meanwhile.
        let _ = tell.map(|tell| tell.send(verdict));
    }
}

impl Inbound {
    pub(super) fn new(context: &Context, outlet: &Outlet) -> (Self, oneshot::Receiver<Verdict>) {
        let (tell, told) = oneshot::channel();
        let (verdict, tell) = (Mutex::new(Verdict::Dropped), Mutex::new(Some(tell)));
        let turn = Arc::new(Turn { outlet: outlet.clone(), verdict, tell });
        (Self { context: Arc::new(context.clone()), turn }, told)
    }

    /// What was written, by whom and where. Its `body` is what an agent is to read.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Where it was written.
    pub fn thread(&self) -> &Thread {
        self.turn.outlet.thread()
    }

    /// Answers with Markdown, and returns when Zalo has all of it. May be called more than once, for an answer in parts.
    ///
    /// Cancel-safe: once it was polled, the answer goes on to be sent when the future is dropped, and what comes of it
    /// is in the journal; the message is not handed over again before that.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn reply(&self, text: impl Into<String>) -> Result<Vec<String>, SendError> {
        self.reply_with(text, Vec::new()).await
    }

    /// The same with media: URLs, or paths on this machine's disk that the grants allow.
    ///
    /// # Errors
    /// As of [`Self::reply`].
    pub async fn reply_with(
        &self,
        text: impl Into<String>,
        media: Vec<String>,
    ) -> Result<Vec<String>, SendError> {
        let part = AgentReply { text: text.into(), media, model: None };
        let turn = Arc::clone(&self.turn);
        // On a task of its own, so that nothing is left half sent.
        let sent = tokio::spawn(async move { turn.outlet.send(part).await });
        result(sent.await.map_err(|_| SendError::Ended)?)
    }

    /// Says that it is answered. It is never handed over again.
    pub fn answered(self) {
        self.end(Verdict::Answered);
    }

    /// Says that it is not answered, and why, for a log. With `again` it is handed over again in a while, as if it had
    /// been dropped; else it is a dead letter.
    pub fn failed(self, problem: impl Into<String>, again: bool) {
        self.end(Verdict::Failed { problem: problem.into(), again });
    }

    fn end(self, verdict: Verdict) {
        *self.turn.verdict.lock().unwrap_or_else(PoisonError::into_inner) = verdict;
    }
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound").field("context", &self.context).finish_non_exhaustive()
    }
}

/// The ids of what was sent, if all was.
fn result(sent: Sent) -> Result<Vec<String>, SendError> {
    let Sent { message_ids, sent, parts, failure, refusal, unknown } = sent;
    let Some(problem) = failure else { return Ok(message_ids) };
    let before = Undelivered { message_ids, sent, parts };
    Err(match refusal {
        Some(refusal) => SendError::Refused { refusal, before },
        None if unknown => SendError::Unknown { problem, before },
        None => SendError::Failed { problem, before },
    })
}
