//! `zalouser gateway run` against a simulated `zca`: from what people write to what they are sent.

mod agents;
mod killed;
mod listener;
mod order;
mod pacing;
mod pairing;
mod policy;
mod replies;
mod start;
mod stop;

use serde_json::{Value, json};
use zalouser::simulator::Line;

/// A channel that lets everybody in.
fn open() -> Value {
    json!({ "dmPolicy": "open" })
}

/// An agent that says everything back.
fn echo() -> Value {
    json!({ "kind": "echo" })
}

/// A direct message of somebody whom the account has as a friend.
fn alice(text: &str) -> Line {
    Line::direct("111", "Alice", text)
}

/// A direct message of somebody else.
fn bob(text: &str) -> Line {
    Line::direct("222", "Bob", text)
}

/// What arrives when these texts are sent to one thread.
fn to(thread: &str, texts: &[&str]) -> Vec<(String, String)> {
    texts.iter().map(|text| (thread.to_owned(), (*text).to_owned())).collect()
}
