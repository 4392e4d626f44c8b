//! Carries out what a gateway asks for.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{Semaphore, TryAcquireError};

use super::order::Outcome;
use super::problem::Problem;
use crate::gateway::{Clerk, Replies, What};
use crate::journal::{Claim, Journal};
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::types::Command;
use crate::zca::profile::Profile;
use crate::zca::receipt::Receipt;
use crate::zca::send::{carry_out, sends};

/// How many commands of one account may be under way or wait for their turn to be sent.
const UNDER_WAY: usize = 32;

/// How long somebody is to wait who asked for too many.
const LATER: Duration = Duration::from_secs(2);

/// The longest key, in bytes.
const KEY_MAX: usize = 128;

/// Acts for one account.
pub(super) struct Actor {
    pub(super) account: Arc<Account>,
    pub(super) clerk: Clerk,
    replies: Arc<Replies>,
    journal: Journal,
    places: Semaphore,
    /// The keys of the commands that are under way.
    keys: Mutex<BTreeSet<String>>,
}

/// A key of a command that is under way.
struct Key<'a> {
    actor: &'a Actor,
    key: String,
}

impl Actor {
    pub(super) fn new(account: Arc<Account>, clerk: Clerk, replies: Arc<Replies>, journal: Journal) -> Self {
        let (places, keys) = (Semaphore::new(UNDER_WAY), Mutex::default());
        Self { account, clerk, replies, journal, places, keys }
    }

    /// Carries out a command, unless one with this key was carried out before: then gives what became of that. Not to
    /// be dropped before it is done: a send that is broken off may have arrived.
    pub(super) async fn carry_out(&self, key: Option<String>, command: Command) -> Result<Outcome, Problem> {
        let _place = self.places.try_acquire().map_err(|err| match err {
            TryAcquireError::NoPermits => Problem::too_many(
                format!("account {} has {UNDER_WAY} commands under way", self.account.id),
                LATER,
            ),
            TryAcquireError::Closed => Problem::unavailable("the bridge is stopping"),
        })?;
        let Some(key) = key else { return Ok(self.act(command).await) };
        if key.is_empty() || key.len() > KEY_MAX {
            return Err(Problem::bad(format!("a key has 1 to {KEY_MAX} bytes, and this one {}", key.len())));
        }
        let key = self.under_way(key)?;
        let account = self.account.id.as_str();
        match self.journal.claim(account, &key.key).await.map_err(Problem::unavailable)? {
            Claim::Done(outcome) => serde_json::from_str(&outcome).map_err(Problem::unavailable),
            Claim::Interrupted => Ok(Outcome::interrupted()),
            Claim::New => {
                let outcome = self.act(command).await;
                // What was not begun may be asked for again under the same key.
                let kept = if outcome.was_begun() { serde_json::to_string(&outcome).ok() } else { None };
                if let Err(err) = self.journal.conclude(account, &key.key, kept).await {
                    tracing::error!(
                        account,
                        "what became of a command is not known after the next start: {err}"
                    );
                }
                Ok(outcome)
            }
        }
    }

    async fn act(&self, command: Command) -> Outcome {
        let Self { account, replies, .. } = self;
        let granted = match replies.gate.check(account, command, replies.clock.now_ms()) {
            Ok(granted) => granted.into_command(),
            Err(refusal) => {
                tracing::warn!(account = account.id, "{refusal}");
                return refusal.into_outcome().into();
            }
        };
        let profile = Profile::new(&account.profile);
        if !sends(&granted) {
            return replies.zca.call(&profile, &granted).await.into();
        }
        let _turn = replies.pacers.turn(&account.id).await;
        let outcome = carry_out(&replies.zca, &profile, &granted).await;
        if let Some(message_ids) = outcome.delivered.clone() {
            let sent = What::Sent { command: granted, receipt: Receipt { message_ids } };
            replies.events.tell(&account.id, sent);
        }
        outcome.into()
    }

    fn under_way(&self, key: String) -> Result<Key<'_>, Problem> {
        if !self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
            let message = format!("the command with the key {key:?} is under way; ask again for its outcome");
            return Err(Problem::new(StatusCode::CONFLICT, "under-way", message));
        }
        Ok(Key { actor: self, key })
    }
}

impl Drop for Key<'_> {
    fn drop(&mut self) {
        self.actor.keys.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
