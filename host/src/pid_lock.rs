//! Files by which one process keeps others from doing what it does, and says who it is.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often a lock is tried before it counts as held, and the pause between: whoever only looks holds
/// it for a few microseconds.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(10);

/// A lock that is held until it is dropped, and ends with the process however that ends.
#[derive(Debug)]
pub(crate) struct PidLock {
    file: File,
}

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The id of the process, if it said so.
    pub pid: Option<u32>,
}

impl PidLock {
    /// Takes the lock, or says who has it. The folder of `path` is made if it is missing. The lock's file
    /// stays behind when the lock ends: a process that is about to lock a file must not find that it was
    /// removed.
    ///
    /// # Errors
    ///
    /// When the file cannot be made, locked or written.
    pub(crate) fn acquire(path: &Path) -> io::Result<Result<Self, Holder>> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        for tried in 1..=TRIES {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tried < TRIES => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Ok(Err(holder(&file))),
                Err(TryLockError::Error(cause)) => return Err(cause),
            }
        }
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Ok(Self { file }))
    }

    /// Who holds the lock now, if anybody does. Makes nothing.
    ///
    /// # Errors
    ///
    /// When the file is there and cannot be read.
    pub(crate) fn holder(path: &Path) -> io::Result<Option<Holder>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(holder(&file))),
            Err(TryLockError::Error(cause)) => Err(cause),
        }
    }
}

impl Drop for PidLock {
    fn drop(&mut self) {
        // Closed alone, the file would stay locked as long as a child that is being started has it, too. An
        // error means that it is not locked.
        let _ = self.file.unlock();
    }
}

fn holder(file: &File) -> Holder {
    let mut text = String::new();
    let pid = file.take(32).read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
    Holder { pid }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_seen_as_long_as_it_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/x.lock");
        let ours = Holder { pid: Some(std::process::id()) };
        assert_eq!(PidLock::holder(&path).unwrap(), None, "there is no file yet");
        let held = PidLock::acquire(&path).unwrap().unwrap();
        assert_eq!(PidLock::holder(&path).unwrap(), Some(ours));
        assert_eq!(PidLock::acquire(&path).unwrap().unwrap_err(), ours);
        drop(held);
        assert_eq!(PidLock::holder(&path).unwrap(), None, "the file alone is no lock");
    }
}
