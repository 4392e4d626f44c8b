//! What a guest that imports WASI 0.2 gets of it: answers, and nothing behind them.

use std::time::Duration;

use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx};

/// The most random bytes in one call. The host makes them one by one, without a look at the guest's budget.
const RANDOM_BYTES: u64 = 4_096;

/// A clock that stands still, for both kinds.
struct Stopped;

/// No folder, no argument, no environment variable, no socket, no name of another machine. What is written to
/// stdout and stderr goes nowhere, and stdin is empty.
///
/// Clocks stand still at zero: the time is an argument of the calls, so that the same calls lead to the same
/// decisions, and a guest cannot measure what else its machine does. Random numbers are real ones, because a
/// guest's hash tables are only as safe from strangers as their seed.
pub(super) fn deny_all() -> WasiCtx {
    let mut builder = WasiCtx::builder();
    builder.wall_clock(Stopped).monotonic_clock(Stopped).max_random_size(RANDOM_BYTES);
    // Not even a socket without an address: each is a file of the host.
    builder.allow_tcp(false).allow_udp(false).allow_ip_name_lookup(false);
    builder.build()
}

impl HostWallClock for Stopped {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for Stopped {
    fn resolution(&self) -> u64 {
        1_000_000_000
    }

    fn now(&self) -> u64 {
        0
    }
}
