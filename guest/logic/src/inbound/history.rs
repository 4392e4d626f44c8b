//! Keeps what was written in a group and not let through, to go before the next message that is.

use std::collections::VecDeque;

use super::recent::Recent;
use crate::effect::HistoryEntry;
use crate::label::prefix;

/// In how many groups messages are kept.
const THREADS: usize = 1_000;

/// How many messages of one group are kept, however many the configuration asks for.
const MESSAGES: u32 = 1_000;

/// How much is kept of one text, and of its sender's name, in bytes.
const BODY: usize = 4 << 10;
const SENDER: usize = 256;

/// How much is kept in all, in bytes, with [`OVERHEAD`] for each message.
const TOTAL: usize = 8 << 20;
const OVERHEAD: usize = size_of::<HistoryEntry>();

/// The messages of each group that wait.
#[derive(Debug)]
pub(crate) struct History {
    limit: usize,
    threads: Recent<VecDeque<HistoryEntry>>,
    bytes: usize,
}

impl History {
    /// Keeps the last `limit` messages of each group.
    pub(crate) fn new(limit: u32) -> Self {
        let limit = usize::try_from(limit.min(MESSAGES)).unwrap_or(usize::MAX);
        Self { limit, threads: Recent::new(), bytes: 0 }
    }

    /// Keeps `entry` of the group `thread`, and tells what of it.
    pub(crate) fn push(&mut self, thread: &str, mut entry: HistoryEntry) -> Option<HistoryEntry> {
        if self.limit == 0 {
            return None;
        }
        entry.body = prefix(&entry.body, BODY).to_owned();
        entry.sender = prefix(&entry.sender, SENDER).to_owned();
        let entries = self.threads.touch(thread);
        if entries.len() == self.limit {
            self.bytes -= entries.pop_front().as_ref().map_or(0, size);
        }
        self.bytes += size(&entry);
        let kept = entry.clone();
        entries.push_back(entry);
        while self.threads.len() > THREADS || self.bytes > TOTAL {
            let Some(forgotten) = self.threads.forget_oldest() else { break };
            self.bytes -= forgotten.iter().map(size).sum::<usize>();
        }
        Some(kept)
    }

    /// Takes what is kept of the group `thread`, oldest first.
    pub(crate) fn take(&mut self, thread: &str) -> Vec<HistoryEntry> {
        let entries = self.threads.remove(thread).unwrap_or_default();
        self.bytes -= entries.iter().map(size).sum::<usize>();
        entries.into()
    }
}

fn size(entry: &HistoryEntry) -> usize {
    entry.message_id.len() + entry.sender.len() + entry.body.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(body: &str) -> HistoryEntry {
        HistoryEntry { message_id: "1".into(), sender: "Bob".into(), body: body.into(), timestamp: None }
    }

    fn bodies(entries: &[HistoryEntry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.body.as_str()).collect()
    }

    #[test]
    fn the_last_messages_of_a_group_are_kept_until_they_are_taken() {
        let mut history = History::new(2);
        for body in ["a", "b", "c"] {
            history.push("5001", entry(body));
        }
        history.push("5002", entry("d"));
        assert_eq!(bodies(&history.take("5001")), ["b", "c"]);
        assert_eq!(bodies(&history.take("5001")), [""; 0]);
        assert_eq!(bodies(&history.take("5002")), ["d"]);
        assert_eq!(history.bytes, 0);
    }

    #[test]
    fn a_limit_of_zero_keeps_nothing() {
        let mut history = History::new(0);
        history.push("5001", entry("a"));
        assert!(history.take("5001").is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded_in_every_direction() {
        let mut history = History::new(u32::MAX);
        let long = "ế".repeat(BODY);
        for thread in 0..2 * THREADS {
            for _ in 0..2 {
                history.push(&thread.to_string(), entry(&long));
            }
        }
        assert!(history.threads.len() <= THREADS);
        assert!(history.bytes <= TOTAL);
        let last = history.take(&(2 * THREADS - 1).to_string());
        assert_eq!(last.len(), 2, "the newest are kept");
        assert!(last.iter().all(|entry| entry.body.len() <= BODY));
    }
}
