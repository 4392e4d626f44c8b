//! Finds whom a name means.

use super::find::matching;
use super::{Entry, EntryKind};
use crate::command::Thread;
use crate::names;
use crate::sorted::once;

/// How many entries are offered for a name that nobody has.
const NEAR: usize = 3;

/// Why a name means nobody in particular.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// Nobody has it. In it are a few whose name or id contains it.
    Unknown(Vec<Entry>),
    /// All of these have it.
    Ambiguous(Vec<Entry>),
}

/// The conversation with the one of `friends` and `groups` that has `name`.
///
/// Case does not matter, nor how an accent is encoded. Only if nobody has the name that way, accents
/// do not matter, either.
pub fn resolve(name: &str, friends: &[Entry], groups: &[Entry]) -> Result<Thread, Unresolved> {
    let name = name.trim();
    let named = |kind| {
        let entries = friends.iter().chain(groups);
        let named = entries.filter(|entry| entry.kind == kind && !entry.name.is_empty());
        once(named.collect(), |entry: &Entry| &entry.id)
    };
    let entries: Vec<&Entry> = [EntryKind::User, EntryKind::Group].into_iter().flat_map(named).collect();
    for form in [names::fold, names::unaccented] {
        let wanted = form(name);
        let named: Vec<&Entry> =
            entries.iter().copied().filter(|entry| form(&entry.name) == wanted).collect();
        match named[..] {
            [] => {}
            [only] => return Ok(only.thread()),
            _ => return Err(Unresolved::Ambiguous(named.into_iter().cloned().collect())),
        }
    }
    let near = matching(entries, name).into_iter().take(NEAR);
    Err(Unresolved::Unknown(near.cloned().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::ChatKind;
    use crate::directory::EntryKind;

    fn entry(kind: EntryKind, id: &str, name: &str) -> Entry {
        Entry { kind, id: id.into(), name: name.into(), avatar: None, member_count: None }
    }

    fn friends() -> Vec<Entry> {
        let friend = |id, name| entry(EntryKind::User, id, name);
        vec![
            friend("1", "Hà"),
            friend("2", "Hạ"),
            friend("3", "Nguyễn An"),
            friend("4", "Family"),
            friend("5", ""),
            friend("3", "Nguyễn An"),
        ]
    }

    fn groups() -> Vec<Entry> {
        vec![entry(EntryKind::Group, "5001", "Family"), entry(EntryKind::Group, "3", "Đội bóng")]
    }

    #[test]
    fn a_name_means_the_one_who_has_it() {
        for (name, id, kind) in [
            ("HÀ", "1", ChatKind::Direct),
            ("ha\u{323}", "2", ChatKind::Direct),
            (" nguyen an ", "3", ChatKind::Direct),
            ("doi bong", "3", ChatKind::Group),
        ] {
            let thread = Thread { id: id.into(), kind };
            assert_eq!(resolve(name, &friends(), &groups()), Ok(thread), "{name:?}");
        }
    }

    #[test]
    fn a_name_that_several_have_means_none_of_them() {
        let named = |name| match resolve(name, &friends(), &groups()) {
            Err(Unresolved::Ambiguous(entries)) => {
                entries.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
            }
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(named("ha"), ["1", "2"], "without accents, both are meant");
        assert_eq!(named("family"), ["4", "5001"], "a friend and a group");
    }

    #[test]
    fn a_name_that_nobody_has_is_told_with_those_near_it() {
        let near = |name| match resolve(name, &friends(), &groups()) {
            Err(Unresolved::Unknown(near)) => near.into_iter().map(|entry| entry.id).collect::<Vec<_>>(),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(near("nguyen"), ["3"]);
        assert_eq!(near("bob"), [""; 0]);
        assert_eq!(near("a").len(), NEAR);
    }
}
