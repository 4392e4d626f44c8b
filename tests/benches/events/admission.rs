//! From a line to a message that is in the journal, without anybody who answers it.

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, params};
use rustix::time::ClockId;
use serde_json::json;
use zalouser::journal::{Admission, Admitted, EntryId, Journal, JournalSettings, Rest};
use zalouser::sandbox::bindings::inbound::Effect;
use zalouser::simulator::Line;

use super::pair::Pair;
use super::table::Row;
use super::{CHUNK, micros, worked};

/// How many messages are admitted in one round: enough for the journal to write its log back several times.
const MESSAGES: usize = 10_000;

/// How many may wait for the disk at a time.
const WAITING: usize = 4_000;

const ROUNDS: usize = 24;

pub(super) fn open(folder: &Path) -> Journal {
    Journal::open(&folder.join("journal.sqlite"), &JournalSettings::default()).unwrap().0
}

pub(super) async fn rows() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let mut pair = Pair::new(&json!({ "dmPolicy": "open" })).await;
    let (mut least, mut all, mut lasted) = (Duration::MAX, Duration::ZERO, Duration::ZERO);
    for round in 0..ROUNDS {
        let chunks = chunks(round * MESSAGES..(round + 1) * MESSAGES);
        let began = Instant::now();
        let worked = worked(ClockId::ProcessCPUTime, async {
            let admitted = admit(&mut pair, &journal, &chunks).await;
            assert_eq!(admitted.len(), MESSAGES);
        });
        let worked = worked.await;
        lasted += began.elapsed();
        least = least.min(worked);
        all += worked;
    }
    journal.close().await;
    let cpu = micros(least, MESSAGES);
    let a_second = |time: Duration| (ROUNDS * MESSAGES) as f64 / time.as_secs_f64();
    // One core does all of it for as long as the processor time of both threads says.
    let on_one_core = a_second(all);
    vec![
        Row::new(
            "admitted event: parse, decide, journal, effect",
            format!("{cpu:.1} µs"),
            "25 µs",
            cpu <= 25.0,
        )
        .beside("of all threads together"),
        Row::reaching(
            "admitted events on one core, sustained",
            format!("{on_one_core:.0} a second"),
            "20,000 a second",
            on_one_core >= 20_000.0,
        )
        .beside(format!("{:.0} a second by the wall clock", a_second(lasted))),
    ]
}

/// Writes answered messages into a journal that nobody has open, as many as it would never keep.
pub(super) fn age(folder: &Path, answered: usize) {
    let mut database = Connection::open(folder.join("journal.sqlite")).unwrap();
    database.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000").unwrap();
    let indexes =
        "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'entry' AND type = 'index' AND sql IS NOT NULL";
    let indexes: Vec<(String, String)> = {
        let mut indexes = database.prepare(indexes).unwrap();
        let rows = indexes.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let writing = database.transaction().unwrap();
    for (name, _) in &indexes {
        writing.execute_batch(&format!("DROP INDEX {name}")).unwrap();
    }
    let insert = "INSERT INTO entry (account, thread, is_group, kind, state, done, sender, message, by_zalo, by_client, \
                  admitted_at, changed_at) \
                  VALUES ('default', ?1, 0, 'message', 'answered', 1, ?1, ?2, ?3, ?4, ?5, ?5)";
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let mut insert = writing.prepare(insert).unwrap();
    for number in 0..answered {
        let sender = (number % 50).to_string();
        let ids = ["m", "c"].map(|kind| format!("{kind}{number}"));
        // As the journal makes them: the beginning of the id, and half of a hash.
        let hash = (number as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
        let [by_zalo, by_client] =
            ids.each_ref().map(|id| id.bytes().take(16).chain(hash).collect::<Vec<_>>());
        insert.execute(params![sender, ids[0], by_zalo, by_client, now]).unwrap();
    }
    drop(insert);
    for (_, sql) in &indexes {
        writing.execute_batch(sql).unwrap();
    }
    writing.commit().unwrap();
}

/// What a listener prints for messages with these numbers, cut as it comes.
fn chunks(numbers: std::ops::Range<usize>) -> Vec<Vec<u8>> {
    let mut printed = String::new();
    for number in numbers {
        let ids = (format!("m{number}"), format!("c{number}"));
        let line =
            Line::direct(format!("{}", number % 50), "Alice", format!("message {number}")).ids(ids.0, ids.1);
        printed.push_str(&line.to_json());
        printed.push('\n');
    }
    printed.as_bytes().chunks(CHUNK).map(<[u8]>::to_vec).collect()
}

async fn admit(pair: &mut Pair, journal: &Journal, chunks: &[Vec<u8>]) -> Vec<EntryId> {
    let (mut waiting, mut entries) = (VecDeque::new(), Vec::new());
    for chunk in chunks {
        for effect in pair.monitor.push(chunk, 0).await.effects {
            if let Effect::Deliver(message) = effect {
                waiting.push_back(journal.admit(Admission::message(message)).unwrap());
            }
        }
        while waiting.len() > WAITING {
            entries.extend(admitted(waiting.pop_front().unwrap().await.unwrap()));
        }
    }
    for last in waiting {
        entries.extend(admitted(last.await.unwrap()));
    }
    entries
}

fn admitted(admitted: Admitted) -> Option<EntryId> {
    match admitted {
        Admitted::New(entry) => Some(entry),
        Admitted::Duplicate(_) => None,
    }
}

/// What one admission costs in a journal that remembers this many answered messages.
pub(super) async fn beside_answered(journal: &Journal, from: usize, answered: usize) -> Duration {
    const MEASURED: usize = 5_000;
    let mut pair = Pair::new(&json!({ "dmPolicy": "open" })).await;
    let entries = admit(&mut pair, journal, &chunks(from..answered)).await;
    let mut rests = VecDeque::new();
    for entry in entries {
        rests.push_back(journal.rest(entry, Rest::Answered));
    }
    for rest in rests {
        rest.await.unwrap();
    }
    let chunks = chunks(answered..answered + MEASURED);
    let mut entries = Vec::new();
    let worked =
        worked(ClockId::ProcessCPUTime, async { entries = admit(&mut pair, journal, &chunks).await });
    let worked = worked.await / u32::try_from(MEASURED).unwrap();
    for entry in entries {
        journal.rest(entry, Rest::Answered).await.unwrap();
    }
    worked
}
