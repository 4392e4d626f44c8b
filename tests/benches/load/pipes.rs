//! A gateway whose `zca` is made of pipes.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use zalouser::clock::SystemClock;
use zalouser::config::Config;
use zalouser::gateway::agent::Agent;
use zalouser::gateway::status::ListenerState;
use zalouser::gateway::{Events, Gateway, Registry};
use zalouser::plugins::Plugins;
use zalouser::sandbox::Sandbox;
use zalouser::sandbox::bindings::types::{ExitStatus, Outcome};
use zalouser::simulator::Line;
use zalouser::state_dir::StateDir;
use zalouser::zca::program::Zca;
use zalouser::zca::runner::{Listening, Running, ZcaRunner};

/// What a pipe holds, in bytes: as much as one of Linux.
const PIPE: usize = 64 << 10;

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// A gateway that runs, and the ends of its pipes.
pub(super) struct Rig {
    pub(super) events: Events,
    /// Where the lines of each account's listener go in.
    pub(super) listeners: Vec<DuplexStream>,
    /// What was sent, and when.
    pub(super) sent: mpsc::UnboundedReceiver<(String, Instant)>,
    stop: oneshot::Sender<()>,
    run: JoinHandle<()>,
    _folder: TempDir,
}

/// The `zca` of all accounts.
#[derive(Debug)]
struct Pipes {
    /// What the listener of each profile prints.
    outputs: Mutex<HashMap<String, DuplexStream>>,
    sent: mpsc::UnboundedSender<(String, Instant)>,
}

impl ZcaRunner for Pipes {
    fn run<'a>(&'a self, args: &'a [String], _: Duration) -> Running<'a> {
        let mut stdout = "[]".to_owned();
        if args.iter().any(|arg| arg == "send") {
            let text = args.last().unwrap().clone();
            self.sent.send((text, Instant::now())).unwrap();
            stdout = "{ message: { msgId: 70 }, attachment: [] }".to_owned();
        }
        let outcome =
            Outcome { status: ExitStatus::Exited(0), stdout, stderr: String::new(), delivered: None };
        Box::pin(std::future::ready(outcome))
    }

    fn listen<'a>(&'a self, args: &'a [String]) -> Listening<'a> {
        let profile = args.iter().skip_while(|arg| *arg != "--profile").nth(1).unwrap();
        let output = self.outputs.lock().unwrap().remove(profile);
        let output = output.ok_or_else(|| io::Error::other("there is one listener of a profile"));
        Box::pin(std::future::ready(output.map(|output| Box::new(output) as _)))
    }
}

impl Rig {
    /// A gateway with this many accounts, an agent that says everything back, and this section of the configuration.
    /// Returns when all of them listen.
    pub(super) async fn start(accounts: usize, section: Value) -> Self {
        let folder = folder();
        let names: Vec<_> = (0..accounts).map(|number| format!("account-{number}")).collect();
        let state = StateDir::at(folder.path());
        write_config(&state, &names, section);
        let sandbox = Sandbox::new(zalouser::sandbox::Limits::default(), None).unwrap();
        let mut guest = sandbox.load_shipped().unwrap().instantiate().await.unwrap();
        let config = Config::load(&state.config_file(), &mut guest).await.unwrap();

        let (listeners, outputs): (Vec<_>, Vec<_>) = names.iter().map(|_| duplex(PIPE)).unzip();
        let (sender, sent) = mpsc::unbounded_channel();
        let pipes = Pipes { outputs: Mutex::new(names.into_iter().zip(outputs).collect()), sent: sender };
        let events = Events::default();
        let gateway = Gateway {
            plugins: Plugins::new(sandbox, &state, &config.settings),
            agent: Some(Arc::new(Agent::new(config.settings.agent.clone().unwrap()).unwrap())),
            config,
            state,
            zca: Zca::run_by(Arc::new(pipes)),
            registry: Registry::Files,
            journal: None,
            events: events.clone(),
            clock: Arc::new(SystemClock),
        };
        let (stop, stopped) = oneshot::channel();
        let run = tokio::spawn(async move {
            gateway.run(async { stopped.await.unwrap() }).await.unwrap();
        });
        let rig = Self { events, listeners, sent, stop, run, _folder: folder };
        rig.until_all_listen(accounts).await;
        rig
    }

    async fn until_all_listen(&self, accounts: usize) {
        let listening = async {
            let listens = |status: &zalouser::gateway::status::AccountStatus| {
                matches!(status.listener, ListenerState::Running { .. })
            };
            while self.events.status().0.values().filter(|status| listens(status)).count() < accounts {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, listening).await.expect("all accounts listen");
    }

    /// What was sent next, and when.
    pub(super) async fn next_sent(&mut self) -> (String, Instant) {
        timeout(PATIENCE, self.sent.recv()).await.expect("an answer").unwrap()
    }

    pub(super) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.run.await.unwrap();
    }
}

/// Has a listener print this.
pub(super) async fn say(listener: &mut DuplexStream, line: &Line) {
    listener.write_all((line.to_json() + "\n").as_bytes()).await.unwrap();
}

/// A state folder in memory where there is one: what a disk takes in between is not the gateway's.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn write_config(state: &StateDir, accounts: &[String], mut section: Value) {
    let accounts: Map<_, _> =
        accounts.iter().map(|name| (name.clone(), json!({ "profile": name }))).collect();
    section["accounts"] = accounts.into();
    let settings = json!({ "agent": { "kind": "echo" }, "pacing": { "enabled": false } });
    let config = json!({
        "channels": { "zalouser": section },
        "plugins": { "entries": { "zalouser": { "config": settings } } },
    });
    fs::write(state.config_file(), config.to_string()).unwrap();
}
