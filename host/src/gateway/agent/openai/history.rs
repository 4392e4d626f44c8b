//! What was said in each conversation lately, in memory and within bounds.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many conversations are remembered; beyond that, the one that has been silent longest is forgotten.
const MAX_SESSIONS: usize = 1_000;

/// How much of one text is remembered, in bytes: more than the 2,000 characters of a Zalo message take.
const MAX_TEXT_BYTES: usize = 8 << 10;

/// The memory of all conversations.
#[derive(Debug)]
pub(super) struct History {
    exchanges_kept: usize,
    sessions: Mutex<Sessions>,
}

/// A message and the answer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    pub(super) question: String,
    pub(super) answer: String,
}

#[derive(Debug, Default)]
struct Sessions {
    by_key: BTreeMap<String, Session>,
    /// Counts the exchanges of all sessions: a clock that orders them.
    now: u64,
}

#[derive(Debug, Default)]
struct Session {
    last_used: u64,
    exchanges: VecDeque<Exchange>,
}

impl History {
    /// A memory of `messages` messages a conversation, in whole exchanges: some models accept only
    /// conversations that the user begins.
    pub(super) fn new(messages: usize) -> Self {
        Self { exchanges_kept: messages / 2, sessions: Mutex::default() }
    }

    /// What was said in a conversation, oldest first.
    pub(super) fn recall(&self, session: &str) -> Vec<Exchange> {
        let sessions = self.lock();
        sessions
            .by_key
            .get(session)
            .map(|session| session.exchanges.iter().cloned().collect())
            .unwrap_or_default()
    }

    /// Adds to a conversation what was asked and answered.
    pub(super) fn remember(&self, session: &str, question: &str, answer: &str) {
        if self.exchanges_kept == 0 {
            return;
        }
        let mut sessions = self.lock();
        sessions.make_room(session);
        sessions.now += 1;
        let now = sessions.now;
        let session = sessions.by_key.entry(session.to_owned()).or_default();
        session.last_used = now;
        if session.exchanges.len() == self.exchanges_kept {
            session.exchanges.pop_front();
        }
        session.exchanges.push_back(Exchange { question: shortened(question), answer: shortened(answer) });
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        // Nothing in here panics halfway through a change.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sessions {
    /// Forgets the conversation that has been silent longest if there is no room for `session`.
    fn make_room(&mut self, session: &str) {
        if self.by_key.len() < MAX_SESSIONS || self.by_key.contains_key(session) {
            return;
        }
        let oldest = self.by_key.iter().min_by_key(|(_, session)| session.last_used);
        if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
            self.by_key.remove(&oldest);
        }
    }
}

fn shortened(text: &str) -> String {
    let end = text.floor_char_boundary(MAX_TEXT_BYTES);
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn questions(history: &History, session: &str) -> Vec<String> {
        history.recall(session).into_iter().map(|exchange| exchange.question).collect()
    }

    #[test]
    fn each_conversation_keeps_its_last_whole_exchanges() {
        let cases: [(usize, &[&str]); 5] =
            [(0, &[]), (1, &[]), (2, &["c"]), (5, &["b", "c"]), (20, &["a", "b", "c"])];
        for (messages, expected) in cases {
            let history = History::new(messages);
            for question in ["a", "b", "c"] {
                history.remember("s", question, "answer");
            }
            assert_eq!(questions(&history, "s"), expected, "{messages}");
            assert_eq!(questions(&history, "other"), [""; 0], "{messages}");
        }
    }

    #[test]
    fn the_conversation_silent_longest_is_forgotten_first() {
        let history = History::new(2);
        for session in 0..MAX_SESSIONS {
            history.remember(&session.to_string(), "q", "a");
        }
        history.remember("0", "again", "a");
        history.remember("new", "q", "a");
        assert_eq!(questions(&history, "0"), ["again"]);
        assert_eq!(questions(&history, "1"), [""; 0]);
        assert_eq!(questions(&history, "2"), ["q"]);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let history = History::new(2);
        let three_bytes_each = "ế".repeat(MAX_TEXT_BYTES);
        history.remember("s", &three_bytes_each, "a");
        assert_eq!(questions(&history, "s"), ["ế".repeat(MAX_TEXT_BYTES / 3)]);
    }
}
