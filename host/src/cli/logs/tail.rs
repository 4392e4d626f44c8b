//! The end of a log, and what is added to it, over the changes of its file.

use std::fs::{self, File};
use std::io::{self, Read, Take};
use std::path::Path;

use super::entry::Filter;
use crate::log_file;

/// How much of a file is read at a time, in bytes. A log file is not larger, unless it is not ours.
const READ_MAX: u64 = 8 * 1024 * 1024;

/// A log that is read to its end, again and again.
pub(super) struct Tail {
    file: File,
    /// The beginning of a line that is not finished.
    begun: Vec<u8>,
}

impl Tail {
    /// Opens the log at `path`, and gives the last `count` lines in it that are wanted. None when there
    /// is no log.
    pub(super) fn open(
        path: &Path,
        count: usize,
        filter: &Filter,
    ) -> io::Result<Option<(Vec<String>, Self)>> {
        let Some(file) = open(path)? else { return Ok(None) };
        let mut tail = Self { file, begun: Vec::new() };
        let mut files = vec![wanted(tail.read_on()?, filter)];
        let mut found = files.iter().map(Vec::len).sum::<usize>();
        let latest = tail.file.metadata()?;
        for older in log_file::all(path).skip(1) {
            if found >= count {
                break;
            }
            let Some(file) = open(&older)? else { break };
            // It was renamed since it was opened.
            if log_file::is_same(&file.metadata()?, &latest) {
                continue;
            }
            let lines = wanted(Self { file, begun: Vec::new() }.read_on()?, filter);
            found += lines.len();
            files.push(lines);
        }
        let lines = files.into_iter().rev().flatten().skip(found.saturating_sub(count)).collect();
        Ok(Some((lines, tail)))
    }

    /// The lines that were added since this was last read, in the file that was open and in those that
    /// came after it.
    pub(super) fn read(&mut self, path: &Path) -> io::Result<Vec<String>> {
        let mut lines = self.read_on()?;
        while let Some(next) = self.next_file(path)? {
            // What was added between that look and the change of the file.
            lines.extend(self.read_on()?);
            *self = Self { file: next, begun: Vec::new() };
            lines.extend(self.read_on()?);
        }
        Ok(lines)
    }

    /// The file that came after the open one; none as long as that is the latest.
    fn next_file(&self, path: &Path) -> io::Result<Option<File>> {
        let ours = self.file.metadata()?;
        let mut later = None;
        for path in log_file::all(path) {
            let Some(file) = open(&path)? else { continue };
            if log_file::is_same(&file.metadata()?, &ours) {
                return Ok(later);
            }
            later = Some(file);
        }
        // Ours is gone: so much was written that the oldest that is left has to do.
        Ok(later)
    }

    /// The lines from where this was read to, to the end of the file.
    fn read_on(&mut self) -> io::Result<Vec<String>> {
        let mut bytes = std::mem::take(&mut self.begun);
        let mut rest: Take<&File> = (&self.file).take(READ_MAX);
        rest.read_to_end(&mut bytes)?;
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.begun = bytes.split_off(end);
        Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
    }
}

fn wanted(mut lines: Vec<String>, filter: &Filter) -> Vec<String> {
    lines.retain(|line| filter.accepts(line));
    lines
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match fs::File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::PathBuf;

    use super::super::entry::Level;
    use super::*;

    const ALL: Filter = Filter { level: Level::Debug, account: None };

    struct Log {
        _folder: tempfile::TempDir,
        path: PathBuf,
    }

    impl Log {
        /// A log of these files, the latest first.
        fn of(files: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("gateway.log");
            for (age, text) in files.iter().enumerate() {
                fs::write(log_file::older(&path, age), text).unwrap();
            }
            Self { _folder: folder, path }
        }

        fn append(&self, text: &str) {
            File::options().append(true).open(&self.path).unwrap().write_all(text.as_bytes()).unwrap();
        }

        fn rotate(&self, text: &str) {
            for age in [1, 0] {
                let _ = fs::rename(log_file::older(&self.path, age), log_file::older(&self.path, age + 1));
            }
            fs::write(&self.path, text).unwrap();
        }

        fn tail(&self, count: usize) -> (Vec<String>, Tail) {
            Tail::open(&self.path, count, &ALL).unwrap().expect("there is a log")
        }
    }

    #[test]
    fn the_last_lines_are_found_over_several_files() {
        let log = Log::of(&["5\n6\n", "3\n4\n", "1\n2\n"]);
        let cases: [(usize, &[&str]); 4] =
            [(0, &[]), (1, &["6"]), (3, &["4", "5", "6"]), (9, &["1", "2", "3", "4", "5", "6"])];
        for (count, expected) in cases {
            assert_eq!(log.tail(count).0, expected, "{count}");
        }
        assert!(Tail::open(Path::new("/nonexistent/log"), 1, &ALL).unwrap().is_none());
    }

    #[test]
    fn lines_are_counted_after_they_are_chosen() {
        let log = Log::of(&["x\n", "{\"level\":\"ERROR\"}\n", "{\"level\":\"WARN\"}\n"]);
        let errors = Filter { level: Level::Error, account: None };
        let (lines, _) = Tail::open(&log.path, 2, &errors).unwrap().expect("there is a log");
        assert_eq!(lines, ["{\"level\":\"ERROR\"}"]);
    }

    #[test]
    fn a_line_is_given_once_and_whole() {
        let log = Log::of(&["1\nbeg"]);
        let (lines, mut tail) = log.tail(9);
        assert_eq!(lines, ["1"]);
        log.append("un\n2\n");
        assert_eq!(tail.read(&log.path).unwrap(), ["begun", "2"]);
        assert!(tail.read(&log.path).unwrap().is_empty());
    }

    #[test]
    fn no_line_is_missed_when_the_file_changes() {
        let log = Log::of(&["1\n"]);
        let (_, mut tail) = log.tail(0);
        log.append("2\n");
        log.rotate("3\n");
        log.rotate("4\n");
        assert_eq!(tail.read(&log.path).unwrap(), ["2", "3", "4"]);
        log.append("5\n");
        assert_eq!(tail.read(&log.path).unwrap(), ["5"]);
    }
}
