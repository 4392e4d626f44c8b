//! Tells when one of a few files may have changed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// How long a file has to be left alone before its change counts: an editor writes in several steps.
const QUIET: Duration = Duration::from_millis(100);

/// How long a change can be held back by further ones.
const PATIENCE: Duration = Duration::from_secs(2);

/// Watches files by the folders that they are in, so that one that is replaced, removed and made again is
/// seen as well as one that is written to.
#[derive(Debug)]
pub(crate) struct FileWatch {
    changes: mpsc::Receiver<()>,
    _watcher: RecommendedWatcher,
}

impl FileWatch {
    /// Begins to watch `files`. They need not exist, but their folders have to.
    ///
    /// # Errors
    /// When the operating system does not watch one of the folders, which is then named.
    pub(crate) fn new(files: &[PathBuf]) -> Result<Self, notify::Error> {
        let (sender, changes) = mpsc::channel(1);
        // Of a link, both ends: either may be replaced.
        let linked = files.iter().filter_map(|file| fs::canonicalize(file).ok());
        let files: Vec<PathBuf> = files.iter().cloned().chain(linked).collect();
        let names: BTreeSet<OsString> =
            files.iter().filter_map(|file| file.file_name()).map(OsString::from).collect();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| concerns(&event, &names)) {
                // A full channel holds a change that nobody has looked at yet: that is enough.
                let _ = sender.try_send(());
            }
        })?;
        let folders: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
        for folder in folders {
            watcher
                .watch(folder, RecursiveMode::NonRecursive)
                .map_err(|err| err.add_path(folder.to_owned()))?;
        }
        Ok(Self { changes, _watcher: watcher })
    }

    /// Waits until something has changed since this was last done, and is at rest again.
    pub(crate) async fn changed(&mut self) {
        // The watcher holds the other end for as long as this lives.
        let _ = self.changes.recv().await;
        let at_rest = async { while timeout(QUIET, self.changes.recv()).await.is_ok() {} };
        tokio::select! {
            () = at_rest => {}
            () = sleep(PATIENCE) => {}
        }
    }
}

fn concerns(event: &Event, names: &BTreeSet<OsString>) -> bool {
    !matches!(event.kind, EventKind::Access(_))
        && event.paths.iter().filter_map(|path| path.file_name()).any(|name| names.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_made_written_replaced_or_removed_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("a.json"), folder.path().join("b.json"));
        let mut watch = FileWatch::new(std::slice::from_ref(&file)).unwrap();
        fs::write(&file, "1").unwrap();
        watch.changed().await;
        fs::write(&other, "2").unwrap();
        fs::rename(&other, &file).unwrap();
        watch.changed().await;
        fs::write(&file, "3").unwrap();
        watch.changed().await;
        fs::remove_file(&file).unwrap();
        watch.changed().await;
        fs::write(&other, "4").unwrap();
        fs::read(&file).unwrap_err();
        let unrelated = timeout(QUIET * 2, watch.changed()).await;
        assert!(unrelated.is_err(), "another file of the folder is none of its business");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let err = FileWatch::new(&[PathBuf::from("/nowhere/at/all.json")]).unwrap_err();
        assert!(err.to_string().contains("/nowhere/at"), "{err}");
    }
}
