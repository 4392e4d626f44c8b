//! The peer as the agent that answers, and as the one who keeps the pairing requests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use super::protocol::{Done, Inbound, OfAccount, Paired, Pairing, Senders};
use super::session::target;
use super::wire::Peer;
use crate::gateway::agent::{AgentError, AgentReply, Answer, Answering};
use crate::gateway::context::Context;
use crate::gateway::{Asked, Offered, Outlet, Pairings};
use crate::sandbox::bindings::inbound::PairingRequest;

/// How long one message may take to be answered. The gateway ends its own runs long before.
const ANSWER_TIME: Duration = Duration::from_secs(3_600);

/// How long the gateway may take to say who was let in. Nothing is judged meanwhile.
const PAIRED_TIME: Duration = Duration::from_secs(5);

/// The messages that are being answered, by the numbers of their entries in the journal.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries(Arc<Mutex<BTreeMap<String, Outlet>>>);

impl Entries {
    /// Where the answer to an entry goes, if it is being answered.
    pub(super) fn outlet(&self, entry: &str) -> Option<Outlet> {
        self.open().get(entry).cloned()
    }

    fn begin(&self, outlet: &Outlet) -> Entry<'_> {
        let id = outlet.entry().to_string();
        self.open().insert(id.clone(), outlet.clone());
        Entry { entries: self, id }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<String, Outlet>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One message that is being answered.
struct Entry<'a> {
    entries: &'a Entries,
    id: String,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.entries.open().remove(&self.id);
    }
}

/// Has the peer answer. What it says comes by `deliver`, so that nothing is left to be sent after it.
#[derive(Debug)]
pub(super) struct PeerAgent {
    pub(super) peer: Peer,
    pub(super) entries: Entries,
}

impl Answer for PeerAgent {
    fn answer<'a>(&'a self, context: &'a Context, outlet: &'a Outlet) -> Answering<'a> {
        Box::pin(self.ask(context, outlet))
    }
}

impl PeerAgent {
    async fn ask(&self, context: &Context, outlet: &Outlet) -> Result<AgentReply, AgentError> {
        let entry = self.entries.begin(outlet);
        let failed = |problem: String| AgentError::Other { problem, retryable: true };
        let inbound = Inbound {
            account: context.account_id.clone(),
            entry: entry.id.clone(),
            target: target(outlet.thread()),
            context: serde_json::to_value(context).map_err(|err| failed(err.to_string()))?,
        };
        match timeout(ANSWER_TIME, self.peer.ask::<Done>("inbound", inbound)).await {
            Ok(Ok(Done {})) => Ok(AgentReply::default()),
            Ok(Err(failure)) => Err(failed(failure.message)),
            Err(_) => Err(AgentError::TimedOut { agent: "the gateway".to_owned(), limit: ANSWER_TIME }),
        }
    }
}

/// Leaves the pairing requests to the peer.
#[derive(Debug)]
pub(super) struct PeerPairings {
    pub(super) peer: Peer,
    /// Codes of which the strangers could not be told yet.
    pub(super) unsent: Mutex<BTreeSet<String>>,
}

impl Pairings for PeerPairings {
    fn paired<'a>(&'a self, account: &'a str) -> Asked<'a, Vec<String>> {
        Box::pin(async move {
            let asked = self.peer.ask("paired", OfAccount { account: Some(account.to_owned()) });
            match timeout(PAIRED_TIME, asked).await {
                Ok(Ok(Senders { senders })) => Ok(senders),
                Ok(Err(failure)) => Err(format!("the gateway does not say who was let in: {failure}")),
                Err(_) => Err("the gateway does not say in time who was let in".to_owned()),
            }
        })
    }

    fn request<'a>(&'a self, request: &'a PairingRequest) -> Asked<'a, Option<Offered>> {
        Box::pin(async move {
            let asked = Pairing {
                account: request.account_id.clone(),
                sender_id: request.sender_id.clone(),
                sender_name: request.sender_name.clone(),
            };
            let Paired { code, created, approve } =
                self.peer.ask("pairing", asked).await.map_err(|failure| failure.message)?;
            let Some(code) = code else {
                tracing::warn!(
                    account = request.account_id,
                    sender = request.sender_id,
                    "a stranger was not offered a code: too many are waiting; see `openclaw pairing list zalouser`"
                );
                return Ok(None);
            };
            let mut unsent = self.unsent();
            if created {
                unsent.insert(code.clone());
            }
            Ok(unsent.contains(&code).then_some(Offered { code, approve }))
        })
    }

    fn announced<'a>(&'a self, code: &'a str) -> Asked<'a, ()> {
        self.unsent().remove(code);
        Box::pin(async { Ok(()) })
    }
}

impl PeerPairings {
    fn unsent(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
