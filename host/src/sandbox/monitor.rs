//! The monitor of one account, which outlives the guests that it runs in.

use super::bindings::config::Account;
use super::bindings::inbound::{Effect, Remembered, ZoneOffset};
use super::bindings::types::{Command, Outcome};
use super::component::Component;
use super::error::Error;
use super::guest::{Guest, MonitorHandle};
use super::recollection::Recollection;

/// The longest line that a guest has to understand. What is kept for a fresh guest is bounded by it.
const LINE_LIMIT: usize = 1 << 20;

/// The monitor of one account. When its guest fails, a fresh one is made, told all that the old one
/// was told, and given the bytes again line by line: a line that makes a guest fail costs that line
/// and nothing else.
pub struct Monitor {
    component: Component,
    account: Account,
    zone: Vec<ZoneOffset>,
    outcomes: Option<Vec<Outcome>>,
    paired: Vec<String>,
    live: Live,
    /// The beginning of a line whose end has not come yet.
    unfinished: Vec<u8>,
    recollection: Recollection,
}

/// What came of one chunk.
#[derive(Debug, Default)]
pub struct Pushed {
    /// What the guest wants to happen, in order.
    pub effects: Vec<Effect>,
    /// The guests that failed over it; the line that did it is lost.
    pub failures: Vec<Error>,
}

struct Live {
    guest: Guest,
    handle: MonitorHandle,
}

impl Live {
    async fn start(component: &Component, account: &Account, zone: &[ZoneOffset]) -> Result<Self, Error> {
        let mut guest = component.instantiate().await?;
        let handle = guest.monitor(account, zone).await?;
        Ok(Self { guest, handle })
    }
}

impl Monitor {
    /// Makes the monitor of `account` in a guest of its own.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn start(component: Component, account: Account, zone: Vec<ZoneOffset>) -> Result<Self, Error> {
        let live = Live::start(&component, &account, &zone).await?;
        Ok(Self {
            component,
            recollection: Recollection::new(account.mentions.history_limit),
            account,
            zone,
            outcomes: None,
            paired: Vec::new(),
            live,
            unfinished: Vec::new(),
        })
    }

    /// Which commands the monitor would like to see the outcomes of before the first chunk.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn prepare(&mut self) -> Result<Vec<Command>, Error> {
        self.live.guest.prepare(self.live.handle).await
    }

    /// Hands over the outcomes of what [`Self::prepare`] named, in that order.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn learn(&mut self, outcomes: Vec<Outcome>) -> Result<Vec<Effect>, Error> {
        let effects = self.live.guest.learn(self.live.handle, &outcomes).await;
        self.outcomes = Some(outcomes);
        effects
    }

    /// Hands over what an earlier monitor of the account remembered of groups, the oldest first.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn recall(&mut self, remembered: Vec<Remembered>) -> Result<(), Error> {
        for Remembered { thread_id, message } in &remembered {
            self.recollection.keep(thread_id, message.clone());
        }
        self.live.guest.recall(self.live.handle, &remembered).await
    }

    /// Replaces the set of paired senders.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn set_paired(&mut self, senders: Vec<String>) -> Result<(), Error> {
        self.paired = senders;
        self.live.guest.set_paired(self.live.handle, &self.paired).await
    }

    /// Hands over the next bytes of the listener, at `now` in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// Only when no fresh guest can be made; the chunk is lost then.
    pub async fn push(&mut self, chunk: &[u8], now: u64) -> Result<Pushed, Error> {
        let pushed = match self.live.guest.push(self.live.handle, chunk, now).await {
            Ok(effects) => {
                self.recollection.observe(&effects);
                Pushed { effects, failures: Vec::new() }
            }
            Err(failure) => self.push_again(chunk, now, failure).await?,
        };
        self.remember(chunk);
        Ok(pushed)
    }

    /// Says that the listener's output has ended, and the next chunk is another's.
    ///
    /// # Errors
    /// Only when no fresh guest can be made.
    pub async fn finish(&mut self, now: u64) -> Result<Pushed, Error> {
        self.unfinished.clear();
        match self.live.guest.finish(self.live.handle, now).await {
            Ok(effects) => {
                self.recollection.observe(&effects);
                Ok(Pushed { effects, failures: Vec::new() })
            }
            Err(failure) => {
                self.restart().await?;
                Ok(Pushed { effects: Vec::new(), failures: vec![failure] })
            }
        }
    }

    async fn push_again(&mut self, chunk: &[u8], now: u64, failure: Error) -> Result<Pushed, Error> {
        self.restart().await?;
        let bytes = [self.unfinished.as_slice(), chunk].concat();
        let mut pushed = Pushed::default();
        let mut first_failure = Some(failure);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            match self.live.guest.push(self.live.handle, line, now).await {
                Ok(effects) => {
                    self.recollection.observe(&effects);
                    pushed.effects.extend(effects);
                }
                Err(failure) => {
                    first_failure = None;
                    pushed.failures.push(failure);
                    self.restart().await?;
                }
            }
        }
        // Only the old guest's state, or the chunk as a whole, was at fault: that is worth a line, too.
        pushed.failures.extend(first_failure);
        Ok(pushed)
    }

    async fn restart(&mut self) -> Result<(), Error> {
        self.start_again().await?;
        let remembered = self.recollection.all();
        if remembered.is_empty() {
            return Ok(());
        }
        let Live { guest, handle } = &mut self.live;
        if guest.recall(*handle, &remembered).await.is_ok() {
            return Ok(());
        }
        // What is remembered of groups is not worth a guest.
        self.recollection = Recollection::new(self.account.mentions.history_limit);
        self.start_again().await
    }

    async fn start_again(&mut self) -> Result<(), Error> {
        self.live = Live::start(&self.component, &self.account, &self.zone).await?;
        let Live { guest, handle } = &mut self.live;
        if let Some(outcomes) = &self.outcomes {
            guest.learn(*handle, outcomes).await?;
        }
        guest.set_paired(*handle, &self.paired).await
    }

    fn remember(&mut self, chunk: &[u8]) {
        let rest = match chunk.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => {
                self.unfinished.clear();
                chunk.get(end + 1..).unwrap_or_default()
            }
            None => chunk,
        };
        let room = LINE_LIMIT.saturating_sub(self.unfinished.len());
        self.unfinished.extend(rest.iter().take(room));
    }
}
