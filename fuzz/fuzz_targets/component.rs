//! The shipped component in its sandbox: it never fails, and it decides as the logic does natively.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;
use zalouser::sandbox::bindings::config::{Account, Environment};
use zalouser::sandbox::bindings::inbound::Effect;
use zalouser::sandbox::{self, Component, Limits, Monitor, Sandbox};
use zalouser_fuzz::{CONFIG, account, inflate};
use zalouser_logic::effect::{DropReport, Effect as Native};
use zalouser_logic::inbound::Monitor as NativeMonitor;

struct World {
    runtime: Runtime,
    component: Component,
    account: Account,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = sandbox::runtime().expect("a runtime");
    let component = Sandbox::new(Limits::default(), None).and_then(|sandbox| sandbox.load_shipped());
    let component = component.expect("the component loads");
    let account = runtime.block_on(async {
        let mut guest = component.instantiate().await.expect("a guest");
        let environment = Environment { zca_profile: None };
        let loaded = guest.load_config(CONFIG, &environment).await.expect("it answers");
        loaded.expect("it is in order").accounts.remove(0)
    });
    World { runtime, component, account }
});

fuzz_target!(|data: &[u8]| {
    let Some((&size, rest)) = data.split_first() else { return };
    let stream = inflate(rest);
    let size = if stream.len() > 64 << 10 { 64 << 10 } else { usize::from(size) + 1 };
    let sandboxed = WORLD.runtime.block_on(sandboxed(&stream, size));
    assert_eq!(sandboxed, native(&stream, size));
});

async fn sandboxed(stream: &[u8], size: usize) -> Vec<String> {
    let monitor = Monitor::start(WORLD.component.clone(), WORLD.account.clone(), Vec::new()).await;
    let mut monitor = monitor.expect("a guest");
    let mut told = Vec::new();
    for piece in stream.chunks(size) {
        let pushed = monitor.push(piece, 0).await;
        assert!(pushed.incidents.is_empty(), "{:?}", pushed.incidents);
        told.extend(pushed.effects.iter().map(tell));
    }
    let pushed = monitor.finish(0).await;
    assert!(pushed.incidents.is_empty(), "{:?}", pushed.incidents);
    told.extend(pushed.effects.iter().map(tell));
    told
}

fn native(stream: &[u8], size: usize) -> Vec<String> {
    let mut monitor = NativeMonitor::new(account(), Vec::new());
    let mut effects: Vec<_> =
        stream.chunks(size).flat_map(|piece| monitor.push(piece, 0, DropReport::Origin)).collect();
    effects.extend(monitor.push(b"\n", 0, DropReport::Origin));
    effects.iter().map(tell_native).collect()
}

/// Writes an effect down, field by field, so that the two kinds of it can be compared.
macro_rules! told {
    ($of:ident, $effect:expr, $($rest:tt)*) => {
        match $effect {
            $of::Deliver(m) => format!(
                "deliver {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {} {}",
                m.thread.id,
                m.session_key,
                m.sender_id,
                m.sender_name,
                m.body,
                m.raw_body,
                m.command_body,
                m.group_subject,
                m.command_authorized,
                m.was_mentioned,
                m.message_id,
                m.message_id_full,
                m.timestamp,
                m.reply_to.as_ref().map(|quote| &quote.body),
                m.media.len(),
                m.history.len(),
            ),
            $of::Pair(r) => format!("pair {:?} {:?} {:?}", r.sender_id, r.sender_name, r.message_id),
            $of::Drop(d) => format!("drop {:?} {:?} {:?}", d.detail, d.sender_id, d.message_id),
            $of::Lifecycle(event) => format!("lifecycle {:?}", event).replace("ListenerEvent::", ""),
            $of::Log(entry) => format!("log {:?}", entry.message),
            $($rest)*
        }
    };
}

fn tell(effect: &Effect) -> String {
    // The shipped component never acts by itself.
    told!(Effect, effect, Effect::Act(command) => panic!("it acts: {command:?}"),)
}

fn tell_native(effect: &Native) -> String {
    told!(Native, effect,)
}
