//! What components for other gateways say to `zalouser bridge`, and hear from it.
//!
//! How a request gets there is the gateway's affair, so that is a [`Transport`], and everything else is the same for
//! all of them: the JSON, which `zalouser bridge` describes at `/openapi.json`, the words for what goes wrong, and when
//! a message may be sent again.

mod answer;
mod client;
mod failure;
mod key;
mod order;

pub use answer::{Configuration, Event, Events, Happened, ListenerState, Offer, Paired};
pub use client::Bridge;
pub use failure::{Broken, Failure, Kind, Unreached};
pub use key::Key;
pub use order::sends;

/// How a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Asks for something.
    Get,
    /// Has something done.
    Post,
}

/// An answer of whatever is at the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// A way to a bridge.
pub trait Transport {
    /// The bridge's address, such as `http://127.0.0.1:8787`, without a slash at its end.
    fn address(&self) -> &str;

    /// Sends a request, whose body is JSON, with the token of the bridge.
    ///
    /// # Errors
    /// When there is no answer.
    fn exchange(&self, method: Method, path: &str, body: Option<&[u8]>) -> Result<Answer, Unreached>;
}
