//! The answers as changes of the configuration file.

use serde_json::{Map, Value, json};

use super::answers::{DmPolicy, GroupPolicy};
use crate::config_file::{Change, KeyPath, Step};

/// What may stand in front of an id of this channel.
const PREFIXES: [&str; 2] = ["zalouser:", "zlu:"];

/// What was decided. None and empty leave what the file says.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    pub(super) dm_policy: Option<DmPolicy>,
    /// Ids of people, or `*`.
    pub(super) allow_from: Vec<String>,
    pub(super) group_policy: Option<GroupPolicy>,
    pub(super) groups: Vec<ChosenGroup>,
    /// For the chosen groups.
    pub(super) require_mention: Option<bool>,
    /// The keys of the section `agent`.
    pub(super) agent: Map<String, Value>,
}

/// A group that is to be listened to.
#[derive(Debug, PartialEq)]
pub(super) struct ChosenGroup {
    /// Its id, or `*` for all others.
    pub(super) id: String,
    /// The key of the rule that the file has for it under a name.
    pub(super) known_as: Option<String>,
}

/// Where the agent's section stands.
pub(super) fn agent_path() -> KeyPath {
    KeyPath::of_keys("plugins", ["entries", "zalouser", "config", "agent"])
}

/// What the account at `section` says under `key`, else the channel for all accounts.
pub(super) fn stated<'a>(document: &'a Value, section: &KeyPath, key: &str) -> Option<&'a Value> {
    let channel = KeyPath::of_keys("channels", ["zalouser"]);
    section.joined(key).value(document).or_else(|| channel.joined(key).value(document))
}

/// The changes of `document` that carry out `decisions` for the account at `section`. What is there stays:
/// people are added to the list, and a rule of a group keeps everything that was not asked.
pub(super) fn changes(document: &Value, section: &KeyPath, decisions: &Decisions) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut set = |path: KeyPath, value: Value| changes.push(Change::Set(path, value));
    if let Some(policy) = decisions.dm_policy {
        set(section.joined("dmPolicy"), json!(policy));
    }
    add_people(document, section, &decisions.allow_from, &mut set);
    if let Some(policy) = decisions.group_policy {
        set(section.joined("groupPolicy"), json!(policy));
    }
    open_groups(document, section, decisions, &mut set);
    set_agent(document, &decisions.agent, &mut set);
    changes
}

fn add_people(document: &Value, section: &KeyPath, ids: &[String], set: &mut impl FnMut(KeyPath, Value)) {
    let path = section.joined("allowFrom");
    let own = path.value(document).and_then(Value::as_array);
    let listed = stated(document, section, "allowFrom").and_then(Value::as_array);
    let mut list = listed.cloned().unwrap_or_default();
    for id in ids {
        if list.iter().any(|entry| is_entry(entry, id)) {
            continue;
        }
        // Item by item, so that comments in a list stay.
        if own.is_some() {
            let end = Step::Item(list.len());
            set(KeyPath::of_steps(&[path.steps(), &[end]].concat()), json!(id));
        }
        list.push(json!(id));
    }
    // A list of the account's own takes the place of the one that all accounts share.
    if own.is_none() && list.len() > listed.map_or(0, Vec::len) {
        set(path, Value::Array(list));
    }
}

fn open_groups(
    document: &Value,
    section: &KeyPath,
    decisions: &Decisions,
    set: &mut impl FnMut(KeyPath, Value),
) {
    if decisions.groups.is_empty() {
        return;
    }
    let path = section.joined("groups");
    let rules = stated(document, section, "groups").and_then(Value::as_object).cloned().unwrap_or_default();
    if path.value(document).is_none() && !rules.is_empty() {
        // Rules of the account's own take the place of those that all accounts share.
        set(path.clone(), Value::Object(rules.clone()));
    }
    for group in &decisions.groups {
        let mention = decisions.require_mention;
        match rules.iter().find(|(key, _)| group.is_key(key)) {
            Some((key, rule)) => {
                let rule_path = path.joined(key);
                for closing in ["allow", "enabled"] {
                    if rule.get(closing) == Some(&json!(false)) {
                        set(rule_path.joined(closing), json!(true));
                    }
                }
                if let Some(mention) = mention {
                    set(rule_path.joined("requireMention"), json!(mention));
                }
            }
            None => {
                let mention = mention.unwrap_or(true);
                set(path.joined(&group.id), json!({ "allow": true, "requireMention": mention }));
            }
        }
    }
}

fn set_agent(document: &Value, keys: &Map<String, Value>, set: &mut impl FnMut(KeyPath, Value)) {
    let Some(kind) = keys.get("kind") else { return };
    let path = agent_path();
    // Another kind of agent has other keys; one of the same kind keeps those that were not asked.
    if path.joined("kind").value(document) != Some(kind) {
        return set(path, Value::Object(keys.clone()));
    }
    for (key, value) in keys {
        set(path.joined(key), value.clone());
    }
}

impl ChosenGroup {
    /// Whether a rule under `key` is about this group.
    pub(super) fn is_key(&self, key: &str) -> bool {
        let bare = without_channel(key);
        let id = bare.strip_prefix("group:").map_or(bare, str::trim);
        id == self.id || self.known_as.as_deref() == Some(key)
    }
}

/// Whether an entry of a list of people is this id.
fn is_entry(entry: &Value, id: &str) -> bool {
    match entry {
        Value::String(text) => without_channel(text) == id,
        number => number.as_u64().is_some_and(|number| number.to_string() == id),
    }
}

fn without_channel(entry: &str) -> &str {
    let entry = entry.trim();
    let after = |prefix: &&str| {
        let (head, tail) = entry.split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some(tail)
    };
    PREFIXES.iter().find_map(after).map_or(entry, str::trim_start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: &str) -> ChosenGroup {
        ChosenGroup { id: id.to_owned(), known_as: None }
    }

    fn people(ids: &[&str]) -> Decisions {
        let allow_from = ids.iter().map(|id| (*id).to_owned()).collect();
        Decisions { allow_from, ..Decisions::default() }
    }

    /// `document` with the changes for the account at `section`.
    fn changed(document: Value, section: &str, decisions: &Decisions) -> Value {
        let section = section.parse().unwrap();
        let text = changes(&document, &section, decisions)
            .iter()
            .fold(document.to_string(), |text, change| change.apply(&text).unwrap());
        zalouser_settings::parse(&text).unwrap()
    }

    fn channel(section: Value) -> Value {
        json!({ "channels": { "zalouser": section } })
    }

    const CHANNEL: &str = "channels.zalouser";
    const WORK: &str = "channels.zalouser.accounts.work";

    #[test]
    fn no_decision_changes_nothing() {
        let section = CHANNEL.parse().unwrap();
        assert_eq!(changes(&json!({}), &section, &Decisions::default()), []);
    }

    #[test]
    fn people_are_added_to_those_who_are_there() {
        let document = channel(json!({ "allowFrom": [111, "zalouser: 222", "Alice"] }));
        let after = changed(document, CHANNEL, &people(&["111", "222", "333", "333", "*"]));
        assert_eq!(after, channel(json!({ "allowFrom": [111, "zalouser: 222", "Alice", "333", "*"] })));
    }

    #[test]
    fn an_account_keeps_the_people_that_all_accounts_share() {
        let document = channel(json!({ "allowFrom": ["1"], "accounts": { "work": {} } }));
        let after = changed(document.clone(), WORK, &people(&["2"]));
        let accounts = json!({ "work": { "allowFrom": ["1", "2"] } });
        assert_eq!(after, channel(json!({ "allowFrom": ["1"], "accounts": accounts })));
        assert_eq!(changed(document.clone(), WORK, &people(&["1"])), document);
    }

    #[test]
    fn a_rule_keeps_what_was_not_asked() {
        let tools = json!({ "deny": ["bash"] });
        let groups = json!({
            "group:5001": { "allow": false, "tools": tools },
            "Family": { "enabled": false, "requireMention": false, "tools": tools },
            "7": { "tools": tools },
        });
        let family = ChosenGroup { id: "5002".to_owned(), known_as: Some("Family".to_owned()) };
        let groups_chosen = vec![group("5001"), family, group("5003")];
        let decisions =
            Decisions { groups: groups_chosen, require_mention: Some(true), ..Decisions::default() };
        let after = json!({
            "group:5001": { "allow": true, "requireMention": true, "tools": tools },
            "Family": { "enabled": true, "requireMention": true, "tools": tools },
            "7": { "tools": tools },
            "5003": { "allow": true, "requireMention": true },
        });
        let document = channel(json!({ "groups": groups }));
        assert_eq!(changed(document, CHANNEL, &decisions), channel(json!({ "groups": after })));
    }

    #[test]
    fn an_account_keeps_the_rules_that_all_accounts_share() {
        let shared = json!({ "7": { "tools": { "deny": ["bash"] } } });
        let document = channel(json!({ "groups": shared, "accounts": { "work": {} } }));
        let decisions = Decisions { groups: vec![group("8")], ..Decisions::default() };
        let own = json!({
            "7": { "tools": { "deny": ["bash"] } },
            "8": { "allow": true, "requireMention": true },
        });
        let after = json!({ "groups": shared, "accounts": { "work": { "groups": own } } });
        assert_eq!(changed(document, WORK, &decisions), channel(after));
    }

    #[test]
    fn an_agent_of_the_same_kind_keeps_what_was_not_asked() {
        let with = |agent: Value| json!({ "plugins": { "entries": { "zalouser": { "config": { "agent": agent } } } } });
        let before = with(json!({ "kind": "openai", "baseUrl": "a", "model": "m", "historyMessages": 3 }));
        let decided = |agent: Value| {
            let agent = agent.as_object().cloned().unwrap();
            Decisions { agent, ..Decisions::default() }
        };
        let same = decided(json!({ "kind": "openai", "baseUrl": "b", "model": "m" }));
        let after = with(json!({ "kind": "openai", "baseUrl": "b", "model": "m", "historyMessages": 3 }));
        assert_eq!(changed(before.clone(), CHANNEL, &same), after);
        let other = decided(json!({ "kind": "echo" }));
        assert_eq!(changed(before, CHANNEL, &other), with(json!({ "kind": "echo" })));
    }

    #[test]
    fn policies_are_set_at_the_account() {
        let decisions = Decisions {
            dm_policy: Some(DmPolicy::Allowlist),
            group_policy: Some(GroupPolicy::Disabled),
            ..Decisions::default()
        };
        let after = json!({ "work": { "dmPolicy": "allowlist", "groupPolicy": "disabled" } });
        let before = channel(json!({ "accounts": { "work": {} } }));
        assert_eq!(changed(before, WORK, &decisions), channel(json!({ "accounts": after })));
    }
}
