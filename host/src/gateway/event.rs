//! What a gateway tells those who watch it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};

use super::metrics::Metrics;
use super::status::Status;
use crate::clock;
use crate::journal::JournalError;
use crate::sandbox::Incident;
use crate::sandbox::bindings::inbound::{DropReport, Effect, PairingRequest};
use crate::sandbox::bindings::types::{Command, Thread};
use crate::zca::identity::Identity;
use crate::zca::receipt::Receipt;

/// Something that happened to one account.
#[derive(Clone, Debug)]
pub struct Event {
    /// The id of the account.
    pub account: String,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// The account is about to be started.
    Starting {
        /// The profile of `zca` that it has.
        profile: String,
    },
    /// The account cannot run, and will not until the gateway is started anew; the text says why.
    NotStarted(String),
    /// The account was told to stop, and its listener with it. Answers that are under way may go on.
    Stopped,
    /// It is known whose account it is.
    Identified(Identity),
    /// A listener was started.
    Listening {
        /// Its process id.
        pid: i32,
    },
    /// The listener printed this line as an error.
    Complained(String),
    /// The listener ended and is started again.
    ListenerEnded {
        /// How it ended, in words.
        reason: String,
        /// Whether it only grew old, so that nothing is wrong.
        recycling: bool,
        /// In how much time it is started again.
        restart_in: Duration,
    },
    /// The guest decided about a message, or the listener said how it is.
    Decided(Arc<Effect>),
    /// The guest that judges messages failed.
    GuestFailed(Arc<Incident>),
    /// A message was dropped after it was let through.
    Refused {
        /// Where it was written.
        thread: Thread,
        /// Why.
        refusal: Refusal,
    },
    /// Messages that wait in the journal were taken up: from before the start, or since the operator said so.
    Resumed {
        /// How many.
        count: usize,
    },
    /// A message that waited is not answered, since the operator dropped it.
    Withdrawn,
    /// What was decided is for somebody else to do, whom a bridge told of it; nothing of it waits here.
    HandedOut,
    /// The journal cannot be written, so that messages are refused; or can be again.
    Journal {
        /// What keeps it from being written, if anything does.
        trouble: Option<String>,
    },
    /// A command was carried out.
    Sent {
        /// Which.
        command: Command,
        /// What `zca` said of it.
        receipt: Receipt,
    },
    /// A message could not be answered, and is tried again.
    Retrying {
        /// Where it was written.
        thread: Thread,
        /// Why it could not.
        failure: String,
        /// When, in milliseconds since the Unix epoch.
        at: u64,
    },
    /// Nobody knows whether a part of an answer arrived. The rest of it waits for the operator.
    Uncertain {
        /// Where its message was written.
        thread: Thread,
        /// Why.
        failure: String,
    },
    /// A message is done with: it was answered as far as it could be.
    Answered {
        /// Where it was written.
        thread: Thread,
        /// How many commands the answer took; none were carried out when the agent said nothing.
        sent: usize,
        /// Why the rest of the answer was not sent, if so.
        failure: Option<String>,
    },
    /// Something took its time.
    Took {
        /// What.
        step: Step,
        /// How long.
        time: Duration,
        /// Whether it came to nothing.
        failed: bool,
    },
    /// A command that the guest asked for of its own accord was carried out, or not.
    Acted {
        /// Which.
        command: Command,
        /// Why it was not carried out, if so.
        failure: Option<String>,
    },
    /// A stranger was offered a code, or is not to be offered one now.
    Offered {
        /// Who asked.
        request: PairingRequest,
        /// The code that was sent; none when it had been sent before or too many are waiting.
        code: Option<String>,
        /// Why it could not be sent, if so. It will be tried again at the next message.
        failure: Option<String>,
    },
}

/// Why a message was dropped that the guest had let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was admitted before.
    #[error("it came before")]
    Duplicate,
    /// As many messages of its conversation wait as may.
    #[error(
        "too many messages of its conversation wait; plugins.entries.zalouser.config.journal.waitingPerConversation \
         says how many may"
    )]
    ConversationFull,
    /// As many messages wait as may.
    #[error("too many messages wait; plugins.entries.zalouser.config.journal.waitingInAll says how many may")]
    QueueFull,
    /// As many strangers wait to be offered a code as may.
    #[error("many strangers write at once; this one is offered a code when it writes again")]
    OffersFull,
    /// More is to be written to the journal than the disk takes.
    #[error("the disk takes less than is written to the journal")]
    JournalBehind,
    /// The journal cannot be written.
    #[error("the journal cannot be written")]
    JournalFailed,
}

impl Refusal {
    /// Its name in counts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::ConversationFull => "conversation-full",
            Self::QueueFull => "queue-full",
            Self::OffersFull => "offers-full",
            Self::JournalBehind => "journal-behind",
            Self::JournalFailed => "journal-failed",
        }
    }

    pub(super) fn of(error: &JournalError) -> Self {
        match error {
            JournalError::Behind => Self::JournalBehind,
            _ => Self::JournalFailed,
        }
    }
}

/// What takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The guest judged what the listener printed.
    Decision,
    /// The agent answered.
    Agent,
    /// `zca` carried out a command that sends something.
    Send,
}

/// How many events a watcher may be behind before it misses some.
const BACKLOG: usize = 1_024;

/// Where a gateway tells what happens, and what that comes to. Nobody has to listen.
#[derive(Clone, Debug)]
pub struct Events {
    sender: broadcast::Sender<Event>,
    status: Arc<Mutex<Status>>,
    metrics: Arc<Metrics>,
    changed: Arc<Notify>,
    /// Whether anybody began to watch who may want to know whom a drop concerns.
    watched: Arc<AtomicBool>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            sender: broadcast::Sender::new(BACKLOG),
            status: Arc::default(),
            metrics: Arc::default(),
            changed: Arc::default(),
            watched: Arc::default(),
        }
    }
}

impl Events {
    /// Watches from now on. Once somebody does, the guests tell of each drop where and by whom it was written; before,
    /// only the log of what matters for debugging has them do so.
    pub fn watch(&self) -> broadcast::Receiver<Event> {
        self.watched.store(true, Ordering::Relaxed);
        self.watch_health()
    }

    /// Watches how accounts are, for which no drop has to say more than its reason.
    pub(crate) fn watch_health(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }

    /// How much somebody wants to know of drops.
    pub(crate) fn drop_report(&self) -> DropReport {
        let wanted = self.watched.load(Ordering::Relaxed) || tracing::enabled!(tracing::Level::DEBUG);
        if wanted { DropReport::Origin } else { DropReport::Reason }
    }

    /// How all accounts are, by everything that was told so far.
    pub fn status(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was counted and timed so far.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Waits until something was told since this was last done. Only one may wait.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(crate) fn tell(&self, account: &str, what: What) {
        let event = Event { account: account.to_owned(), what };
        self.status.lock().unwrap_or_else(PoisonError::into_inner).apply(&event, clock::now_ms());
        self.metrics.observe(&event);
        self.changed.notify_one();
        // An error only says that nobody watches.
        let _ = self.sender.send(event);
    }
}

#[cfg(test)]
mod tests {
    use tracing::subscriber::NoSubscriber;

    use super::*;

    #[test]
    fn drops_tell_only_their_reason_until_somebody_watches_them() {
        let events = Events::default();
        tracing::subscriber::with_default(NoSubscriber::default(), || {
            let _health = events.watch_health();
            assert_eq!(events.drop_report(), DropReport::Reason);
            drop(events.clone().watch());
            assert_eq!(events.drop_report(), DropReport::Origin);
        });
    }
}
