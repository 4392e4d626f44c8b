//! A gateway's own record of messages.

use std::fmt;
use std::pin::Pin;

use crate::gateway::context::Context;

/// Something that a journal is asked. The error is what went wrong, for a log.
pub type Noted<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// Whether a message is to be handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is noted, and not settled.
    Open,
    /// It was settled before: it is not handed over again.
    Settled,
}

/// How a message came to rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Whoever took it says that it is answered.
    Answered,
    /// Whoever took it says that it will not be; the text says why.
    Failed(String),
}

/// A record that the gateway keeps itself, in place of the channel's database.
///
/// A message is admitted before the stream gives it and settled after its acknowledgement. What is open when the
/// process ends is the gateway's to take up again: it has the message, and [`Account::send`](super::Account::send).
/// A message is the same if its account, thread ([`Context::originating_to`]) and [`Context::message_sid`] are.
pub trait Journal: fmt::Debug + Send + Sync {
    /// Notes a message, unless it is known, and tells whether it was settled. While this fails the message is tried
    /// again, as often as the settings of the channel's own journal say.
    fn admit<'a>(&'a self, message: &'a Context) -> Noted<'a, Admission>;

    /// Notes how an open message came to rest.
    fn settle<'a>(&'a self, message: &'a Context, end: &'a Settled) -> Noted<'a, ()>;
}
