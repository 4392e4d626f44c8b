//! Components that attack their host: what stops each of them, and that nobody else notices.

mod calls;
mod commands;
mod fairness;
mod gateway;
mod handmade;
mod lines;
mod probes;

use std::sync::LazyLock;

use serde_json::json;
use zalouser::sandbox::bindings::config::Account;
use zalouser::sandbox::bindings::inbound::Effect;
use zalouser::sandbox::{Component, Guest, Monitor};

use crate::component::built_for_wasi;
use crate::conformance::{SANDBOX, SHIPPED, load};

/// What it is called, as an operator would call it.
const NAME: &str = "hostile";

/// Any time: no attack depends on it.
const NOW: u64 = 1_763_751_000_000;

/// The component with many attacks.
static HOSTILE: LazyLock<Component> =
    LazyLock::new(|| SANDBOX.load(&built_for_wasi("zalouser-hostile")).unwrap().named(NAME));

/// An account of this id that lets everybody in.
async fn account(id: &str) -> Account {
    let mut shipped = SHIPPED.instantiate().await.unwrap();
    let config = json!({ "channels": { "zalouser": { "dmPolicy": "open" } } });
    let mut accounts = load(&mut shipped, &config, None).await.accounts;
    Account { id: id.to_owned(), ..accounts.remove(0) }
}

/// A guest, and a monitor of an account in it.
async fn guest(component: &Component) -> (Guest, zalouser::sandbox::MonitorHandle) {
    let mut guest = component.instantiate().await.unwrap();
    let monitor = guest.monitor(&account("victim").await, &[]).await.unwrap();
    (guest, monitor)
}

/// The monitor of an account.
async fn monitor(component: &Component, account_id: &str) -> Monitor {
    Monitor::start(component.clone(), account(account_id).await, Vec::new()).await.unwrap()
}

/// What `zca` prints when somebody writes this, with its end.
fn line(text: &str) -> String {
    let message = json!({
        "threadId": "111", "msgId": "7", "content": text, "timestamp": NOW / 1_000,
        "metadata": { "isGroup": false, "fromId": "111" },
    });
    format!("{message}\n")
}

/// What the messages among some effects say.
fn texts(effects: &[Effect]) -> Vec<&str> {
    fn text(effect: &Effect) -> Option<&str> {
        match effect {
            Effect::Deliver(message) => Some(&message.raw_body),
            _ => None,
        }
    }
    effects.iter().filter_map(text).collect()
}
