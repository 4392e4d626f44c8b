//! Decides who is let through: group and direct-chat policies, and who may give control commands.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::mem;

use super::resolve::Resolution;
use crate::account::{AccessRules, DmPolicy, GroupPolicy, GroupRule};
use crate::address::{is_number, without_channel};
use crate::command::{ChatKind, Thread};
use crate::effect::{Admission, DropReason};
use crate::names;

/// A key that stands for everybody, or for every group.
pub(crate) const ANY: &str = "*";

/// What may stand in front of a group's id.
const GROUP_PREFIX: &str = "group:";

/// Hashes with a fixed seed, as there is no randomness here. The keys of these maps come from the
/// operator, so nobody else can choose them to collide.
type Seed = BuildHasherDefault<DefaultHasher>;

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

/// A set of senders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Senders {
    everybody: bool,
    ids: HashSet<String, Seed>,
}

impl Senders {
    /// The senders that `entries` name. A name counts for the id that it was resolved to and for
    /// nothing else: what a sender is called lets nobody in.
    pub(crate) fn new(entries: &[String], resolution: &Resolution) -> Self {
        let entries = || entries.iter().map(|entry| without_channel(entry));
        let resolved = entries().filter_map(|entry| resolution.user(entry));
        Self {
            everybody: entries().any(|entry| entry == ANY),
            ids: entries().chain(resolved).map(str::to_lowercase).collect(),
        }
    }

    /// Whether the sender is one of them.
    pub(crate) fn contain(&self, sender: &str) -> bool {
        self.everybody || self.ids.contains(sender) || self.ids.contains(&sender.to_lowercase())
    }
}

/// What is decided of a message before its text is looked at.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It goes on.
    Admit {
        /// Why.
        admission: Admission,
        /// Whether it has to speak to the account.
        require_mention: bool,
    },
    /// It goes no further.
    Refuse(Refusal),
    /// Its sender is offered a pairing code.
    Pair,
}

/// Why a message goes no further.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The reason.
    pub(crate) reason: DropReason,
    /// The same for a log.
    pub(crate) detail: String,
}

impl Refusal {
    /// Refuses for `reason`, which `detail` tells a log.
    pub(crate) fn new(reason: DropReason, detail: String) -> Self {
        Self { reason, detail }
    }
}

/// An account's rules, made ready for look-ups whose cost does not depend on their number.
#[derive(Debug)]
pub(crate) struct Access {
    dm_policy: DmPolicy,
    group_policy: GroupPolicy,
    groups: Groups,
    allowed: Senders,
    /// None restricts nobody.
    heard_in_groups: Option<Senders>,
    paired: Senders,
}

impl Access {
    /// Makes `rules` ready, with the names in them that were resolved.
    pub(crate) fn new(rules: &AccessRules, resolution: &Resolution) -> Self {
        let heard = &rules.group_allow_from;
        Self {
            dm_policy: rules.dm_policy,
            group_policy: rules.group_policy,
            groups: Groups::new(&rules.groups, resolution),
            allowed: Senders::new(&rules.allow_from, resolution),
            heard_in_groups: (!heard.is_empty()).then(|| Senders::new(heard, resolution)),
            paired: Senders::default(),
        }
    }

    /// Replaces the rules, and leaves those who were paired.
    pub(crate) fn replace_rules(&mut self, rules: &AccessRules, resolution: &Resolution) {
        *self = Self { paired: mem::take(&mut self.paired), ..Self::new(rules, resolution) };
    }

    /// Replaces those who were paired.
    pub(crate) fn set_paired(&mut self, senders: &[String]) {
        self.paired = Senders::new(senders, &Resolution::default());
    }

    /// Decides on a message of `sender` in `thread`; `group_name` is the group's, if known.
    pub(crate) fn judge(&self, thread: &Thread, group_name: Option<&str>, sender: &str) -> Verdict {
        match thread.kind {
            ChatKind::Direct => self.judge_direct(sender),
            ChatKind::Group => self.judge_group(&thread.id, group_name, sender),
        }
    }

    /// Whether `sender` may give control commands in a chat of this kind. A group takes them from
    /// the configured senders alone: who is paired, or heard in groups, is not obeyed there.
    pub(crate) fn may_command(&self, kind: ChatKind, sender: &str) -> bool {
        self.allowed.contain(sender) || (kind == ChatKind::Direct && self.paired.contain(sender))
    }

    fn judge_direct(&self, sender: &str) -> Verdict {
        let admit = |admission| Verdict::Admit { admission, require_mention: false };
        match self.dm_policy {
            DmPolicy::Disabled => Verdict::Refuse(Refusal::new(
                DropReason::DmDisabled,
                format!("Blocked zalouser DM from {sender} (dmPolicy=disabled)"),
            )),
            DmPolicy::Open => admit(Admission::DmOpen),
            _ if self.allowed.contain(sender) => admit(Admission::SenderAllowed),
            _ if self.paired.contain(sender) => admit(Admission::SenderPaired),
            DmPolicy::Pairing => Verdict::Pair,
            DmPolicy::Allowlist => Verdict::Refuse(Refusal::new(
                DropReason::SenderNotAllowed,
                format!("Blocked unauthorized zalouser sender {sender} (dmPolicy=allowlist)"),
            )),
        }
    }

    fn judge_group(&self, id: &str, name: Option<&str>, sender: &str) -> Verdict {
        let refuse = |reason, why: &str| {
            Verdict::Refuse(Refusal::new(reason, format!("zalouser: drop group {id} ({why})")))
        };
        let rule = self.groups.find(id, name);
        let closed = rule.is_some_and(|rule| !rule.enabled);
        let admission = match self.group_policy {
            GroupPolicy::Disabled => return refuse(DropReason::GroupDisabled, "groupPolicy=disabled"),
            GroupPolicy::Allowlist if closed => return refuse(DropReason::GroupClosed, "not allowlisted"),
            GroupPolicy::Open if closed => return refuse(DropReason::GroupClosed, "group closed"),
            GroupPolicy::Allowlist if rule.is_none() => {
                return refuse(DropReason::GroupNotAllowed, "not allowlisted");
            }
            GroupPolicy::Allowlist => Admission::GroupAllowed,
            GroupPolicy::Open => Admission::GroupOpen,
        };
        if self.heard_in_groups.as_ref().is_some_and(|heard| !heard.contain(sender)) {
            return Verdict::Refuse(Refusal::new(
                DropReason::GroupSenderNotAllowed,
                format!("zalouser: drop group {id} sender {sender} (not in groupAllowFrom)"),
            ));
        }
        Verdict::Admit { admission, require_mention: rule.is_some_and(|rule| rule.require_mention) }
    }
}

/// What of a rule matters here.
#[derive(Clone, Copy, Debug)]
struct Rule {
    enabled: bool,
    require_mention: bool,
}

/// The rules for groups, by what they are looked up with.
#[derive(Debug, Default)]
struct Groups {
    by_id: HashMap<String, Rule, Seed>,
    by_name: HashMap<String, Rule, Seed>,
    any: Option<Rule>,
}

impl Groups {
    fn new(rules: &[GroupRule], resolution: &Resolution) -> Self {
        let mut groups = Self::default();
        let (mut prefixed, mut resolved) = (Vec::new(), Vec::new());
        for GroupRule { key, enabled, require_mention, .. } in rules {
            let rule = Rule { enabled: *enabled, require_mention: *require_mention };
            match GroupKey::read(key) {
                GroupKey::Any => groups.any = groups.any.or(Some(rule)),
                GroupKey::Id(id) => groups.add_id(id, rule),
                GroupKey::PrefixedId(id) => prefixed.push((id, rule)),
                // The slug of many a name is empty, and must not match.
                GroupKey::Name("") => {}
                GroupKey::Name(name) => match resolution.group(name) {
                    // From here on the name means this one group: no other may take it.
                    Some(id) => resolved.push((id, rule)),
                    None => groups.add_name(name, rule),
                },
            }
        }
        // A plain id beats a prefixed one, and a name only fills what is left.
        for (id, rule) in prefixed.into_iter().chain(resolved) {
            groups.add_id(id, rule);
        }
        groups
    }

    fn add_id(&mut self, id: &str, rule: Rule) {
        self.by_id.entry(id.to_owned()).or_insert(rule);
    }

    /// A name may be an id as well, if Zalo ever has one that is not a number.
    fn add_name(&mut self, name: &str, rule: Rule) {
        self.add_id(name, rule);
        self.by_name.entry(name.to_owned()).or_insert(rule);
    }

    fn find(&self, id: &str, name: Option<&str>) -> Option<Rule> {
        let own = self.by_id.get(id).or_else(|| self.find_by_name(name?));
        own.copied().or(self.any)
    }

    fn find_by_name(&self, name: &str) -> Option<&Rule> {
        if self.by_name.is_empty() {
            return None;
        }
        let by_name = |name: &str| self.by_name.get(name);
        by_name(name)
            .or_else(|| by_name(&names::slug(name)))
            .or_else(|| by_name(&names::reference_slug(name)))
    }
}
