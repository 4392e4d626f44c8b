//! What the peer is told unasked: how the accounts are, and what is logged.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::future::pending;
use std::io::{self, Write};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::sleep;

use super::auth::person;
use super::protocol::{Log, Status};
use super::wire::Peer;
use crate::gateway::Events;
use crate::gateway::status::{AccountStatus, ListenerState};

/// The shortest time between two rounds of news.
const PACE: Duration = Duration::from_millis(100);

/// Tells how accounts are whenever that changes, for as long as this is polled.
pub(super) async fn tell(peer: &Peer, events: &Events) -> Infallible {
    let mut told = events.watch_health();
    let mut known: BTreeMap<String, Status> = BTreeMap::new();
    loop {
        let mut changed = BTreeSet::new();
        match told.recv().await {
            Ok(event) => _ = changed.insert(event.account),
            Err(RecvError::Lagged(_)) => changed.extend(known.keys().cloned()),
            Err(RecvError::Closed) => return pending().await,
        }
        sleep(PACE).await;
        loop {
            match told.try_recv() {
                Ok(event) => _ = changed.insert(event.account),
                Err(TryRecvError::Lagged(_)) => changed.extend(known.keys().cloned()),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        let accounts = events.status().0;
        for id in changed {
            let Some(status) = accounts.get(&id).map(|account| status(&id, account)) else { continue };
            if known.get(&id) != Some(&status) {
                peer.tell("status", &status);
                known.insert(id, status);
            }
        }
    }
}

fn status(id: &str, account: &AccountStatus) -> Status {
    let pid = match account.listener {
        ListenerState::Running { pid, .. } => Some(pid),
        _ => None,
    };
    let since = match account.listener {
        ListenerState::Running { since, .. } => since,
        _ => 0,
    };
    let error = account.last_error.as_ref().filter(|error| error.at >= since);
    Status {
        account: id.to_owned(),
        running: pid.is_some(),
        pid,
        restarts: account.restarts,
        identity: account.identity.clone().map(person),
        waiting: account.waiting,
        last_inbound_at: account.last_inbound_at,
        last_outbound_at: account.last_outbound_at,
        last_error: error.map(|error| error.text.clone()),
    }
}

/// Takes log entries, one JSON object a line, and tells them.
pub(super) struct LogLines(pub(super) Peer);

impl Write for LogLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        #[derive(Deserialize)]
        struct Entry {
            level: String,
            #[serde(default)]
            message: String,
            account: Option<String>,
        }
        if let Ok(Entry { level, message, account }) = serde_json::from_slice(line) {
            self.0.tell("log", Log { level: level.to_lowercase(), account, message });
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
