//! The statements that change entries and their chunks. Each function is part of a transaction of the writer's.

use std::collections::BTreeMap;

use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Row, Statement, params};

use super::entry::{
    Admitted, Begun, Chunk, ChunkState, EntryId, Identity, Kind, Rest, State, Task, Work, thread,
};
use super::settings::RETRY_MAX_MS;
use crate::sandbox::bindings::types::{Command, Thread};

/// A database with the statements that were prepared for it.
pub(super) struct Tables<'c> {
    pub(super) connection: &'c Connection,
    pub(super) statements: BTreeMap<&'static str, Statement<'c>>,
}

/// What is written of an entry when it is admitted.
pub(super) struct NewEntry {
    pub(super) account: String,
    pub(super) thread: Thread,
    pub(super) is_group: bool,
    pub(super) kind: Kind,
    pub(super) state: State,
    pub(super) sender: String,
    pub(super) message: String,
    pub(super) identity: Identity,
    pub(super) body: Vec<u8>,
    pub(super) reason: Option<String>,
}

impl<'c> Tables<'c> {
    pub(super) fn of(connection: &'c Connection) -> Self {
        Self { connection, statements: BTreeMap::new() }
    }

    /// The statement of this text, which is prepared once.
    pub(super) fn sql(&mut self, text: &'static str) -> rusqlite::Result<&mut Statement<'c>> {
        use std::collections::btree_map::Entry;
        Ok(match self.statements.entry(text) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(self.connection.prepare(text)?),
        })
    }

    pub(super) fn admit(&mut self, new: &NewEntry, now: i64) -> rusqlite::Result<Admitted> {
        let Identity { by_zalo, by_client } = &new.identity;
        let insert = self.sql(
            "INSERT OR IGNORE INTO entry (account, thread, is_group, kind, state, sender, message, by_zalo, \
             by_client, body, admitted_at, changed_at, reason) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12)",
        )?;
        let values = params![
            new.account,
            new.thread.id,
            new.is_group,
            new.kind,
            new.state,
            new.sender,
            new.message,
            by_zalo,
            by_client,
            new.body,
            now,
            new.reason,
        ];
        // `RETURNING` would make a table in memory for every row.
        if insert.execute(values)? > 0 {
            let id = EntryId(self.connection.last_insert_rowid());
            // The guest has put what preceded the message into it.
            if new.is_group && new.kind == Kind::Message {
                self.forget(&new.account, &new.thread.id)?;
            }
            return Ok(Admitted::New(id));
        }
        let find = self.sql("SELECT id FROM entry WHERE by_zalo = ?1 OR by_client = ?2")?;
        find.query_row(params![by_zalo, by_client], |row| Ok(Admitted::Duplicate(EntryId(row.get(0)?))))
    }

    /// Begins an entry that waits, unless it is to be tried again later.
    pub(super) fn begin(&mut self, id: EntryId, now: i64) -> rusqlite::Result<Begun> {
        let find = self.sql(
            "SELECT account, retry_at FROM entry WHERE id = ?1 AND done = 0 AND state IN ('received', 'failed')",
        )?;
        let found = find.query_row([id.0], |row| row.get::<_, Option<i64>>(1)).optional()?;
        match found {
            None => return Ok(Begun::Gone),
            // A time that is too far away was told by another clock.
            Some(Some(at)) if at > now && at - now <= RETRY_MAX_MS => {
                return Ok(Begun::NotYet(u64::try_from(at).unwrap_or_default()));
            }
            Some(_) => {}
        }
        let begin = self.sql(
            "UPDATE entry SET state = 'running', handed = handed + 1, retry_at = NULL, changed_at = ?2 WHERE id = ?1 \
             RETURNING thread, is_group, message, body, failures, handed, \
             EXISTS (SELECT 1 FROM chunk WHERE chunk.entry = entry.id)",
        )?;
        begin.query_row(params![id.0, now], task).map(|task| Begun::Task(Box::new(task)))
    }

    /// Notes the commands of a reply. What led to it is not needed any more, unless it is `kept`.
    pub(super) fn plan(
        &mut self,
        id: EntryId,
        commands: &[String],
        kept: bool,
        now: i64,
    ) -> rusqlite::Result<()> {
        let insert = self.sql(
            "INSERT OR REPLACE INTO chunk (entry, place, state, command, changed_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (place, command) in commands.iter().enumerate() {
            let place = i64::try_from(place).unwrap_or(i64::MAX);
            insert.execute(params![id.0, place, ChunkState::Planned, command, now])?;
        }
        if !kept {
            self.sql("UPDATE entry SET body = NULL WHERE id = ?1")?.execute([id.0])?;
        }
        Ok(())
    }

    /// Notes further commands of a reply.
    pub(super) fn append(&mut self, id: EntryId, commands: &[String], now: i64) -> rusqlite::Result<()> {
        let insert = self.sql(
            "INSERT INTO chunk (entry, place, state, command, changed_at) \
             SELECT ?1, coalesce(max(place) + 1, 0), ?2, ?3, ?4 FROM chunk WHERE entry = ?1",
        )?;
        for command in commands {
            insert.execute(params![id.0, ChunkState::Planned, command, now])?;
        }
        Ok(())
    }

    /// The parts of a reply that are still to be sent, and how many it has in all.
    pub(super) fn unsent(&mut self, id: EntryId) -> rusqlite::Result<(Vec<Chunk>, usize)> {
        let find = self.sql("SELECT place, state, command FROM chunk WHERE entry = ?1 ORDER BY place")?;
        let mut rows = find.query([id.0])?;
        let (mut chunks, mut total) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            total += 1;
            if !matches!(row.get(1)?, ChunkState::Sent | ChunkState::Skipped) {
                chunks.push(Chunk { place: row.get(0)?, command: json(row, 2)? });
            }
        }
        Ok((chunks, total))
    }

    /// Notes what became of a part of a reply.
    pub(super) fn mark(
        &mut self,
        id: EntryId,
        place: u32,
        state: ChunkState,
        note: Option<&str>,
        now: i64,
    ) -> rusqlite::Result<()> {
        let mark = self
            .sql("UPDATE chunk SET state = ?3, note = ?4, changed_at = ?5 WHERE entry = ?1 AND place = ?2")?;
        mark.execute(params![id.0, place, state, note, now])?;
        Ok(())
    }

    /// Notes how a running entry came to rest.
    pub(super) fn rest(&mut self, id: EntryId, rest: &Rest, now: i64) -> rusqlite::Result<()> {
        let (state, failed, retry_at, reason) = match rest {
            Rest::Answered => {
                self.sql("DELETE FROM chunk WHERE entry = ?1")?.execute([id.0])?;
                let answered = self.sql(
                    "UPDATE entry SET state = 'answered', done = 1, body = NULL, reason = NULL, changed_at = ?2 \
                     WHERE id = ?1",
                )?;
                answered.execute(params![id.0, now])?;
                return Ok(());
            }
            Rest::RetryAt(at, reason) => {
                (State::Failed, 1, Some(i64::try_from(*at).unwrap_or(i64::MAX)), reason)
            }
            Rest::Unknown(reason) => (State::Unknown, 0, None, reason),
            Rest::Dead(reason) => (State::Dead, 1, None, reason),
        };
        let rest = self.sql(
            "UPDATE entry SET state = ?2, failures = failures + ?3, retry_at = ?4, reason = ?5, changed_at = ?6 \
             WHERE id = ?1 AND done = 0",
        )?;
        rest.execute(params![id.0, state, failed, retry_at, reason, now])?;
        Ok(())
    }

    /// The entries of an account that wait for their turn or for another try, the oldest first.
    pub(super) fn waiting(&mut self, account: &str) -> rusqlite::Result<Vec<(EntryId, Thread)>> {
        let find = self.sql(
            "SELECT id, thread, is_group FROM entry \
             WHERE account = ?1 AND done = 0 AND state IN ('received', 'failed') AND kind <> 'line' ORDER BY id",
        )?;
        let read = |row: &Row<'_>| Ok((EntryId(row.get(0)?), thread(row.get(1)?, row.get(2)?)));
        find.query_map([account], read)?.collect()
    }

    /// The lines of an account that the operator wants to be judged again.
    pub(super) fn lines(&mut self, account: &str) -> rusqlite::Result<Vec<(EntryId, Vec<u8>)>> {
        let find = self.sql(
            "SELECT id, body FROM entry WHERE account = ?1 AND done = 0 AND state = 'received' AND kind = 'line' \
             ORDER BY id LIMIT 16",
        )?;
        find.query_map([account], |row| Ok((EntryId(row.get(0)?), row.get(1)?)))?.collect()
    }

    /// Puts everything that was running when the last gateway ended where it belongs. Gives how many messages
    /// wait, and of how many a part of the reply may or may not have been sent.
    pub(super) fn recover(&mut self, now: i64) -> rusqlite::Result<(u64, u64)> {
        let interrupted = "the gateway ended while this was being sent";
        let chunks = "UPDATE chunk SET state = 'unknown', note = ?1, changed_at = ?2 WHERE state = 'sending'";
        self.sql(chunks)?.execute(params![interrupted, now])?;
        // A stranger is offered the code again when the next message comes.
        let offers = self.sql(
            "UPDATE entry SET state = 'dropped', done = 1, body = NULL, reason = ?1, changed_at = ?2 \
             WHERE done = 0 AND kind = 'pairing' AND id IN (SELECT entry FROM chunk WHERE state = 'unknown')",
        )?;
        offers.execute(params![interrupted, now])?;
        let unknown = self.sql(
            "UPDATE entry SET state = 'unknown', reason = ?1, changed_at = ?2 WHERE done = 0 AND state = 'running' \
             AND id IN (SELECT entry FROM chunk WHERE state = 'unknown')",
        )?;
        let unknown = unknown.execute(params![interrupted, now])?;
        self.sql("UPDATE entry SET state = 'received' WHERE done = 0 AND state = 'running'")?.execute([])?;
        let waiting =
            self.sql("SELECT count(*) FROM entry WHERE done = 0 AND state IN ('received', 'failed')")?;
        let waiting: i64 = waiting.query_row([], |row| row.get(0))?;
        Ok((waiting.unsigned_abs(), u64::try_from(unknown).unwrap_or(u64::MAX)))
    }

    /// Writes something that means nothing.
    pub(super) fn probe(&mut self, now: i64) -> rusqlite::Result<()> {
        self.sql("INSERT OR REPLACE INTO probe (id, at) VALUES (1, ?1)")?.execute([now])?;
        Ok(())
    }
}

/// How much of a reason is kept, in bytes.
const REASON: usize = 1_000;

fn task(row: &Row<'_>) -> rusqlite::Result<Task> {
    let planned: bool = row.get(6)?;
    let mut work: Option<Work> = match row.get_ref(3)?.as_bytes_or_null()? {
        Some(body) => Some(parse(body, 3)?),
        None => None,
    };
    // Whoever gets it for the second time may have acted on it the first time.
    let redelivered = row.get::<_, i64>(5)? > 1;
    if let Some(Work::Message(context)) = &mut work {
        context.redelivered = redelivered;
    }
    let thread = thread(row.get(0)?, row.get(1)?);
    Ok(Task { thread, message_id: row.get(2)?, work, planned, failures: row.get(4)? })
}

fn json(row: &Row<'_>, column: usize) -> rusqlite::Result<Command> {
    parse(row.get_ref(column)?.as_bytes()?, column)
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(bytes: &[u8], column: usize) -> rusqlite::Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// A line that made a guest fail, as it is buried.
pub(super) fn buried(account: &str, line: Vec<u8>, reason: &str) -> NewEntry {
    NewEntry { state: State::Dead, reason: Some(shown_reason(reason)), ..unjudged(account, line) }
}

/// A line that a guest is to judge.
pub(super) fn unjudged(account: &str, line: Vec<u8>) -> NewEntry {
    NewEntry {
        account: account.to_owned(),
        thread: thread(String::new(), false),
        is_group: false,
        kind: Kind::Line,
        state: State::Received,
        sender: String::new(),
        message: String::new(),
        identity: Identity::default(),
        body: line,
        reason: None,
    }
}

/// As much of a reason as is kept.
pub(super) fn shown_reason(reason: &str) -> String {
    let mut text = crate::decision::one_line(reason);
    text.truncate(text.floor_char_boundary(REASON));
    text
}
