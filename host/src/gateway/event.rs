//! What a gateway tells those who watch it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};

use super::status::Status;
use crate::clock;
use crate::sandbox::Incident;
use crate::sandbox::bindings::inbound::{Effect, PairingRequest};
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
    Decided(Box<Effect>),
    /// The guest that judges messages failed.
    GuestFailed(Arc<Incident>),
    /// A message was dropped after it was let through: too many of its conversation are waiting.
    LaneFull {
        /// Where it was written.
        thread: Thread,
    },
    /// A command was carried out.
    Sent {
        /// Which.
        command: Command,
        /// What `zca` said of it.
        receipt: Receipt,
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

/// How many events a watcher may be behind before it misses some.
const BACKLOG: usize = 1_024;

/// Where a gateway tells what happens, and what that comes to. Nobody has to listen.
#[derive(Clone, Debug)]
pub struct Events {
    sender: broadcast::Sender<Event>,
    status: Arc<Mutex<Status>>,
    changed: Arc<Notify>,
}

impl Default for Events {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG), status: Arc::default(), changed: Arc::default() }
    }
}

impl Events {
    /// Watches from now on.
    pub fn watch(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }

    /// How all accounts are, by everything that was told so far.
    pub fn status(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until something was told since this was last done. Only one may wait.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(super) fn tell(&self, account: &str, what: What) {
        let event = Event { account: account.to_owned(), what };
        self.status.lock().unwrap_or_else(PoisonError::into_inner).apply(&event, clock::now_ms());
        self.changed.notify_one();
        // An error only says that nobody watches.
        let _ = self.sender.send(event);
    }
}
