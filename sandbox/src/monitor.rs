//! The monitor of one account, which outlives the guests that it runs in.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use super::attempt::TRIES;
use super::bindings::config::Account;
use super::bindings::inbound::{DropReport, Effect, LogEntry, Remembered, ZoneOffset};
use super::bindings::types::{Command, Outcome};
use super::component::Component;
use super::error::Error;
use super::incident::Incident;
use super::live::Live;
use super::quarantine::Quarantine;
use super::recollection::Recollection;

/// The longest line that a guest has to understand. What is kept for a fresh guest is bounded by it.
const LINE_LIMIT: usize = 1 << 20;

/// How much of what the listener prints is kept while the component is left alone, in bytes: some thousands of
/// messages.
const HELD_LIMIT: usize = 4 << 20;

/// The monitor of one account.
///
/// When its guest fails, a fresh one is made, told all that the old one was told, and given the bytes again line by
/// line. A line that makes three guests in turn fail is given up; it costs that line and nothing else. A component
/// that keeps failing is left alone for a while.
pub struct Monitor {
    component: Component,
    account: Account,
    zone: Vec<ZoneOffset>,
    outcomes: Option<Vec<Outcome>>,
    paired: Vec<String>,
    /// None after a failure, until the next line.
    live: Option<Live>,
    /// The beginning of a line whose end has not come yet.
    unfinished: Vec<u8>,
    /// Whether the live guest was given that.
    caught_up: bool,
    /// Whole lines that arrived while the component was left alone.
    held: Vec<u8>,
    recollection: Recollection,
    quarantine: Quarantine,
    drops: DropReport,
}

/// What came of what the listener printed.
#[derive(Debug, Default)]
pub struct Pushed {
    /// What the guest wants to happen, in order.
    pub effects: Vec<Effect>,
    /// What went wrong.
    pub incidents: Vec<Incident>,
}

/// What came of one line.
enum Tried {
    /// A guest took it, after others had failed with this error at last.
    Taken(Vec<Effect>, Option<Error>),
    /// All that tried it failed, the last one with this.
    GivenUp(Error),
    /// There is no guest to try it.
    NoGuest(Error),
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
            live: Some(live),
            unfinished: Vec::new(),
            caught_up: true,
            held: Vec::new(),
            quarantine: Quarantine::new(),
            drops: DropReport::Origin,
        })
    }

    /// Which commands the monitor would like to see the outcomes of before the first chunk, ten at most.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn prepare(&mut self) -> Result<Vec<Command>, Error> {
        let commands = self.live().await?.prepare().await;
        commands.inspect_err(|_| self.lose_guest())
    }

    /// Hands over the outcomes of what [`Self::prepare`] named, in that order. Gives what the guest says of them.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn learn(&mut self, outcomes: Vec<Outcome>) -> Result<Vec<LogEntry>, Error> {
        let learnt = self.live().await?.learn(&outcomes).await;
        self.outcomes = Some(outcomes);
        learnt.inspect_err(|_| self.lose_guest())
    }

    /// Hands over what an earlier monitor of the account remembered of groups, the oldest first.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn recall(&mut self, remembered: Vec<Remembered>) -> Result<(), Error> {
        let recalled = self.live().await?.recall(&remembered).await;
        for Remembered { thread_id, message } in remembered {
            self.recollection.keep(&thread_id, message);
        }
        recalled.inspect_err(|_| self.lose_guest())
    }

    /// What its component is called.
    pub fn component(&self) -> &str {
        self.component.name()
    }

    /// Goes on where `earlier` stops: with what that remembers of groups, and with the bytes that no guest has
    /// judged.
    ///
    /// # Errors
    /// The guest's failure; then `earlier` is as it was.
    pub async fn take_over(&mut self, earlier: &mut Self) -> Result<(), Error> {
        let remembered = earlier.recollection.all();
        if !remembered.is_empty() {
            self.recall(remembered).await?;
        }
        self.unfinished = mem::take(&mut earlier.unfinished);
        self.held = mem::take(&mut earlier.held);
        self.caught_up = self.unfinished.is_empty();
        Ok(())
    }

    /// Replaces the set of paired senders. When the guest fails over it, the next line has a fresh one.
    pub async fn set_paired(&mut self, senders: Vec<String>) -> Pushed {
        let mut pushed = Pushed::default();
        self.paired = senders;
        if let Some(live) = &mut self.live
            && let Err(failure) = live.set_paired(&self.paired).await
        {
            self.lose_guest();
            self.note(Incident::Recovered(failure), &mut pushed);
        }
        pushed
    }

    /// Until when the component is left alone, if it is. [`Self::resume`] is due then.
    pub fn confined_until(&self) -> Option<Instant> {
        self.quarantine.until()
    }

    /// Hands over what was kept while the component was left alone, if that is over. `now` is in milliseconds
    /// since the Unix epoch.
    pub async fn resume(&mut self, now: u64) -> Pushed {
        self.push(&[], now).await
    }

    /// How many bytes of whole lines are kept while the component is left alone.
    pub fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// The whole lines that were kept while the component was left alone, which are not kept any more.
    pub fn take_held(&mut self) -> Vec<Vec<u8>> {
        let held = mem::take(&mut self.held);
        held.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    /// How much is told of dropped messages from now on; until this is called, where they were written and by whom.
    pub fn report_drops(&mut self, drops: DropReport) {
        self.drops = drops;
    }

    /// Hands over the next bytes of the listener, at `now` in milliseconds since the Unix epoch.
    pub async fn push(&mut self, chunk: &[u8], now: u64) -> Pushed {
        let mut pushed = Pushed::default();
        if !self.quarantine.admits(Instant::now()) {
            self.hold(chunk, &mut pushed);
            return pushed;
        }
        let failure = match &mut self.live {
            Some(live) if self.caught_up && self.held.is_empty() => {
                match live.push(chunk, now, self.drops).await {
                    Ok(effects) => {
                        self.recollection.observe(&effects);
                        pushed.effects = effects;
                        self.take_note(chunk);
                        return pushed;
                    }
                    Err(failure) => Some(failure),
                }
            }
            _ => None,
        };
        self.push_lines(chunk, now, failure, &mut pushed).await;
        pushed
    }

    /// Says that the listener's output has ended, and the next chunk is another's.
    pub async fn finish(&mut self, now: u64) -> Pushed {
        match (self.unfinished.is_empty(), self.held.is_empty()) {
            (true, true) => Pushed::default(),
            (true, false) => self.push(b"", now).await,
            // A line without an end is a line all the same.
            (false, _) => self.push(b"\n", now).await,
        }
    }

    /// Hands one whole line to a guest of its own, beside the listener's output.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn judge_apart(&mut self, line: &[u8], now: u64) -> Result<Vec<Effect>, Error> {
        let mut live = self.start_informed().await?;
        let mut effects = live.push(line, now, self.drops).await?;
        if !line.ends_with(b"\n") {
            effects.extend(live.push(b"\n", now, self.drops).await?);
        }
        self.recollection.observe(&effects);
        Ok(effects)
    }

    /// Hands over all that no guest has judged, and `chunk` after it, line by line. `failure` is how the guest
    /// failed that was given the chunk as a whole.
    async fn push_lines(&mut self, chunk: &[u8], now: u64, failure: Option<Error>, pushed: &mut Pushed) {
        if failure.is_some() {
            self.lose_guest();
        }
        let mut bytes = Vec::new();
        if !self.held.is_empty() || chunk.contains(&b'\n') {
            bytes.append(&mut self.held);
            bytes.append(&mut self.unfinished);
        }
        bytes.extend_from_slice(chunk);
        let is_one_line =
            bytes.iter().position(|byte| *byte == b'\n').map(|end| end + 1) == Some(bytes.len());
        // Of several lines nobody knows which one it was, and half a line is tried when it is whole.
        let (mut earlier, mut unexplained) = if is_one_line { (failure, None) } else { (None, failure) };

        let mut rest = bytes.as_slice();
        while self.confined_until().is_none()
            && let Some((line, after)) = first_line(rest)
        {
            match self.try_line(line, now, earlier.take()).await {
                Tried::Taken(effects, failed) => {
                    rest = after;
                    self.quarantine.succeed();
                    self.recollection.observe(&effects);
                    pushed.effects.extend(effects);
                    if let Some(error) = failed {
                        self.note(Incident::Recovered(error), pushed);
                    }
                }
                Tried::GivenUp(error) => {
                    rest = after;
                    unexplained = None;
                    self.note(Incident::GivenUp { line: line.to_vec(), error, tries: TRIES }, pushed);
                }
                Tried::NoGuest(error) => {
                    unexplained = None;
                    self.confine(Some(error), pushed);
                }
            }
        }
        if let Some(error) = unexplained {
            self.note(Incident::Recovered(error), pushed);
        }
        self.hold(rest, pushed);
    }

    /// Has a line tried until a guest takes it or there were [`TRIES`]. `earlier` is how the first one failed, if
    /// that was already.
    async fn try_line(&mut self, line: &[u8], now: u64, earlier: Option<Error>) -> Tried {
        let drops = self.drops;
        let mut tries = usize::from(earlier.is_some());
        let mut failed = earlier;
        loop {
            let live = match self.live().await {
                Ok(live) => live,
                Err(error) => return Tried::NoGuest(error),
            };
            match live.push(line, now, drops).await {
                Ok(effects) => return Tried::Taken(effects, failed),
                Err(error) => {
                    self.lose_guest();
                    tries += 1;
                    if tries >= TRIES {
                        return Tried::GivenUp(error);
                    }
                    failed = Some(error);
                }
            }
        }
    }

    /// The guest, or a fresh one that is told all that the old one was told.
    async fn live(&mut self) -> Result<&mut Live, Error> {
        let live = match self.live.take() {
            Some(live) => live,
            None => self.start_again().await?,
        };
        Ok(self.live.insert(live))
    }

    async fn start_again(&mut self) -> Result<Live, Error> {
        let remembered = self.recollection.all();
        let mut live = self.start_informed().await?;
        if remembered.is_empty() || live.recall(&remembered).await.is_ok() {
            return Ok(live);
        }
        // What is remembered of groups is not worth a guest.
        self.recollection = Recollection::new(self.account.mentions.history_limit);
        self.start_informed().await
    }

    /// A guest that was told all but what is remembered of groups.
    async fn start_informed(&mut self) -> Result<Live, Error> {
        let mut live = Live::start(&self.component, &self.account, &self.zone).await?;
        if let Some(outcomes) = &self.outcomes {
            live.learn(outcomes).await?;
        }
        live.set_paired(&self.paired).await?;
        Ok(live)
    }

    fn lose_guest(&mut self) {
        self.live = None;
        self.caught_up = self.unfinished.is_empty();
    }

    /// Records what went wrong, and what it means for the component.
    fn note(&mut self, incident: Incident, pushed: &mut Pushed) {
        pushed.incidents.push(incident);
        if let Some(pause) = self.quarantine.fail(Instant::now()) {
            let component = Arc::clone(self.component.name());
            pushed.incidents.push(Incident::Confined { component, pause, unable: None });
        }
    }

    fn confine(&mut self, unable: Option<Error>, pushed: &mut Pushed) {
        let pause = self.quarantine.confine(Instant::now());
        let component = Arc::clone(self.component.name());
        pushed.incidents.push(Incident::Confined { component, pause, unable });
    }

    /// Keeps what no guest was given, as far as there is room.
    fn hold(&mut self, chunk: &[u8], pushed: &mut Pushed) {
        let mut lines = Vec::new();
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            self.append(piece);
            if piece.ends_with(b"\n") {
                let mut line = mem::take(&mut self.unfinished);
                if self.held.len() + line.len() <= HELD_LIMIT {
                    self.held.append(&mut line);
                } else {
                    lines.push(line);
                }
            }
        }
        self.caught_up = self.unfinished.is_empty();
        if !lines.is_empty() {
            let component = Arc::clone(self.component.name());
            pushed.incidents.push(Incident::Overflow { component, lines });
        }
    }

    /// Remembers what a fresh guest would have to be given again of a chunk that the live one took.
    fn take_note(&mut self, chunk: &[u8]) {
        let rest = match chunk.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => {
                self.quarantine.succeed();
                self.unfinished.clear();
                chunk.get(end + 1..).unwrap_or_default()
            }
            None => chunk,
        };
        self.append(rest);
    }

    /// Adds to the line that has no end yet, as much as a line may have, and its end.
    fn append(&mut self, piece: &[u8]) {
        let (text, end) = match piece.strip_suffix(b"\n") {
            Some(text) => (text, b"\n".as_slice()),
            None => (piece, b"".as_slice()),
        };
        let room = LINE_LIMIT.saturating_sub(self.unfinished.len());
        self.unfinished.extend(text.iter().take(room));
        self.unfinished.extend_from_slice(end);
    }
}

/// The first line with its end, and what follows it.
fn first_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    bytes.split_at_checked(end + 1)
}
