//! Puts things in order and finds them, in little code.
//!
//! std's sorts, and its maps and sets, are made for speed: each takes 5 to 10 kB of the component for each
//! type that it is used with. What is sorted once and then searched is as fast, in a tenth of the room.

/// `items` from the least to the greatest.
pub(crate) fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    let count = items.len();
    sort(&mut items, count);
    items
}

/// Things that can be put in order, of whatever type: one sort is enough for all of them.
trait Row {
    fn is_less(&self, one: usize, other: usize) -> bool;
    fn swap(&mut self, one: usize, other: usize);
}

impl<T: Ord> Row for Vec<T> {
    fn is_less(&self, one: usize, other: usize) -> bool {
        self.get(one) < self.get(other)
    }

    fn swap(&mut self, one: usize, other: usize) {
        self.as_mut_slice().swap(one, other);
    }
}

/// Puts the `count` things of a row in order, with a heap in the row itself.
fn sort(row: &mut dyn Row, count: usize) {
    for root in (0..count / 2).rev() {
        sink(row, root, count);
    }
    for end in (1..count).rev() {
        row.swap(0, end);
        sink(row, 0, end);
    }
}

/// Has what is at `root` sink below all before `end` that is greater.
fn sink(row: &mut dyn Row, mut root: usize, end: usize) {
    loop {
        let mut child = 2 * root + 1;
        if child + 1 < end && row.is_less(child, child + 1) {
            child += 1;
        }
        if child >= end || !row.is_less(root, child) {
            return;
        }
        row.swap(root, child);
        root = child;
    }
}

/// `items` in their order, without those whose `name` another one before them has.
pub(crate) fn once<'a, T: Copy>(items: Vec<T>, name: impl Fn(T) -> &'a str) -> Vec<T> {
    let named = items.iter().enumerate().map(|(place, item)| (name(*item), place));
    let first = are_first(sorted(named.collect()));
    items.into_iter().zip(first).filter_map(|(item, is_first)| is_first.then_some(item)).collect()
}

/// Whether the name at each place is the first of its kind. `named` are all of them in order, each with its place.
fn are_first(named: Vec<(&str, usize)>) -> Vec<bool> {
    let mut first = vec![true; named.len()];
    for ((one, _), (other, place)) in named.iter().zip(named.iter().skip(1)) {
        if let Some(is_first) = first.get_mut(*place) {
            *is_first = one != other;
        }
    }
    first
}

/// What each of several names stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named<V> {
    /// In order.
    names: Vec<String>,
    values: Vec<V>,
}

impl<V> Default for Named<V> {
    fn default() -> Self {
        Self { names: Vec::new(), values: Vec::new() }
    }
}

impl<V> Named<V> {
    /// What `name` stands for.
    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        place(&self.names, name).ok().and_then(|place| self.values.get(place))
    }

    /// Has `name` stand for `value`, unless it stands for something. Costs the more the more greater names there
    /// are.
    pub(crate) fn add(&mut self, name: &str, value: V) {
        if let Err(place) = place(&self.names, name) {
            self.names.insert(place, name.to_owned());
            self.values.insert(place, value);
        }
    }

    /// Whether no name stands for anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// Where `name` is among `names`, or where it would be.
fn place(names: &[String], name: &str) -> Result<usize, usize> {
    names.binary_search_by(|known| known.as_str().cmp(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_there_is_comes_in_order(mut items: Vec<(u8, String)>) {
            let sorted = sorted(items.clone());
            items.sort();
            prop_assert_eq!(sorted, items);
        }
    }

    #[test]
    fn the_first_of_each_name_is_kept_where_it_is() {
        let items = vec![("b", 1), ("a", 2), ("b", 3), ("c", 4), ("a", 5), ("b", 6)];
        assert_eq!(once(items, |(name, _)| name), [("b", 1), ("a", 2), ("c", 4)]);
        assert_eq!(once(Vec::<&str>::new(), |name| name), [""; 0]);
    }

    #[test]
    fn a_name_stands_for_what_it_was_first_added_for() {
        let mut named = Named::default();
        for (name, value) in [("b", 1), ("c", 2), ("a", 3), ("b", 4)] {
            named.add(name, value);
        }
        assert_eq!(
            ["a", "b", "c", "d"].map(|name| named.get(name).copied()),
            [Some(3), Some(1), Some(2), None]
        );
    }
}
