//! Which pairing codes their owners have not been told yet.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{StoreError, atomic, document};

/// The file of an account's codes that are still to be told. It holds only codes that this program drew: what
/// OpenClaw drew, OpenClaw has told. It is changed only under the lock of the account's requests.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct UnsentNotices {
    version: u64,
    codes: Vec<String>,
}

impl Default for UnsentNotices {
    fn default() -> Self {
        Self { version: document::VERSION, codes: Vec::new() }
    }
}

impl UnsentNotices {
    /// Those in the file at `path`. If it is damaged they are all of `pending`, because to be told a code
    /// twice is better than never; then a copy of it is kept, and named here.
    pub(super) fn read(
        path: &Path,
        pending: &[String],
        now: Timestamp,
    ) -> Result<(Self, Option<PathBuf>), StoreError> {
        let (mut notices, set_aside): (Self, _) = document::read_or_set_aside(path, now)?;
        if set_aside.is_some() {
            notices.codes = pending.to_vec();
        }
        // What is no longer pending will never be told; this also bounds the file.
        notices.codes.retain(|code| pending.contains(code));
        Ok((notices, set_aside))
    }

    pub(super) fn contains(&self, code: &str) -> bool {
        self.codes.iter().any(|unsent| unsent == code)
    }

    pub(super) fn add(&mut self, code: &str) {
        self.codes.push(code.to_owned());
    }

    pub(super) fn remove(&mut self, code: &str) {
        self.codes.retain(|unsent| unsent != code);
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), StoreError> {
        atomic::create_folder_of(path).map_err(StoreError::io("create the folder of", path))?;
        document::write(path, self)
    }
}
