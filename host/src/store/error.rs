//! What can go wrong with the files that are shared with OpenClaw.

use std::{io, path::PathBuf};

use super::lock::LockError;

/// Why a pairing file was not read or not changed. In every case it is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is not what either program writes: cut short, or edited by hand and broken.
    #[error(
        "`{}` is damaged at line {line}, column {column}: {reason}; mend it, or move it away to start with an empty one",
        file.display()
    )]
    Corrupt {
        /// The damaged file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1; 0 where the line before ended too early.
        column: usize,
        /// What was found there.
        reason: String,
    },
    /// The file was written by a program that knows a later format.
    #[error(
        "`{}` has version {version}, and this program knows version 1 only; update zalouser, or use the program that wrote it",
        file.display()
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// What it says its version is.
        version: u64,
    },
    /// Another program is at work on the file.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The operating system refused.
    #[error("cannot {action} `{}`: {source}", file.display())]
    Io {
        /// What was to be done, as a verb.
        action: &'static str,
        /// With which file or folder.
        file: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Not the id of one person.
    #[error(
        "`{id}` is not a user id: it takes 1 to 128 visible characters without spaces, and `*` is not one"
    )]
    NotAnId {
        /// What was given.
        id: String,
    },
    /// Every code that was drawn is in use, which only a broken source of codes explains.
    #[error("found no pairing code that is not in use already")]
    NoFreeCode,
}

impl StoreError {
    /// For `map_err`: says what was to be done with which file.
    pub(super) fn io(action: &'static str, file: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let file = file.into();
        move |source| Self::Io { action, file, source }
    }
}
