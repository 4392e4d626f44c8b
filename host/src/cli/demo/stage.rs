//! What a demo needs: a state folder, a simulated Zalo, and the gateway between them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::clock::SystemClock;
use crate::config::Config;
use crate::gateway::agent::Agent;
use crate::gateway::{Event, Events, Gateway, Registry, StartError};
use crate::plugins::Plugins;
use crate::sandbox::{Limits, Sandbox};
use crate::simulator::{Group, Person, Simulator, World};
use crate::state_dir::StateDir;
use crate::store::{AccountFiles, Approved, PairingStore};
use crate::zca::program::Zca;

/// The account's own id in the simulated Zalo.
pub(super) const BOT: &str = "999";
/// The group that the demo's rules let in.
pub(super) const WORK_CHAT: &str = "5001";
/// A group that they do not let in.
pub(super) const BARGAINS: &str = "5002";

/// How long anything in the demo may take before it is called stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// The people of the demo: an id and a name.
pub(super) const PEOPLE: [(&str, &str); 3] = [("111", "Lan"), ("222", "Minh"), ("666", "Mallory")];

/// A running gateway with a simulated Zalo behind it.
pub(super) struct Stage {
    pub(super) simulator: Simulator,
    events: Events,
    store: PairingStore,
    stop: oneshot::Sender<()>,
    gateway: JoinHandle<Result<(), StartError>>,
    // Removed when the demo ends; the simulator's processes end with it.
    _folder: TempDir,
}

impl Stage {
    /// Sets everything up and waits until the gateway listens.
    pub(super) async fn set() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("zalouser-demo-").tempdir()?;
        let simulator = Simulator::create(folder.path().join("zca")).context("the simulator")?;
        simulator.set_world(&world())?;
        let state = StateDir::at(folder.path().join("state"));
        std::fs::create_dir_all(state.root())?;
        std::fs::write(state.config_file(), config()?)?;

        let sandbox = Sandbox::new(Limits::default(), None)?;
        let mut guest = sandbox.load_shipped()?.instantiate().await?;
        let config = Config::load(&state.config_file(), &mut guest).await?;
        let agent = config.settings.agent.clone().map(Agent::new).transpose()?;
        let (variable, home) = simulator.env();
        let zca = Zca::new(simulator.program()).with_variable(variable, home);
        let events = Events::default();
        let store = PairingStore::new(&state, &AccountFiles::of(&config.channel.default_account, true));
        let plugins = Plugins::new(sandbox, &state, &config.settings);
        let gateway = Gateway {
            plugins,
            config,
            state,
            zca,
            agent: agent.map(Arc::new),
            registry: Registry::Files,
            journal: None,
            events: events.clone(),
            clock: Arc::new(SystemClock),
        };

        let mut watcher = Watcher(events.watch());
        let (stop, stopped) = oneshot::channel();
        let gateway = tokio::spawn(gateway.run(async {
            // A stage that is gone is a stop, too.
            let _ = stopped.await;
        }));
        let stage = Self { simulator, events, store, stop, gateway, _folder: folder };
        watcher
            .until("the gateway to listen", |event| {
                matches!(event.what, crate::gateway::What::Listening { .. })
            })
            .await?;
        Ok(stage)
    }

    /// Watches what the gateway does from now on.
    pub(super) fn watch(&self) -> Watcher {
        Watcher(self.events.watch())
    }

    /// Approves a pairing request, as `zalouser pairing approve` does; the answer is the id of who
    /// is let in.
    pub(super) async fn approve(&self, code: &str) -> anyhow::Result<Option<String>> {
        let (store, code) = (self.store.clone(), code.to_owned());
        let approved = tokio::task::spawn_blocking(move || store.approve(&code, Timestamp::now())).await??;
        Ok(match approved {
            Approved::Person { id, .. } => Some(id),
            Approved::NotFound => None,
        })
    }

    /// Stops the gateway and removes all traces.
    pub(super) async fn strike(self) -> anyhow::Result<()> {
        // A gateway that is gone already tells why below.
        let _ = self.stop.send(());
        Ok(self.gateway.await??)
    }
}

/// Waits for what the gateway does.
pub(super) struct Watcher(broadcast::Receiver<Event>);

impl Watcher {
    /// The next event.
    pub(super) async fn next(&mut self) -> anyhow::Result<Event> {
        Ok(self.0.recv().await?)
    }

    /// Waits for an event that `fits`, and gives all events up to it.
    pub(super) async fn until(
        &mut self,
        what: &str,
        mut fits: impl FnMut(&Event) -> bool,
    ) -> anyhow::Result<Vec<Event>> {
        let mut seen = Vec::new();
        let found = timeout(PATIENCE, async {
            loop {
                let event = self.next().await?;
                let last = fits(&event);
                seen.push(event);
                if last {
                    return anyhow::Ok(());
                }
            }
        });
        match found.await {
            Ok(found) => found.map(|()| seen),
            Err(_) => bail!("waited {} s for {what}", PATIENCE.as_secs()),
        }
    }
}

/// The name of somebody in the demo.
pub(super) fn name_of(id: &str) -> &str {
    PEOPLE.iter().find(|(person, _)| *person == id).map_or(id, |(_, name)| name)
}

fn world() -> World {
    let people = || PEOPLE.iter().map(|(id, name)| Person::new(*id, *name));
    let group = |id: &str, name: &str| Group {
        group_id: id.to_owned(),
        name: name.to_owned(),
        members: people().collect(),
    };
    World {
        account: Person::new(BOT, "Bot"),
        friends: people().take(2).collect(),
        groups: vec![group(WORK_CHAT, "Work Chat"), group(BARGAINS, "Bargains")],
        ..World::default()
    }
}

/// The file that an operator would write, with this program as the agent.
fn config() -> anyhow::Result<String> {
    let program = std::env::current_exe()?;
    let program = program.to_str().context("the path of this program is not UTF-8")?;
    Ok(serde_json::to_string_pretty(&json!({
        "channels": { "zalouser": {
            "dmPolicy": "pairing",
            "allowFrom": ["222"],
            "groupPolicy": "allowlist",
            "groups": { (WORK_CHAT): {} },
        } },
        "plugins": { "entries": { "zalouser": { "config": {
            "agent": { "kind": "command", "command": [program, "demo-agent"] },
            // Nobody bans a simulated account, and somebody watches.
            "pacing": { "enabled": false },
        } } } },
    }))?)
}
