//! Strangers flood one account, and somebody writes to the other.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::time::{MissedTickBehavior, interval};
use zalouser::simulator::Line;

use super::p99;
use super::pipes::{Rig, say};
use super::processes::Memory;
use super::table::{Row, bytes, millis};

/// How many lines the flood has, and how many strangers write them by turns.
const LINES: usize = 200_000;
const STRANGERS: usize = 1_000;

/// How often somebody writes to the other account, and how many times while nobody floods.
const PAUSE: Duration = Duration::from_millis(5);
const MESSAGES: usize = 400;

pub(super) async fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (policy, who) in [("allowlist", "strangers"), ("pairing", "strangers who are offered codes")] {
        let (answers, growth) = flood(json!({ "dmPolicy": policy, "allowFrom": ["111"] })).await;
        let added = answers.added();
        rows.push(
            Row::new(
                format!("flood of 200,000 lines of {who}: added p99 of another account's answers"),
                millis(added),
                "5 ms",
                added <= Duration::from_millis(5),
            )
            .beside(answers.told()),
        );
        rows.push(Row::new("memory that it takes more", bytes(growth), "8 MiB", growth <= 8 << 20));
    }
    rows
}

/// How long the other account's answers take at the 99th of 100.
struct Answers {
    calm: Duration,
    flooded: Duration,
    count: usize,
    /// How long the flood took.
    took: Duration,
}

impl Answers {
    fn added(&self) -> Duration {
        self.flooded.saturating_sub(self.calm)
    }

    fn told(&self) -> String {
        let Self { calm, flooded, count, took } = self;
        format!(
            "{} instead of {}, of {count} answers; the flood was read in {:.1} s",
            millis(*flooded),
            millis(*calm),
            took.as_secs_f64()
        )
    }
}

async fn flood(section: serde_json::Value) -> (Answers, u64) {
    let mut rig = Rig::start(2, section).await;
    let (mut flooded, strangers) = (rig.listeners.pop().unwrap(), strangers());
    let mut number = 0;
    let mut calm = Vec::new();
    for _ in 0..MESSAGES {
        calm.push(answer(&mut rig, &mut number).await);
    }
    let before = Memory::of(std::process::id()).resident;
    let began = Instant::now();
    let pouring = tokio::spawn(async move {
        for _ in 0..LINES / STRANGERS {
            flooded.write_all(strangers.as_bytes()).await.unwrap();
        }
        (began.elapsed(), flooded)
    });
    let (mut times, mut most) = (Vec::new(), before);
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !pouring.is_finished() {
        ticks.tick().await;
        times.push(answer(&mut rig, &mut number).await);
        most = most.max(Memory::of(std::process::id()).resident);
    }
    let (took, _open) = pouring.await.unwrap();
    let answers = Answers { calm: p99(&mut calm), flooded: p99(&mut times), count: times.len(), took };
    rig.stop().await;
    (answers, most - before)
}

/// How long it takes from a line to its answer.
async fn answer(rig: &mut Rig, number: &mut usize) -> Duration {
    *number += 1;
    let text = format!("message {number}");
    let line = Line::direct("111", "Alice", &text).ids(format!("m{number}"), format!("c{number}"));
    let began = Instant::now();
    say(&mut rig.listeners[0], &line).await;
    loop {
        let (sent, at) = rig.next_sent().await;
        // A stranger who is offered a code is sent something, too.
        if sent == text {
            return at - began;
        }
    }
}

/// What a thousand strangers write.
fn strangers() -> String {
    let lines = (0..STRANGERS).map(|number| {
        let line = Line::direct(format!("{}", 1_000 + number), "Bob", "let me in, please");
        line.ids(format!("f{number}"), format!("d{number}")).to_json() + "\n"
    });
    lines.collect()
}
