//! Remembers something for each of many conversations, and forgets the one that was silent for
//! longest when there are too many.

use std::collections::BTreeMap;

/// What is remembered, by the name of the conversation.
#[derive(Debug)]
pub(crate) struct Recent<V> {
    /// What is remembered, and when it was last set.
    values: BTreeMap<String, (u64, V)>,
    /// The names, by when they were last set.
    order: BTreeMap<u64, String>,
    /// Counts how often something was set.
    clock: u64,
}

impl<V> Recent<V> {
    /// Remembers nothing yet.
    pub(crate) fn new() -> Self {
        Self { values: BTreeMap::new(), order: BTreeMap::new(), clock: 0 }
    }

    /// How many conversations are remembered.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Replaces what is remembered for `key` and returns what that was.
    pub(crate) fn insert(&mut self, key: String, value: V) -> Option<V> {
        let previous = self.remove(&key);
        self.clock += 1;
        self.order.insert(self.clock, key.clone());
        self.values.insert(key, (self.clock, value));
        previous
    }

    /// Forgets `key` and returns what was remembered for it.
    pub(crate) fn remove(&mut self, key: &str) -> Option<V> {
        let (set, value) = self.values.remove(key)?;
        self.order.remove(&set);
        Some(value)
    }

    /// Forgets what was set longest ago and returns it.
    pub(crate) fn forget_oldest(&mut self) -> Option<V> {
        let (_, key) = self.order.pop_first()?;
        self.values.remove(&key).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_longest_ago_is_forgotten_first() {
        let mut recent = Recent::new();
        for (key, value) in [("a", 1), ("b", 2), ("c", 3)] {
            recent.insert(key.to_owned(), value);
        }
        assert_eq!(recent.insert("a".to_owned(), 4), Some(1));
        assert_eq!(recent.remove("c"), Some(3));
        assert_eq!(
            [recent.forget_oldest(), recent.forget_oldest(), recent.forget_oldest()],
            [Some(2), Some(4), None]
        );
        assert!(recent.order.is_empty());
    }
}
