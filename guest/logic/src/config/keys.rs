//! The keys that may be set for the channel and for each account.

use std::ops::RangeInclusive;

use zalouser_settings::Section;

use super::accounts::check_id;
use super::filled;
use crate::account::{ChunkMode, DmPolicy, GroupPolicy, GroupRule, TEXT_LIMIT, TableStyle, ToolPolicy};

/// What goes before an id where an address names its channel too: the channel's name and alias.
const ADDRESS_PREFIXES: [&str; 2] = ["zalouser:", "zlu:"];

/// How many unanswered messages of a group may be kept. The gateways set no upper bound; this one
/// keeps what goes before a message within what an agent can read.
pub(super) const HISTORY_LIMITS: RangeInclusive<u32> = 0..=1_000;

const DM_POLICIES: [(&str, DmPolicy); 4] = [
    ("pairing", DmPolicy::Pairing),
    ("allowlist", DmPolicy::Allowlist),
    ("open", DmPolicy::Open),
    ("disabled", DmPolicy::Disabled),
];

/// The spellings of a group policy.
pub(super) const GROUP_POLICIES: [(&str, GroupPolicy); 3] =
    [("open", GroupPolicy::Open), ("allowlist", GroupPolicy::Allowlist), ("disabled", GroupPolicy::Disabled)];

const TABLE_STYLES: [(&str, TableStyle); 3] =
    [("off", TableStyle::Off), ("bullets", TableStyle::Bullets), ("code", TableStyle::Code)];

const CHUNK_MODES: [(&str, ChunkMode); 2] = [("length", ChunkMode::Length), ("newline", ChunkMode::Newline)];

/// The keys that may be set for the channel and for each account. A string that is there but blank
/// is kept, because an account clears with it what the channel sets.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    pub(super) enabled: Option<bool>,
    pub(super) name: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) dm_policy: Option<DmPolicy>,
    pub(super) allow_from: Option<Vec<String>>,
    pub(super) group_policy: Option<GroupPolicy>,
    pub(super) group_allow_from: Option<Vec<String>>,
    pub(super) groups: Option<Vec<GroupRule>>,
    pub(super) tables: Option<TableStyle>,
    pub(super) chunk_mode: Option<ChunkMode>,
    pub(super) text_chunk_limit: Option<u32>,
    pub(super) history_limit: Option<u32>,
    pub(super) message_prefix: Option<String>,
    pub(super) response_prefix: Option<String>,
    pub(super) media_max_bytes: Option<u64>,
}

impl Keys {
    /// These keys where they are set, those of `base` where they are not. A list or a map replaces
    /// the one of `base` as a whole.
    pub(super) fn over(&self, base: &Self) -> Self {
        let (own, base) = (self.clone(), base.clone());
        Self {
            enabled: own.enabled.or(base.enabled),
            name: own.name.or(base.name),
            profile: own.profile.or(base.profile),
            dm_policy: own.dm_policy.or(base.dm_policy),
            allow_from: own.allow_from.or(base.allow_from),
            group_policy: own.group_policy.or(base.group_policy),
            group_allow_from: own.group_allow_from.or(base.group_allow_from),
            groups: own.groups.or(base.groups),
            tables: own.tables.or(base.tables),
            chunk_mode: own.chunk_mode.or(base.chunk_mode),
            text_chunk_limit: own.text_chunk_limit.or(base.text_chunk_limit),
            history_limit: own.history_limit.or(base.history_limit),
            message_prefix: own.message_prefix.or(base.message_prefix),
            response_prefix: own.response_prefix.or(base.response_prefix),
            media_max_bytes: own.media_max_bytes.or(base.media_max_bytes),
        }
    }

    /// Reads them, and leaves it to the caller to ask for more.
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            enabled: section.flag("enabled"),
            name: section.string("name"),
            profile: read_profile(section),
            dm_policy: section.choice("dmPolicy", "a policy", &DM_POLICIES),
            allow_from: section.ids("allowFrom").map(without_prefixes),
            group_policy: section.choice("groupPolicy", "a policy", &GROUP_POLICIES),
            group_allow_from: section.ids("groupAllowFrom").map(without_prefixes),
            groups: section.sections("groups", read_group),
            tables: section
                .section("markdown", |section| section.choice("tables", "a table style", &TABLE_STYLES))
                .flatten(),
            chunk_mode: section.choice("chunkMode", "a mode", &CHUNK_MODES),
            text_chunk_limit: section.integer("textChunkLimit", 1..=TEXT_LIMIT),
            history_limit: section.integer("historyLimit", HISTORY_LIMITS),
            message_prefix: section.string("messagePrefix"),
            response_prefix: section.string("responsePrefix"),
            media_max_bytes: section.positive("mediaMaxMb").map(bytes),
        }
    }
}

fn read_profile(section: &mut Section<'_>) -> Option<String> {
    let profile = section.string("profile")?.trim().to_owned();
    if !profile.is_empty()
        && let Err(problem) = check_id(&profile)
    {
        section.reject("profile", problem);
    }
    Some(profile)
}

fn read_group(key: &str, section: &mut Section<'_>) -> GroupRule {
    let allow = section.flag("allow").unwrap_or(true);
    let enabled = section.flag("enabled").unwrap_or(true);
    GroupRule {
        key: key.to_owned(),
        enabled: allow && enabled,
        require_mention: section.flag("requireMention").unwrap_or(false),
        tools: section.section("tools", read_tools),
    }
}

fn read_tools(section: &mut Section<'_>) -> ToolPolicy {
    let tools = ToolPolicy {
        allow: section.strings("allow").unwrap_or_default(),
        also_allow: section.strings("alsoAllow").unwrap_or_default(),
        deny: section.strings("deny").unwrap_or_default(),
    };
    if !tools.allow.is_empty() && !tools.also_allow.is_empty() {
        section.reject("alsoAllow", "adds to a list that `allow` replaces; set only one of them");
    }
    tools
}

/// Trims entries and takes the channel's name off them; blank ones are dropped.
fn without_prefixes(entries: Vec<String>) -> Vec<String> {
    entries.iter().filter_map(|entry| filled(without_prefix(entry.trim()))).collect()
}

fn without_prefix(entry: &str) -> &str {
    let bare = ADDRESS_PREFIXES.iter().find_map(|prefix| {
        let (start, rest) = entry.split_at_checked(prefix.len())?;
        start.eq_ignore_ascii_case(prefix).then_some(rest)
    });
    bare.unwrap_or(entry)
}

/// A size in MiB, which is what the gateways mean by `Mb`, as bytes, at least one.
fn bytes(mebibytes: f64) -> u64 {
    // The conversion saturates, and a limit that no file reaches is as good as none.
    (mebibytes * 1_048_576.0).ceil() as u64
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixture::{account, channel, error_lines, loaded};
    use super::*;

    /// The accounts `own`, where a key is set, and `heir`, where it is not, of a channel that sets
    /// it too.
    fn own_and_heir(key: &str, base: Value, own: Value) -> [crate::account::Account; 2] {
        let accounts = json!({ "own": { key: own }, "heir": {} });
        let configuration = loaded(channel(json!({ key: base, "accounts": accounts })));
        ["own", "heir"].map(|id| configuration.account(Some(id)).unwrap().clone())
    }

    #[test]
    fn every_key_is_read() {
        let account = account(channel(json!({
            "enabled": false,
            "name": " Home ",
            "profile": " p ",
            "dmPolicy": "open",
            "allowFrom": ["Alice", 111],
            "groupPolicy": "allowlist",
            "groupAllowFrom": [222],
            "groups": { "5002": {
                "requireMention": true,
                "tools": { "allow": ["read"], "deny": ["exec"] },
            } },
            "markdown": { "tables": "bullets" },
            "chunkMode": "newline",
            "textChunkLimit": 1,
            "historyLimit": 0,
            "messagePrefix": "[zalo] ",
            "responsePrefix": "{model}: ",
            "mediaMaxMb": 0.5,
        })));
        assert!(!account.enabled);
        assert_eq!(account.name.as_deref(), Some("Home"));
        assert_eq!(account.profile, "p");
        assert_eq!(account.access.dm_policy, DmPolicy::Open);
        assert_eq!(account.access.allow_from, ["Alice", "111"]);
        assert_eq!(account.access.group_policy, GroupPolicy::Allowlist);
        assert_eq!(account.access.group_allow_from, ["222"]);
        let tools = ToolPolicy { allow: vec!["read".into()], also_allow: vec![], deny: vec!["exec".into()] };
        let rule = GroupRule { key: "5002".into(), enabled: true, require_mention: true, tools: Some(tools) };
        assert_eq!(account.access.groups, [rule]);
        assert_eq!(account.replies.tables, TableStyle::Bullets);
        assert_eq!(account.replies.chunk_mode, ChunkMode::Newline);
        assert_eq!(account.replies.text_chunk_limit, 1);
        assert_eq!(account.mentions.history_limit, 0);
        assert_eq!(account.message_prefix.as_deref(), Some("[zalo] "), "as typed");
        assert_eq!(account.replies.response_prefix.as_deref(), Some("{model}: "), "as typed");
        assert_eq!(account.replies.media_max_bytes, Some(524_288), "half of 1024 * 1024");
    }

    #[test]
    fn an_account_replaces_a_key_of_the_channel_as_a_whole() {
        let [own, heir] = own_and_heir("allowFrom", json!(["1"]), json!([]));
        assert_eq!((own.access.allow_from.len(), heir.access.allow_from.len()), (0, 1));
        let [own, heir] = own_and_heir("groups", json!({ "a": {}, "b": {} }), json!({ "c": {} }));
        assert_eq!((own.access.groups.len(), heir.access.groups.len()), (1, 2));
        let [own, heir] = own_and_heir("dmPolicy", json!("open"), json!("disabled"));
        assert_eq!((own.access.dm_policy, heir.access.dm_policy), (DmPolicy::Disabled, DmPolicy::Open));
        let [own, heir] =
            own_and_heir("markdown", json!({ "tables": "off" }), json!({ "tables": "bullets" }));
        assert_eq!((own.replies.tables, heir.replies.tables), (TableStyle::Bullets, TableStyle::Off));
    }

    #[test]
    fn a_blank_string_of_an_account_clears_that_of_the_channel() {
        for key in ["name", "messagePrefix", "responsePrefix"] {
            let [own, heir] = own_and_heir(key, json!("x"), json!(" "));
            let values = |account: &crate::account::Account| {
                [&account.name, &account.message_prefix, &account.replies.response_prefix]
                    .map(Clone::clone)
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
            };
            assert_eq!((values(&own), values(&heir)), (vec![], vec!["x".to_owned()]), "{key}");
        }
    }

    #[test]
    fn an_entry_of_a_list_of_senders_is_bare() {
        let typed = json!([" Alice ", "zalouser:111", "ZLU: 222", "", "zlu: ", "*", "zalo:1", "ọọọọ"]);
        let section = json!({ "allowFrom": typed, "groupAllowFrom": typed });
        let access = account(channel(section)).access;
        assert_eq!(access.allow_from, ["Alice", "111", "222", "*", "zalo:1", "ọọọọ"]);
        assert_eq!(access.group_allow_from, access.allow_from);
    }

    #[test]
    fn a_group_is_closed_by_either_key() {
        for (rule, enabled) in [
            (json!({}), true),
            (json!({ "allow": true }), true),
            (json!({ "allow": false }), false),
            (json!({ "enabled": false }), false),
            (json!({ "allow": false, "enabled": true }), false),
            (json!({ "allow": true, "enabled": false }), false),
        ] {
            let account = account(channel(json!({ "groups": { " * ": rule } })));
            let [read] = account.access.groups.as_slice() else { panic!("one rule") };
            assert_eq!((read.key.as_str(), read.enabled), ("*", enabled), "{rule}");
            assert_eq!((read.require_mention, &read.tools), (false, &None), "{rule}");
        }
    }

    #[test]
    fn a_wrong_value_is_an_error_that_says_what_is_allowed() {
        for (section, line) in [
            (
                json!({ "dmPolicy": "opne" }),
                "dmPolicy: \"opne\" is not a policy; allowed: pairing, allowlist, open, disabled; \
                 did you mean \"open\"?",
            ),
            (
                json!({ "groupPolicy": "pairing" }),
                "groupPolicy: \"pairing\" is not a policy; allowed: open, allowlist, disabled",
            ),
            (
                json!({ "markdown": { "tables": "bullet" } }),
                "markdown.tables: \"bullet\" is not a table style; allowed: off, bullets, code; \
                 did you mean \"bullets\"?",
            ),
            (json!({ "chunkMode": 1 }), "chunkMode: 1 is not a mode; allowed: length, newline"),
            (json!({ "textChunkLimit": 0 }), "textChunkLimit: 0 is not an integer from 1 to 2000"),
            (json!({ "textChunkLimit": 2001 }), "textChunkLimit: 2001 is not an integer from 1 to 2000"),
            (json!({ "historyLimit": -1 }), "historyLimit: -1 is not an integer from 0 to 1000"),
            (json!({ "historyLimit": 1001 }), "historyLimit: 1001 is not an integer from 0 to 1000"),
            (json!({ "mediaMaxMb": 0 }), "mediaMaxMb: 0 is not a number above 0"),
            (json!({ "enabled": "yes" }), "enabled: \"yes\" is neither true nor false"),
            (json!({ "name": 1 }), "name: 1 is not a string"),
            (json!({ "allowFrom": "*" }), "allowFrom: \"*\" is not a list"),
            (
                json!({ "allowFrom": ["1", 9_007_199_254_740_993_u64] }),
                "allowFrom[1]: 9007199254740993 is not exact as a number; write it in quotes",
            ),
            (
                json!({ "groups": { "Work Chat": { "enabled": 1 } } }),
                "groups[\"Work Chat\"].enabled: 1 is neither true nor false",
            ),
            (
                json!({ "groups": { "x": {}, " x": {} } }),
                "groups.x is there twice: as \"x\" and with white space",
            ),
            (json!({ "groups": { "": {} } }), "groups[\"\"] is a blank key"),
            (
                json!({ "groups": { "x": { "tools": { "allow": ["a"], "alsoAllow": ["b"] } } } }),
                "groups.x.tools.alsoAllow: [\"b\"] adds to a list that `allow` replaces; set only one of them",
            ),
            (
                json!({ "profile": "../p" }),
                "profile: \"../p\" is not usable as an id: it must not begin with `-` or `.`",
            ),
        ] {
            assert_eq!(error_lines(channel(section)), [format!("channels.zalouser.{line}")]);
        }
    }

    #[test]
    fn one_kind_of_extra_tools_may_be_empty() {
        let tools = json!({ "allow": [], "alsoAllow": ["b"] });
        let access = account(channel(json!({ "groups": { "x": { "tools": tools } } }))).access;
        let read = ToolPolicy { also_allow: vec!["b".into()], ..ToolPolicy::default() };
        assert_eq!(access.groups[0].tools, Some(read));
    }

    #[test]
    fn a_size_is_in_mebibytes_and_never_nothing() {
        for (mebibytes, expected) in [(1.0, 1_048_576), (25.0, 26_214_400), (1e-9, 1), (1e300, u64::MAX)] {
            assert_eq!(bytes(mebibytes), expected, "{mebibytes}");
        }
    }
}
