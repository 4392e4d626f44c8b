//! How `zca` is run when it is not a child process of this one.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::AsyncRead;

use crate::sandbox::bindings::types::Outcome;

/// One call that is under way.
pub type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A listener that is being started.
pub type Listening<'a> =
    Pin<Box<dyn Future<Output = io::Result<Box<dyn AsyncRead + Send + Unpin>>> + Send + 'a>>;

/// Runs `zca` in a way of its own: in a container, on another machine, or not at all.
///
/// Arguments are what follows the program's name, already safe: what a stranger wrote stands behind a `--`. A
/// component never chooses them.
pub trait ZcaRunner: fmt::Debug + Send + Sync {
    /// Makes one call and tells what became of it. [`Zca`](super::program::Zca) drops the future when `time` and two
    /// seconds more are over, and takes that for [`ExitStatus::TimedOut`]; what the call still does then is unknown.
    /// Of each output 4 MiB are kept. `delivered` is to be none.
    ///
    /// [`ExitStatus::TimedOut`]: crate::sandbox::bindings::types::ExitStatus::TimedOut
    fn run<'a>(&'a self, args: &'a [String], time: Duration) -> Running<'a>;

    /// Starts a listener and gives what it prints. Its end is the listener's end, after which another one is started
    /// in a while; dropped, it is to stop the listener.
    ///
    /// # Errors
    /// When it does not start. It is tried again later.
    fn listen<'a>(&'a self, args: &'a [String]) -> Listening<'a>;
}
