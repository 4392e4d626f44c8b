//! Turns what `zca listen` prints into effects.

mod access;
mod context;
mod control;
mod details;
mod envelope;
mod event;
mod frame;
mod groups;
mod history;
mod judge;
mod mention;
mod recent;
mod resolve;
mod surrogate;
#[cfg(test)]
mod tests;

pub use envelope::{Zone, ZoneOffset};
pub(crate) use groups::{GroupKey, Groups};
pub(crate) use resolve::Resolution;

use frame::{Framer, LINE_LIMIT};
use judge::Judge;

use crate::account::Account;
use crate::command::{Command, Outcome};
use crate::effect::{DropReport, Effect, LogEntry, Remembered};

/// One account's listener: decides what becomes of each message. It lives as long as the account
/// runs, over many listeners' lives, in bounded memory.
#[derive(Debug)]
pub struct Monitor {
    framer: Framer,
    judge: Judge,
}

impl Monitor {
    /// Makes a monitor for `account` that tells times in `zone`.
    pub fn new(account: Account, zone: Zone) -> Self {
        Self { framer: Framer::new(LINE_LIMIT), judge: Judge::new(account, zone) }
    }

    /// What the monitor would like to know before the first message: the account's own id, and the
    /// ids behind the names in its rules.
    pub fn prepare(&self) -> Vec<Command> {
        self.judge.questions()
    }

    /// Takes the outcomes of what [`prepare`](Self::prepare) named, in that order; those at the end
    /// may be missing. Tells what came of it.
    pub fn learn(&mut self, outcomes: Vec<Outcome>) -> Vec<LogEntry> {
        self.judge.learn(outcomes)
    }

    /// Keeps what an earlier monitor of the account kept of its groups and did not use, the oldest first.
    pub fn recall(&mut self, messages: Vec<Remembered>) {
        self.judge.recall(messages);
    }

    /// Replaces the set of senders who were paired.
    pub fn set_paired(&mut self, senders: Vec<String>) {
        self.judge.set_paired(&senders);
    }

    /// Takes the next bytes of the listener's output, cut anywhere. No rule depends on `_now_ms`
    /// yet, the time in milliseconds since the Unix epoch: messages tell their own. `drops` says how much
    /// is to be told of messages that are dropped.
    pub fn push(&mut self, chunk: &[u8], now_ms: u64, drops: DropReport) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.push_to(chunk, now_ms, drops, |effect| effects.push(effect));
        effects
    }

    /// The same, for whoever makes something else of each effect.
    pub fn push_to(&mut self, chunk: &[u8], _now_ms: u64, drops: DropReport, mut take: impl FnMut(Effect)) {
        self.framer.push(chunk, |frame| {
            if let Some(effect) = self.judge.read(frame, drops) {
                take(effect);
            }
        });
    }
}
