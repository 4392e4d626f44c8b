//! The `zca` command line: commands to argv, child processes, and the listener.
//!
//! `zca` is either the closed zca-cli or openzca, whose `zca` has the same commands. Their outputs differ, so
//! exit codes decide and what is printed is read in either form.

pub mod argv;
pub mod backoff;
#[cfg(test)]
mod fake;
pub mod identity;
pub mod listener;
pub mod login;
mod plain;
pub mod probe;
pub mod process;
pub mod profile;
pub mod profile_lock;
pub mod program;
pub mod receipt;
pub mod runner;
pub mod send;
pub mod session;
mod stderr_lines;
