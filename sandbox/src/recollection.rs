//! What a monitor's guest remembers of its groups, for the guest that comes after it.

use std::collections::{BTreeMap, VecDeque};

use super::bindings::inbound::{Effect, HistoryEntry, Remembered};
use super::bindings::types::ChatKind;

/// How much is kept in all, in bytes, and how much each message counts beside its text: as much as the shipped
/// guest keeps.
const TOTAL: usize = 8 << 20;
const OVERHEAD: usize = size_of::<HistoryEntry>();

/// The messages that guests said they keep, and have not used yet.
#[derive(Debug, Default)]
pub(super) struct Recollection {
    /// How many are kept of one group.
    limit: usize,
    /// Their numbers, which grow, and the messages.
    threads: BTreeMap<String, VecDeque<(u64, HistoryEntry)>>,
    count: u64,
    bytes: usize,
}

impl Recollection {
    /// Keeps the last `limit` messages of each group.
    pub(super) fn new(limit: u32) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), ..Self::default() }
    }

    /// Takes in what a guest did.
    pub(super) fn observe(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Drop(dropped) => {
                    if let (Some(thread), Some(message)) = (&dropped.thread, &dropped.remembered) {
                        self.keep(&thread.id, message.clone());
                    }
                }
                Effect::Deliver(message) if message.thread.kind == ChatKind::Group => {
                    let used = self.threads.remove(&message.thread.id).unwrap_or_default();
                    self.bytes -= used.iter().map(|(_, message)| size(message)).sum::<usize>();
                }
                _ => {}
            }
        }
    }

    /// Keeps one message of a group.
    pub(super) fn keep(&mut self, thread: &str, message: HistoryEntry) {
        let size = size(&message);
        // Beyond what all guests together may remember, the newest is not kept: nobody has so many groups.
        if self.limit == 0 || self.bytes + size > TOTAL {
            return;
        }
        let kept = self.threads.entry(thread.to_owned()).or_default();
        if kept.len() >= self.limit {
            self.bytes -= kept.pop_front().as_ref().map_or(0, |(_, message)| self::size(message));
        }
        self.count += 1;
        self.bytes += size;
        kept.push_back((self.count, message));
    }

    /// All that is kept, the oldest first.
    pub(super) fn all(&self) -> Vec<Remembered> {
        let all = self.threads.iter().flat_map(|(thread, messages)| {
            messages.iter().map(move |(number, message)| (*number, thread, message))
        });
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(number, ..)| *number);
        let remembered = |(_, thread, message): (u64, &String, &HistoryEntry)| Remembered {
            thread_id: thread.clone(),
            message: message.clone(),
        };
        all.into_iter().map(remembered).collect()
    }
}

fn size(message: &HistoryEntry) -> usize {
    message.message_id.len() + message.sender.len() + message.body.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &str) -> HistoryEntry {
        HistoryEntry {
            message_id: "1".to_owned(),
            sender: "Bob".to_owned(),
            body: body.to_owned(),
            timestamp: None,
        }
    }

    fn bodies(kept: &Recollection) -> Vec<String> {
        kept.all().into_iter().map(|it| it.message.body).collect()
    }

    #[test]
    fn the_newest_of_each_group_are_kept_in_their_order() {
        let mut kept = Recollection::new(2);
        for (thread, body) in [("2", "a"), ("1", "b"), ("2", "c"), ("2", "d")] {
            kept.keep(thread, message(body));
        }
        assert_eq!(bodies(&kept), ["b", "c", "d"]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut kept = Recollection::new(u32::MAX);
        let long = "x".repeat(1 << 20);
        for thread in 0..20 {
            kept.keep(&thread.to_string(), message(&long));
        }
        assert!(kept.bytes <= TOTAL && !kept.threads.is_empty());
        let mut none = Recollection::new(0);
        none.keep("1", message("a"));
        assert_eq!(bodies(&none), [""; 0]);
    }
}
