//! Reads the gateway's configuration file into accounts.

mod accounts;
mod agents;
mod channel;
#[cfg(test)]
mod fixture;
mod gateway;
mod keys;
mod mention;

use zalouser_settings::{Problem, parse};

use crate::account::Account;

pub use mention::mention_pattern;

/// What of the host's environment the configuration depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The value of `ZCA_PROFILE`; a blank one counts as none.
    pub zca_profile: Option<String>,
}

/// What [`load`] understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// All accounts, sorted by id without regard to case. Never empty.
    pub accounts: Vec<Account>,
    /// The id of the account that is meant when none is named.
    pub default_account: String,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Problem>,
}

impl Configuration {
    /// The account with this id, without regard to case; the default one for none.
    pub fn account(&self, id: Option<&str>) -> Option<&Account> {
        let id = id.unwrap_or(&self.default_account);
        self.accounts.iter().find(|account| accounts::same_id(&account.id, id))
    }
}

/// Reads the whole configuration file of the gateway and resolves every account in it.
///
/// The channel's own section, and `channels.defaults.groupPolicy`, are read strictly: nothing starts
/// on a policy that was mistyped. What the channel depends on elsewhere belongs to the gateway, so a
/// wrong value there is a warning and counts as absent.
///
/// # Errors
///
/// All problems at once: the text is not JSON5, a key is unknown, a value is wrong, or two keys name
/// one account or one group.
pub fn load(json5: &str, environment: &Environment) -> Result<Configuration, Vec<Problem>> {
    let document = parse(json5).map_err(|problem| vec![problem])?;
    let (channel, mut problems) = channel::read(&document);
    let (gateway, mut warnings) = gateway::read(&document);
    let accounts = accounts::resolve(&channel, &gateway, environment).unwrap_or_else(|problem| {
        problems.push(problem);
        Vec::new()
    });
    if !problems.is_empty() {
        return Err(problems);
    }
    warnings.extend(accounts::shared_profiles(&channel, &accounts));
    Ok(Configuration { accounts, default_account: accounts::default_id(&channel), warnings })
}

/// `text` trimmed, unless it is blank.
fn filled(text: &str) -> Option<String> {
    Some(text.trim()).filter(|trimmed| !trimmed.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::fixture::{channel, error_lines, loaded};
    use super::*;

    #[test]
    fn an_empty_file_is_one_account_with_all_defaults() {
        let configuration = load("", &Environment::default()).unwrap();
        assert_eq!(configuration, loaded(json!({})));
        assert_eq!(configuration.default_account, "default");
        assert_eq!(configuration.warnings, []);
        let [account] = configuration.accounts.as_slice() else { panic!("one account") };
        assert_eq!((account.id.as_str(), account.profile.as_str()), ("default", "default"));
        assert!(account.enabled);
        assert_eq!(account.name, None);
        assert_eq!(account.message_prefix, None);
        assert_eq!(account.access, Default::default());
        assert_eq!(account.commands, Default::default());
        assert_eq!(account.mentions, Default::default());
        assert_eq!(account.envelope, Default::default());
        assert_eq!(account.replies, Default::default());
    }

    #[test]
    fn a_file_that_is_not_json5_is_one_problem_with_its_place() {
        let problems = load("{ channels: { zalouser: { name: } } }", &Environment::default()).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(
            problems[0].to_string(),
            "the file is not valid JSON5: expected value at line 1 column 33"
        );
    }

    #[test]
    fn a_file_that_is_no_object_is_one_problem() {
        assert_eq!(error_lines(json!(["channels"])), ["the file: [\"channels\"] is not an object"]);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let file = channel(json!({
            "dmPolicy": "opne",
            "historyLimit": 1001,
            "accounts": { "work": { "groupPolicy": "all" } },
        }));
        assert_eq!(error_lines(file).len(), 3);
    }

    #[test]
    fn an_account_is_found_without_regard_to_case_and_the_default_without_an_id() {
        let configuration = loaded(channel(json!({ "accounts": { "Home": {}, "work": {} } })));
        for (id, found) in [
            (Some("HOME"), Some("Home")),
            (Some("work"), Some("work")),
            (None, Some("Home")),
            (Some("x"), None),
        ] {
            assert_eq!(configuration.account(id).map(|account| account.id.as_str()), found, "{id:?}");
        }
    }
}
