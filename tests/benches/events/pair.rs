//! The shipped component and the same logic compiled natively, side by side.

use std::env;
use std::fs;
use std::time::Duration;

use rustix::time::ClockId;
use serde_json::{Value, json};
use zalouser::sandbox::bindings::config::{Account, Environment};
use zalouser::sandbox::bindings::inbound::DropReport;
use zalouser::sandbox::{Component, Guest, Limits, Monitor, Sandbox};
use zalouser_logic::config as native_config;
use zalouser_logic::effect::DropReport as NativeDropReport;
use zalouser_logic::inbound::Monitor as NativeMonitor;

use super::{ROUNDS, worked};

/// Both, with one account.
pub(super) struct Pair {
    pub(super) account: Account,
    pub(super) guest: Guest,
    pub(super) monitor: Monitor,
    native: NativeMonitor,
}

impl Pair {
    /// With this section of the configuration.
    pub(super) async fn new(channel: &Value) -> Self {
        let config = json!({ "channels": { "zalouser": channel } }).to_string();
        let component = component();
        let mut guest = component.instantiate().await.unwrap();
        let loaded = guest.load_config(&config, &Environment { zca_profile: None }).await.unwrap();
        let account = loaded.expect("the configuration is in order").accounts.remove(0);
        let monitor = Monitor::start(component, account.clone(), Vec::new()).await.unwrap();
        let loaded = native_config::load(&config, &native_config::Environment::default());
        let native = loaded.expect("the configuration is in order").accounts.remove(0);
        Self { account, guest, monitor, native: NativeMonitor::new(native, Vec::new()) }
    }

    /// How long a processor works for a chunk at the least, natively and in the sandbox, in a gateway that nobody watches.
    pub(super) async fn push(&mut self, chunk: &[u8]) -> (Duration, Duration) {
        self.push_telling(chunk, DropReport::Reason).await
    }

    /// The same where drops tell this much.
    pub(super) async fn push_telling(&mut self, chunk: &[u8], drops: DropReport) -> (Duration, Duration) {
        self.monitor.report_drops(drops);
        let drops = match drops {
            DropReport::Reason => NativeDropReport::Reason,
            DropReport::Origin => NativeDropReport::Origin,
        };
        let (mut native, mut sandboxed) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            // What was made is dropped in the measured time, too, on either side.
            let mut effects = 0;
            let pushed =
                worked(ClockId::ThreadCPUTime, async { effects = self.native.push(chunk, 0, drops).len() });
            native = native.min(pushed.await);
            let mut made = (0, 0);
            let pushed = worked(ClockId::ThreadCPUTime, async {
                let pushed = self.monitor.push(chunk, 0).await;
                made = (pushed.effects.len(), pushed.incidents.len());
            });
            sandboxed = sandboxed.min(pushed.await);
            assert_eq!(made, (effects, 0), "both decide alike, and nothing fails");
        }
        (native, sandboxed)
    }
}

/// The shipped one, or the one in the file that `ZALOUSER_BENCH_COMPONENT` names.
fn component() -> Component {
    let sandbox = Sandbox::new(Limits::default(), None).unwrap();
    match env::var_os("ZALOUSER_BENCH_COMPONENT") {
        Some(file) => sandbox.load(&fs::read(file).unwrap()).unwrap(),
        None => sandbox.load_shipped().unwrap(),
    }
}
