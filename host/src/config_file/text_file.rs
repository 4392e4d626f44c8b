//! A text file that is replaced only as long as nobody else changed it.

use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::store::atomic;

/// A text file as it was when it was read.
#[derive(Clone, Debug)]
pub struct TextFile {
    path: PathBuf,
    /// The same with symbolic links resolved, so that they stay.
    real_path: PathBuf,
    text: String,
    /// None when there was no file.
    metadata: Option<Metadata>,
}

/// Why a file was not read or not replaced. In every case it is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Somebody else changed the file after it was read.
    #[error("{} was changed by another program in the meantime, nothing was written; try again", file.display())]
    Changed {
        /// Which file.
        file: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} {}", file.display())]
    Io {
        /// What was to be done, as a verb.
        action: &'static str,
        /// With which file.
        file: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl TextFile {
    /// Reads the file at `path`. One that does not exist is empty.
    ///
    /// # Errors
    /// It cannot be read, or is not UTF-8.
    pub fn read(path: &Path) -> Result<Self, WriteError> {
        let file = |real_path, text, metadata| Self { path: path.to_owned(), real_path, text, metadata };
        let found = path.canonicalize().and_then(|real_path| {
            let metadata = fs::metadata(&real_path)?;
            Ok(file(real_path.clone(), fs::read_to_string(real_path)?, Some(metadata)))
        });
        match found {
            // A link that leads nowhere is not for us to fill.
            Err(err) if err.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
                Ok(file(path.to_owned(), String::new(), None))
            }
            found => found.map_err(failed("read", path)),
        }
    }

    /// Where it is, as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there was such a file.
    pub fn exists(&self) -> bool {
        self.metadata.is_some()
    }

    /// Makes the file say `text`, whole or not at all. Its owner and mode stay; what it said before is
    /// kept in a file named `.bak` beside it, the name of which is returned. A file that did not exist is
    /// for its owner only, as is its folder.
    ///
    /// # Errors
    /// Somebody else changed it in the meantime, or the operating system refused.
    pub fn replace(&self, text: &str) -> Result<Option<PathBuf>, WriteError> {
        let path = &self.real_path;
        let Some(metadata) = &self.metadata else {
            atomic::create_folder_of(path).and_then(|()| atomic::create(path, text.as_bytes())).map_err(
                |source| match source.kind() {
                    io::ErrorKind::AlreadyExists => WriteError::Changed { file: path.clone() },
                    _ => failed("create", path)(source),
                },
            )?;
            return Ok(None);
        };
        let kept_as = path.with_added_extension("bak");
        let prepare = |path: &Path, text: &str| {
            atomic::prepare(path, text.as_bytes(), Some(metadata)).map_err(failed("write beside", path))
        };
        let kept = prepare(&kept_as, &self.text)?;
        let changed = prepare(path, text)?;
        let _lock = self.lock_unchanged()?;
        kept.persist(&kept_as).map_err(|err| failed("write", &kept_as)(err.error))?;
        changed.persist(path).map_err(|err| failed("write", path)(err.error))?;
        atomic::sync_folder(path).map_err(failed("write", path))?;
        Ok(Some(kept_as))
    }

    /// Keeps others of this program from replacing the file as long as the result lives. Who comes later
    /// holds a lock on the file that was replaced, and finds another one in its place.
    fn lock_unchanged(&self) -> Result<File, WriteError> {
        let path = &self.real_path;
        let changed = || WriteError::Changed { file: path.clone() };
        let file = File::open(path).map_err(failed("read", path))?;
        match file.try_lock() {
            // Some network file systems have no such locks. The comparison is what counts.
            Ok(()) | Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => return Err(changed()),
        }
        match fs::read(path).map_err(failed("read", path))? == self.text.as_bytes() {
            true => Ok(file),
            false => Err(changed()),
        }
    }
}

/// For `map_err`: says what was to be done with which file.
fn failed(action: &'static str, file: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let file = file.to_owned();
    move |source| WriteError::Io { action, file, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_keeps_its_mode_its_link_and_what_it_said() {
        let root = tempfile::tempdir().unwrap();
        let (real, link) = (root.path().join("real.json"), root.path().join("link.json"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real.json", &link).unwrap();
        let kept = TextFile::read(&link).unwrap().replace("new").unwrap().unwrap();
        assert_eq!(kept, real.canonicalize().unwrap().with_file_name("real.json.bak"));
        assert!(link.is_symlink());
        for (path, text) in [(&real, "new"), (&kept, "old")] {
            assert_eq!((fs::read_to_string(path).unwrap().as_str(), mode(path)), (text, 0o640), "{path:?}");
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3, "a temporary file is left");
    }

    #[test]
    fn a_new_file_is_for_its_owner_only() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("state/openclaw.json");
        let file = TextFile::read(&path).unwrap();
        assert_eq!((file.text(), file.exists()), ("", false));
        assert_eq!(file.replace("new").unwrap(), None);
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }

    #[test]
    fn a_file_that_was_changed_in_the_meantime_stays() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("openclaw.json");
        let absent = TextFile::read(&path).unwrap();
        fs::write(&path, "old").unwrap();
        assert!(matches!(absent.replace("new"), Err(WriteError::Changed { .. })));
        let [first, second] = [(); 2].map(|()| TextFile::read(&path).unwrap());
        first.replace("first").unwrap();
        assert!(matches!(second.replace("second"), Err(WriteError::Changed { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(fs::read_to_string(root.path().join("openclaw.json.bak")).unwrap(), "old");
    }

    #[test]
    fn a_link_that_leads_nowhere_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let link = root.path().join("openclaw.json");
        symlink("nowhere", &link).unwrap();
        assert!(TextFile::read(&link).unwrap_err().to_string().starts_with("cannot read"));
    }
}
