//! What a gateway tells those who watch it.

use tokio::sync::broadcast;

use crate::sandbox::bindings::inbound::{Effect, PairingRequest};
use crate::sandbox::bindings::types::{Command, Thread};
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
    /// A listener was started.
    Listening,
    /// The guest decided about a message, or the listener said how it is.
    Decided(Box<Effect>),
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

/// Where a gateway tells what happens. Nobody has to listen.
#[derive(Clone, Debug)]
pub struct Events(broadcast::Sender<Event>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl Events {
    /// Watches from now on.
    pub fn watch(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }

    pub(super) fn tell(&self, account: &str, what: What) {
        // An error only says that nobody watches.
        let _ = self.0.send(Event { account: account.to_owned(), what });
    }
}
