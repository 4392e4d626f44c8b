//! The gateway's log on disk: JSON lines in a few files of bounded size.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::state_dir::StateDir;

/// The size at which a file is full, in bytes.
const SIZE_MAX: u64 = 5 * 1024 * 1024;

/// How many files there are at most, the one that is written included.
const FILES: usize = 5;

/// Where the gateway of a state folder writes its log.
pub(crate) fn path(state: &StateDir) -> PathBuf {
    state.own().join("logs").join("gateway.log")
}

/// The file that came `age` files before the one at `path`.
pub(crate) fn older(path: &Path, age: usize) -> PathBuf {
    match age {
        0 => path.to_owned(),
        _ => path.with_added_extension(age.to_string()),
    }
}

/// All files of a log that there may be, the latest first.
pub(crate) fn all(path: &Path) -> impl Iterator<Item = PathBuf> {
    (0..FILES).map(|age| older(path, age))
}

/// Whether two open files, or a file and a path that was looked up, are the same.
pub(crate) fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// A log that is written. When a file is full it is renamed and a new one begun; the oldest one goes.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
    size_max: u64,
}

impl LogFile {
    /// Goes on with the log at `path`, or begins one. Its folder is made if it is missing.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        Self::open_with(path, SIZE_MAX)
    }

    fn open_with(path: PathBuf, size_max: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file = options().open(&path)?;
        let mut size = file.metadata()?.len();
        if size > 0 && last_byte(&mut file)? != b'\n' {
            // Whoever wrote it was killed in the middle of a line.
            file.write_all(b"\n")?;
            size += 1;
        }
        Ok(Self { path, file, size, size_max })
    }

    fn rotate(&mut self) -> io::Result<()> {
        // The new file first: when there is no room for it, nothing is lost yet.
        let next = self.path.with_added_extension("new");
        let file = options().truncate(false).open(&next)?;
        for age in (0..FILES - 1).rev() {
            match fs::rename(older(&self.path, age), older(&self.path, age + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(next, &self.path)?;
        (self.file, self.size) = (file, 0);
        Ok(())
    }
}

impl Write for LogFile {
    /// Takes whole lines, and writes them whole or not at all.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let length = lines.len() as u64;
        if self.size > 0 && self.size.saturating_add(length) > self.size_max {
            self.rotate()?;
        }
        if let Err(error) = self.file.write_all(lines) {
            // A disk that is full took a part; the next line must not be glued to it.
            let _ = self.file.set_len(self.size);
            return Err(error);
        }
        self.size = self.size.saturating_add(length);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600);
    options
}

fn last_byte(file: &mut File) -> io::Result<u8> {
    let mut byte = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut byte)?;
    let [byte] = byte;
    Ok(byte)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A log whose files have room for two lines of four bytes.
    fn small(folder: &Path) -> LogFile {
        LogFile::open_with(folder.join("logs/gateway.log"), 8).unwrap()
    }

    fn files(log: &LogFile) -> Vec<Option<String>> {
        (0..=FILES).map(|age| fs::read_to_string(older(&log.path, age)).ok()).collect()
    }

    #[test]
    fn lines_are_kept_whole_in_files_of_bounded_size_and_number() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = small(folder.path());
        for number in 0..13 {
            log.write_all(format!("{number:03}\n").as_bytes()).unwrap();
        }
        let expected = [
            Some("012\n"),
            Some("010\n011\n"),
            Some("008\n009\n"),
            Some("006\n007\n"),
            Some("004\n005\n"),
            None,
        ];
        assert_eq!(files(&log).iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
        assert!(!log.path.with_added_extension("new").exists());
    }

    #[test]
    fn a_line_that_is_larger_than_a_file_has_one_for_itself() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = small(folder.path());
        for line in ["a\n", "0123456789\n", "b\n"] {
            log.write_all(line.as_bytes()).unwrap();
        }
        let expected = [Some("b\n"), Some("0123456789\n"), Some("a\n")];
        assert_eq!(files(&log).iter().take(3).map(Option::as_deref).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_log_is_gone_on_with_on_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = small(folder.path()).path;
        fs::write(&path, "to").unwrap();
        small(folder.path()).write_all(b"a\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "to\na\n");
    }

    #[test]
    fn only_the_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = small(folder.path());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&log.path), 0o600);
        assert_eq!(mode(log.path.parent().unwrap()), 0o700);
    }

    #[test]
    fn a_disk_that_is_full_loses_lines_and_nothing_else() {
        let mut log = LogFile {
            path: "/nonexistent/x".into(),
            file: options().open("/dev/full").unwrap(),
            size: 0,
            size_max: 8,
        };
        assert!(log.write_all(b"a\n").is_err());
        assert_eq!(log.size, 0);
    }
}
