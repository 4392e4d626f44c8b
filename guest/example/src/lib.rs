//! Outside office hours a direct message is answered by the component itself, once a night for each person.
//! Everything else is as in the shipped component.

use std::cell::RefCell;
use std::collections::BTreeSet;

use zalouser_channel::config::Account;
use zalouser_channel::inbound::{
    DropReason, DropReport, Dropped, Effect, Guest, GuestMonitor, InboundMessage, ZoneOffset,
};
use zalouser_channel::types::{ChatKind, Command, TextMessage};
use zalouser_channel::{Monitor, delegate, delegate_monitor};

/// When the office opens and closes, in seconds of the local day.
const OPEN: std::ops::Range<i64> = 8 * 3_600..18 * 3_600;
const DAY: i64 = 24 * 3_600;
const ANSWER: &str =
    "Thank you for writing. The office is open from 8 to 18 and will be glad to help you then.";

pub struct OfficeHours;

delegate!(OfficeHours: config, outbound, directory, tool);

// A native build has no component to export from.
#[cfg(target_family = "wasm")]
zalouser_channel::export!(OfficeHours);

impl Guest for OfficeHours {
    type Monitor = Porter;
}

/// Lets the rules of the shipped component judge, and looks at the clock at what they let through.
pub struct Porter {
    rules: Monitor,
    zone: Vec<ZoneOffset>,
    /// The last night in which somebody wrote, and who did.
    night: RefCell<(i64, BTreeSet<String>)>,
}

impl GuestMonitor for Porter {
    delegate_monitor!(rules: prepare, learn, recall, set_paired);

    fn new(account: Account, zone: Vec<ZoneOffset>) -> Self {
        Self { rules: Monitor::new(account, zone.clone()), zone, night: RefCell::default() }
    }

    fn push(&self, chunk: Vec<u8>, now: u64, drops: DropReport) -> Vec<Effect> {
        self.look(self.rules.push(chunk, now, drops), now)
    }
}

impl Porter {
    fn look(&self, effects: Vec<Effect>, now: u64) -> Vec<Effect> {
        let look = |effect| match effect {
            Effect::Deliver(message) if message.thread.kind == ChatKind::Direct => self.receive(message, now),
            other => vec![other],
        };
        effects.into_iter().flat_map(look).collect()
    }

    fn receive(&self, message: InboundMessage, now: u64) -> Vec<Effect> {
        let Some(number) = night(local(message.timestamp.unwrap_or(now), &self.zone)) else {
            return vec![Effect::Deliver(message)];
        };
        let mut night = self.night.borrow_mut();
        if night.0 != number {
            *night = (number, BTreeSet::new());
        }
        let declined = Effect::Drop(Dropped {
            reason: DropReason::Declined,
            detail: Some("outside office hours".to_owned()),
            thread: Some(message.thread.clone()),
            sender_id: Some(message.sender_id.clone()),
            message_id: Some(message.message_id),
            remembered: None,
        });
        let answer = || Command::SendText(TextMessage { thread: message.thread, text: ANSWER.to_owned() });
        let is_first = night.1.insert(message.sender_id);
        [declined].into_iter().chain(is_first.then(answer).map(Effect::Act)).collect()
    }
}

/// Seconds of local time since the epoch, at `now` in milliseconds.
fn local(now: u64, zone: &[ZoneOffset]) -> i64 {
    let now = i64::try_from(now / 1_000).unwrap_or(i64::MAX / 2);
    let offset = zone.iter().rev().find(|offset| offset.since <= now);
    now + offset.map_or(0, |offset| i64::from(offset.offset))
}

/// The number of the night at a local time, if the office is closed then; a night goes on past midnight.
fn night(local: i64) -> Option<i64> {
    (!OPEN.contains(&local.rem_euclid(DAY))).then(|| (local - OPEN.end).div_euclid(DAY))
}
