//! Whole streams through a monitor.

mod context;
mod gates;
mod names;
mod stream;

use serde_json::{Value, json};

use super::Monitor;
use crate::account::{
    AccessRules, Account, CommandRules, DmPolicy, EnvelopeFormat, GroupRule, MentionRules, ReplyFormat,
};
use crate::effect::{DropReason, DropReport, Effect, InboundMessage};

/// 2025-11-21T18:50:00Z, a Friday, in seconds.
const TIME: u64 = 1_763_751_000;

/// An account that listens to everybody everywhere.
fn account() -> Account {
    Account {
        id: "default".into(),
        name: None,
        enabled: true,
        profile: "default".into(),
        access: AccessRules { dm_policy: DmPolicy::Open, ..AccessRules::default() },
        commands: CommandRules::default(),
        mentions: MentionRules::default(),
        envelope: EnvelopeFormat::default(),
        message_prefix: None,
        routes: Vec::new(),
        replies: ReplyFormat::default(),
    }
}

fn rule(key: &str) -> GroupRule {
    GroupRule { key: key.into(), enabled: true, require_mention: false, tools: None }
}

fn strings<const N: usize>(entries: [&str; N]) -> Vec<String> {
    entries.map(str::to_owned).into()
}

/// A message of Alice, 111, in her direct chat with the account, 999, changed by `changes`.
fn direct(changes: Value) -> Value {
    let message = json!({
        "threadId": "111", "msgId": "7001", "cliMsgId": "1", "content": "hi", "type": 0, "timestamp": TIME,
        "metadata": {"isGroup": false, "fromId": "111", "senderDisplayName": "Alice", "toId": "999"},
    });
    changed(message, changes)
}

/// A message of Bob, 222, in the group 5001, changed by `changes`.
fn group(changes: Value) -> Value {
    let message = json!({
        "threadId": "5001", "msgId": "7002", "cliMsgId": "2", "content": "hi", "type": 1, "timestamp": TIME,
        "metadata": {"isGroup": true, "fromId": "222", "senderName": "Bob", "toId": "5001"},
    });
    changed(message, changes)
}

/// `value` with the members of `changes`, also within objects; null removes one.
fn changed(mut value: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { return changes };
    let members = value.as_object_mut().unwrap();
    for (key, change) in changes {
        match members.remove(&key) {
            Some(old @ Value::Object(_)) => drop(members.insert(key, changed(old, change))),
            _ if change.is_null() => {}
            _ => drop(members.insert(key, change)),
        }
    }
    value
}

/// What becomes of `message`.
fn effect(monitor: &mut Monitor, message: &Value) -> Effect {
    let mut effects = monitor.push(format!("{message}\n").as_bytes(), 0, DropReport::Origin);
    assert_eq!(effects.len(), 1, "{message}: {effects:?}");
    effects.remove(0)
}

fn delivered(monitor: &mut Monitor, message: &Value) -> InboundMessage {
    match effect(monitor, message) {
        Effect::Deliver(message) => *message,
        other => panic!("{message}: {other:?}"),
    }
}

/// The reason for which `message` is dropped; none if it is not.
fn refusal(monitor: &mut Monitor, message: &Value) -> Option<DropReason> {
    match effect(monitor, message) {
        Effect::Drop(dropped) => Some(dropped.reason),
        _ => None,
    }
}
