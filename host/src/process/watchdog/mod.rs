//! A process that outlives this one just long enough to end what it started.
//!
//! Nothing tells a program that its parent was killed. So a second process of this program, the watchdog, is
//! told of every process group before and after it is started and when it is done with, through a pipe that
//! only this process holds. When the pipe ends, this process has, and the watchdog ends the groups that are
//! left, and itself. It has a process group of its own, so that Ctrl-C does not reach it, and leaves alone
//! whoever has got the id of a process that ended.

mod keeper;
mod notice;
mod watch;

pub(crate) use self::keeper::{Ward, enable};
pub(crate) use self::watch::watch;
