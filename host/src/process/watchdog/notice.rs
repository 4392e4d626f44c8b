//! What the watchdog is told, a line each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use super::super::table::Entry;

/// The variable that marks the processes of a group from their start: by it one is found that was started
/// when there was no more time to tell its id.
pub(super) const MARK: &str = "ZALOUSER_WARD";

/// A process group, told from a later one with its id where the system allows that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Its id, and that of the process that leads it.
    pub(super) id: i32,
    /// When that process was started, as the system's table has it; 0 when it has none.
    pub(super) started: u64,
}

impl Group {
    /// The group of a process that was just started, and is not buried yet.
    pub(super) fn of(id: i32) -> Self {
        Self { id, started: Entry::of(id).map_or(0, |entry| entry.started) }
    }

    /// Whether the id still means this group, if anything. As long as a group has a member, nobody else gets
    /// its id, with or without the process that led it.
    pub(super) fn is_itself(&self) -> bool {
        self.started == 0 || Entry::of(self.id).is_none_or(|entry| entry.started == self.started)
    }
}

/// Something that happened to a group. Groups are told apart by numbers that are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// It is about to be started.
    Expected(u64),
    /// It was.
    Started(u64, Group),
    /// It has ended, or was not started after all.
    Over(u64),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(number) => write!(f, "? {number}"),
            Self::Started(number, group) => write!(f, "+ {number} {} {}", group.id, group.started),
            Self::Over(number) => write!(f, "- {number}"),
        }
    }
}

impl FromStr for Notice {
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let mut words = line.split(' ');
        let kind = words.next();
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok()).ok_or(());
        match kind {
            Some("?") => Ok(Self::Expected(number()?)),
            Some("+") => {
                let (ward, id, started) = (number()?, number()?, number()?);
                // Neither this process's own group nor everybody's is one that could have been started.
                let id = i32::try_from(id).ok().filter(|id| *id > 1).ok_or(())?;
                Ok(Self::Started(ward, Group { id, started }))
            }
            Some("-") => Ok(Self::Over(number()?)),
            _ => Err(()),
        }
    }
}

/// The groups that are not over, by everything that was told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wards {
    pub(super) expected: BTreeSet<u64>,
    pub(super) started: BTreeMap<u64, Group>,
}

impl Wards {
    pub(super) fn take(&mut self, notice: Notice) {
        match notice {
            Notice::Expected(number) => {
                self.expected.insert(number);
            }
            Notice::Started(number, group) => {
                self.expected.remove(&number);
                self.started.insert(number, group);
            }
            Notice::Over(number) => {
                self.expected.remove(&number);
                self.started.remove(&number);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.expected.is_empty() && self.started.is_empty()
    }

    /// What somebody has to be told who knows nothing yet.
    pub(super) fn notices(&self) -> impl Iterator<Item = Notice> {
        let expected = self.expected.iter().map(|number| Notice::Expected(*number));
        expected.chain(self.started.iter().map(|(number, group)| Notice::Started(*number, *group)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: Group = Group { id: 4711, started: 99 };

    #[test]
    fn a_notice_is_understood_as_it_was_meant() {
        for (line, notice) in [
            ("? 7", Ok(Notice::Expected(7))),
            ("+ 7 4711 99", Ok(Notice::Started(7, GROUP))),
            ("- 7", Ok(Notice::Over(7))),
            ("+ 7 1 99", Err(())),
            ("+ 7 0 99", Err(())),
            ("+ 7 -5 99", Err(())),
            ("+ 7 4711", Err(())),
            ("", Err(())),
        ] {
            assert_eq!(line.parse::<Notice>(), notice, "{line}");
            if let Ok(notice) = notice {
                assert_eq!(notice.to_string(), line);
            }
        }
    }

    #[test]
    fn what_is_over_is_forgotten_and_the_rest_can_be_told_again() {
        let mut wards = Wards::default();
        for notice in [
            Notice::Expected(1),
            Notice::Expected(2),
            Notice::Started(1, GROUP),
            Notice::Expected(3),
            Notice::Started(3, GROUP),
            Notice::Over(3),
            Notice::Expected(4),
            Notice::Over(4),
        ] {
            wards.take(notice);
        }
        assert_eq!((wards.expected.len(), wards.started.len()), (1, 1), "{wards:?}");
        let mut copy = Wards::default();
        wards.notices().for_each(|notice| copy.take(notice));
        assert_eq!(copy, wards);
    }

    #[test]
    fn a_group_is_not_taken_for_a_later_one() {
        let own = i32::try_from(std::process::id()).unwrap();
        let group = Group::of(own);
        assert!(group.is_itself());
        assert!(!Group { started: group.started + 1, ..group }.is_itself());
    }
}
