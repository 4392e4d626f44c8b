//! Resolves the names in an account's rules to ids, from what `zca` says of friends and groups.

use super::groups::{ANY, GroupKey};
use crate::account::AccessRules;
use crate::address::{is_number, without_channel};
use crate::command::{Command, Outcome};
use crate::directory::{self, Entry, EntryKind, ListError};
use crate::effect::{LogEntry, LogLevel};
use crate::names;
use crate::sorted::{Named, once, sorted};

/// How many names a line of the log lists before it counts the rest.
const LISTED: usize = 6;

/// Which id each name stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resolution {
    users: Named<String>,
    groups: Named<String>,
}

impl Resolution {
    /// What the names in the keys of `access` stand for among `groups`. A name that several of them
    /// have stands for none.
    pub(crate) fn of_groups(access: &AccessRules, groups: &[Entry]) -> Self {
        let mut resolution = Self::default();
        let directory = Directory::of(groups);
        for name in group_names(access) {
            if let [id] = directory.ids(name)[..] {
                resolution.groups.add(name, id.to_owned());
            }
        }
        resolution
    }

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
    pub(crate) log: Vec<LogEntry>,
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
                learnt.resolution.users = learnt.resolve(EntryKind::User, user_names(access), &outcome)
            }
            Command::ListGroups => {
                learnt.resolution.groups = learnt.resolve(EntryKind::Group, group_names(access), &outcome)
            }
            _ => {}
        }
    }
    learnt
}

impl Learnt {
    fn say(&mut self, level: LogLevel, message: String) {
        self.log.push(LogEntry { level, message });
    }

    fn learn_own_id(&mut self, outcome: &Outcome) {
        let own = directory::read(EntryKind::User, outcome);
        match own.and_then(|own| own.into_iter().next().ok_or(ListError::Unreadable)) {
            Ok(own) => self.own_id = Some(own.id),
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
    fn resolve(&mut self, kind: EntryKind, names: Vec<&str>, outcome: &Outcome) -> Named<String> {
        let entries = directory::read(kind, outcome);
        let kind = match kind {
            EntryKind::User => "user",
            EntryKind::Group => "group",
        };
        let entries = match entries {
            Ok(entries) => entries,
            Err(why) => {
                self.say(
                    LogLevel::Warn,
                    format!("zalouser {kind} resolve failed; using config entries. {why}"),
                );
                return Named::default();
            }
        };
        let directory = Directory::of(&entries);
        let (mut resolved, mut unresolved) = (Vec::new(), Vec::new());
        let mut found = Named::default();
        for name in names {
            let ids = directory.ids(name);
            if let [id] = ids[..] {
                resolved.push(format!("{name}→{id}"));
                found.add(name, id.to_owned());
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
        // An operator who wrote a name that means nobody waits in vain for whom it was to let in.
        let outcomes = [(LogLevel::Info, "resolved", resolved), (LogLevel::Warn, "unresolved", unresolved)];
        for (level, outcome, names) in outcomes {
            if !names.is_empty() {
                self.say(level, format!("zalouser {kind}s {outcome}: {}", summary(&names)));
            }
        }
        found
    }
}

/// The names of people in the allow-lists, each once, in the order of the file.
fn user_names(access: &AccessRules) -> Vec<&str> {
    let entries =
        access.allow_from.iter().chain(&access.group_allow_from).map(|entry| without_channel(entry));
    once(entries.filter(|entry| !entry.is_empty() && *entry != ANY && !is_number(entry)).collect(), |name| {
        name
    })
}

/// The names of groups among the keys of the rules.
fn group_names(access: &AccessRules) -> Vec<&str> {
    let names = access.groups.iter().filter_map(|rule| match GroupKey::read(&rule.key) {
        GroupKey::Name(name) if !name.is_empty() => Some(name),
        _ => None,
    });
    once(names.collect(), |name| name)
}

/// Ids, each with a spelling of a name that it has, sorted.
type Spellings<'a> = Vec<(String, &'a str)>;

/// The ids of people or groups by their names.
struct Directory<'a> {
    by_name: Spellings<'a>,
    /// Of groups alone.
    by_slug: Spellings<'a>,
}

impl<'a> Directory<'a> {
    fn of(entries: &'a [Entry]) -> Self {
        let by_name = entries.iter().map(|entry| (names::fold(&entry.name), entry.id.as_str()));
        let groups = entries.iter().filter(|entry| entry.kind == EntryKind::Group);
        let slugs = |entry: &'a Entry| {
            let slugs = [names::slug(&entry.name), names::reference_slug(&entry.name)];
            slugs.map(|slug| (slug, entry.id.as_str()))
        };
        Self { by_name: sorted(by_name.collect()), by_slug: sorted(groups.flat_map(slugs).collect()) }
    }

    /// The ids that `name` stands for, each once: of those who are called so or, where nobody is, of the
    /// groups whose slug it is.
    fn ids(&self, name: &str) -> Vec<&'a str> {
        match spelt(&self.by_name, &names::fold(name)) {
            ids if ids.is_empty() => spelt(&self.by_slug, name),
            ids => ids,
        }
    }
}

/// The ids that have a name which is spelt so.
fn spelt<'a>(spellings: &Spellings<'a>, spelling: &str) -> Vec<&'a str> {
    let first = spellings.partition_point(|(known, _)| known.as_str() < spelling);
    let ids = spellings.iter().skip(first).take_while(|(known, _)| known == spelling);
    let mut ids: Vec<&str> = ids.map(|(_, id)| *id).collect();
    ids.dedup();
    ids
}

fn summary(names: &[String]) -> String {
    let listed: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
    match names.len().saturating_sub(LISTED) {
        0 => listed.join(", "),
        more => format!("{} (+{more})", listed.join(", ")),
    }
}
