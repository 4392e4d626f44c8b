//! The asynchronous runtime on which guests are called beside everything else.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// A runtime on which guests that use up their time hold up others by no more than a few ticks.
///
/// A guest is polled for a whole [`TICK`](super::TICK) at a time, ten thousand times as long as other tasks are. Left
/// alone, a thread looks for input, for timers and for tasks that yielded after every 61 polls only, unless it
/// has nothing to do: with a hostile guest on every thread, that would be more than half a second.
///
/// # Errors
/// When the operating system has no threads for it.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().event_interval(1).global_queue_interval(1).build()
}
