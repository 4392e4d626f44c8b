//! What lies on the disk: who else may read it, and what programs that died left behind.

use std::fs::{self, Metadata};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::clock::Written;
use super::finding::{Finding, Fix};
use crate::state_dir::StateDir;
use crate::store::{Leftover, LeftoverKind, StoreError};

const TOPIC: &str = "files";

/// A file or folder that is nobody else's business.
pub(super) struct Private {
    path: PathBuf,
    is_folder: bool,
    /// The permission bits.
    mode: u32,
    modified: Option<SystemTime>,
}

/// All that is there and should be private. What lies in a private folder is that already; it is listed only
/// where somebody may have opened the folder on purpose.
pub(super) fn private(state: &StateDir, config: &Path, zca_home: Option<&Path>) -> Vec<Private> {
    let own = state.own();
    let mut found: Vec<_> = [config, state.credentials(), &own].into_iter().filter_map(look).collect();
    found.extend(["cache", "listeners"].iter().filter_map(|folder| look(&own.join(folder))));
    found.extend(zca_home.and_then(look));
    found.extend(files_in(state.credentials()).filter(|it| is_ours(&it.path)));
    found.extend(files_in(&own));
    found
}

/// The one of these that was written last.
pub(super) fn newest(found: &[Private]) -> Option<Written> {
    let written = found.iter().filter(|it| !it.is_folder);
    let written = written.filter_map(|it| Some(Written { path: it.path.clone(), at: it.modified? }));
    written.max_by_key(|written| written.at)
}

/// Judges who may read and write them.
pub(super) fn modes(found: &[Private]) -> Vec<Finding> {
    let mut findings: Vec<_> = found.iter().filter_map(mode).collect();
    if findings.is_empty() {
        findings
            .push(Finding::ok(TOPIC, "nobody else can read or write credentials, configuration or state"));
    }
    findings
}

/// Judges what was left behind.
pub(super) fn leftovers(found: Result<Vec<Leftover>, StoreError>) -> Vec<Finding> {
    let found = match found {
        Ok(found) => found,
        Err(err) => {
            let why = "what programs that died left there cannot be seen";
            return vec![Finding::warn(
                TOPIC,
                err.to_string(),
                why,
                "let the user that runs zalouser read it",
            )];
        }
    };
    let mut findings: Vec<_> = found.into_iter().map(leftover).collect();
    if findings.is_empty() {
        findings.push(Finding::ok(TOPIC, "no stale lock, temporary or damaged file is left"));
    }
    findings
}

fn look(path: &Path) -> Option<Private> {
    Some(seen(path.to_owned(), &fs::metadata(path).ok()?))
}

fn seen(path: PathBuf, found: &Metadata) -> Private {
    let mode = found.permissions().mode() & 0o7777;
    Private { path, is_folder: found.is_dir(), mode, modified: found.modified().ok() }
}

/// The plain files in a folder; none when it cannot be read.
fn files_in(folder: &Path) -> impl Iterator<Item = Private> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)));
    files.filter(|(_, found)| found.is_file()).map(|(path, found)| seen(path, &found))
}

/// Whether a file among all credentials is one of this channel's.
fn is_ours(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("zalouser-"))
}

fn mode(found: &Private) -> Option<Finding> {
    let Private { path, is_folder, mode, .. } = found;
    let wanted = if *is_folder { 0o700 } else { 0o600 };
    let path = path.display();
    let what = |who: &str| format!("{path} has mode {mode:04o}: {who}");
    let mend = format!("chmod {wanted:o} {path}, or zalouser doctor --fix");
    let finding = match mode & 0o077 {
        0 => return None,
        others if others & 0o022 != 0 => Finding::fail(
            TOPIC,
            what("others on this machine may change it"),
            "they can let in whom they want, or have their own code run",
            mend,
        ),
        _ => Finding::warn(
            TOPIC,
            what("others on this machine may read it"),
            "it has, or leads to, keys and the names of the people who write",
            mend,
        ),
    };
    Some(finding.fixed_by(Fix::Mode(found.path.clone(), wanted)))
}

fn leftover(found: Leftover) -> Finding {
    let path = found.path.display();
    match found.kind {
        LeftoverKind::Lock => Finding::warn(
            TOPIC,
            format!("{path} is a lock that a program left behind"),
            "everything that changes the file waits before it takes the lock over",
            "zalouser doctor --fix",
        )
        .fixed_by(Fix::Remove(found)),
        LeftoverKind::Temporary => Finding::warn(
            TOPIC,
            format!("{path} was left behind by a program that died while it wrote"),
            "it holds what the file was to hold, and nobody reads it",
            "zalouser doctor --fix",
        )
        .fixed_by(Fix::Remove(found)),
        LeftoverKind::SetAside => Finding::warn(
            TOPIC,
            format!("{path} is a damaged file that was set aside, and a new one begun"),
            "whoever is in it is not in the new one",
            "take over what can be saved with `zalouser pairing allow ID`, then remove it",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn private(is_folder: bool, mode: u32) -> Private {
        Private { path: "/p".into(), is_folder, mode, modified: None }
    }

    #[test]
    fn only_the_owner_may_read_and_write() {
        let cases = [
            (false, 0o600, None),
            (false, 0o400, None),
            (true, 0o700, None),
            (false, 0o640, Some((Level::Warn, 0o600))),
            (false, 0o604, Some((Level::Warn, 0o600))),
            (true, 0o755, Some((Level::Warn, 0o700))),
            (false, 0o660, Some((Level::Fail, 0o600))),
            (true, 0o1777, Some((Level::Fail, 0o700))),
        ];
        for (is_folder, given, expected) in cases {
            let found = mode(&private(is_folder, given));
            let fix = expected.map(|(_, wanted)| Fix::Mode("/p".into(), wanted));
            assert_eq!(
                found.as_ref().map(|found| found.level),
                expected.map(|(level, _)| level),
                "{given:o}"
            );
            assert_eq!(found.and_then(|found| found.fix), fix, "{given:o}");
        }
    }

    #[test]
    fn what_may_still_be_of_use_is_not_removed() {
        let of = |kind| leftover(Leftover { path: "/p".into(), kind }).fix.is_some();
        let kinds = [LeftoverKind::Lock, LeftoverKind::Temporary, LeftoverKind::SetAside];
        assert_eq!(kinds.map(of), [true, true, false]);
    }
}
