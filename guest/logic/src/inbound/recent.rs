//! Remembers something for each of many conversations, and forgets the one that was silent for
//! longest when there are too many.

/// What is remembered, by the name of the conversation.
#[derive(Debug)]
pub(crate) struct Recent<V> {
    /// Sorted by name.
    memories: Vec<Memory<V>>,
    /// Counts how often something was set.
    clock: u64,
}

#[derive(Debug)]
struct Memory<V> {
    key: String,
    /// What the clock said when it was last set.
    set: u64,
    value: V,
}

impl<V: Default> Recent<V> {
    /// Remembers nothing yet.
    pub(crate) fn new() -> Self {
        Self { memories: Vec::new(), clock: 0 }
    }

    /// How many conversations are remembered.
    pub(crate) fn len(&self) -> usize {
        self.memories.len()
    }

    /// What is remembered for `key`, to be set now; if nothing is, the default.
    pub(crate) fn touch(&mut self, key: &str) -> &mut V {
        self.clock += 1;
        let memory = match self.place(key) {
            Ok(place) => &mut self.memories[place],
            Err(place) => {
                let memory = Memory { key: key.to_owned(), set: 0, value: V::default() };
                self.memories.insert_mut(place, memory)
            }
        };
        memory.set = self.clock;
        &mut memory.value
    }

    /// Forgets `key` and returns what was remembered for it.
    pub(crate) fn remove(&mut self, key: &str) -> Option<V> {
        let place = self.place(key).ok()?;
        Some(self.memories.remove(place).value)
    }

    /// Forgets what was set longest ago and returns it.
    pub(crate) fn forget_oldest(&mut self) -> Option<V> {
        let (oldest, _) = self.memories.iter().enumerate().min_by_key(|(_, memory)| memory.set)?;
        Some(self.memories.remove(oldest).value)
    }

    /// Where `key` is, or where it would be.
    fn place(&self, key: &str) -> Result<usize, usize> {
        // From the end, as most keys begin alike.
        self.memories.binary_search_by(|memory| memory.key.bytes().rev().cmp(key.bytes().rev()))
    }
}

#[cfg(test)]
mod tests {
    use std::mem;

    use super::*;

    #[test]
    fn what_was_set_longest_ago_is_forgotten_first() {
        let mut recent = Recent::new();
        for (key, value) in [("a", 1), ("b", 2), ("c", 3)] {
            *recent.touch(key) = value;
        }
        assert_eq!(mem::replace(recent.touch("a"), 4), 1);
        assert_eq!(recent.remove("c"), Some(3));
        assert_eq!(
            [recent.forget_oldest(), recent.forget_oldest(), recent.forget_oldest()],
            [Some(2), Some(4), None]
        );
        assert_eq!(recent.len(), 0);
    }
}
