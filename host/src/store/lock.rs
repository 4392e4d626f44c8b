//! A lock on a file that programs in Node, with `proper-lockfile`, keep as well.
//!
//! Their protocol: whoever makes the folder `<file>.lock` holds the lock, and removes the folder when done.
//! A folder whose modification time is more than 30 s old was left by a program that died. They remove
//! such a folder by name, and two that do so at once can both win. We take it over in place instead, and
//! only one of us can: whoever has the folder open with `flock`, which also tells the living from the dead.

use std::{
    fs::{self, DirBuilder, File, Metadata, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// How old a lock must be to count as left behind; OpenClaw's number.
pub(super) const STALE: Duration = Duration::from_secs(30);

/// How long a lock that was taken over is watched before it is relied on. A program in Node that found it
/// stale just before removes it within a few milliseconds.
const SETTLE: Duration = Duration::from_millis(100);

/// The first wait lasts up to this many milliseconds; locks are held for a few.
const FIRST_WAIT_MS: u64 = 4;

/// No single wait is longer than this many milliseconds.
const LONGEST_WAIT_MS: u64 = 128;

/// Why a lock was not had, or not kept.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else holds it.
    #[error(
        "another program holds `{}` (since {age:.1?}, waited {waited:.1?}); try again, or remove that folder if neither openclaw nor zalouser is running",
        folder.display()
    )]
    Held {
        /// The folder that is the lock.
        folder: PathBuf,
        /// How long ago its holder last showed that it lives.
        age: Duration,
        /// How long we waited for it.
        waited: Duration,
    },
    /// It was ours, but this program stood still for so long that another one took it.
    #[error("another program took `{}` over while this one was suspended; try again", folder.display())]
    Lost {
        /// The folder that was the lock.
        folder: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot lock with the folder `{}`: {source}", folder.display())]
    Io {
        /// The folder that was to be the lock.
        folder: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// A lock that is held until it is dropped.
///
/// Its time is not renewed in the background: what is done under it must take well under 30 s.
#[derive(Debug)]
pub(super) struct FileLock {
    folder: PathBuf,
    /// Open and locked as long as we hold the lock. It also keeps the inode from being used again, so that
    /// a folder made by somebody else is never mistaken for ours.
    handle: File,
}

impl FileLock {
    /// Locks `file`, an existing file by its canonical path, and waits up to `patience` for it.
    pub(super) fn acquire(file: &Path, patience: Duration) -> Result<Self, LockError> {
        let folder = file.with_added_extension("lock");
        let started = Instant::now();
        let mut longest_ms = FIRST_WAIT_MS;
        loop {
            match attempt(&folder) {
                Ok(Some(lock)) => return Ok(lock),
                Ok(None) => {}
                Err(source) => return Err(LockError::Io { folder, source }),
            }
            let waited = started.elapsed();
            if waited >= patience {
                let age = fs::metadata(&folder).and_then(|found| age(&found)).unwrap_or_default();
                return Err(LockError::Held { folder, age, waited });
            }
            let pause = Duration::from_millis(rand::random_range(1..=longest_ms));
            thread::sleep(pause.min(patience.saturating_sub(waited)));
            longest_ms = longest_ms.saturating_mul(2).min(LONGEST_WAIT_MS);
        }
    }

    /// Makes sure that the lock is ours now and for the next moments, before something is written.
    pub(super) fn confirm(&self) -> Result<(), LockError> {
        match self.renew() {
            Ok(true) => Ok(()),
            Ok(false) => Err(LockError::Lost { folder: self.folder.clone() }),
            Err(source) => Err(LockError::Io { folder: self.folder.clone(), source }),
        }
    }

    fn renew(&self) -> io::Result<bool> {
        // One that has become stale may be about to be removed by somebody who has just looked at it.
        if age(&self.handle.metadata()?)? > STALE || !self.is_ours()? {
            return Ok(false);
        }
        self.handle.set_modified(SystemTime::now())?;
        Ok(true)
    }

    /// Whether the folder of that name is still the one that we made or took over.
    fn is_ours(&self) -> io::Result<bool> {
        let ours = self.handle.metadata()?;
        match fs::symlink_metadata(&self.folder) {
            Ok(found) => Ok((found.dev(), found.ino()) == (ours.dev(), ours.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // A failure leaves a folder that is stale in 30 s; there is nobody to tell.
        if self.is_ours().unwrap_or(false) {
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

/// Removes a lock that its holder left behind, by taking it over first.
///
/// # Errors
/// When its holder lives, or somebody else was faster.
pub(super) fn remove_stale(folder: &Path) -> io::Result<()> {
    let held = || io::Error::new(io::ErrorKind::ResourceBusy, "its holder lives");
    let claim = claim_stale(folder)?.ok_or_else(held)?;
    thread::sleep(SETTLE);
    if claim.is_ours()? { Ok(()) } else { Err(held()) }
}

fn attempt(folder: &Path) -> io::Result<Option<FileLock>> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => hold_new(folder),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let Some(claim) = claim_stale(folder)? else { return Ok(None) };
            thread::sleep(SETTLE);
            Ok(claim.is_ours()?.then_some(claim))
        }
        Err(error) => Err(error),
    }
}

fn hold_new(folder: &Path) -> io::Result<Option<FileLock>> {
    let handle = match open(folder) {
        Ok(Some(handle)) => handle,
        Ok(None) => return Ok(None),
        Err(error) => {
            // Out of file descriptors, say; the folder must not stay behind as a lock of nobody.
            let _ = fs::remove_dir(folder);
            return Err(error);
        }
    };
    // A file server may have another clock than those who judge the lock's age.
    handle.set_modified(SystemTime::now())?;
    match handle.try_lock() {
        // Some network file systems cannot lock a folder. It is ours all the same; it just cannot be taken
        // over by our like should we die.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(FileLock { folder: folder.to_owned(), handle })),
        Err(TryLockError::WouldBlock) => Ok(None),
    }
}

/// Makes a lock that its holder left behind our own. Only one of several claims succeeds, but a program in
/// Node may not know of it yet and remove the folder.
fn claim_stale(folder: &Path) -> io::Result<Option<FileLock>> {
    let Some(handle) = open(folder)? else { return Ok(None) };
    let is_stale = || io::Result::Ok(age(&handle.metadata()?)? > STALE);
    // The second look is for the case that somebody had it between the first one and our `flock`.
    if !is_stale()? || handle.try_lock().is_err() || !is_stale()? {
        return Ok(None);
    }
    handle.set_modified(SystemTime::now())?;
    Ok(Some(FileLock { folder: folder.to_owned(), handle }))
}

/// None when nothing of that name exists.
fn open(folder: &Path) -> io::Result<Option<File>> {
    match File::open(folder) {
        Ok(handle) if handle.metadata()?.is_dir() => Ok(Some(handle)),
        Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// How far a lock's time is from now. A time in the future ages as well, or a clock that was set back would
/// keep a dead program's lock for ever; `proper-lockfile` itself sets a time up to a second ahead.
fn age(found: &Metadata) -> io::Result<Duration> {
    let modified = found.modified()?;
    Ok(SystemTime::now().duration_since(modified).unwrap_or_else(|ahead| ahead.duration()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const NO_PATIENCE: Duration = Duration::ZERO;
    const LONG: Duration = Duration::from_secs(60);

    struct Scene {
        _root: tempfile::TempDir,
        file: PathBuf,
        folder: PathBuf,
    }

    fn scene() -> Scene {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("f.json");
        let folder = root.path().join("f.json.lock");
        Scene { _root: root, file, folder }
    }

    /// A lock that a peer made, last renewed that long ago.
    fn peer_lock(folder: &Path, age: Duration) {
        fs::create_dir(folder).unwrap();
        File::open(folder).unwrap().set_modified(SystemTime::now() - age).unwrap();
    }

    #[test]
    fn a_lock_is_a_folder_that_goes_away_with_it() {
        let Scene { file, folder, .. } = &scene();
        let lock = FileLock::acquire(file, NO_PATIENCE).unwrap();
        assert!(folder.is_dir());
        lock.confirm().unwrap();
        drop(lock);
        assert!(!folder.exists());
    }

    #[test]
    fn a_live_peer_keeps_its_lock() {
        let Scene { file, folder, .. } = &scene();
        for age in [Duration::ZERO, Duration::from_secs(25)] {
            peer_lock(folder, age);
            let refused = FileLock::acquire(file, NO_PATIENCE);
            assert!(matches!(refused, Err(LockError::Held { .. })), "{age:?}: {refused:?}");
            fs::remove_dir(folder).expect("the peer's lock is still there");
        }
        FileLock::acquire(file, NO_PATIENCE).unwrap();
    }

    #[test]
    fn one_of_us_keeps_its_lock_even_when_it_looks_stale() {
        let Scene { file, folder, .. } = &scene();
        let lock = FileLock::acquire(file, NO_PATIENCE).unwrap();
        lock.handle.set_modified(SystemTime::now() - 2 * STALE).unwrap();
        assert!(claim_stale(folder).unwrap().is_none());
        assert!(matches!(lock.confirm(), Err(LockError::Lost { .. })), "a peer may be removing it");
    }

    #[test]
    fn a_lock_left_behind_is_claimed_by_one() {
        let Scene { folder, .. } = &scene();
        peer_lock(folder, 2 * STALE);
        let claims: Vec<_> = (0..8).filter_map(|_| claim_stale(folder).unwrap()).collect();
        assert_eq!(claims.len(), 1);
        drop(claims);
        assert!(!folder.exists());
    }

    #[test]
    fn only_a_lock_left_behind_is_removed() {
        let Scene { file, folder, .. } = &scene();
        peer_lock(folder, 2 * STALE);
        remove_stale(folder).unwrap();
        assert!(!folder.exists());
        peer_lock(folder, Duration::ZERO);
        assert!(remove_stale(folder).is_err() && folder.exists(), "the peer lives");
        fs::remove_dir(folder).unwrap();
        let lock = FileLock::acquire(file, NO_PATIENCE).unwrap();
        lock.handle.set_modified(SystemTime::now() - 2 * STALE).unwrap();
        assert!(remove_stale(folder).is_err() && folder.exists(), "one of us holds it");
    }

    #[test]
    fn a_lock_from_the_far_future_is_left_behind_too() {
        let Scene { folder, .. } = &scene();
        fs::create_dir(folder).unwrap();
        File::open(folder).unwrap().set_modified(SystemTime::now() + 2 * STALE).unwrap();
        assert!(claim_stale(folder).unwrap().is_some());
    }

    #[test]
    fn a_peer_that_found_the_lock_stale_before_us_wins() {
        let Scene { folder, .. } = &scene();
        peer_lock(folder, 2 * STALE);
        let claim = claim_stale(folder).unwrap().unwrap();
        fs::remove_dir(folder).unwrap();
        peer_lock(folder, Duration::ZERO);
        assert!(!claim.is_ours().unwrap());
        assert!(matches!(claim.confirm(), Err(LockError::Lost { .. })));
        drop(claim);
        assert!(folder.exists(), "the peer's lock was removed");
    }

    #[test]
    fn those_who_find_a_stale_lock_at_once_still_take_turns() {
        let Scene { file, folder, .. } = &scene();
        peer_lock(folder, 2 * STALE);
        let inside = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let _lock = FileLock::acquire(file, LONG).unwrap();
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold the lock");
                    thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert!(!folder.exists());
    }

    #[test]
    fn a_file_in_the_place_of_the_lock_is_named() {
        let Scene { file, folder, .. } = &scene();
        fs::write(folder, "").unwrap();
        let error = FileLock::acquire(file, NO_PATIENCE).unwrap_err();
        assert!(error.to_string().contains("f.json.lock"), "{error}");
    }
}
