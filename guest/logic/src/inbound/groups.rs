//! Finds the rule that holds for a group.

use super::resolve::Resolution;
use crate::address::{is_number, without_channel};
use crate::names;
use crate::sorted::Named;

/// A key that stands for everybody, or for every group.
pub(crate) const ANY: &str = "*";

/// What may stand in front of a group's id.
const GROUP_PREFIX: &str = "group:";

/// Where a rule's key says that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupKey<'a> {
    /// In every group without a rule of its own.
    Any,
    /// In the group of this id, written without a prefix.
    Id(&'a str),
    /// In the group of this id, written as `group:<id>`.
    PrefixedId(&'a str),
    /// In groups of this name or slug.
    Name(&'a str),
}

impl<'a> GroupKey<'a> {
    /// Reads `key` as it was typed.
    pub(crate) fn read(key: &'a str) -> Self {
        let key = without_channel(key);
        match key.strip_prefix(GROUP_PREFIX).map(str::trim) {
            _ if key == ANY => Self::Any,
            _ if is_number(key) => Self::Id(key),
            Some(id) if is_number(id) => Self::PrefixedId(id),
            _ => Self::Name(key),
        }
    }
}

/// Which of several rules holds in which group, by their places among the keys.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    by_id: Named<usize>,
    by_name: Named<usize>,
    any: Option<usize>,
}

impl Groups {
    /// Reads the `keys` of the rules, with the names among them that were resolved.
    pub(crate) fn new(keys: Vec<&str>, resolution: &Resolution) -> Self {
        let mut groups = Self::default();
        let (mut prefixed, mut resolved) = (Vec::new(), Vec::new());
        for (place, key) in keys.into_iter().enumerate() {
            match GroupKey::read(key) {
                GroupKey::Any => groups.any = groups.any.or(Some(place)),
                GroupKey::Id(id) => groups.add_id(id, place),
                GroupKey::PrefixedId(id) => prefixed.push((id, place)),
                // The slug of many a name is empty, and must not match.
                GroupKey::Name("") => {}
                GroupKey::Name(name) => match resolution.group(name) {
                    // From here on the name means this one group: no other may take it.
                    Some(id) => resolved.push((id, place)),
                    None => groups.add_name(name, place),
                },
            }
        }
        // A plain id beats a prefixed one, and a name only fills what is left.
        for (id, place) in prefixed.into_iter().chain(resolved) {
            groups.add_id(id, place);
        }
        groups
    }

    /// The place of the rule for the group of this id, called `name` if that is known.
    pub(crate) fn find(&self, id: &str, name: Option<&str>) -> Option<usize> {
        let own = self.by_id.get(id).or_else(|| self.find_by_name(name?));
        own.copied().or(self.any)
    }

    fn add_id(&mut self, id: &str, place: usize) {
        self.by_id.add(id, place);
    }

    /// A name may be an id as well, if Zalo ever has one that is not a number.
    fn add_name(&mut self, name: &str, place: usize) {
        self.add_id(name, place);
        self.by_name.add(name, place);
    }

    fn find_by_name(&self, name: &str) -> Option<&usize> {
        if self.by_name.is_empty() {
            return None;
        }
        let by_name = |name: &str| self.by_name.get(name);
        by_name(name)
            .or_else(|| by_name(&names::slug(name)))
            .or_else(|| by_name(&names::reference_slug(name)))
    }
}
