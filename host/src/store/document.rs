//! A versioned JSON file that several programs read and rewrite.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{StoreError, atomic, lock::FileLock};

/// The only version of these files there is.
pub(super) const VERSION: u64 = 1;

/// The version of a file that does not tell; for serde.
pub(super) fn version() -> u64 {
    VERSION
}

/// A file that nobody else changes as long as this lives.
pub(super) struct LockedFile {
    /// With symbolic links resolved, so that they stay, and so that everybody locks the same.
    path: PathBuf,
    lock: FileLock,
}

impl LockedFile {
    /// Locks the file at `path`, and waits up to `patience` for it. One that does not exist is made first,
    /// empty, because the other program does so too and cannot lock what is not there.
    pub(super) fn open<T: Default + Serialize>(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let path = match path.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create_empty::<T>(path)?;
                path.canonicalize()
            }
            found => found,
        }
        .map_err(StoreError::io("find", path))?;
        let lock = FileLock::acquire(&path, patience)?;
        Ok(Self { path, lock })
    }

    /// What the file says.
    pub(super) fn read<T: Default + DeserializeOwned>(&self) -> Result<T, StoreError> {
        read(&self.path)
    }

    /// What the file says, or nothing when it is damaged: then a copy of it is kept, and named here.
    pub(super) fn read_or_set_aside<T: Default + DeserializeOwned>(
        &self,
        now: Timestamp,
    ) -> Result<(T, Option<PathBuf>), StoreError> {
        read_or_set_aside(&self.path, now)
    }

    /// Makes the file say `document`.
    pub(super) fn write<T: Serialize>(&self, document: &T) -> Result<(), StoreError> {
        self.lock.confirm()?;
        write(&self.path, document)
    }
}

/// What the file at `path` says; one that does not exist is empty.
pub(super) fn read<T: Default + DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    match fs::read(path) {
        Ok(bytes) => parse(path, &bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

/// What the file at `path` says, or nothing when it is damaged: then a copy of it is kept, and named here.
/// The damaged file itself stays until it is written to.
pub(super) fn read_or_set_aside<T: Default + DeserializeOwned>(
    path: &Path,
    now: Timestamp,
) -> Result<(T, Option<PathBuf>), StoreError> {
    match read(path) {
        Ok(document) => Ok((document, None)),
        Err(StoreError::Corrupt { .. }) => {
            let time = format!("{now:.3}").replace(':', "-");
            let aside = path.with_added_extension(format!("corrupt-{time}"));
            fs::read(path)
                .and_then(|bytes| atomic::create(&aside, &bytes))
                .map_err(StoreError::io("keep a copy of the damaged file as", &aside))?;
            Ok((T::default(), Some(aside)))
        }
        Err(error) => Err(error),
    }
}

/// Makes the file at `path` say `document`; it is left alone when it does already.
pub(super) fn write<T: Serialize>(path: &Path, document: &T) -> Result<(), StoreError> {
    let bytes = render(document).map_err(StoreError::io("write", path))?;
    if fs::read(path).is_ok_and(|found| found == bytes) {
        return Ok(());
    }
    atomic::replace(path, &bytes).map_err(StoreError::io("write", path))
}

fn create_empty<T: Default + Serialize>(path: &Path) -> Result<(), StoreError> {
    let created = atomic::create_folder_of(path)
        .and_then(|()| render(&T::default()))
        .and_then(|bytes| atomic::create(path, &bytes));
    match created {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map_err(StoreError::io("create", path)),
    }
}

/// As JavaScript prints it with an indentation of two, and with a line break at the end.
fn render<T: Serialize>(document: &T) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn parse<T: DeserializeOwned>(file: &Path, bytes: &[u8]) -> Result<T, StoreError> {
    /// Read first, because the rest of a newer file may be of another shape.
    #[derive(Deserialize)]
    struct Header {
        #[serde(default = "version")]
        version: u64,
    }

    let corrupt = |error: serde_json::Error| StoreError::Corrupt {
        file: file.to_owned(),
        line: error.line(),
        column: error.column(),
        reason: without_position(&error),
    };
    let header: Header = serde_json::from_slice(bytes).map_err(corrupt)?;
    if header.version > VERSION {
        return Err(StoreError::Newer { file: file.to_owned(), version: header.version });
    }
    serde_json::from_slice(bytes).map_err(corrupt)
}

/// serde_json's message ends with the position, which ours says already.
fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&position).unwrap_or(&message).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Note {
        #[serde(default = "version")]
        version: u64,
        text: String,
    }

    #[test]
    fn damage_is_named_with_its_place() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("note.json");
        let cases: [(&[u8], usize, usize); 4] = [
            (b"", 1, 0),
            (b"{\n  \"version\": 1,\n  \"te", 3, 5),
            (b"{\"version\":1,\"text\":\"\xff\"}", 1, 22),
            (b"{\"version\":\"1\",\"text\":\"\"}", 1, 14),
        ];
        for (bytes, line, column) in cases {
            fs::write(&path, bytes).unwrap();
            let error = read::<Note>(&path).unwrap_err();
            let StoreError::Corrupt { file, line: found_line, column: found_column, .. } = &error else {
                panic!("{error}");
            };
            assert_eq!((file, *found_line, *found_column), (&path, line, column), "{error}");
            assert_eq!(fs::read(&path).unwrap(), bytes, "reading changed the file");
        }
    }

    #[test]
    fn a_newer_version_is_told_from_damage() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("note.json");
        fs::write(&path, r#"{"version":2,"text":{"of":"another shape"}}"#).unwrap();
        assert!(matches!(read::<Note>(&path), Err(StoreError::Newer { version: 2, .. })));
        let both = read_or_set_aside::<Note>(&path, Timestamp::UNIX_EPOCH);
        assert!(matches!(both, Err(StoreError::Newer { .. })));
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "it is not set aside");
    }

    #[test]
    fn a_symbolic_link_stays_one() {
        let root = tempfile::tempdir().unwrap();
        let (real, link) = (root.path().join("real.json"), root.path().join("link.json"));
        fs::write(&real, r#"{"text":"a"}"#).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let file = LockedFile::open::<Note>(&link, Duration::ZERO).unwrap();
        assert!(root.path().join("real.json.lock").exists(), "the other program locks the real file");
        file.write(&Note { version: 1, text: "b".to_owned() }).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "{\n  \"version\": 1,\n  \"text\": \"b\"\n}\n");
    }
}
