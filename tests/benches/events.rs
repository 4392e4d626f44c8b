//! What events and answers cost in the sandbox, beside the same logic compiled natively, and how that grows.
//!
//! `cargo bench -p zalouser --bench events` prints the table and leaves a chart of every curve. Nothing here fails for
//! being slow. Times are of processors, the least of several rounds, as other work of the machine only adds to them.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a bench has nobody to tell, as a test")]

#[path = "events/admission.rs"]
mod admission;
#[path = "events/chart.rs"]
mod chart;
#[path = "events/growth.rs"]
mod growth;
#[path = "events/pair.rs"]
mod pair;
#[expect(dead_code, reason = "the bench of the program needs more of it")]
#[path = "table.rs"]
mod table;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use zalouser::sandbox::bindings::inbound::DropReport;
use zalouser::sandbox::bindings::outbound::Reply;
use zalouser::sandbox::bindings::types::{ChatKind, Thread};
use zalouser::simulator::Line;
use zalouser_logic::account::ChunkMode;
use zalouser_logic::outbound::chunk;

use self::pair::Pair;
use self::table::{Row, print};

/// How often something is measured.
const ROUNDS: usize = 300;

/// The longest chunk that a listener hands over, in bytes.
const CHUNK: usize = 64 << 10;

fn main() {
    let runtime = zalouser::sandbox::runtime().unwrap();
    runtime.block_on(async {
        let mut rows = dropped().await;
        rows.extend(admission::rows().await);
        rows.extend(chunking().await);
        rows.extend(growth::rows().await);
        print(&rows);
    });
}

/// What a processor worked meanwhile for this thread.
async fn worked(clock: ClockId, work: impl Future<Output = ()>) -> Duration {
    let now = || {
        let time = clock_gettime(clock);
        let seconds = u64::try_from(time.tv_sec).unwrap();
        Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap())
    };
    let began = now();
    work.await;
    now() - began
}

/// The time that one of `count` took.
fn micros(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e6 / count as f64
}

/// As many lines as a chunk has room for.
fn fill(mut line: impl FnMut(usize) -> Line) -> (Vec<u8>, usize) {
    let (mut chunk, mut count) = (Vec::new(), 0);
    loop {
        let next = line(count).to_json() + "\n";
        if chunk.len() + next.len() > CHUNK {
            return (chunk, count);
        }
        chunk.extend_from_slice(next.as_bytes());
        count += 1;
    }
}

async fn dropped() -> Vec<Row> {
    let mut pair = Pair::new(&json!({ "dmPolicy": "allowlist", "allowFrom": ["111"] })).await;
    let (chunk, count) = fill(|number| Line::direct("222", "Bob", format!("let me in, please: {number}")));
    let (native, sandboxed) = pair.push(&chunk).await;
    let (native, sandboxed) = (micros(native, count), micros(sandboxed, count));
    let ratio = sandboxed / native;
    let (native_told, told) = pair.push_telling(&chunk, DropReport::Origin).await;
    let (native_told, told) = (micros(native_told, count), micros(told, count));
    vec![
        Row::new("dropped event in the component", format!("{sandboxed:.2} µs"), "3 µs", sandboxed <= 3.0)
            .beside(format!("{native:.2} µs natively; {told:.2} and {native_told:.2} when somebody watches")),
        Row::new("the same, times the native logic", format!("{ratio:.2}"), "2.0", ratio <= 2.0)
            .beside(format!("{:.2} when somebody watches", told / native_told)),
    ]
}

/// A long answer of every kind of markdown, of this many bytes.
fn markdown(bytes: usize) -> String {
    let paragraph = "Some *words* with a [link](https://example.com/a?b=c), `code`, and chữ Việt 🇻🇳.\n\n\
                     - one point\n- another point, which is a little longer\n\n```rust\nlet a = 1;\n```\n\n";
    paragraph.repeat(bytes / paragraph.len() + 1)
}

async fn chunking() -> Vec<Row> {
    let mut pair = Pair::new(&json!({ "dmPolicy": "open" })).await;
    let format = pair.account.replies.clone();
    let limit = format.text_chunk_limit;
    let mut rows = Vec::new();
    let mut first = None;
    for (size, name) in [(1 << 16, "64 KiB"), (1 << 20, "1 MiB")] {
        let text = markdown(size);
        let megabytes = |time: Duration| text.len() as f64 / 1e6 / time.as_secs_f64();
        let mut native = Duration::MAX;
        for _ in 0..ROUNDS {
            let cut = worked(ClockId::ThreadCPUTime, async {
                std::hint::black_box(chunk(&text, limit, ChunkMode::Length));
            });
            native = native.min(cut.await);
        }
        let reply = Reply {
            thread: Thread { id: "111".to_owned(), kind: ChatKind::Direct },
            text: text.clone(),
            media: Vec::new(),
            model: None,
        };
        let mut sandboxed = Duration::MAX;
        for _ in 0..ROUNDS {
            let mut commands = 0;
            let planned = worked(ClockId::ThreadCPUTime, async {
                commands = pair.guest.plan(&format, &reply).await.unwrap().len();
            });
            sandboxed = sandboxed.min(planned.await);
            assert!(commands > text.len() / 8_000, "{commands} commands");
        }
        let (native, sandboxed) = (megabytes(native), megabytes(sandboxed));
        let beside = match first {
            None => String::new(),
            Some((native, sandboxed)) => {
                format!("{native:.0} and {sandboxed:.0} MB/s for 64 KiB: linear when alike")
            }
        };
        first = Some((native, sandboxed));
        rows.push(
            Row::reaching(
                format!("chunking {name} of markdown, natively"),
                format!("{native:.0} MB/s"),
                "100 MB/s",
                native >= 100.0,
            )
            .beside(beside.clone()),
        );
        rows.push(
            Row::reaching(
                format!("chunking {name} in the component, with tables and commands"),
                format!("{sandboxed:.0} MB/s"),
                "40 MB/s",
                sandboxed >= 40.0,
            )
            .beside(beside),
        );
    }
    rows
}
