//! One account's listener: `zca listen`, kept alive.

mod life;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backoff::{ListenerEnd, Restart};
use super::probe::Support;
use super::profile::Profile;
use super::profile_lock::ProfileLock;
use super::program::Zca;

/// How many outputs wait for their reader before nothing more is read from the listener: with chunks of
/// at most 64 KiB, 1 MiB.
const WAITING_OUTPUTS: usize = 16;

/// How often a supervised listener is to prove that it is alive, unless the settings say otherwise. It says
/// nothing while it logs in, so that a listener has two and a half of these to log in.
pub const HEARTBEAT: Duration = Duration::from_secs(30);

/// Something from a listener.
#[derive(Debug)]
pub enum Output {
    /// It was started, with this process id.
    Started {
        /// The process id.
        pid: i32,
    },
    /// The next bytes that it printed, cut anywhere, at most 64 KiB.
    Bytes(Vec<u8>),
    /// A line that it printed as an error, made fit for a log, at most 2 KiB and a remark. Too many of them
    /// are left out and counted.
    Complaint(String),
    /// It ended, and all that it printed was given. What it prints next is another listener's.
    Ended {
        /// How it ended.
        end: ListenerEnd,
        /// In how much time it is started again.
        restart_in: Duration,
    },
}

/// How a listener is kept alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenMode {
    /// It ends when its connection does, and proves at this interval that it is alive.
    Supervised {
        /// The interval, in whole milliseconds.
        heartbeat: Duration,
    },
    /// It connects anew by itself, and its silence means nothing.
    KeepAlive,
}

impl ListenMode {
    fn args(self) -> Vec<String> {
        match self {
            Self::Supervised { heartbeat } => {
                let interval = heartbeat.as_millis().to_string();
                ["--raw", "--supervised", "--heartbeat-ms", &interval].map(str::to_owned).into()
            }
            Self::KeepAlive => ["-r", "-k"].map(str::to_owned).into(),
        }
    }

    /// How long it may be silent: two heartbeats may be late and a second is no time on a busy machine.
    fn patience(self) -> Option<Duration> {
        match self {
            Self::Supervised { heartbeat } => {
                Some((heartbeat.saturating_mul(5) / 2).max(Duration::from_secs(1)))
            }
            Self::KeepAlive => None,
        }
    }
}

/// How a listener is run.
#[derive(Clone, Debug)]
pub struct ListenOptions {
    /// How it is kept alive.
    pub mode: ListenMode,
    /// How long it may take to end once asked, before it is killed.
    pub grace: Duration,
    /// When it is started again.
    pub restart: Restart,
}

impl ListenOptions {
    /// The best that a `zca` with this support allows, with this heartbeat if it has one.
    pub fn of(support: &Support, heartbeat: Duration) -> Self {
        let supervised = ListenMode::Supervised { heartbeat };
        Self {
            mode: if support.supervised { supervised } else { ListenMode::KeepAlive },
            grace: Duration::from_secs(2),
            restart: Restart::default(),
        }
    }
}

/// A listener that runs until it is told to end or dropped, over as many processes as that takes.
///
/// Whoever holds it must keep taking what it gives: while they do not, the process is not read, and blocks
/// once its pipe is full.
#[derive(Debug)]
pub struct Listener {
    outputs: mpsc::Receiver<Output>,
    stop: CancellationToken,
}

impl Listener {
    /// Begins to listen for the profile that is locked, from within a tokio runtime. The lock is kept until
    /// the last process is gone.
    pub fn start(zca: Zca, lock: ProfileLock, options: ListenOptions) -> Self {
        let (sender, outputs) = mpsc::channel(WAITING_OUTPUTS);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            supervise(zca, lock.profile(), options, &sender, &stopped).await;
            // Whoever hears of the end may lock the profile again.
            drop(lock);
            drop(sender);
        });
        Self { outputs, stop }
    }

    /// Waits for what comes next. None once it was told to end and its process is gone, or if the runtime is
    /// shutting down. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Output> {
        self.outputs.recv().await
    }

    /// Asks the process to end, and kills it if it does not. [`Self::next`] gives what it had printed by then.
    pub fn end(&self) {
        self.stop.cancel();
    }
}

/// Runs one process after the other until `stop`, or until nobody takes their output any more.
async fn supervise(
    zca: Zca,
    profile: &Profile,
    options: ListenOptions,
    outputs: &mpsc::Sender<Output>,
    stop: &CancellationToken,
) {
    let ListenOptions { mode, grace, mut restart } = options;
    let mut args = ["--profile", profile.as_str(), "listen"].map(str::to_owned).to_vec();
    args.extend(mode.args());
    // Without this, openzca's own keep-alive ignores most ways in which a connection can end, and is deaf.
    let zca = zca.with_variable("OPENZCA_LISTEN_KEEPALIVE_RESTART_ON_ANY_CLOSE", "1");
    loop {
        let began = Instant::now();
        let life = life::Life { outputs, stop, patience: mode.patience(), grace };
        let Some(end) = life.run(&zca, &args).await else { return };
        let restart_in = restart.next(&end, began.elapsed(), rand::random());
        if outputs.send(Output::Ended { end, restart_in }).await.is_err() {
            return;
        }
        tokio::select! {
            () = life.unwanted() => return,
            () = tokio::time::sleep(restart_in) => {}
        }
    }
}
