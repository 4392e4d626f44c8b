//! A monitor inside a guest, for as long as that lives.

use std::sync::Arc;

use memchr::memchr_iter;

use super::bindings::config::Account;
use super::bindings::inbound::{DropReport, Effect, LogEntry, Remembered, ZoneOffset};
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

/// For how many lines it may do so later, in another call.
const LATER: usize = 1_000;

/// A guest with the monitor of one account in it.
pub(super) struct Live {
    component: Arc<str>,
    guest: Guest,
    handle: MonitorHandle,
    /// How many more messages it may hand over: one for each line that it was given, [`LATER`] at most.
    credit: usize,
    /// How many more commands of its own accord: [`ACTS`] for each of these lines.
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

    pub(super) async fn push(
        &mut self,
        chunk: &[u8],
        now: u64,
        drops: DropReport,
    ) -> Result<Vec<Effect>, Error> {
        let effects = self.guest.push(self.handle, chunk, now, drops).await?;
        self.charge(chunk, &effects)?;
        Ok(effects)
    }

    /// Refuses messages that nobody can have written, each of which would cost an answer of the agent, and a flood
    /// of commands.
    fn charge(&mut self, chunk: &[u8], effects: &[Effect]) -> Result<(), Error> {
        let (mut messages, mut acts) = (0, 0);
        for effect in effects {
            match effect {
                Effect::Deliver(_) | Effect::Pair(_) => messages += 1,
                Effect::Act(_) => acts += 1,
                Effect::Drop(_) | Effect::Lifecycle(_) | Effect::Log(_) => {}
            }
        }
        // In a flood of what is dropped, nothing is to be charged, and to count its lines takes a hundredth of all.
        if messages == 0 && acts == 0 && self.credit == LATER && self.acts == LATER * ACTS {
            return Ok(());
        }
        let lines = memchr_iter(b'\n', chunk).count();
        let credit = (self.credit + lines).checked_sub(messages);
        let left = credit.zip((self.acts + lines * ACTS).checked_sub(acts));
        let (credit, acts) = left.ok_or_else(|| self.beyond("monitor.push", Limit::Messages))?;
        (self.credit, self.acts) = (credit.min(LATER), acts.min(LATER * ACTS));
        Ok(())
    }

    fn beyond(&self, call: &'static str, limit: Limit) -> Error {
        Error::Limit { component: Arc::clone(&self.component), call, limit }
    }
}
