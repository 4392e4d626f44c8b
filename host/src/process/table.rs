//! The processes of this machine, where the system lists them under `/proc`, as Linux does; elsewhere there
//! are none to be seen.

use std::fs;
use std::path::{Path, PathBuf};

/// Where processes are listed.
const PROC: &str = "/proc";

/// One process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Whether it still does something, instead of waiting to be buried.
    pub(crate) runs: bool,
    /// The id of its parent.
    pub(crate) parent: i32,
    /// The id of its process group.
    pub(crate) group: i32,
    /// When it was started, in ticks since the machine was: with the id it names a process for ever.
    pub(crate) started: u64,
}

impl Entry {
    /// The process with this id, if there is one.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        Self::parse(&fs::read_to_string(file(pid, "stat")).ok()?)
    }

    /// Reads what proc_pid_stat(5) describes.
    fn parse(stat: &str) -> Option<Self> {
        // The name of the program, the second field, stands in brackets and may have anything in it.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let runs = !matches!(fields.next()?, "Z" | "X");
        let (parent, group) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        // The fifth field was the last one; the time is the 22nd.
        let started = fields.nth(16)?.parse().ok()?;
        Some(Self { runs, parent, group, started })
    }
}

/// The ids of all processes.
pub(crate) fn ids() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir(PROC).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The words of a process's command line. None for one that has ended.
pub(crate) fn arguments(pid: i32) -> Option<Vec<String>> {
    words(&file(pid, "cmdline"))
}

/// The variables with which a process was started, as `NAME=value`. None for one that has ended, or is not
/// this user's.
pub(crate) fn environment(pid: i32) -> Option<Vec<String>> {
    words(&file(pid, "environ"))
}

fn words(path: &Path) -> Option<Vec<String>> {
    let bytes = fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).split_terminator('\0').map(str::to_owned).collect())
}

fn file(pid: i32, name: &str) -> PathBuf {
    Path::new(PROC).join(pid.to_string()).join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_brackets_can_forge_nothing() {
        // The fields are 1 pid, 2 name, 3 state, 4 parent, 5 group, …, 22 time.
        let rest: Vec<_> = (6..=52).map(|number| number.to_string()).collect();
        let stat = format!("7 (a) Z 1 1) S 3 5 {}\n", rest.join(" "));
        let entry = Entry { runs: true, parent: 3, group: 5, started: 22 };
        assert_eq!(Entry::parse(&stat), Some(entry));
        assert_eq!(Entry::parse(&stat.replace(") S ", ") Z ")), Some(Entry { runs: false, ..entry }));
        assert_eq!(Entry::parse("7 (a) S 3"), None);
    }
}
