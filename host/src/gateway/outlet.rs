//! Sends parts of an answer while the agent still works on the rest of it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Mutex;

use super::agent::AgentReply;
use super::delivery::{Delivered, End};
use super::reply::{Replies, addressed};
use crate::grants::Refusal;
use crate::journal::EntryId;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::outbound::Reply;
use crate::sandbox::bindings::types::Thread;

/// Where an agent puts the parts of its answer to one message that it does not want to keep back. They are in the
/// journal like any answer: none is sent twice, and once one was sent the message is not handed over again.
#[derive(Clone)]
pub struct Outlet(Arc<Inner>);

struct Inner {
    replies: Arc<Replies>,
    account: Arc<Account>,
    entry: EntryId,
    thread: Thread,
    turn: Mutex<()>,
    arrived: AtomicUsize,
}

/// What came of a part of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Zalo's ids of its messages, in order, as far as they are known.
    pub message_ids: Vec<String>,
    /// How many messages arrived.
    pub sent: usize,
    /// How many it takes; none when there was nothing to send.
    pub parts: usize,
    /// Why no more of them were sent, if so.
    pub failure: Option<String>,
    /// What refused to send one, if the component may not do that.
    pub refusal: Option<Box<Refusal>>,
    /// Whether one more may have arrived all the same.
    pub unknown: bool,
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet").field("entry", &self.0.entry).finish_non_exhaustive()
    }
}

impl Outlet {
    pub(super) fn new(
        replies: &Arc<Replies>,
        account: &Arc<Account>,
        entry: EntryId,
        thread: &Thread,
    ) -> Self {
        Self(Arc::new(Inner {
            replies: Arc::clone(replies),
            account: Arc::clone(account),
            entry,
            thread: thread.clone(),
            turn: Mutex::default(),
            arrived: AtomicUsize::new(0),
        }))
    }

    /// The message's entry in the journal.
    pub fn entry(&self) -> EntryId {
        self.0.entry
    }

    /// Where the message was written.
    pub fn thread(&self) -> &Thread {
        &self.0.thread
    }

    /// How many messages were sent through it.
    pub fn arrived(&self) -> usize {
        self.0.arrived.load(Ordering::Acquire)
    }

    /// Sends a part of the answer, after those that are being sent.
    pub async fn send(&self, part: AgentReply) -> Sent {
        self.send_reply(addressed(part, self.0.thread.clone())).await
    }

    pub(crate) async fn send_reply(&self, reply: Reply) -> Sent {
        let Inner { replies, account, entry, turn, arrived, .. } = &*self.0;
        let commands = match replies.composer.plan(account, &reply).await {
            Ok(commands) => commands,
            Err(err) => return Sent { failure: Some(err.to_string()), ..Sent::default() },
        };
        let parts = commands.len();
        if parts == 0 {
            return Sent::default();
        }
        let _turn = turn.lock().await;
        if !replies.record.append(*entry, &commands).await {
            let failure = Some("the journal is closed".to_owned());
            return Sent { parts, failure, ..Sent::default() };
        }
        let Delivered { sent, message_ids, end, .. } = replies.deliver(account, *entry, false).await;
        arrived.fetch_add(sent, Ordering::AcqRel);
        let mut refusal = None;
        let (failure, unknown) = match end {
            End::Complete => (None, false),
            End::Failed(failure) => {
                refusal = failure.refusal;
                (Some(failure.reason), false)
            }
            End::Unknown(reason) => {
                // Nobody may send it again by asking the agent anew.
                arrived.fetch_add(1, Ordering::AcqRel);
                (Some(reason), true)
            }
        };
        Sent { message_ids, sent, parts, failure, refusal, unknown }
    }
}
