//! Child processes: run within limits, and nothing of them left behind.
//!
//! A child leads a process group of its own, and the group is killed when the child is done with, however
//! that comes about: at its end, when it was stopped, and when nobody waits for it any more. A program that
//! means to leave something running has to move it out of the group. Should this process be killed, the
//! watchdog sees to that, where there is one.

#[cfg(test)]
mod gone;
mod group;
mod output;
mod run;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod watchdog;

#[cfg(test)]
pub(crate) use self::gone::gone;
pub(crate) use self::group::ProcessGroup;
pub(crate) use self::output::{Keep, READ_SIZE};
pub(crate) use self::run::{Ended, Finished, Limits, run};
