//! Resolves the names in an account's rules to ids, from what `zca` says of friends and groups.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

use super::access::{ANY, GroupKey, is_number, without_channel};
use super::label::excerpt;
use super::printed::json_in;
use super::tolerant::{List, Record, Scalar};
use crate::account::AccessRules;
use crate::command::{Command, ExitStatus, Outcome};
use crate::effect::{Effect, LogEntry, LogLevel};
use crate::names;

/// The most friends or groups that are looked at, several times as many as one account has.
const ROWS: usize = 20_000;

/// How many names a line of the log lists before it counts the rest.
const LISTED: usize = 6;

/// The longest error of a command that is logged, in bytes.
const ERROR_LIMIT: usize = 500;

/// Which id each name stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resolution {
    users: BTreeMap<String, String>,
    groups: BTreeMap<String, String>,
}

impl Resolution {
    /// The id of the friend that `entry` of an allow-list names.
    pub(crate) fn user(&self, entry: &str) -> Option<&str> {
        self.users.get(entry).map(String::as_str)
    }

    /// The id of the group that the key `name` of a rule names.
    pub(crate) fn group(&self, name: &str) -> Option<&str> {
        self.groups.get(name).map(String::as_str)
    }
}

/// What was learnt from the outcomes of [`questions`].
#[derive(Debug, Default)]
pub(crate) struct Learnt {
    /// The account's own id, if it was said.
    pub(crate) own_id: Option<String>,
    /// What the names in the rules stand for.
    pub(crate) resolution: Resolution,
    /// What the log is to say of it.
    pub(crate) log: Vec<Effect>,
}

/// What has to be asked before the rules of `access` can be applied as they are meant.
pub(crate) fn questions(access: &AccessRules) -> Vec<Command> {
    let mut questions = vec![Command::WhoAmI];
    if !user_names(access).is_empty() {
        questions.push(Command::ListFriends);
    }
    if !group_names(access).is_empty() {
        questions.push(Command::ListGroups);
    }
    questions
}

/// Reads the `outcomes` of [`questions`], in that order.
pub(crate) fn learn(access: &AccessRules, outcomes: Vec<Outcome>) -> Learnt {
    let mut learnt = Learnt::default();
    for (question, outcome) in questions(access).into_iter().zip(outcomes) {
        match question {
            Command::WhoAmI => learnt.learn_own_id(&outcome),
            Command::ListFriends => {
                learnt.resolution.users = learnt.resolve(Kind::User, user_names(access), &outcome)
            }
            Command::ListGroups => {
                learnt.resolution.groups = learnt.resolve(Kind::Group, group_names(access), &outcome)
            }
            _ => {}
        }
    }
    learnt
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Group,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Group => "group",
        })
    }
}

/// A friend or a group, as `zca` lists them.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Row<'a> {
    #[serde(borrow)]
    user_id: Scalar<'a>,
    display_name: Scalar<'a>,
    group_id: Scalar<'a>,
    name: Scalar<'a>,
}

impl Row<'_> {
    fn into_id_and_name(self) -> Option<(String, String)> {
        let id = self.user_id.id().or_else(|| self.group_id.id())?;
        let name = self.display_name.text().or_else(|| self.name.text())?;
        Some((id.into_owned(), name.into_owned()))
    }
}

impl Learnt {
    fn say(&mut self, level: LogLevel, message: String) {
        self.log.push(Effect::Log(LogEntry { level, message }));
    }

    fn learn_own_id(&mut self, outcome: &Outcome) {
        let id = printed(outcome).and_then(|printed| {
            let id = json_in(printed, |json| {
                serde_json::from_str::<Row<'_>>(json).ok()?.user_id.id().map(|id| id.into_owned())
            });
            id.ok_or_else(|| "its answer holds no userId".into())
        });
        match id {
            Ok(id) => self.own_id = Some(id),
            Err(why) => self.say(
                LogLevel::Warn,
                format!(
                    "zalouser own id unknown; mentions of the account go unnoticed \
                     until a direct message comes. {why}"
                ),
            ),
        }
    }

    /// Looks up `names`, which are of a `kind`, in the list that was printed.
    fn resolve(&mut self, kind: Kind, names: Vec<&str>, outcome: &Outcome) -> BTreeMap<String, String> {
        let rows = printed(outcome)
            .and_then(|printed| json_in(printed, rows).ok_or_else(|| "its answer is not a list".into()));
        let rows = match rows {
            Ok(rows) => rows,
            Err(why) => {
                self.say(
                    LogLevel::Warn,
                    format!("zalouser {kind} resolve failed; using config entries. {why}"),
                );
                return BTreeMap::new();
            }
        };
        let ids = ids_by_name(&names, &rows, kind);
        let (mut resolved, mut unresolved) = (Vec::new(), Vec::new());
        let mut found = BTreeMap::new();
        for name in names {
            let ids: Vec<&str> = ids.get(name).into_iter().flatten().copied().collect();
            if let [id] = ids[..] {
                resolved.push(format!("{name}→{id}"));
                found.insert(name.to_owned(), id.to_owned());
                continue;
            }
            if !ids.is_empty() {
                let ids = ids.join(", ");
                self.say(
                    LogLevel::Warn,
                    format!(
                        "zalouser {kind} name \"{name}\" stands for more than one id ({ids}) \
                         and is resolved to none; write the id instead"
                    ),
                );
            }
            unresolved.push(name.to_owned());
        }
        for (outcome, names) in [("resolved", resolved), ("unresolved", unresolved)] {
            if !names.is_empty() {
                self.say(LogLevel::Info, format!("zalouser {kind}s {outcome}: {}", summary(&names)));
            }
        }
        found
    }
}

/// The names of people in the allow-lists, each once, in the order of the file.
fn user_names(access: &AccessRules) -> Vec<&str> {
    let entries =
        access.allow_from.iter().chain(&access.group_allow_from).map(|entry| without_channel(entry));
    once(entries.filter(|entry| !entry.is_empty() && *entry != ANY && !is_number(entry)))
}

/// The names of groups among the keys of the rules.
fn group_names(access: &AccessRules) -> Vec<&str> {
    once(access.groups.iter().filter_map(|rule| match GroupKey::read(&rule.key) {
        GroupKey::Name(name) if !name.is_empty() => Some(name),
        _ => None,
    }))
}

fn once<'a>(entries: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    entries.filter(|entry| seen.insert(*entry)).collect()
}

/// What a command printed, or why it failed.
fn printed(outcome: &Outcome) -> Result<&str, String> {
    let why = match &outcome.status {
        ExitStatus::Exited(0) => return Ok(&outcome.stdout),
        ExitStatus::Exited(code) => format!("it exited with {code}"),
        ExitStatus::TimedOut => "it took too long".into(),
        ExitStatus::NotStarted(why) => why.clone(),
    };
    let error = outcome.stderr.trim();
    Err(excerpt(if error.is_empty() { &why } else { error }, ERROR_LIMIT))
}

fn rows(json: &str) -> Option<Vec<(String, String)>> {
    let rows: List<Record<Row<'_>>, ROWS> =
        serde_json::from_str(json).ok().filter(|_| json.trim_start().starts_with('['))?;
    Some(rows.0.into_iter().filter_map(|row| row.0?.into_id_and_name()).collect())
}

/// The ids that each of `names` stands for: of the `rows` that are called so or, where no group is, of
/// those whose slug it is.
fn ids_by_name<'a>(
    names: &[&'a str],
    rows: &'a [(String, String)],
    kind: Kind,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let by_name = rows_by(rows, |name| [names::fold(name.trim())]);
    let by_slug = match kind {
        Kind::User => BTreeMap::new(),
        Kind::Group => rows_by(rows, |name| [names::slug(name), names::reference_slug(name)]),
    };
    let ids = |name: &str| by_name.get(&names::fold(name)).or_else(|| by_slug.get(name));
    names.iter().filter_map(|name| Some((*name, ids(name)?.clone()))).collect()
}

/// The ids of `rows` by what `spellings` makes of their names.
fn rows_by<const N: usize>(
    rows: &[(String, String)],
    spellings: impl Fn(&str) -> [String; N],
) -> BTreeMap<String, BTreeSet<&str>> {
    let mut ids: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (id, name) in rows {
        for spelling in spellings(name) {
            ids.entry(spelling).or_default().insert(id);
        }
    }
    ids
}

fn summary(names: &[String]) -> String {
    let listed: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
    match names.len().saturating_sub(LISTED) {
        0 => listed.join(", "),
        more => format!("{} (+{more})", listed.join(", ")),
    }
}
