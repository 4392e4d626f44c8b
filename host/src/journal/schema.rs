//! The journal's file: how it is opened, brought up to date, and set aside when it is damaged.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};

use super::error::{Fault, JournalError, problem};
use crate::store::atomic;

/// The newest version of the schema, which is the number of migrations.
pub(super) const VERSION: i64 = 3;

/// What leads from each version to the next.
const MIGRATIONS: [&str; 3] =
    [include_str!("schema_1.sql"), include_str!("schema_2.sql"), include_str!("schema_3.sql")];

/// How long another process may keep the database to itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// How large the write-ahead log may stay on disk once it is written back, in bytes.
const WAL_MAX: i64 = 16 << 20;

/// The endings of the files that belong to a database in WAL mode.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];

/// Opens the journal at `path` for writing, and begins one where there is none.
///
/// # Errors
/// [`Opening::Corrupt`] when it is damaged.
pub(super) fn open(path: &Path) -> Result<Connection, Opening> {
    let io = |error: io::Error| unusable(path, error.to_string());
    atomic::create_folder_of(path).map_err(io)?;
    // SQLite would make it as the umask has it.
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(io)?;
    connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, |connection| {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "journal_size_limit", WAL_MAX)?;
        migrate(connection)
    })
}

/// Opens the journal at `path` beside a gateway that may run. None where there is none.
///
/// # Errors
/// As for [`open`].
pub(super) fn open_existing(path: &Path, writable: bool) -> Result<Option<Connection>, Opening> {
    if !path.exists() {
        return Ok(None);
    }
    let flag = if writable { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let connection = connect(path, flag, |_| Ok(()))?;
    // A gateway is just about to begin it. An older one, whose gateway still runs, has all that is looked at here.
    Ok(Some(connection).filter(|connection| version(connection).is_ok_and(|version| version > 0)))
}

/// Why a journal was not opened.
#[derive(Debug)]
pub(super) enum Opening {
    /// It is damaged; the text says how.
    Corrupt(String),
    /// Something else.
    Other(JournalError),
}

impl Opening {
    pub(super) fn into_error(self, path: &Path) -> JournalError {
        match self {
            Self::Corrupt(problem) => {
                let mend = "start the gateway, which sets it aside and begins a new one";
                JournalError::Unusable { path: path.to_owned(), problem: format!("{problem}: {mend}") }
            }
            Self::Other(error) => error,
        }
    }
}

/// Gives the files of a damaged journal other names, so that a new one can be begun.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, JournalError> {
    let named = |stem: &Path, part: &str| {
        let mut name = stem.as_os_str().to_owned();
        name.push(part);
        PathBuf::from(name)
    };
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ");
    let aside = named(path, &format!(".corrupt-{time}"));
    for part in PARTS {
        match fs::rename(named(path, part), named(&aside, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let problem = format!("it is damaged, and cannot be set aside: {error}");
                return Err(JournalError::Unusable { path: path.to_owned(), problem });
            }
            _ => {}
        }
    }
    Ok(aside)
}

fn connect(
    path: &Path,
    flag: OpenFlags,
    prepare: impl FnOnce(&mut Connection) -> rusqlite::Result<()>,
) -> Result<Connection, Opening> {
    let connect = || {
        let mut connection = Connection::open_with_flags(path, flag | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(PATIENCE)?;
        let found = version(&connection)?;
        if found > VERSION {
            return Ok(Err(JournalError::Newer { path: path.to_owned(), found }));
        }
        prepare(&mut connection)?;
        Ok(Ok(connection))
    };
    match connect() {
        Ok(opened) => opened.map_err(Opening::Other),
        Err(error) if Fault::of(&error) == Fault::Corrupt => Err(Opening::Corrupt(error.to_string())),
        Err(error) => Err(unusable(path, problem(&error))),
    }
}

fn unusable(path: &Path, problem: String) -> Opening {
    Opening::Other(JournalError::Unusable { path: path.to_owned(), problem })
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    let current = version(&transaction)?;
    let done = usize::try_from(current).unwrap_or_default();
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Looks through the whole file for damage.
pub(super) fn check(connection: &Connection) -> Result<(), Opening> {
    match connection.pragma_query_value(None, "quick_check", |row| row.get::<_, String>(0)) {
        Ok(verdict) if verdict == "ok" => Ok(()),
        Ok(verdict) => Err(Opening::Corrupt(verdict)),
        Err(error) => Err(Opening::Corrupt(error.to_string())),
    }
}
