//! The people and groups that an account knows: reads what `zca` lists, searches it, and finds what
//! an operator means by a target or a name.

mod find;
mod read;
mod resolve;
mod target;

pub use find::find;
pub(crate) use read::read;
pub use resolve::{Unresolved, resolve};
pub use target::{Target, TargetError, parse_group, parse_target};

use std::fmt;

use crate::command::{ChatKind, Thread};

/// What an entry of the directory stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A person.
    User,
    /// A group chat.
    Group,
}

/// A person or a group that the account knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which of both it is.
    pub kind: EntryKind,
    /// Zalo's id of it. Never empty.
    pub id: String,
    /// What it is called, trimmed; empty when `zca` did not say.
    pub name: String,
    /// The URL of its picture, if it has one.
    pub avatar: Option<String>,
    /// How many members a group has, if that was said.
    pub member_count: Option<u32>,
}

impl Entry {
    /// The conversation with the person or the group.
    pub fn thread(&self) -> Thread {
        let kind = match self.kind {
            EntryKind::User => ChatKind::Direct,
            EntryKind::Group => ChatKind::Group,
        };
        Thread { id: self.id.clone(), kind }
    }
}

/// Why there are no entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListError {
    /// The command is none that lists people or groups.
    NotAListing,
    /// The command did not succeed, for this reason.
    Failed(String),
    /// It succeeded and printed something else than what it was asked for.
    Unreadable,
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAListing => f.write_str("it lists neither people nor groups"),
            Self::Failed(why) => f.write_str(why),
            Self::Unreadable => f.write_str("its answer is not what it was asked for"),
        }
    }
}
