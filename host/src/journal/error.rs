//! Why the journal cannot do what it was asked.

use std::path::PathBuf;

use rusqlite::ErrorCode;

use super::schema::VERSION;

/// Why the journal cannot be opened, or did not take something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Another gateway has it open.
    #[error(
        "{holder} has the journal {path} open: stop it first",
        holder = .pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}")),
        path = path.display()
    )]
    Held {
        /// The process, if it said so.
        pid: Option<u32>,
        /// The journal's file.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "the journal {path} is of version {found}, and this program knows version {VERSION} at most: run the newer \
         zalouser, or move the file away to begin a new journal",
        path = path.display()
    )]
    Newer {
        /// The journal's file.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// It cannot be read or written as it is now.
    #[error("the journal {path} cannot be used: {problem}", path = path.display())]
    Unusable {
        /// The journal's file.
        path: PathBuf,
        /// What is wrong, and where it is known what to do.
        problem: String,
    },
    /// It can be used, but not for this.
    #[error("the journal could not do this: {0}")]
    Refused(String),
    /// More waits to be written than may.
    #[error("the journal is too far behind: the disk takes less than is written to it")]
    Behind,
    /// The gateway is ending.
    #[error("the journal is closed")]
    Closed,
}

/// What is wrong with the database, as far as that decides what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The file is damaged, or is no database.
    Corrupt,
    /// Another process holds the database.
    Busy,
    /// The disk or the file does not take anything at present.
    Disk,
    /// The statement at hand is at fault, and no other.
    Statement,
}

impl Fault {
    pub(super) fn of(error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig) | None => {
                Self::Statement
            }
            Some(_) => Self::Disk,
        }
    }
}

/// What is wrong, with what to do about it.
pub(super) fn problem(error: &rusqlite::Error) -> String {
    let mend = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => ": free some space on its disk",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            ": let the user that runs zalouser write the file and its folder"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            ": another program keeps it locked; end that program"
        }
        _ => "",
    };
    format!("{error}{mend}")
}
