//! What keeps the journal from growing without end.

use std::time::Duration;

use rusqlite::params;

use super::tables::Tables;

/// For how long an answered message is recognised when it comes again.
pub(super) const REMEMBERED: Duration = Duration::from_hours(30 * 24);

/// How many answered messages are recognised at most; an entry takes about 300 bytes.
const REMEMBERED_MAX: u32 = 200_000;

/// How many dead letters are kept; the oldest are given up for new ones.
const DEAD_MAX: u32 = 10_000;

/// How many entries are removed at a time, so that nobody waits long for it.
pub(super) const AT_A_TIME: u32 = 10_000;

/// What was given up to keep the journal small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct GivenUp {
    /// Replies of which nobody said whether to go on with them.
    pub(super) unknown: usize,
    /// Dead letters.
    pub(super) dead: usize,
    /// Events that nobody confirmed.
    pub(super) events: usize,
}

/// The time that is so long before `now`, in milliseconds since the Unix epoch.
pub(super) fn before(time: Duration, now: i64) -> i64 {
    now.saturating_sub(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

impl Tables<'_> {
    /// Forgets what is too old or too much.
    pub(super) fn tidy(&mut self, unknown_for: Duration, now: i64) -> rusqlite::Result<GivenUp> {
        let unknown = self.sql(
            "UPDATE entry SET state = 'dropped', done = 1, body = NULL, changed_at = ?2 \
             WHERE done = 0 AND state = 'unknown' AND changed_at < ?1",
        )?;
        let unknown = unknown.execute(params![before(unknown_for, now), now])?;
        let dead = self.sql(
            "UPDATE entry SET state = 'dropped', done = 1, body = NULL, changed_at = ?2 WHERE id IN (SELECT id FROM \
             entry WHERE done = 0 AND state = 'dead' ORDER BY id DESC LIMIT -1 OFFSET ?1)",
        )?;
        let dead = dead.execute(params![DEAD_MAX, now])?;
        if unknown + dead > 0 {
            let chunks = "DELETE FROM chunk WHERE entry IN (SELECT id FROM entry WHERE done = 1)";
            self.sql(chunks)?.execute([])?;
        }
        let old = "DELETE FROM entry WHERE id IN (SELECT id FROM entry WHERE done = 1 AND changed_at < ?1 LIMIT ?2)";
        self.sql(old)?.execute(params![before(REMEMBERED, now), AT_A_TIME])?;
        let many = self.sql(
            "DELETE FROM entry WHERE id IN (SELECT id FROM entry WHERE done = 1 ORDER BY changed_at DESC \
             LIMIT ?2 OFFSET ?1)",
        )?;
        many.execute(params![REMEMBERED_MAX, AT_A_TIME])?;
        self.trim_history()?;
        Ok(GivenUp { unknown, dead, events: self.tidy_events(now)? })
    }
}
