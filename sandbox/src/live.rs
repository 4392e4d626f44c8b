//! A monitor inside a guest, for as long as that lives.

use std::sync::Arc;

use memchr::memchr_iter;

use super::bindings::config::Account;
use super::bindings::inbound::{Effect, LogEntry, Remembered, ZoneOffset};
use super::bindings::types::{Command, Outcome};
use super::component::Component;
use super::error::Error;
use super::guest::{Guest, MonitorHandle};
use super::limits::Limit;

/// The most commands that a guest may ask for before the first message. Each is a process, and the accounts
/// behind it wait for them.
const PREPARATIONS: usize = 10;

/// How many commands of its own accord a guest may ask for, for each line that it was given: an answer in a few
/// parts.
const ACTS: usize = 10;

/// A guest with the monitor of one account in it.
pub(super) struct Live {
    component: Arc<str>,
    guest: Guest,
    handle: MonitorHandle,
    /// How many more messages it may hand over: one for each line that it was given.
    credit: usize,
    /// How many more commands of its own accord: [`ACTS`] for each line.
    acts: usize,
}

impl Live {
    pub(super) async fn start(
        component: &Component,
        account: &Account,
        zone: &[ZoneOffset],
    ) -> Result<Self, Error> {
        let mut guest = component.instantiate().await?;
        let handle = guest.monitor(account, zone).await?;
        Ok(Self { component: Arc::clone(component.name()), guest, handle, credit: 0, acts: 0 })
    }

    pub(super) async fn prepare(&mut self) -> Result<Vec<Command>, Error> {
        let commands = self.guest.prepare(self.handle).await?;
        if commands.len() > PREPARATIONS {
            return Err(self.beyond("monitor.prepare", Limit::Effects));
        }
        Ok(commands)
    }

    pub(super) async fn learn(&mut self, outcomes: &[Outcome]) -> Result<Vec<LogEntry>, Error> {
        self.guest.learn(self.handle, outcomes).await
    }

    pub(super) async fn recall(&mut self, messages: &[Remembered]) -> Result<(), Error> {
        self.guest.recall(self.handle, messages).await
    }

    pub(super) async fn set_paired(&mut self, senders: &[String]) -> Result<(), Error> {
        self.guest.set_paired(self.handle, senders).await
    }

    pub(super) async fn push(&mut self, chunk: &[u8], now: u64) -> Result<Vec<Effect>, Error> {
        let lines = memchr_iter(b'\n', chunk).count();
        self.credit = self.credit.saturating_add(lines);
        self.acts = self.acts.saturating_add(lines.saturating_mul(ACTS));
        let effects = self.guest.push(self.handle, chunk, now).await?;
        self.charge(effects)
    }

    /// Refuses messages that nobody can have written, each of which would cost an answer of the agent, and a flood
    /// of commands.
    fn charge(&mut self, effects: Vec<Effect>) -> Result<Vec<Effect>, Error> {
        let count = |is: fn(&Effect) -> bool| effects.iter().filter(|effect| is(effect)).count();
        let messages = count(|effect| matches!(effect, Effect::Deliver(_) | Effect::Pair(_)));
        let acts = count(|effect| matches!(effect, Effect::Act(_)));
        match (self.credit.checked_sub(messages), self.acts.checked_sub(acts)) {
            (Some(credit), Some(acts)) => (self.credit, self.acts) = (credit, acts),
            _ => return Err(self.beyond("monitor.push", Limit::Messages)),
        }
        Ok(effects)
    }

    fn beyond(&self, call: &'static str, limit: Limit) -> Error {
        Error::Limit { component: Arc::clone(&self.component), call, limit }
    }
}
