//! Exactly one listener per profile, across all processes that use the same folder.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::profile::Profile;
pub use crate::pid_lock::Holder;
use crate::pid_lock::PidLock;
use crate::state_dir::file_stem;

/// The right to listen for a profile. It ends when this is dropped, and with the process however it ends.
#[derive(Debug)]
pub struct ProfileLock {
    profile: Profile,
    _lock: PidLock,
}

impl ProfileLock {
    /// Takes the lock of `profile` in `folder`, which is made if it is missing.
    ///
    /// # Errors
    ///
    /// When another process holds it, or another lock in this one; and when the file cannot be written.
    pub fn acquire(folder: &Path, profile: Profile) -> Result<Self, LockError> {
        let path = path(folder, &profile);
        match PidLock::acquire(&path) {
            Ok(Ok(lock)) => Ok(Self { profile, _lock: lock }),
            Ok(Err(holder)) => Err(LockError::Held { holder: holder.pid, profile, path }),
            Err(cause) => Err(LockError::Io { path, cause }),
        }
    }

    /// The profile.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }
}

/// Tells who holds the lock of `profile` in `folder`; none when nobody does. Makes nothing.
///
/// # Errors
///
/// When the file exists and cannot be read.
pub fn holder(folder: &Path, profile: &Profile) -> io::Result<Option<Holder>> {
    PidLock::holder(&path(folder, profile))
}

/// Why the lock was not taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody listens already.
    #[error(
        "{holder} already listens for the profile {profile:?}: stop it first, or give this account a profile of \
         its own (locked: {path})",
        holder = .holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}")),
        profile = profile.as_str(),
        path = path.display()
    )]
    Held {
        /// The process that holds the lock, if it said so.
        holder: Option<u32>,
        /// The profile.
        profile: Profile,
        /// The lock's file.
        path: PathBuf,
    },
    /// The file could not be made or written.
    #[error("{path} could not be locked: {cause}", path = path.display())]
    Io {
        /// The lock's file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
}

fn path(folder: &Path, profile: &Profile) -> PathBuf {
    folder.join(format!("{}.lock", file_stem(profile.as_str())))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn lock(folder: &Path, profile: &str) -> Result<ProfileLock, LockError> {
        ProfileLock::acquire(folder, Profile::new(profile))
    }

    #[test]
    fn a_profile_is_locked_once_and_says_by_whom() {
        let folder = tempfile::tempdir().unwrap();
        let held = lock(folder.path(), "work").unwrap();
        let error = lock(folder.path(), "work").unwrap_err();
        assert!(
            matches!(error, LockError::Held { holder: Some(pid), .. } if pid == std::process::id()),
            "{error}"
        );
        let asked = || holder(folder.path(), &Profile::new("work")).unwrap();
        assert_eq!(asked(), Some(Holder { pid: Some(std::process::id()) }));
        lock(folder.path(), "home").expect("another profile is free");
        drop(held);
        assert_eq!(asked(), None);
        lock(folder.path(), "work").expect("it is free again");
    }

    #[test]
    fn another_process_holds_it_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let _held = lock(folder.path(), "work").unwrap();
        let path = folder.path().join("work.lock");
        let status = std::process::Command::new("flock").arg("-n").arg(path).arg("true").status().unwrap();
        assert_eq!(status.code(), Some(1), "flock says 1 when the file is locked");
    }

    #[test]
    fn only_the_owner_reads_it_and_nothing_leaves_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        let _held = lock(&inner, "../x").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&inner), mode(&inner.join("%2E%2E%2Fx.lock"))), (0o700, 0o600));
    }
}
