//! The guests that turn replies into commands, for one account.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::inbound::PairingRequest;
use crate::sandbox::bindings::outbound::Reply;
use crate::sandbox::bindings::types::Command;
use crate::sandbox::{Attempts, Component, Error, Guest, attempt};

/// How many guests plan at a time, so that a reply over which one burns its time holds up few others.
const GUESTS: usize = 4;

/// Plans what is to be sent. Its guests hold no state of any conversation, so any of them does for any reply, and
/// one that fails is replaced.
pub(super) struct Composer {
    component: Component,
    idle: Mutex<Vec<Guest>>,
    turns: Semaphore,
}

impl Composer {
    pub(super) fn new(component: Component) -> Self {
        Self { component, idle: Mutex::default(), turns: Semaphore::new(GUESTS) }
    }

    pub(super) async fn plan(&self, account: &Account, reply: &Reply) -> Result<Vec<Command>, Error> {
        let _turn = self.turns.acquire().await;
        let mut attempts = Attempts::new(&self.component, &account.id, self.idle().pop());
        let commands = attempt!(&mut attempts, |guest| guest.plan(&account.replies, reply))?;
        self.idle().extend(attempts.into_guest());
        Ok(commands)
    }

    pub(super) async fn pairing_notice(
        &self,
        account: &Account,
        request: &PairingRequest,
        code: &str,
        approve: &str,
    ) -> Result<Vec<Command>, Error> {
        let _turn = self.turns.acquire().await;
        let mut attempts = Attempts::new(&self.component, &account.id, self.idle().pop());
        let commands = attempt!(&mut attempts, |guest| guest.pairing_notice(request, code, approve))?;
        self.idle().extend(attempts.into_guest());
        Ok(commands)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Guest>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
