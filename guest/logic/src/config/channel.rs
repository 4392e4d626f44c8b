//! The channel's own section, `channels.zalouser`, and the accounts in it.

use serde_json::Value;
use zalouser_settings::{Problem, Section, lower_case, read_leniently};

use super::accounts::{check_id, same_id};
use super::filled;
use super::keys::{GROUP_POLICIES, Keys};
use crate::account::GroupPolicy;

/// The id of the account that a section without `accounts` describes.
pub(super) const DEFAULT_ID: &str = "default";

/// The channel's section as written.
#[derive(Debug)]
pub(super) struct Channel {
    /// `channels.defaults.groupPolicy`.
    pub(super) default_group_policy: Option<GroupPolicy>,
    /// The keys of the section itself, which every account falls back to.
    pub(super) base: Keys,
    /// The accounts, sorted by id without regard to case. Never empty.
    pub(super) accounts: Vec<AccountSection>,
    /// The id given as the default one, if it is that of an account.
    pub(super) default_account: Option<String>,
}

/// One account as written.
#[derive(Debug)]
pub(super) struct AccountSection {
    /// Its id, trimmed.
    pub(super) id: String,
    /// Where it stands.
    pub(super) path: String,
    /// What it sets itself.
    pub(super) keys: Keys,
}

impl Default for Channel {
    /// What a file says that does not mention the channel.
    fn default() -> Self {
        Self {
            default_group_policy: None,
            base: Keys::default(),
            accounts: sole_account(),
            default_account: None,
        }
    }
}

/// Reads the channel's section, and the policy that it falls back to, strictly.
pub(super) fn read(document: &Value) -> (Channel, Vec<Problem>) {
    read_leniently("", Some(document), |root| {
        root.leave_rest();
        let channel = root.section("channels", |channels| {
            channels.leave_rest();
            let default_group_policy = channels.section("defaults", |defaults| {
                defaults.leave_rest();
                defaults.choice("groupPolicy", "a policy", &GROUP_POLICIES)
            });
            let channel = channels.section("zalouser", read_channel).unwrap_or_default();
            Channel { default_group_policy: default_group_policy.flatten(), ..channel }
        });
        channel.unwrap_or_default()
    })
}

fn read_channel(section: &mut Section<'_>) -> Channel {
    let base = Keys::read(section);
    let mut accounts: Vec<AccountSection> = Vec::new();
    for account in section.sections("accounts", read_account).unwrap_or_default() {
        let place = accounts.partition_point(|other| other.order() < account.order());
        accounts.insert(place, account);
    }
    for (first, second) in accounts.iter().zip(accounts.iter().skip(1)) {
        if same_id(&first.id, &second.id) {
            let problem =
                format!("is the same account as {:?}: two ids must differ by more than case", first.id);
            section.report(Problem::new(&second.path, problem));
        }
    }
    if accounts.is_empty() {
        accounts = sole_account();
    }
    let default_account = read_default_account(section, &accounts);
    Channel { default_group_policy: None, base, accounts, default_account }
}

impl AccountSection {
    /// By what accounts are sorted.
    fn order(&self) -> (String, &str) {
        (lower_case(&self.id), &self.id)
    }
}

/// The one account of a section that lists none; the section itself describes it.
fn sole_account() -> Vec<AccountSection> {
    let path = "channels.zalouser".to_owned();
    vec![AccountSection { id: DEFAULT_ID.to_owned(), path, keys: Keys::default() }]
}

fn read_account(id: &str, section: &mut Section<'_>) -> AccountSection {
    let path = section.path().to_owned();
    if let Err(problem) = check_id(id) {
        section.report(Problem::new(&path, problem));
    }
    AccountSection { id: id.to_owned(), path, keys: Keys::read(section) }
}

fn read_default_account(section: &mut Section<'_>, accounts: &[AccountSection]) -> Option<String> {
    let named = filled(&section.string("defaultAccount")?)?;
    let account = accounts.iter().find(|account| same_id(&account.id, &named));
    if account.is_none() {
        let ids = accounts.iter().map(|account| account.id.as_str());
        let problem = Problem::new(section.path_of("defaultAccount"), "is not an account");
        section.report(problem.found(&Value::from(named.as_str())).allowing(ids, &named));
    }
    account.map(|account| account.id.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::{account, channel, error_lines, loaded, warning_lines};

    #[test]
    fn an_unknown_key_is_an_error_in_every_part_of_the_section() {
        let keys = "enabled, name, profile, dmPolicy, allowFrom, groupPolicy, groupAllowFrom, groups, markdown, \
                    chunkMode, textChunkLimit, historyLimit, messagePrefix, responsePrefix, mediaMaxMb";
        let section = json!({
            "dmPolcy": "open",
            "markdown": { "table": "off" },
            "groups": { "*": { "require_mention": true, "tools": { "denny": [] } } },
            "accounts": { "work": { "defaultAccount": "work" } },
        });
        assert_eq!(
            error_lines(channel(section)),
            [
                "channels.zalouser.groups[\"*\"].tools.denny is not a known key; allowed: allow, alsoAllow, deny; \
             did you mean \"deny\"?",
                "channels.zalouser.groups[\"*\"].require_mention is not a known key; \
             allowed: allow, enabled, requireMention, tools; did you mean \"requireMention\"?",
                "channels.zalouser.markdown.table is not a known key; allowed: tables; did you mean \"tables\"?",
                &format!(
                    "channels.zalouser.accounts.work.defaultAccount is not a known key; allowed: {keys}"
                ),
                &format!(
                    "channels.zalouser.dmPolcy is not a known key; allowed: {keys}, accounts, defaultAccount; \
                 did you mean \"dmPolicy\"?"
                ),
            ]
        );
    }

    #[test]
    fn what_belongs_to_the_rest_of_the_gateway_is_left_alone() {
        let file = json!({
            "channels": { "telegram": { "dmPolicy": 1 }, "defaults": { "heartbeat": 1 }, "zalouser": {} },
            "plugins": { "entries": [] },
            "bindings": [{ "match": 1 }, { "agentId": 1, "match": { "channel": "telegram" } }],
        });
        assert_eq!(warning_lines(file), Vec::<String>::new());
    }

    #[test]
    fn the_policy_that_all_channels_share_must_be_right() {
        let shared =
            |policy| json!({ "channels": { "defaults": { "groupPolicy": policy }, "zalouser": {} } });
        assert_eq!(account(shared("disabled")).access.group_policy, crate::account::GroupPolicy::Disabled);
        assert_eq!(
            error_lines(shared("allow")),
            ["channels.defaults.groupPolicy: \"allow\" is not a policy; allowed: open, allowlist, disabled"]
        );
    }

    #[test]
    fn the_shared_policy_holds_where_neither_account_nor_channel_says_otherwise() {
        use crate::account::GroupPolicy::{Allowlist, Disabled, Open};
        for (base, own, expected) in [
            (json!({}), json!({}), Disabled),
            (json!({ "groupPolicy": "allowlist" }), json!({}), Allowlist),
            (json!({ "groupPolicy": "allowlist" }), json!({ "groupPolicy": "open" }), Open),
        ] {
            let mut file = channel(base);
            file["channels"]["defaults"] = json!({ "groupPolicy": "disabled" });
            file["channels"]["zalouser"]["accounts"] = json!({ "work": own });
            assert_eq!(account(file.clone()).access.group_policy, expected, "{file}");
        }
    }

    #[test]
    fn accounts_are_sorted_without_regard_to_case_and_their_ids_are_trimmed() {
        let file = channel(json!({ "accounts": { "beta": {}, " Alpha ": {}, "Gamma": {}, "alpha2": {} } }));
        let ids: Vec<_> = loaded(file).accounts.into_iter().map(|account| account.id).collect();
        assert_eq!(ids, ["Alpha", "alpha2", "beta", "Gamma"]);
    }

    #[test]
    fn an_account_id_must_be_usable_and_unlike_all_others() {
        let long = "a".repeat(65);
        for (accounts, line) in [
            (json!({ " ": {} }), "[\" \"] is a blank key".to_owned()),
            (
                json!({ "Work": {}, "work": {} }),
                ".work is the same account as \"Work\": two ids must differ by more than case".to_owned(),
            ),
            (json!({ "-x": {} }), ".-x is not usable as an id: it must not begin with `-` or `.`".to_owned()),
            (
                json!({ "..": {} }),
                "[\"..\"] is not usable as an id: it must not begin with `-` or `.`".to_owned(),
            ),
            (
                json!({ "a/b": {} }),
                "[\"a/b\"] is not usable as an id: it must not contain `/` or `\\`".to_owned(),
            ),
            (
                json!({ "a\\b": {} }),
                "[\"a\\\\b\"] is not usable as an id: it must not contain `/` or `\\`".to_owned(),
            ),
            (
                json!({ "a\u{0}b": {} }),
                "[\"a\\u0000b\"] is not usable as an id: it must not contain control characters".to_owned(),
            ),
            (json!({ &long: {} }), format!(".{long} is too long: an id must have at most 64 characters")),
            (json!({ "work": 1 }), ".work: 1 is not an object".to_owned()),
        ] {
            let lines = error_lines(channel(json!({ "accounts": accounts })));
            assert_eq!(lines, [format!("channels.zalouser.accounts{line}")]);
        }
    }

    #[test]
    fn the_default_account_is_the_one_named_else_the_one_called_default_else_the_first() {
        for (section, expected) in [
            (json!({ "accounts": { "b": {}, "default": {} } }), "default"),
            (json!({ "accounts": { "b": {}, "Default": {} } }), "Default"),
            (json!({ "accounts": { "b": {}, "a": {} } }), "a"),
            (json!({ "accounts": { "Work": {}, "a": {} }, "defaultAccount": " work " }), "Work"),
            (json!({ "accounts": { "b": {}, "a": {} }, "defaultAccount": " " }), "a"),
            (json!({ "defaultAccount": "default" }), "default"),
        ] {
            assert_eq!(loaded(channel(section.clone())).default_account, expected, "{section}");
        }
    }

    #[test]
    fn a_default_account_that_does_not_exist_is_an_error() {
        let section = json!({ "accounts": { "work": {}, "home": {} }, "defaultAccount": "wrok" });
        assert_eq!(
            error_lines(channel(section)),
            ["channels.zalouser.defaultAccount: \"wrok\" is not an account; allowed: home, work; \
             did you mean \"work\"?"]
        );
        assert_eq!(
            error_lines(channel(json!({ "defaultAccount": "work" }))),
            ["channels.zalouser.defaultAccount: \"work\" is not an account; allowed: default"]
        );
    }
}
