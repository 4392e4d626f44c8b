//! `zalouser gateway run` against a simulated `zca`: from what people write to what they are sent.

mod agents;
mod endpoint;
mod killed;
mod listener;
mod order;
mod pacing;
mod pairing;
mod policy;
mod reload;
mod replies;
mod service;
mod start;
mod stop;

use serde_json::{Value, json};
use zalouser::simulator::Line;

use crate::setting::Setting;

/// A channel that lets everybody in.
fn open() -> Value {
    json!({ "dmPolicy": "open" })
}

/// An agent that says everything back.
fn echo() -> Value {
    json!({ "kind": "echo" })
}

/// A direct message of somebody whom the account has as a friend.
pub(crate) fn alice(text: &str) -> Line {
    Line::direct("111", "Alice", text)
}

/// A direct message of somebody else.
fn bob(text: &str) -> Line {
    Line::direct("222", "Bob", text)
}

/// The process of the first listener, once it runs.
pub(crate) fn listener(setting: &Setting) -> Option<i32> {
    let calls = setting.simulator.calls().unwrap();
    let call = calls.iter().find(|call| call.argv.contains(&"--supervised".to_owned()))?;
    Some(call.pid.try_into().unwrap())
}

/// What arrives when these texts are sent to one thread.
fn to(thread: &str, texts: &[&str]) -> Vec<(String, String)> {
    texts.iter().map(|text| (thread.to_owned(), (*text).to_owned())).collect()
}
