//! Runs the cases that were recorded from OpenClaw 2026.2.9.

use serde_json::{Value, json};

use super::{Monitor, control};
use crate::account::{
    AccessRules, Account, CommandRules, DmPolicy, EnvelopeFormat, GroupPolicy, GroupRule, MentionRules,
    ReplyFormat,
};
use crate::command::ChatKind;
use crate::effect::{DropReason, Effect, InboundMessage};

const INBOUND: &str = include_str!("../../../../tests/vectors/inbound.json");
const CONTROL_COMMANDS: &str = include_str!("../../../../tests/vectors/control-commands.json");

/// Cases in which this channel means to do something else: the name, the outcome, and why.
const DIFFERENCES: &[(&str, Outcome, &str)] = &[
    (
        r#"group policy=None groups={"*": {"allow": false}}"#,
        Outcome::Drop(DropReason::GroupClosed),
        "a rule that closes a group holds under every policy",
    ),
    (
        r#"group policy=open groups={"777": {"allow": false}}"#,
        Outcome::Drop(DropReason::GroupClosed),
        "a rule that closes a group holds under every policy",
    ),
    (
        r#"group policy=open groups={"777": {"allow": false}, "*": {"allow": true}}"#,
        Outcome::Drop(DropReason::GroupClosed),
        "a rule that closes a group holds under every policy",
    ),
    ("account home dm", Outcome::Deliver, "account ids are matched without regard to case"),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Deliver,
    Pair,
    Drop(DropReason),
}

#[test]
fn inbound_vectors_hold() {
    let cases: Vec<Value> = serde_json::from_str(INBOUND).unwrap();
    let mut differing = Vec::new();
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let mut monitor = Monitor::new(account(&case["config"], case["account"].as_str()), Vec::new());
        monitor.set_paired(strings(&case["store"]));
        let mut line = case["event"].to_string().into_bytes();
        line.push(b'\n');
        let effects = monitor.push(&line, 0);
        let [effect] = &effects[..] else { panic!("{name}: {effects:?}") };
        match DIFFERENCES.iter().find(|difference| difference.0 == name) {
            Some((_, expected, why)) => {
                differing.push(name);
                assert_eq!(outcome(effect), *expected, "{name}: {why}");
            }
            None => check(name, case, effect),
        }
    }
    assert_eq!(differing.len(), DIFFERENCES.len(), "each difference is of a case: {differing:?}");
}

#[test]
fn control_command_vectors_hold() {
    let cases: Vec<Value> = serde_json::from_str(CONTROL_COMMANDS).unwrap();
    let rules = CommandRules::default();
    for case in &cases {
        let text = case["text"].as_str().unwrap().trim();
        assert_eq!(control::is_control(text, &rules), case["control"] == true, "control of {text:?}");
        assert_eq!(
            control::needs_authorization(text, &rules),
            case["computes_authorization"] == true,
            "authorization of {text:?}"
        );
    }
}

fn outcome(effect: &Effect) -> Outcome {
    match effect {
        Effect::Deliver(_) => Outcome::Deliver,
        Effect::Pair(_) => Outcome::Pair,
        Effect::Drop(dropped) => Outcome::Drop(dropped.reason),
        other => panic!("{other:?}"),
    }
}

/// Compares what a case tells with `effect`.
fn check(name: &str, case: &Value, effect: &Effect) {
    let logged = case["log"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
    let logged: Vec<_> = logged.map(|line| line.strip_prefix("[zalouser] ").unwrap()).collect();
    match (effect, case["outcome"].as_str().unwrap()) {
        (Effect::Drop(dropped), "drop") => {
            assert!(logged.is_empty() || logged == [dropped.detail.as_str()], "{name}: {dropped:?}");
        }
        (Effect::Pair(request), "pair") => {
            let pairing = json!({
                "channel": "zalouser", "id": request.sender_id, "meta": {"name": request.sender_name},
            });
            assert_eq!(pairing, case["pairing"], "{name}");
        }
        (Effect::Deliver(message), "deliver") => {
            let (context, expected) = (context(message), case["context"].as_object().unwrap());
            for (field, value) in expected {
                assert_eq!(context[field], *value, "{name}: {field}");
            }
        }
        (effect, outcome) => panic!("{name}: {outcome} expected, not {effect:?}"),
    }
}

/// A message under OpenClaw's names.
fn context(message: &InboundMessage) -> Value {
    json!({
        "Body": message.body,
        "RawBody": message.raw_body,
        "CommandBody": message.command_body,
        "From": message.from,
        "To": message.to,
        "AccountId": message.account_id,
        "ChatType": if message.thread.kind == ChatKind::Group { "group" } else { "direct" },
        "ConversationLabel": message.conversation_label,
        "SenderName": message.sender_name,
        "SenderId": message.sender_id,
        "CommandAuthorized": message.command_authorized,
        "Provider": "zalouser",
        "Surface": "zalouser",
        "MessageSid": message.message_id,
        "OriginatingChannel": "zalouser",
        "OriginatingTo": message.to,
    })
}

/// The account that a case's configuration means, as far as the cases use one.
fn account(config: &Value, id: Option<&str>) -> Account {
    let channel = &config["channels"]["zalouser"];
    let none = serde_json::Map::new();
    let accounts = channel["accounts"].as_object().unwrap_or(&none);
    let id = id.or_else(|| accounts.keys().next().map(String::as_str)).unwrap_or("default");
    let own = accounts.iter().find(|(key, _)| key.eq_ignore_ascii_case(id)).map(|(_, own)| own);
    let setting = |key: &str| own.and_then(|own| own.get(key)).unwrap_or(&channel[key]);
    let default_policy = &config["channels"]["defaults"]["groupPolicy"];
    Account {
        id: id.into(),
        name: None,
        enabled: true,
        profile: "default".into(),
        access: AccessRules {
            dm_policy: match setting("dmPolicy").as_str() {
                None | Some("pairing") => DmPolicy::Pairing,
                Some("allowlist") => DmPolicy::Allowlist,
                Some("open") => DmPolicy::Open,
                Some("disabled") => DmPolicy::Disabled,
                other => panic!("{other:?}"),
            },
            allow_from: strings(setting("allowFrom")),
            group_policy: match setting("groupPolicy").as_str().or(default_policy.as_str()) {
                None | Some("open") => GroupPolicy::Open,
                Some("allowlist") => GroupPolicy::Allowlist,
                Some("disabled") => GroupPolicy::Disabled,
                other => panic!("{other:?}"),
            },
            group_allow_from: Vec::new(),
            groups: setting("groups").as_object().unwrap_or(&none).iter().map(group_rule).collect(),
        },
        commands: CommandRules {
            use_access_groups: config["commands"]["useAccessGroups"] != false,
            ..CommandRules::default()
        },
        mentions: MentionRules::default(),
        envelope: EnvelopeFormat::default(),
        message_prefix: None,
        routes: Vec::new(),
        replies: ReplyFormat::default(),
    }
}

fn group_rule((key, rule): (&String, &Value)) -> GroupRule {
    let enabled = rule["allow"] != false && rule["enabled"] != false;
    GroupRule { key: key.clone(), enabled, require_mention: false, tools: None }
}

/// A list of strings, of which some may be written as numbers.
fn strings(list: &Value) -> Vec<String> {
    let text = |entry: &Value| entry.as_str().map_or_else(|| entry.to_string(), str::to_owned);
    list.as_array().map_or_else(Vec::new, |list| list.iter().map(text).collect())
}
