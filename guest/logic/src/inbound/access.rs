//! Decides who is let through: group and direct-chat policies, and who may give control commands.

use std::mem;

use zalouser_settings::lower_case;

use super::groups::{ANY, Groups};
use super::resolve::Resolution;
use crate::account::{AccessRules, DmPolicy, GroupPolicy, GroupRule};
use crate::address::without_channel;
use crate::command::ChatKind;
use crate::effect::{Admission, DropReason};
use crate::sorted::sorted;

/// A set of senders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Senders {
    everybody: bool,
    /// In lower case, and sorted.
    ids: Vec<String>,
}

impl Senders {
    /// The senders that `entries` name. A name counts for the id that it was resolved to and for
    /// nothing else: what a sender is called lets nobody in.
    pub(crate) fn new(entries: &[String], resolution: &Resolution) -> Self {
        let entries = || entries.iter().map(|entry| without_channel(entry));
        let resolved = entries().filter_map(|entry| resolution.user(entry));
        Self {
            everybody: entries().any(|entry| entry == ANY),
            ids: sorted(entries().chain(resolved).map(lower_case).collect()),
        }
    }

    /// Whether the sender is one of them.
    pub(crate) fn contain(&self, sender: &str) -> bool {
        let contain = |id: &str| self.ids.binary_search_by(|known| known.as_str().cmp(id)).is_ok();
        // Zalo's ids are digits.
        let has_case = || sender.bytes().any(|byte| !byte.is_ascii_digit());
        self.everybody || contain(sender) || (has_case() && contain(&lower_case(sender)))
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
    Refuse(DropReason),
    /// Its sender is offered a pairing code.
    Pair,
}

/// An account's rules, made ready for look-ups whose cost does not depend on their number.
#[derive(Debug)]
pub(crate) struct Access {
    dm_policy: DmPolicy,
    group_policy: GroupPolicy,
    groups: Groups,
    /// What `groups` finds the places of.
    rules: Vec<Rule>,
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
            groups: Groups::new(rules.groups.iter().map(|rule| rule.key.as_str()).collect(), resolution),
            rules: rules.groups.iter().map(Rule::of).collect(),
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

    /// Decides on a message of `sender` in the thread of this kind and id; `group_name` is the group's, if known.
    pub(crate) fn judge(
        &self,
        kind: ChatKind,
        thread_id: &str,
        group_name: Option<&str>,
        sender: &str,
    ) -> Verdict {
        match kind {
            ChatKind::Direct => self.judge_direct(sender),
            ChatKind::Group => self.judge_group(thread_id, group_name, sender),
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
            DmPolicy::Disabled => Verdict::Refuse(DropReason::DmDisabled),
            DmPolicy::Open => admit(Admission::DmOpen),
            _ if self.allowed.contain(sender) => admit(Admission::SenderAllowed),
            _ if self.paired.contain(sender) => admit(Admission::SenderPaired),
            DmPolicy::Pairing => Verdict::Pair,
            DmPolicy::Allowlist => Verdict::Refuse(DropReason::SenderNotAllowed),
        }
    }

    fn judge_group(&self, id: &str, name: Option<&str>, sender: &str) -> Verdict {
        let rule = self.groups.find(id, name).and_then(|place| self.rules.get(place));
        let closed = rule.is_some_and(|rule| !rule.enabled);
        let admission = match self.group_policy {
            GroupPolicy::Disabled => return Verdict::Refuse(DropReason::GroupDisabled),
            _ if closed => return Verdict::Refuse(DropReason::GroupClosed),
            GroupPolicy::Allowlist if rule.is_none() => return Verdict::Refuse(DropReason::GroupNotAllowed),
            GroupPolicy::Allowlist => Admission::GroupAllowed,
            GroupPolicy::Open => Admission::GroupOpen,
        };
        if self.heard_in_groups.as_ref().is_some_and(|heard| !heard.contain(sender)) {
            return Verdict::Refuse(DropReason::GroupSenderNotAllowed);
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

impl Rule {
    fn of(rule: &GroupRule) -> Self {
        Self { enabled: rule.enabled, require_mention: rule.require_mention }
    }
}
