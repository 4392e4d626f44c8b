//! Fetches what happened to the account, and decides what becomes of it.

use std::collections::VecDeque;

use zalouser_bridge::{Bridge, Broken, Event, Failure, Happened, ListenerState, Offer};
use zalouser_logic::effect::{
    DropReport, Dropped, Effect, InboundMessage, ListenerEvent, LogEntry, LogLevel, PairingRequest,
};
use zalouser_logic::outbound;
use zalouser_zeroclaw::{Http, now};

use crate::bindings::exports::zeroclaw::plugin::channel::InboundMessage as Exported;
use crate::bindings::zeroclaw::plugin::logging::PluginAction;
use crate::log;
use crate::outbox::address;
use crate::state::State;

/// How many events are fetched at once.
const PAGE: u32 = 100;

/// How long it takes at least from one confirmation to the next, in nanoseconds: the bridge answers 50 requests a second,
/// and sends are some of them.
const BETWEEN: u64 = 50_000_000;

/// With less time than this left in a call, in nanoseconds, no stranger is written to: that may take as long.
const TIME_TO_OFFER: u64 = 10_000_000_000;

/// What was fetched and waits to be polled, and how far the bridge may forget.
#[derive(Default)]
pub(crate) struct Inbox {
    waiting: VecDeque<Waiting>,
    /// The last event that was fetched.
    fetched: Option<u64>,
    /// The event of the message that the last poll gave away.
    given: Option<u64>,
    /// The last event that is taken care of and of which the bridge was not told.
    taken: Option<u64>,
    /// When it was told that last while there was more at hand.
    told: Option<u64>,
}

struct Waiting {
    seq: u64,
    what: What,
}

enum What {
    Message(Box<Exported>),
    Stranger(PairingRequest),
}

impl Inbox {
    /// Notes that the message which was given away is in the gateway's hands: only then it polls again.
    pub(crate) fn was_taken(&mut self) {
        self.taken = self.given.take().or(self.taken);
    }

    /// Up to which event the bridge may forget. An event that left two things to do is not over with the first.
    fn confirmable(&self) -> Option<u64> {
        match self.waiting.front() {
            Some(Waiting { seq, .. }) => self.taken.filter(|taken| taken < seq),
            None => self.fetched,
        }
    }
}

/// The next message for the agent, if there is one.
pub(crate) fn next(state: &mut State, bridge: &Bridge<Http>) -> Result<Option<Exported>, Failure> {
    if state.inbox.waiting.is_empty() {
        fetch(state, bridge)?;
    } else {
        confirm(state, bridge);
    }
    while let Some(Waiting { seq, what }) = state.inbox.waiting.pop_front() {
        match what {
            What::Message(message) => {
                state.inbox.given = Some(seq);
                return Ok(Some(*message));
            }
            What::Stranger(request) if bridge.0.left() < TIME_TO_OFFER => {
                state.inbox.waiting.push_front(Waiting { seq, what: What::Stranger(request) });
                return Ok(None);
            }
            What::Stranger(request) => offer(&request, seq, bridge),
        }
    }
    Ok(None)
}

/// Tells the bridge what is taken care of while there is more at hand, so that the answer is of no use.
fn confirm(state: &mut State, bridge: &Bridge<Http>) {
    let Some(taken) = state.inbox.confirmable() else { return };
    if state.inbox.told.is_some_and(|told| now().saturating_sub(told) < BETWEEN) {
        return;
    }
    state.inbox.told = Some(now());
    // What the bridge is not told now it is told with the next; if it is gone, the next fetch says so.
    if bridge.events(&state.account().id, Some(taken), 1).is_ok() {
        state.inbox.taken = None;
    }
}

/// Fetches the next events, which tells the bridge at the same time that those before are taken care of.
fn fetch(state: &mut State, bridge: &Bridge<Http>) -> Result<(), Failure> {
    let account = state.account().id.clone();
    let page = match bridge.events(&account, state.inbox.confirmable(), PAGE) {
        // Its journal is not the one that it was: what is in the new one begins at its beginning.
        Err(Broken::Refused(failure)) if failure.code == "invalid" && state.inbox.fetched.is_some() => {
            log::warn(format!("the bridge has begun its events anew: {}", failure.message));
            state.inbox.fetched = None;
            bridge.events(&account, None, PAGE)?
        }
        page => page?,
    };
    state.inbox.taken = None;
    if page.lost > 0 {
        log::warn(format!("{} events are lost, because they were not fetched in time", page.lost));
    }
    if page.events.is_empty() {
        return Ok(());
    }
    prepare(state, bridge, &page.events)?;
    for event in page.events {
        let mut push = |bytes: &[u8]| state.monitor.push(bytes, event.at, DropReport::Origin);
        let effects = match event.happened {
            Happened::Line(line) => push((line + "\n").as_bytes()),
            Happened::Listener(_) => push(b"\n"),
            Happened::Other => Vec::new(),
        };
        for effect in effects {
            carry_out(&mut state.inbox.waiting, effect, event.seq, event.at);
        }
    }
    state.inbox.fetched = Some(page.next);
    Ok(())
}

/// Learns what events are to be judged by. On an error, none of them is.
fn prepare(state: &mut State, bridge: &Bridge<Http>, events: &[Event]) -> Result<(), Failure> {
    // A bridge reads its configuration when it starts, and its listeners start with it.
    let started = Happened::Listener(ListenerState::Started);
    if events.iter().any(|event| event.happened == started) {
        state.renew(bridge)?;
    }
    let paired = bridge.paired(&state.account().id)?;
    state.monitor.set_paired(paired.senders);
    Ok(())
}

fn carry_out(waiting: &mut VecDeque<Waiting>, effect: Effect, seq: u64, at: u64) {
    let what = match effect {
        Effect::Deliver(message) => What::Message(Box::new(exported(*message, at))),
        Effect::Pair(request) => What::Stranger(request),
        Effect::Log(entry) => return log_entry(entry),
        Effect::Lifecycle(ListenerEvent::Error(why)) => {
            return log::warn(format!("the listener says that something went wrong: {why}"));
        }
        Effect::Lifecycle(_) => return,
        Effect::Drop(Dropped { reason, detail, sender_id, .. }) => {
            let sender = sender_id.as_deref().unwrap_or("nobody");
            let told = || format!("a message of {sender} is dropped: {reason:?}");
            return log::debug(detail.unwrap_or_else(told));
        }
    };
    waiting.push_back(Waiting { seq, what });
}

fn exported(message: InboundMessage, at: u64) -> Exported {
    Exported {
        id: message.message_id,
        sender: message.sender_id,
        reply_target: address(&message.thread),
        content: message.body,
        channel: "zalouser".to_owned(),
        channel_alias: None,
        timestamp: message.timestamp.unwrap_or(at),
        thread_ts: None,
        interruption_scope_id: None,
        attachments: Vec::new(),
        subject: None,
    }
}

/// Offers a stranger a code. When that fails, the stranger's next message leads to it again.
fn offer(request: &PairingRequest, seq: u64, bridge: &Bridge<Http>) {
    if let Err(why) = try_offer(request, seq, bridge) {
        let message = format!("no pairing code was sent to {}: {why}", request.sender_id);
        log::error(PluginAction::Send, message);
    }
}

fn try_offer(request: &PairingRequest, seq: u64, bridge: &Bridge<Http>) -> Result<(), String> {
    let told = |broken: Broken| Failure::from(broken).message;
    let account = &request.account_id;
    let offer = bridge.offer(account, &request.sender_id, &request.sender_name).map_err(told)?;
    let Offer { code: Some(code), approve } = offer else { return Ok(()) };
    let notice = outbound::pairing_notice(request, &code, &approve);
    // By the event, so that the stranger is told once, however often this instance is given up and the event comes again.
    let key = |place| format!("zeroclaw:pairing:{code}:{seq}:{place}");
    let outcomes = bridge.carry_out_all(account, &notice, key).map_err(|failure| failure.message)?;
    if let Some(why) = outcomes.iter().find_map(|outcome| outcome.complaint()) {
        return Err(why);
    }
    bridge.announced(account, &code).map_err(told)
}

/// Writes a line of the logic's into the log.
pub(crate) fn log_entry(LogEntry { level, message }: LogEntry) {
    match level {
        LogLevel::Debug => log::debug(message),
        LogLevel::Info => log::info(message),
        LogLevel::Warn => log::warn(message),
        LogLevel::Error => log::error(PluginAction::Note, message),
    }
}
