//! The journal as the operator sees and changes it, beside a gateway that may run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use serde::Serialize;

use super::entry::{ChunkState, EntryId, Kind, State};
use super::error::{JournalError, problem};
use super::schema;
use super::writer::now;

/// The entries of a journal that are not done with.
#[derive(Debug)]
pub struct Queue {
    connection: Connection,
    path: PathBuf,
}

/// An entry, for people to read. All but its number, state and times is what strangers wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Its number.
    pub id: EntryId,
    /// The account that received it.
    pub account: String,
    /// What it is.
    pub kind: Kind,
    /// How far it is.
    pub state: State,
    /// The thread's id; empty for a line.
    pub thread_id: String,
    /// Whether the thread is a group.
    pub is_group: bool,
    /// Who wrote it; empty for a line.
    pub sender_id: String,
    /// Its id; empty for a line.
    pub message_id: String,
    /// When it was admitted, in milliseconds since the Unix epoch.
    pub admitted_at: u64,
    /// How often it failed.
    pub failures: u32,
    /// When it is tried again, in milliseconds since the Unix epoch.
    pub retry_at: Option<u64>,
    /// Why it is where it is.
    pub reason: Option<String>,
    /// The parts of its reply, if that is planned.
    pub chunks: Vec<ChunkItem>,
}

/// A part of a reply, for people to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChunkItem {
    /// What became of it.
    pub state: ChunkState,
    /// Why, if that is known.
    pub note: Option<String>,
}

/// How many entries of an account there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Depths {
    /// Those that wait for their turn, or are being answered.
    pub waiting: u64,
    /// Those that failed and are tried again.
    pub failed: u64,
    /// Replies of which a part may or may not have arrived.
    pub unknown: u64,
    /// Dead letters.
    pub dead: u64,
}

/// Why an entry was not changed.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// There is none of that number which is not done with.
    #[error("there is no entry {0} in the queue: see `zalouser queue list`")]
    Missing(EntryId),
    /// It is being answered.
    #[error("entry {0} is being answered right now: wait for that, or stop the gateway first")]
    Running(EntryId),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Queue {
    /// Opens the queue for reading. None where no journal was begun yet.
    ///
    /// # Errors
    /// When the journal is damaged, of a newer version or out of reach.
    pub fn look(path: &Path) -> Result<Option<Self>, JournalError> {
        Self::open_as(path, false)
    }

    /// Opens the queue to change it. None where no journal was begun yet.
    ///
    /// # Errors
    /// As for [`Self::look`].
    pub fn open(path: &Path) -> Result<Option<Self>, JournalError> {
        Self::open_as(path, true)
    }

    /// How many entries the accounts have, without those that are done with.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn depths(&self) -> Result<BTreeMap<String, Depths>, JournalError> {
        self.depths_of().map_err(|error| self.failed(&error))
    }

    /// All entries that are not done with, the oldest first; of one account, and only dead letters and replies that
    /// wait for a decision, if that is asked for.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn list(&self, account: Option<&str>, only_dead: bool) -> Result<Vec<Item>, JournalError> {
        let items = self.items().map_err(|error| self.failed(&error))?;
        let wanted = |item: &Item| {
            account.is_none_or(|account| item.account.eq_ignore_ascii_case(account))
                && (!only_dead || matches!(item.state, State::Dead | State::Unknown))
        };
        Ok(items.into_iter().filter(wanted).collect())
    }

    /// Lets an entry be tried again, at once and as often as a new one. Of its reply, what was not sent is sent;
    /// with `skip_unknown`, without the parts that may have arrived.
    ///
    /// # Errors
    /// When there is no such entry, or it is being answered.
    pub fn retry(&mut self, id: EntryId, skip_unknown: bool, gateway_runs: bool) -> Result<(), QueueError> {
        self.change(id, gateway_runs, |transaction| {
            let unknown = if skip_unknown { ChunkState::Skipped } else { ChunkState::Planned };
            transaction.execute(
                "UPDATE chunk SET state = ?2, changed_at = ?3 WHERE entry = ?1 AND state IN ('unknown', 'sending')",
                params![id.0, unknown, now()],
            )?;
            transaction.execute(
                "UPDATE chunk SET state = 'planned', changed_at = ?2 WHERE entry = ?1 AND state = 'failed'",
                params![id.0, now()],
            )?;
            transaction.execute(
                "UPDATE entry SET state = 'received', failures = 0, retry_at = NULL, changed_at = ?2 WHERE id = ?1",
                params![id.0, now()],
            )
        })
    }

    /// Gives an entry up. It is still recognised when it comes again.
    ///
    /// # Errors
    /// As for [`Self::retry`].
    pub fn give_up(&mut self, id: EntryId, gateway_runs: bool) -> Result<(), QueueError> {
        self.change(id, gateway_runs, |transaction| {
            transaction.execute("DELETE FROM chunk WHERE entry = ?1", [id.0])?;
            transaction.execute(
                "UPDATE entry SET state = 'dropped', done = 1, body = NULL, changed_at = ?2 WHERE id = ?1",
                params![id.0, now()],
            )
        })
    }

    fn open_as(path: &Path, writable: bool) -> Result<Option<Self>, JournalError> {
        let opened = schema::open_existing(path, writable).map_err(|error| error.into_error(path))?;
        Ok(opened.map(|connection| Self { connection, path: path.to_owned() }))
    }

    fn change(
        &mut self,
        id: EntryId,
        gateway_runs: bool,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<usize>,
    ) -> Result<(), QueueError> {
        let path = self.path.clone();
        let change = || {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let find = "SELECT state FROM entry WHERE id = ?1 AND done = 0";
            match transaction.query_row(find, [id.0], |row| row.get(0)).optional()? {
                None => return Ok(Err(QueueError::Missing(id))),
                Some(State::Running) if gateway_runs => return Ok(Err(QueueError::Running(id))),
                Some(_) => {}
            }
            change(&transaction)?;
            transaction.commit().map(Ok)
        };
        let changed: rusqlite::Result<_> = change();
        changed.unwrap_or_else(|error| Err(JournalError::Unusable { path, problem: problem(&error) }.into()))
    }

    fn depths_of(&self) -> rusqlite::Result<BTreeMap<String, Depths>> {
        let count = "SELECT account, state, count(*) FROM entry WHERE done = 0 GROUP BY account, state";
        let mut statement = self.connection.prepare(count)?;
        let mut rows = statement.query([])?;
        let mut depths: BTreeMap<String, Depths> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let depths = depths.entry(row.get(0)?).or_default();
            let count: i64 = row.get(2)?;
            let depth = match row.get(1)? {
                State::Failed => &mut depths.failed,
                State::Unknown => &mut depths.unknown,
                State::Dead => &mut depths.dead,
                _ => &mut depths.waiting,
            };
            *depth += count.unsigned_abs();
        }
        Ok(depths)
    }

    fn items(&self) -> rusqlite::Result<Vec<Item>> {
        let mut chunks: BTreeMap<i64, Vec<ChunkItem>> = BTreeMap::new();
        let mut statement =
            self.connection.prepare("SELECT entry, state, note FROM chunk ORDER BY entry, place")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let chunk = ChunkItem { state: row.get(1)?, note: row.get(2)? };
            chunks.entry(row.get(0)?).or_default().push(chunk);
        }
        let mut statement = self.connection.prepare(
            "SELECT id, account, kind, state, thread, is_group, sender, message, admitted_at, failures, retry_at, \
             reason FROM entry WHERE done = 0 ORDER BY id",
        )?;
        let items = statement.query_map([], item)?;
        items
            .map(|item| {
                let mut item = item?;
                item.chunks = chunks.remove(&item.id.0).unwrap_or_default();
                Ok(item)
            })
            .collect()
    }

    fn failed(&self, error: &rusqlite::Error) -> JournalError {
        JournalError::Unusable { path: self.path.clone(), problem: problem(error) }
    }
}

fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    Ok(Item {
        id: EntryId(row.get(0)?),
        account: row.get(1)?,
        kind: row.get(2)?,
        state: row.get(3)?,
        thread_id: row.get(4)?,
        is_group: row.get(5)?,
        sender_id: row.get(6)?,
        message_id: row.get(7)?,
        admitted_at: row.get::<_, i64>(8)?.unsigned_abs(),
        failures: row.get(9)?,
        retry_at: row.get::<_, Option<i64>>(10)?.map(i64::unsigned_abs),
        reason: row.get(11)?,
        chunks: Vec::new(),
    })
}
