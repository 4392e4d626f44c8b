//! The JSON that a model is answered.

use serde::{Serialize, Serializer};

use super::error::ToolError;
use crate::directory::{Entry, EntryKind};

/// An object of an answer: its members, in order.
///
/// One type for the answers of all actions: code to write each of them as a type of its own takes 3 kB.
pub(super) struct Members<'a>(Vec<(&'static str, Part<'a>)>);

/// What a member of an answer is.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Part<'a> {
    Nothing,
    Flag(bool),
    Count(usize),
    Word(&'a str),
    Text(String),
    Words(Vec<&'a str>),
    Object(Members<'a>),
    Objects(Vec<Members<'a>>),
}

impl<'a> Members<'a> {
    /// Those of an answer to `action`, if the call names one that there is. What follows is up to the action.
    pub(super) fn of(action: Option<&'a str>, ok: bool) -> Self {
        Self(vec![("action", action.map_or(Part::Nothing, Part::Word)), ("ok", Part::Flag(ok))])
    }

    /// These, and one more.
    pub(super) fn with(mut self, name: &'static str, part: impl Into<Part<'a>>) -> Self {
        self.0.push((name, part.into()));
        self
    }

    /// These, and one more if there is such a part.
    pub(super) fn with_any(self, name: &'static str, part: Option<impl Into<Part<'a>>>) -> Self {
        match part {
            Some(part) => self.with(name, part),
            None => self,
        }
    }
}

/// A friend or a group, named as the arguments of an action name it.
pub(super) fn listing(entry: &Entry) -> Members<'_> {
    let count = entry.member_count.and_then(|count| usize::try_from(count).ok());
    Members(Vec::new())
        .with("threadId", entry.id.as_str())
        .with("isGroup", entry.kind == EntryKind::Group)
        .with("name", entry.name.as_str())
        .with_any("memberCount", count)
}

/// Why an action failed.
pub(super) struct Failure {
    pub(super) code: &'static str,
    pub(super) argument: Option<String>,
    pub(super) message: String,
    pub(super) hint: String,
}

impl From<ToolError> for Failure {
    fn from(error: ToolError) -> Self {
        let ToolError { code, argument, message, hint } = error;
        Self { code: code.name(), argument, message, hint }
    }
}

impl From<Failure> for Part<'_> {
    fn from(Failure { code, argument, message, hint }: Failure) -> Self {
        let members = Members(vec![("code", Part::Word(code))]).with_any("argument", argument);
        Self::Object(members.with("message", message).with("hint", hint))
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, part)| (name, part)))
    }
}

impl From<bool> for Part<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<usize> for Part<'_> {
    fn from(count: usize) -> Self {
        Self::Count(count)
    }
}

impl<'a> From<&'a str> for Part<'a> {
    fn from(word: &'a str) -> Self {
        Self::Word(word)
    }
}

impl From<String> for Part<'_> {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
