//! What guests keep of groups until a message is let through there, so that it survives a restart.

use std::collections::BTreeSet;

use rusqlite::params;

use super::tables::{Tables, parse};
use crate::sandbox::bindings::inbound::{HistoryEntry, Remembered};

/// How many messages are kept of one account in all: as many as a guest has room for.
const MESSAGES: u32 = 20_000;

impl Tables<'_> {
    /// Keeps `messages`, of which there are at most `limit` of one group.
    pub(super) fn remember(
        &mut self,
        account: &str,
        limit: u32,
        messages: &[(String, String)],
    ) -> rusqlite::Result<()> {
        for (thread, message) in messages {
            self.sql("INSERT INTO history (account, thread, message) VALUES (?1, ?2, ?3)")?
                .execute(params![account, thread, message])?;
        }
        for thread in messages.iter().map(|(thread, _)| thread).collect::<BTreeSet<_>>() {
            let trim = self.sql(
                "DELETE FROM history WHERE account = ?1 AND thread = ?2 AND id <= (SELECT id FROM history \
                 WHERE account = ?1 AND thread = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)",
            )?;
            trim.execute(params![account, thread, limit])?;
        }
        Ok(())
    }

    /// Forgets what is kept of one group.
    pub(super) fn forget(&mut self, account: &str, thread: &str) -> rusqlite::Result<()> {
        self.sql("DELETE FROM history WHERE account = ?1 AND thread = ?2")?
            .execute(params![account, thread])?;
        Ok(())
    }

    /// All that is kept of an account's groups, the oldest first.
    pub(super) fn recall(&mut self, account: &str) -> rusqlite::Result<Vec<Remembered>> {
        let find = self.sql(
            "SELECT thread, message FROM (SELECT id, thread, message FROM history WHERE account = ?1 \
             ORDER BY id DESC LIMIT ?2) ORDER BY id",
        )?;
        let mut rows = find.query(params![account, MESSAGES])?;
        let mut kept = Vec::new();
        while let Some(row) = rows.next()? {
            let message: HistoryEntry = parse(row.get_ref(1)?.as_bytes()?, 1)?;
            kept.push(Remembered { thread_id: row.get(0)?, message });
        }
        Ok(kept)
    }

    /// Forgets the oldest of what is more than a guest has room for.
    pub(super) fn trim_history(&mut self) -> rusqlite::Result<()> {
        let trim = self.sql(
            "DELETE FROM history WHERE id <= (SELECT id FROM history ORDER BY id DESC LIMIT 1 OFFSET ?1)",
        )?;
        trim.execute([MESSAGES])?;
        Ok(())
    }
}
