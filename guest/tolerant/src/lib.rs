//! Reads what `zca` prints of messages and lists, whatever strangers wrote into it.
//!
//! It is most of what the guest does with each byte, and therefore a crate of its own: the one that is built for
//! speed.

use std::borrow::Cow;

pub mod json;
pub mod message;

/// A line as text, with U+FFFD for what is none. In a function of its own, as amid much else the loop of it keeps
/// what it counts with in memory.
#[inline(never)]
pub fn text(line: &[u8]) -> Cow<'_, str> {
    // Several times as fast as to look for what is ill-formed.
    str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Cow::Borrowed)
}
