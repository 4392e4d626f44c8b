//! What a bridge hands out until that is confirmed, and what became of the commands that it was given.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, params};

use super::entry::Identity;
use super::tables::Tables;
use super::upkeep::{AT_A_TIME, REMEMBERED, before};

/// How many events of an account wait to be confirmed at most; the oldest are given up for new ones.
pub const EVENTS_MAX: u32 = 100_000;

/// How long their bodies are together at most, in bytes.
const EVENTS_SIZE_MAX: u32 = 256 << 20;

/// For how long an event waits to be confirmed.
pub const EVENTS_FOR: Duration = Duration::from_hours(30 * 24);

/// For how long the outcome of a command is known by its key.
pub(super) const OUTCOMES_FOR: Duration = Duration::from_hours(24);

/// Something to be handed out.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// The account that it is about.
    pub account: String,
    /// When it happened, in milliseconds since the Unix epoch.
    pub at: u64,
    /// What happened, as JSON.
    pub body: String,
    /// By what it is recognised when it comes again.
    pub identity: Identity,
}

/// Something that waits to be handed out or to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its number. Later events have greater ones, of whichever account.
    pub seq: u64,
    /// When it happened, in milliseconds since the Unix epoch.
    pub at: u64,
    /// What happened, as JSON.
    pub body: String,
}

/// A part of what waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventPage {
    /// The events, the oldest first.
    pub events: Vec<StoredEvent>,
    /// How many were given up unconfirmed since one was confirmed last.
    pub lost: u64,
}

/// A number was confirmed that no event has yet; this is the greatest that one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotYet(pub u64);

/// What is known of a command by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nothing. From now on it is known that it was begun.
    New,
    /// It was carried out, with this outcome as JSON.
    Done(String),
    /// It was begun, and nobody knows what became of it.
    Interrupted,
}

/// How much is read at a time.
#[derive(Clone, Copy, Debug)]
pub struct PageSize {
    /// How many events at most.
    pub events: u32,
    /// How long their bodies are together at most, in bytes. A longer one comes alone.
    pub bytes: usize,
}

impl Tables<'_> {
    /// Keeps an event, and says whether it is a new one.
    pub(super) fn record(&mut self, new: &NewEvent) -> rusqlite::Result<bool> {
        let insert = self.sql(
            "INSERT OR IGNORE INTO event (account, at, body, by_zalo, by_client) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let Identity { by_zalo, by_client } = &new.identity;
        Ok(insert.execute(params![new.account, stored(new.at), new.body, by_zalo, by_client])? == 1)
    }

    /// Confirms the events of an account up to and including `after`, and reads those behind it.
    pub(super) fn events(
        &mut self,
        account: &str,
        after: Option<u64>,
        size: PageSize,
    ) -> rusqlite::Result<Result<EventPage, NotYet>> {
        if let Some(after) = after {
            let last = self.sql("SELECT seq FROM sqlite_sequence WHERE name = 'event'")?;
            let last = last.query_row([], |row| row.get(0)).optional()?.unwrap_or(0_i64);
            if stored(after) > last {
                return Ok(Err(NotYet(last.unsigned_abs())));
            }
            self.confirm(account, stored(after))?;
        }
        let lost = self.sql("SELECT count FROM event_lost WHERE account = ?1")?;
        let lost = lost.query_row([account], |row| row.get::<_, i64>(0)).optional()?.unwrap_or_default();
        let find = self.sql(
            "SELECT seq, at, body FROM event WHERE account = ?1 AND body IS NOT NULL ORDER BY seq LIMIT ?2",
        )?;
        let mut rows = find.query(params![account, size.events])?;
        let (mut events, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let event = stored_event(row)?;
            bytes += event.body.len();
            if bytes > size.bytes && !events.is_empty() {
                break;
            }
            events.push(event);
        }
        Ok(Ok(EventPage { events, lost: lost.unsigned_abs() }))
    }

    fn confirm(&mut self, account: &str, through: i64) -> rusqlite::Result<()> {
        let confirm =
            self.sql("UPDATE event SET body = NULL WHERE account = ?1 AND body IS NOT NULL AND seq <= ?2")?;
        if confirm.execute(params![account, through])? > 0 {
            self.sql("DELETE FROM event_lost WHERE account = ?1")?.execute([account])?;
        }
        Ok(())
    }

    /// Notes that the command with this key is begun, unless it is known.
    pub(super) fn claim(&mut self, account: &str, key: &str, now: i64) -> rusqlite::Result<Claim> {
        let begin = self.sql("INSERT OR IGNORE INTO outcome (account, key, at) VALUES (?1, ?2, ?3)")?;
        if begin.execute(params![account, key, now])? == 1 {
            return Ok(Claim::New);
        }
        let find = self.sql("SELECT outcome FROM outcome WHERE account = ?1 AND key = ?2")?;
        let outcome = find.query_row([account, key], |row| row.get::<_, Option<String>>(0))?;
        Ok(outcome.map_or(Claim::Interrupted, Claim::Done))
    }

    /// Notes what became of the command with this key.
    pub(super) fn conclude(&mut self, account: &str, key: &str, outcome: &str) -> rusqlite::Result<()> {
        let conclude = self.sql("UPDATE outcome SET outcome = ?3 WHERE account = ?1 AND key = ?2")?;
        conclude.execute([account, key, outcome])?;
        Ok(())
    }

    /// Forgets the key of a command that was not carried out.
    pub(super) fn disclaim(&mut self, account: &str, key: &str) -> rusqlite::Result<()> {
        self.sql("DELETE FROM outcome WHERE account = ?1 AND key = ?2")?.execute([account, key])?;
        Ok(())
    }

    /// Gives up what waited too long or is too much, and forgets what is too old. Gives how many events were given
    /// up.
    pub(super) fn tidy_events(&mut self, now: i64) -> rusqlite::Result<usize> {
        let surplus = self.sql(
            "SELECT account, count(*) - sum(at >= ?1 AND place <= ?2 AND size <= ?3) FROM (SELECT account, at, \
             row_number() OVER later AS place, sum(octet_length(body)) OVER later AS size FROM event \
             WHERE body IS NOT NULL WINDOW later AS (PARTITION BY account ORDER BY seq DESC)) GROUP BY account",
        )?;
        let surplus = surplus
            .query_map(params![before(EVENTS_FOR, now), EVENTS_MAX, EVENTS_SIZE_MAX], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<rusqlite::Result<Vec<(String, i64)>>>()?;
        let mut given_up = 0;
        for (account, count) in surplus.iter().filter(|(_, count)| *count > 0) {
            let give_up = self.sql(
                "UPDATE event SET body = NULL WHERE seq IN (SELECT seq FROM event WHERE account = ?1 AND body IS NOT \
                 NULL ORDER BY seq LIMIT ?2)",
            )?;
            given_up += give_up.execute(params![account, count])?;
            let note = self.sql(
                "INSERT INTO event_lost (account, count) VALUES (?1, ?2) \
                 ON CONFLICT (account) DO UPDATE SET count = count + excluded.count",
            )?;
            note.execute(params![account, count])?;
        }
        let old = "DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE body IS NULL AND \
                   (at < ?1 OR (by_zalo IS NULL AND by_client IS NULL)) LIMIT ?2)";
        self.sql(old)?.execute(params![before(REMEMBERED, now), AT_A_TIME])?;
        self.sql("DELETE FROM outcome WHERE at < ?1")?.execute([before(OUTCOMES_FOR, now)])?;
        Ok(given_up)
    }
}

fn stored_event(row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    let (seq, at): (i64, i64) = (row.get(0)?, row.get(1)?);
    Ok(StoredEvent { seq: seq.unsigned_abs(), at: at.unsigned_abs(), body: row.get(2)? })
}

/// A number as SQLite stores it.
fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Journal, JournalSettings};

    const ALL: PageSize = PageSize { events: 100, bytes: 1 << 20 };

    fn event(at: u64) -> NewEvent {
        let (account, body) = ("default".to_owned(), "{}".to_owned());
        NewEvent { account, at, body, identity: Identity::default() }
    }

    async fn numbers(journal: &Journal, after: Option<u64>) -> Vec<u64> {
        let page = journal.events("default", after, ALL).await.unwrap().unwrap();
        page.events.iter().map(|event| event.seq).collect()
    }

    #[tokio::test]
    async fn a_number_of_a_journal_that_is_gone_confirms_nothing_of_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let before = stored(crate::clock::now_ms() - 1_000);
        let path = folder.path().join("journal");
        let journal = Journal::open(&path, &JournalSettings::default()).unwrap().0;
        assert!(journal.record(event(1)).unwrap().await.unwrap());
        // The old one had fewer events than there were milliseconds since it was begun.
        assert_eq!(numbers(&journal, Some(before.unsigned_abs())).await.len(), 1);
        journal.close().await;
    }

    #[test]
    fn what_nobody_fetched_in_time_is_given_up_and_counted() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema_2.sql")).unwrap();
        let mut tables = Tables::of(&connection);
        let day = 24 * 3_600 * 1_000;
        for at in [0, 40 * day, 41 * day] {
            tables.record(&event(at)).unwrap();
        }
        assert_eq!(tables.tidy_events(stored(50 * day)).unwrap(), 1);
        let page = tables.events("default", None, ALL).unwrap().unwrap();
        assert_eq!(page.events.iter().map(|event| event.at).collect::<Vec<_>>(), [40 * day, 41 * day]);
        assert_eq!(page.lost, 1);
        let first = page.events[0].seq;
        assert_eq!(tables.events("default", Some(first), ALL).unwrap().unwrap().lost, 0);
    }
}
