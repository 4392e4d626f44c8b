//! One gateway under load: a thousand accounts at once, and one that is flooded beside one that is not.
//!
//! `cargo bench -p zalouser --bench load` prints the table. The gateway is the one of `zalouser gateway run`; in place of
//! the listeners and the calls of `zca` there are pipes, so that what is measured is the gateway. Nothing here fails for
//! being slow.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a bench has nobody to tell, as a test")]

#[path = "load/flood.rs"]
mod flood;
#[path = "load/many.rs"]
mod many;
#[path = "load/pipes.rs"]
mod pipes;
#[expect(dead_code, reason = "the bench of the program needs more of it")]
#[path = "program/processes.rs"]
mod processes;
#[path = "table.rs"]
mod table;

use std::time::Duration;

fn main() {
    let runtime = zalouser::sandbox::runtime().unwrap();
    runtime.block_on(async {
        let mut rows = flood::rows().await;
        rows.extend(many::rows().await);
        table::print(&rows);
    });
}

/// The time that 99 of 100 take at the most.
fn p99(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}
