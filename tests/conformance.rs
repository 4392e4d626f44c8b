//! Cases that were recorded from OpenClaw 2026.2.9, run through the shipped component.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use zalouser::decision::Decision;
use zalouser::gateway::context::Context;
use zalouser::sandbox::bindings::config::{Account, Configuration, Environment};
use zalouser::sandbox::bindings::inbound::{DropReport, Effect};
use zalouser::sandbox::{Component, Guest, Limits, Monitor, Sandbox};

use crate::differences::Comparison;
use crate::setting::compiled;

/// Any time: no decision depends on it.
const NOW: u64 = 1_763_751_000_000;

/// The sandbox of all tests of this process.
pub(crate) static SANDBOX: LazyLock<Sandbox> =
    LazyLock::new(|| Sandbox::new(Limits::default(), Some(&compiled())).unwrap());

/// The component that is part of the program.
pub(crate) static SHIPPED: LazyLock<Component> = LazyLock::new(|| SANDBOX.load_shipped().unwrap());

#[tokio::test]
async fn inbound_vectors_hold() {
    let mut comparison = Comparison::with("inbound.json");
    for case in InboundCase::all() {
        let effect = case.effect(&SHIPPED).await;
        case.compare(effect.as_ref(), &mut comparison);
    }
    comparison.end();
}

#[tokio::test]
async fn control_command_vectors_hold() {
    let mut comparison = Comparison::with("control-commands.json");
    let mut guest = SHIPPED.instantiate().await.unwrap();
    let rules = json!({ "dmPolicy": "open", "groupPolicy": "open", "allowFrom": ["111"] });
    let config = load(&mut guest, &json!({ "channels": { "zalouser": rules } }), None).await;
    let mut monitor = Monitor::start(SHIPPED.clone(), config.accounts[0].clone(), vec![]).await.unwrap();
    for case in vectors(include_str!("vectors/control-commands.json")) {
        let text = case["text"].as_str().unwrap();
        // Nobody but 111 may give commands, and in a group a command that may not be given is dropped.
        let stranger = json!({ "isGroup": true, "fromId": "222" });
        let effect = only(monitor.push(&line(&message(text, "777", stranger)), NOW).await.effects);
        let reason = Decision::of(&effect).unwrap().reason;
        assert!(["command-not-authorized", "group-open"].contains(&reason), "{text:?}: {reason}");
        comparison.field(text, "control", &case["control"], &json!(reason == "command-not-authorized"));

        let authorized = json!({ "isGroup": false, "fromId": "111" });
        let effect = only(monitor.push(&line(&message(text, "111", authorized)), NOW).await.effects);
        let Effect::Deliver(delivered) = effect else { panic!("{text:?}: {effect:?}") };
        let (field, here) = ("computes_authorization", json!(delivered.command_authorized));
        comparison.field(text, field, &case[field], &here);
    }
    comparison.end();
}

#[tokio::test]
async fn account_vectors_hold() {
    let mut comparison = Comparison::with("accounts.json");
    let mut guest = SHIPPED.instantiate().await.unwrap();
    for (index, case) in vectors(include_str!("vectors/accounts.json")).iter().enumerate() {
        let name = index.to_string();
        let here = load(&mut guest, &case["config"], case["env"].as_str()).await;
        let ids: Vec<_> = here.accounts.iter().map(|account| account.id.as_str()).collect();
        comparison.field(&name, "ids", &case["ids"], &json!(ids));
        comparison.field(&name, "default", &case["default"], &json!(here.default_account));
        for (account, reference) in here.accounts.iter().zip(case["resolved"].as_array().unwrap()) {
            let values = [
                ("id", json!(account.id)),
                ("enabled", json!(account.enabled)),
                ("name", json!(account.name)),
                ("profile", json!(account.profile)),
            ];
            for (key, here) in values {
                comparison.field(&name, &format!("{key} of {}", account.id), &reference[key], &here);
            }
        }
    }
    comparison.end();
}

/// A message, and all that is known when it comes.
pub(crate) struct InboundCase(Value);

impl InboundCase {
    /// All that were recorded.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        vectors(include_str!("vectors/inbound.json")).into_iter().map(Self)
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        self.0["name"].as_str().unwrap()
    }

    /// What a guest of `component` makes of it; none when there is no such account.
    pub(crate) async fn effect(&self, component: &Component) -> Option<Effect> {
        let mut guest = component.instantiate().await.unwrap();
        let config = load(&mut guest, &self.0["config"], None).await;
        let account = account(&config, self.0["account"].as_str())?;
        let monitor = guest.monitor(account, &[]).await.unwrap();
        let paired: Vec<_> = self.0["store"].as_array().unwrap().iter().map(text).collect();
        guest.set_paired(monitor, &paired).await.unwrap();
        let effects = guest.push(monitor, &line(&self.0["event"]), NOW, DropReport::Origin).await.unwrap();
        Some(only(effects))
    }

    fn compare(&self, here: Option<&Effect>, comparison: &mut Comparison) {
        let (name, reference) = (self.name(), &self.0);
        let decision = here.and_then(Decision::of);
        let outcome = match &decision {
            None => json!("no such account"),
            Some(decision) if reference["outcome"] == decision.outcome => json!(decision.outcome),
            Some(decision) => json!(format!("{} ({})", decision.outcome, decision.reason)),
        };
        if !comparison.field(name, "outcome", &reference["outcome"], &outcome) {
            return;
        }
        match here {
            Some(Effect::Drop(_)) => {
                let logged: Vec<_> = reference["log"].as_array().unwrap().iter().map(text).collect();
                // The reference does not log every drop; this channel has a reason for each.
                let detail = decision.and_then(|decision| decision.detail).map(|detail| detail.to_string());
                if let [logged] = logged.as_slice() {
                    let logged = logged.strip_prefix("[zalouser] ").unwrap();
                    comparison.field(name, "detail", &json!(logged), &json!(detail));
                }
            }
            Some(Effect::Pair(request)) => {
                let (id, who) = (&request.sender_id, &request.sender_name);
                let pairing = json!({ "channel": "zalouser", "id": id, "meta": { "name": who } });
                comparison.field(name, "pairing", &reference["pairing"], &pairing);
            }
            Some(Effect::Deliver(message)) => {
                let here = serde_json::to_value(Context::of(message.clone())).unwrap();
                for (field, value) in reference["context"].as_object().unwrap() {
                    // Nothing is left out here that the reference says is empty.
                    let here = here.get(field).cloned().unwrap_or_else(|| json!(""));
                    comparison.field(name, field, value, &here);
                }
            }
            _ => {}
        }
    }
}

/// What the guest reads in a configuration that has no errors.
pub(crate) async fn load(guest: &mut Guest, config: &Value, zca_profile: Option<&str>) -> Configuration {
    let environment = Environment { zca_profile: zca_profile.map(str::to_owned) };
    guest.load_config(&config.to_string(), &environment).await.unwrap().unwrap()
}

/// What `zca` prints for a message, with its end.
pub(crate) fn line(message: &Value) -> Vec<u8> {
    format!("{message}\n").into_bytes()
}

fn message(text: &str, thread: &str, metadata: Value) -> Value {
    let mut message = Map::from_iter([
        ("threadId".to_owned(), json!(thread)),
        ("content".to_owned(), json!(text)),
        ("timestamp".to_owned(), json!(NOW / 1_000)),
    ]);
    message.insert("metadata".to_owned(), metadata);
    Value::Object(message)
}

fn account<'a>(config: &'a Configuration, id: Option<&str>) -> Option<&'a Account> {
    let id = id.unwrap_or(&config.default_account);
    config.accounts.iter().find(|account| account.id.eq_ignore_ascii_case(id))
}

fn only(effects: Vec<Effect>) -> Effect {
    let count = effects.len();
    let [effect] = <[Effect; 1]>::try_from(effects).unwrap_or_else(|effects| {
        panic!("one effect is to come of one message, not {count}: {effects:?}");
    });
    effect
}

/// A text, or a number as one.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn vectors(json: &str) -> Vec<Value> {
    serde_json::from_str(json).unwrap()
}
