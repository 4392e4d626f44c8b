//! A thousand accounts, all of which are written to.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};
use zalouser::gateway::status::AccountStatus;
use zalouser::gateway::{Event, What};
use zalouser::sandbox::bindings::inbound::Effect;
use zalouser::simulator::Line;

use super::p99;
use super::pipes::{Rig, say};
use super::table::{Row, millis};

const ACCOUNTS: usize = 1_000;

/// How many lines come every millisecond, and how many in all.
const AT_A_TIME: usize = 5;
const LINES: usize = 50_000;

/// Every which line is of somebody who is answered; the others are strangers'.
const ANSWERED: usize = 20;

pub(super) async fn rows() -> Vec<Row> {
    let mut rig = Rig::start(ACCOUNTS, json!({ "dmPolicy": "allowlist", "allowFrom": ["111"] })).await;
    let mut watch = rig.events.watch();
    let watching = tokio::spawn(async move {
        let (mut decided, mut missed) = (HashMap::new(), 0);
        while decided.len() as u64 + missed < LINES as u64 {
            match watch.recv().await {
                Ok(event) => {
                    if let Some(number) = number(&event) {
                        decided.insert(number, Instant::now());
                    }
                }
                Err(RecvError::Lagged(count)) => missed += count,
                Err(RecvError::Closed) => break,
            }
        }
        (decided, missed)
    });
    let began = Instant::now();
    let written = write(&mut rig).await;
    let took = began.elapsed();
    let (decided, missed) = watching.await.unwrap();
    let mut times: Vec<_> = decided.iter().map(|(number, at)| *at - written[*number]).collect();
    for _ in 0..LINES / ANSWERED {
        rig.next_sent().await;
    }
    let status = rig.events.status();
    let each = LINES / ACCOUNTS;
    let lines_of = |status: &AccountStatus| {
        let counts = ["drop", "deliver"].iter().filter_map(|outcome| status.counts.get(*outcome));
        counts.flat_map(|reasons| reasons.values()).sum::<u64>()
    };
    let served = status.0.values().filter(|status| lines_of(status) == each as u64).count();
    let time = p99(&mut times);
    rig.stop().await;
    let rate = LINES as f64 / took.as_secs_f64();
    vec![
        Row::new(
            "1,000 accounts: p99 from a line to what was decided",
            millis(time),
            "20 ms",
            time <= Duration::from_millis(20),
        )
        .beside(format!(
            "of {} lines, {missed} of which nobody watched; {rate:.0} a second in all",
            times.len()
        )),
        Row::reaching("accounts that were served", served.to_string(), "1,000", served == ACCOUNTS)
            .beside(format!("{each} lines each, one of {ANSWERED} of which was answered")),
    ]
}

/// Writes the lines, and gives when each was written.
async fn write(rig: &mut Rig) -> Vec<Instant> {
    let mut written = Vec::with_capacity(LINES);
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0..LINES {
        if number % AT_A_TIME == 0 {
            ticks.tick().await;
        }
        let sender = if number % ANSWERED == 0 { "111" } else { "222" };
        let line = Line::direct(sender, "Bob", format!("line {number}"));
        let line = line.ids(number.to_string(), format!("c{number}"));
        written.push(Instant::now());
        // Another one every time, so that each gets lines of both kinds.
        let account = (number + number / ACCOUNTS) % ACCOUNTS;
        say(&mut rig.listeners[account], &line).await;
    }
    written
}

/// Which line was decided about.
fn number(event: &Event) -> Option<usize> {
    let What::Decided(effect) = &event.what else { return None };
    let id = match &**effect {
        Effect::Drop(dropped) => dropped.message_id.as_ref()?,
        Effect::Deliver(message) => &message.message_id,
        _ => return None,
    };
    id.parse().ok()
}
