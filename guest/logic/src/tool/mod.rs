//! The agent's tool: what a model may ask of the account, which commands that takes, and what the
//! model is answered.
//!
//! A call and its answer are JSON, as a model writes and reads them.

mod action;
mod answer;
mod arguments;
mod conclude;
mod describe;
mod error;
mod plan;
mod policy;
mod request;
mod target;
#[cfg(test)]
mod tests;

pub use conclude::{Answer, conclude};
pub use describe::{ActionDescriptor, Descriptor, Hints, describe};
pub use error::{ErrorCode, ToolError};
pub use plan::plan;
pub use policy::policy;

use crate::account::Account;
use crate::command::Thread;
use crate::directory::Entry;

/// On whose behalf a call is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallContext {
    /// The account that it is made for.
    pub account: Account,
    /// The conversation that it comes from.
    pub current_thread: Option<Thread>,
    /// The groups that the account is in; none when nobody asked yet.
    pub groups: Option<Vec<Entry>>,
}
