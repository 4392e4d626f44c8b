//! What programs that died, and damaged files, left beside the pairing files.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::StoreError;
use super::lock::{self, STALE};
use crate::state_dir::StateDir;

/// Something that no program needs any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kind: LeftoverKind,
}

/// What was left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftoverKind {
    /// A lock that has not been renewed for 30 s. Its holder may still live, suspended.
    Lock,
    /// A file that was to take the place of another one and did not, for 30 s.
    Temporary,
    /// A copy of a damaged file in whose place a new one was begun.
    SetAside,
}

impl Leftover {
    /// Finds what lies in `state`, sorted by path; `now` is the time by which it is old. Changes nothing.
    ///
    /// # Errors
    /// When a folder exists and cannot be read.
    pub fn find(state: &StateDir, now: SystemTime) -> Result<Vec<Self>, StoreError> {
        let mut found = Vec::new();
        for (folder, prefix) in [(state.credentials(), "zalouser-"), (&state.own(), "unsent-notices-")] {
            let entries = match fs::read_dir(folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(StoreError::io("read", folder)(error)),
            };
            // What vanishes meanwhile is none.
            found.extend(entries.flatten().filter_map(|entry| of(&entry, prefix, now)));
        }
        found.sort();
        Ok(found)
    }

    /// Removes it. A lock is taken over first, so that no program that wakes up takes it for its own.
    ///
    /// # Errors
    /// When it cannot be removed, or is a lock whose holder lives.
    pub fn remove(&self) -> io::Result<()> {
        match self.kind {
            LeftoverKind::Lock => lock::remove_stale(&self.path),
            LeftoverKind::Temporary | LeftoverKind::SetAside => fs::remove_file(&self.path),
        }
    }
}

fn of(entry: &DirEntry, prefix: &str, now: SystemTime) -> Option<Leftover> {
    let path = entry.path();
    let name = path.file_name()?.to_str()?.strip_prefix(prefix)?;
    let found = entry.metadata().ok()?;
    // A time in the future ages as well, as for locks.
    let modified = found.modified().ok()?;
    let age = now.duration_since(modified).unwrap_or_else(|ahead| ahead.duration());
    let kind = match Path::new(name).extension()?.to_str()? {
        "lock" if found.is_dir() && age > STALE => LeftoverKind::Lock,
        "tmp" if found.is_file() && age > STALE => LeftoverKind::Temporary,
        _ if found.is_file() && name.contains(".json.corrupt-") => LeftoverKind::SetAside,
        _ => return None,
    };
    Some(Leftover { path, kind })
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;

    const NAMES: [(&str, Option<LeftoverKind>); 7] = [
        ("credentials/zalouser-pairing.json", None),
        ("credentials/zalouser-pairing.json.lock", Some(LeftoverKind::Lock)),
        ("credentials/zalouser-allowFrom.json.5f.tmp", Some(LeftoverKind::Temporary)),
        ("credentials/zalouser-pairing.json.corrupt-2026-03-01T12-00-00.000Z", Some(LeftoverKind::SetAside)),
        ("credentials/telegram-pairing.json.lock", None),
        ("zalouser/unsent-notices-default.json.x.tmp", Some(LeftoverKind::Temporary)),
        ("zalouser/gateway.tmp", None),
    ];

    /// A state folder with all of these, made just now.
    fn state() -> (tempfile::TempDir, StateDir) {
        let root = tempfile::tempdir().unwrap();
        for (name, _) in NAMES {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if name.ends_with(".lock") {
                fs::create_dir(path).unwrap();
            } else {
                File::create(path).unwrap();
            }
        }
        let state = StateDir::at(root.path());
        (root, state)
    }

    #[test]
    fn what_is_old_and_ours_is_found() {
        let (root, state) = state();
        let later = SystemTime::now() + STALE + Duration::from_secs(60);
        let expected: Vec<_> = NAMES
            .iter()
            .filter_map(|(name, kind)| Some(Leftover { path: root.path().join(name), kind: (*kind)? }))
            .collect();
        let mut found = Leftover::find(&state, later).unwrap();
        found.sort_by_key(|leftover| expected.iter().position(|it| it == leftover));
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_in_use_is_left_alone() {
        let (_root, state) = state();
        let kinds: Vec<_> =
            Leftover::find(&state, SystemTime::now()).unwrap().iter().map(|it| it.kind).collect();
        assert_eq!(kinds, [LeftoverKind::SetAside]);
    }

    #[test]
    fn a_state_folder_that_does_not_exist_has_nothing_left() {
        assert_eq!(Leftover::find(&StateDir::at("/nonexistent"), SystemTime::now()).unwrap(), []);
    }
}
