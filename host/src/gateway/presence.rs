//! How other programs see that a gateway runs, and how it is.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::event::Events;
use super::status::{Moment, Status};
use crate::clock;
use crate::pid_lock::PidLock;
use crate::state_dir::StateDir;
use crate::store::atomic;

/// The shortest time between two writes of the status file.
const PACE: Duration = Duration::from_secs(1);

/// The format of the status file. A reader does not look into one of another version.
const VERSION: u32 = 1;

/// The right to be the gateway of a state folder. What was published under it is removed when it is
/// dropped, and recognised as left behind when the process was killed.
#[derive(Debug)]
pub struct Presence {
    file: PathBuf,
    started_at: Moment,
    _lock: PidLock,
}

/// Why this process cannot be the gateway of a state folder.
#[derive(Debug, thiserror::Error)]
pub enum PresenceError {
    /// There is one already.
    #[error(
        "{holder} already runs the accounts of {folder}: stop it first, or set OPENCLAW_STATE_DIR to a folder of \
         this gateway's own",
        holder = .pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}")),
        folder = folder.display()
    )]
    Held {
        /// The process that does, if it said so.
        pid: Option<u32>,
        /// The state folder.
        folder: PathBuf,
    },
    /// The lock's file could not be made or read.
    #[error("{path} could not be locked: {cause}", path = path.display())]
    Io {
        /// The lock's file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
}

/// What a gateway publishes of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// The format.
    version: u32,
    /// The process.
    pub pid: u32,
    /// The version of its program.
    pub program: String,
    /// Since when it runs.
    pub started_at: Moment,
    /// When this was written.
    pub written_at: Moment,
    /// How its accounts are.
    pub accounts: Status,
}

/// What there is to see of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// One runs.
    Running {
        /// Its process id, if it has said so by now.
        pid: Option<u32>,
        /// What it last published, if it has published something by now.
        snapshot: Option<Snapshot>,
    },
    /// None runs.
    Stopped {
        /// What one published that was killed.
        left_behind: Option<Snapshot>,
    },
}

impl Presence {
    /// Becomes the gateway of a state folder.
    ///
    /// # Errors
    /// When another process is.
    pub fn claim(state: &StateDir) -> Result<Self, PresenceError> {
        let path = lock_file(state);
        match PidLock::acquire(&path) {
            Ok(Ok(lock)) => Ok(Self { file: status_file(state), started_at: clock::now_ms(), _lock: lock }),
            Ok(Err(holder)) => Err(PresenceError::Held { pid: holder.pid, folder: state.root().to_owned() }),
            Err(cause) => Err(PresenceError::Io { path, cause }),
        }
    }

    /// Publishes what is told, now and whenever it changes, at most once a second, for as long as this
    /// is polled. A disk that is full delays it and harms nothing else.
    pub async fn publish(&self, events: &Events) -> Infallible {
        let mut fails = false;
        loop {
            let written = self.write(events.status()).await;
            match &written {
                Err(err) if !fails => {
                    tracing::warn!(
                        "{} cannot be written, so that `channels status` is out of date: {err}",
                        self.file.display()
                    );
                }
                _ => {}
            }
            fails = written.is_err();
            tokio::time::sleep(PACE).await;
            events.changed().await;
        }
    }

    async fn write(&self, accounts: Status) -> io::Result<()> {
        let snapshot = Snapshot {
            version: VERSION,
            pid: std::process::id(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started_at,
            written_at: clock::now_ms(),
            accounts,
        };
        let bytes = serde_json::to_vec_pretty(&snapshot)?;
        let file = self.file.clone();
        spawn_blocking(move || atomic::replace(&file, &bytes)).await.map_err(io::Error::other)?
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        // Left behind it would only be recognised as that.
        let _ = fs::remove_file(&self.file);
    }
}

impl Sighting {
    /// Looks for the gateway of a state folder.
    ///
    /// # Errors
    /// When it cannot be known whether one runs.
    pub fn of(state: &StateDir) -> Result<Self, PresenceError> {
        let path = lock_file(state);
        let holder = PidLock::holder(&path).map_err(|cause| PresenceError::Io { path, cause })?;
        let snapshot = read(&status_file(state));
        Ok(match holder {
            // A snapshot of another process was left behind by one that was killed.
            Some(holder) => Self::Running {
                pid: holder.pid,
                snapshot: snapshot.filter(|snapshot| holder.pid == Some(snapshot.pid)),
            },
            None => Self::Stopped { left_behind: snapshot },
        })
    }

    /// What the gateway that runs now published.
    pub fn live(&self) -> Option<&Snapshot> {
        match self {
            Self::Running { snapshot, .. } => snapshot.as_ref(),
            Self::Stopped { .. } => None,
        }
    }
}

fn lock_file(state: &StateDir) -> PathBuf {
    state.own().join("gateway.lock")
}

fn status_file(state: &StateDir) -> PathBuf {
    state.own().join("status.json")
}

/// None when there is no such file, and when another version of this program wrote it.
fn read(file: &Path) -> Option<Snapshot> {
    let bytes = fs::read(file).ok()?;
    match serde_json::from_slice::<Snapshot>(&bytes) {
        Ok(snapshot) if snapshot.version == VERSION => Some(snapshot),
        Ok(_) => None,
        Err(err) => {
            tracing::debug!("{} is not understood: {err}", file.display());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn state() -> (tempfile::TempDir, StateDir) {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::at(folder.path().join("s"));
        (folder, state)
    }

    #[tokio::test]
    async fn what_is_published_is_seen_until_the_gateway_stops() {
        let (_folder, state) = state();
        assert_eq!(Sighting::of(&state).unwrap(), Sighting::Stopped { left_behind: None });

        let presence = Presence::claim(&state).unwrap();
        let pid = Some(std::process::id());
        assert_eq!(Sighting::of(&state).unwrap(), Sighting::Running { pid, snapshot: None });
        presence.write(Status::default()).await.unwrap();
        assert_eq!(Sighting::of(&state).unwrap().live().map(|it| it.pid), pid);
        let mode = fs::metadata(status_file(&state)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        drop(presence);
        assert_eq!(Sighting::of(&state).unwrap(), Sighting::Stopped { left_behind: None });
    }

    #[tokio::test]
    async fn what_another_process_left_behind_is_not_taken_for_live() {
        let (_folder, state) = state();
        let presence = Presence::claim(&state).unwrap();
        presence.write(Status::default()).await.unwrap();
        let mut left = read(&status_file(&state)).unwrap();
        drop(presence);

        left.pid += 1;
        fs::write(status_file(&state), serde_json::to_vec(&left).unwrap()).unwrap();
        assert_eq!(Sighting::of(&state).unwrap(), Sighting::Stopped { left_behind: Some(left) });
        let _next = Presence::claim(&state).unwrap();
        assert_eq!(Sighting::of(&state).unwrap().live(), None);
    }

    #[test]
    fn there_is_one_gateway_at_a_time() {
        let (_folder, state) = state();
        let _first = Presence::claim(&state).unwrap();
        let refused = Presence::claim(&state).unwrap_err().to_string();
        assert!(refused.starts_with(&format!("process {} already runs", std::process::id())), "{refused}");
    }

    #[test]
    fn a_status_file_that_is_not_understood_is_none() {
        let (_folder, state) = state();
        drop(Presence::claim(&state).unwrap());
        for text in
            ["", "{", r#"{"version":2,"pid":1,"program":"9","startedAt":1,"writtenAt":1,"accounts":{}}"#]
        {
            fs::write(status_file(&state), text).unwrap();
            assert_eq!(Sighting::of(&state).unwrap(), Sighting::Stopped { left_behind: None }, "{text}");
        }
    }
}
