//! Which accounts there are, and everything that the file says of each.

use serde_json::Value;
use zalouser_settings::{Problem, lower_case};

use super::channel::{AccountSection, Channel, DEFAULT_ID};
use super::gateway::Gateway;
use super::keys::Keys;
use super::{Environment, filled};
use crate::account::{AccessRules, Account, MentionRules, ReplyFormat, TEXT_LIMIT};
use crate::sorted::Named;

/// The most characters of an id or a profile: the gateways' own bound for account ids.
const ID_LIMIT: usize = 64;

/// Whether two account ids mean the same account.
pub(super) fn same_id(one: &str, other: &str) -> bool {
    lower_case(one) == lower_case(other)
}

/// Whether `id` can name an account or a profile: both end up in the arguments of `zca` and in the
/// names of files. The error ends a sentence that begins with the id.
pub(super) fn check_id(id: &str) -> Result<(), String> {
    let reason = if id.starts_with(['-', '.']) {
        "must not begin with `-` or `.`"
    } else if id.contains(['/', '\\']) {
        "must not contain `/` or `\\`"
    } else if id.contains(char::is_control) {
        "must not contain control characters"
    } else if id.chars().count() > ID_LIMIT {
        return Err(format!("is too long: an id must have at most {ID_LIMIT} characters"));
    } else {
        return Ok(());
    };
    Err(format!("is not usable as an id: it {reason}"))
}

/// Resolves every account, in the order of `channel`.
///
/// # Errors
///
/// The profile that the environment names is not usable.
pub(super) fn resolve(
    channel: &Channel,
    gateway: &Gateway,
    environment: &Environment,
) -> Result<Vec<Account>, Problem> {
    channel.accounts.iter().map(|section| account(section, channel, gateway, environment)).collect()
}

/// The id of the account that is meant when none is named: the one that the file says, else
/// `default`, else the first.
pub(super) fn default_id(channel: &Channel) -> String {
    let ids = || channel.accounts.iter().map(|account| &account.id);
    let named = channel.default_account.as_ref();
    let id = named.or_else(|| ids().find(|id| same_id(id, DEFAULT_ID))).or_else(|| ids().next());
    id.map_or(DEFAULT_ID, String::as_str).to_owned()
}

/// A warning for each enabled account whose profile another one before it uses: `zca` can listen on
/// a profile only once.
pub(super) fn shared_profiles(channel: &Channel, accounts: &[Account]) -> Vec<Problem> {
    let mut users = Named::default();
    let mut warnings = Vec::new();
    for (section, account) in channel.accounts.iter().zip(accounts).filter(|(_, account)| account.enabled) {
        if let Some(first) = users.get(&account.profile) {
            let problem = format!(
                "uses the profile {:?}, as the account {first:?} does, and cannot run beside it; \
                 give it a `profile` of its own",
                account.profile
            );
            warnings.push(Problem::new(&section.path, problem));
        } else {
            users.add(&account.profile, account.id.as_str());
        }
    }
    warnings
}

fn account(
    section: &AccountSection,
    channel: &Channel,
    gateway: &Gateway,
    environment: &Environment,
) -> Result<Account, Problem> {
    let keys = section.keys.over(&channel.base);
    Ok(Account {
        id: section.id.clone(),
        name: keys.name.as_deref().and_then(filled),
        // An account does not outlive the channel, whatever it says itself.
        enabled: channel.base.enabled.unwrap_or(true) && keys.enabled.unwrap_or(true),
        profile: profile(&section.id, &keys, environment)?,
        commands: gateway.commands.clone(),
        mentions: mentions(&keys, gateway),
        envelope: gateway.envelope.clone(),
        message_prefix: keys.message_prefix.clone().filter(|prefix| !prefix.trim().is_empty()),
        routes: gateway.agents.routes(&section.id),
        replies: replies(&section.id, &keys, gateway),
        access: AccessRules {
            dm_policy: keys.dm_policy.unwrap_or_default(),
            allow_from: keys.allow_from.unwrap_or_default(),
            group_policy: keys.group_policy.or(channel.default_group_policy).unwrap_or_default(),
            group_allow_from: keys.group_allow_from.unwrap_or_default(),
            groups: keys.groups.unwrap_or_default(),
        },
    })
}

/// The profile of an account. One from the environment is for the default account alone: were it
/// for all, two accounts would fall together on it.
fn profile(id: &str, keys: &Keys, environment: &Environment) -> Result<String, Problem> {
    if let Some(profile) = keys.profile.as_deref().and_then(filled) {
        return Ok(profile);
    }
    if !same_id(id, DEFAULT_ID) {
        return Ok(id.to_owned());
    }
    let Some(profile) = environment.zca_profile.as_deref().and_then(filled) else {
        return Ok(DEFAULT_ID.to_owned());
    };
    match check_id(&profile) {
        Ok(()) => Ok(profile),
        Err(problem) => Err(Problem::new("ZCA_PROFILE", problem).found(&Value::from(profile))),
    }
}

fn mentions(keys: &Keys, gateway: &Gateway) -> MentionRules {
    let history_limit = keys.history_limit.or(gateway.history_limit);
    MentionRules {
        patterns: gateway.mention_patterns.clone(),
        history_limit: history_limit.unwrap_or(MentionRules::DEFAULT_HISTORY_LIMIT),
    }
}

fn replies(id: &str, keys: &Keys, gateway: &Gateway) -> ReplyFormat {
    let identity_name = gateway.agents.identity_name(gateway.agents.general(id)).map(str::to_owned);
    let prefix = keys.response_prefix.as_ref().or(gateway.response_prefix.as_ref());
    let response_prefix = prefix.and_then(|prefix| match prefix.trim() {
        "" => None,
        "auto" => identity_name.as_ref().map(|name| format!("[{name}]")),
        _ => Some(prefix.clone()),
    });
    ReplyFormat {
        tables: keys.tables.unwrap_or_default(),
        chunk_mode: keys.chunk_mode.unwrap_or_default(),
        text_chunk_limit: keys.text_chunk_limit.unwrap_or(TEXT_LIMIT),
        response_prefix,
        identity_name,
        media_max_bytes: keys.media_max_bytes,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixture::{channel, warning_lines};
    use super::super::load;
    use super::*;

    fn environment(profile: Option<&str>) -> Environment {
        Environment { zca_profile: profile.map(str::to_owned) }
    }

    #[test]
    fn the_profile_of_the_environment_is_for_the_default_account() {
        let section = json!({ "accounts": { "Default": {}, "Work": {}, "blank": { "profile": " " } } });
        for (variable, expected) in [
            (Some(" env "), ["blank", "env", "Work"]),
            (Some(" "), ["blank", "default", "Work"]),
            (None, ["blank", "default", "Work"]),
        ] {
            let configuration = load(&channel(section.clone()).to_string(), &environment(variable)).unwrap();
            let profiles: Vec<_> = configuration.accounts.iter().map(|account| &account.profile).collect();
            assert_eq!(profiles, expected, "{variable:?}");
        }
    }

    #[test]
    fn an_unusable_profile_of_the_environment_matters_only_where_it_is_used() {
        let environment = environment(Some("-p"));
        let problems = load("", &environment).unwrap_err();
        assert_eq!(
            problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["ZCA_PROFILE: \"-p\" is not usable as an id: it must not begin with `-` or `.`"]
        );
        assert!(load(&channel(json!({ "profile": "p" })).to_string(), &environment).is_ok());
    }

    #[test]
    fn a_channel_that_is_off_has_no_account_that_is_on() {
        for (base, own, enabled) in [
            (json!({}), json!({}), true),
            (json!({ "enabled": true }), json!({ "enabled": false }), false),
            (json!({ "enabled": false }), json!({ "enabled": true }), false),
        ] {
            let mut file = channel(base);
            file["channels"]["zalouser"]["accounts"] = json!({ "work": own });
            let configuration = load(&file.to_string(), &Environment::default()).unwrap();
            assert_eq!(configuration.accounts[0].enabled, enabled, "{file}");
        }
    }

    #[test]
    fn two_enabled_accounts_with_one_profile_are_a_warning() {
        let sharing = |second: Value| {
            warning_lines(channel(json!({ "profile": "p", "accounts": { "a": {}, "b": second } })))
        };
        assert_eq!(
            sharing(json!({})),
            [
                "channels.zalouser.accounts.b uses the profile \"p\", as the account \"a\" does, and cannot run \
             beside it; give it a `profile` of its own"
            ]
        );
        assert_eq!(sharing(json!({ "enabled": false })), Vec::<String>::new());
        assert_eq!(sharing(json!({ "profile": "q" })), Vec::<String>::new());
    }
}
