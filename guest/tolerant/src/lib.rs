//! Reads what `zca` prints of messages and lists, whatever strangers wrote into it.
//!
//! It is most of what the guest does with each byte, and therefore a crate of its own: the one that is built for
//! speed.

pub mod json;
pub mod message;
