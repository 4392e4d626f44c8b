//! `zalouser channels add`, `remove`, `enable` and `disable`: accounts in the configuration file.

use anyhow::bail;
use clap::Args;
use serde_json::{Map, Value, json};

use super::super::config::change::{ChangeOptions, carry_out, read};
use crate::config_file::{Change, KeyPath};

/// The id of the account that a section without `accounts` describes.
const DEFAULT_ID: &str = "default";

#[derive(Debug, Args)]
pub(in super::super) struct Add {
    /// The account's id
    #[arg(long = "account", value_name = "ID")]
    id: String,
    /// What you call it
    #[arg(long)]
    name: Option<String>,
    /// The profile of zca that holds its session [default: its id]
    #[arg(long)]
    profile: Option<String>,
    #[command(flatten)]
    options: ChangeOptions,
}

#[derive(Debug, Args)]
pub(in super::super) struct Remove {
    /// The account
    #[arg(long = "account", value_name = "ID")]
    id: String,
    /// Delete it from the file instead of disabling it
    #[arg(long)]
    delete: bool,
    #[command(flatten)]
    options: ChangeOptions,
}

#[derive(Debug, Args)]
pub(in super::super) struct Switch {
    /// The account [default: the channel, with all of its accounts]
    #[arg(long = "account", value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    options: ChangeOptions,
}

pub(super) async fn add(arguments: Add) -> anyhow::Result<()> {
    let Add { id, name, profile, options } = arguments;
    carry_out_plan(&options, |channel| Ok(channel.add(id.trim(), name.as_deref(), profile.as_deref()))).await
}

pub(super) async fn remove(arguments: Remove) -> anyhow::Result<()> {
    let Remove { id, delete, options } = arguments;
    carry_out_plan(&options, |channel| if delete { channel.delete(&id) } else { channel.switch(&id, false) })
        .await
}

pub(super) async fn switch(arguments: Switch, enabled: bool) -> anyhow::Result<()> {
    let plan = |channel: &Channel| match &arguments.id {
        Some(id) => channel.switch(id, enabled),
        None => Ok(channel.switch_all(enabled)),
    };
    carry_out_plan(&arguments.options, plan).await
}

async fn carry_out_plan(
    options: &ChangeOptions,
    plan: impl FnOnce(&Channel) -> anyhow::Result<Plan>,
) -> anyhow::Result<()> {
    let file = read()?;
    // What is wrong with a text is told with its place when it is to be changed.
    let document = zalouser_settings::parse(file.text()).unwrap_or_default();
    let plan = plan(&Channel::of(&document))?;
    carry_out(file, &plan.changes, options, &plan.told).await
}

/// What is to be changed, and what is said of it.
#[derive(Debug, Default, PartialEq)]
pub(in crate::cli) struct Plan {
    pub(in crate::cli) changes: Vec<Change>,
    pub(in crate::cli) told: Vec<String>,
}

/// The section of the channel as it is written. What is wrong in it is told by those who judge the change.
#[derive(Debug)]
pub(in crate::cli) struct Channel<'a> {
    section: Option<&'a Map<String, Value>>,
    /// The ids of the accounts as they are written.
    ids: Vec<&'a str>,
}

impl<'a> Channel<'a> {
    pub(in crate::cli) fn of(document: &'a Value) -> Self {
        let section = document.pointer("/channels/zalouser").and_then(Value::as_object);
        let accounts = section.and_then(|section| section.get("accounts")?.as_object());
        Self { section, ids: accounts.into_iter().flat_map(Map::keys).map(String::as_str).collect() }
    }

    /// Adds an account, or enables and changes the one of this id.
    pub(in crate::cli) fn add(&self, id: &str, name: Option<&str>, profile: Option<&str>) -> Plan {
        let mut plan = Plan::default();
        let known = self.path_of(id);
        let account = known.clone().unwrap_or_else(|| account(id));
        let mut keys = vec![("enabled", json!(true))];
        keys.extend(name.map(|name| ("name", json!(name))));
        keys.extend(profile.map(|profile| ("profile", json!(profile))));
        if known.is_none() {
            if self.section.is_some() && self.ids.is_empty() {
                plan.set(self::account(DEFAULT_ID), json!({}));
                plan.say(
                    "The section channels.zalouser now says what all accounts have in common; \
                     the account \"default\", which it has described so far, goes on beside the new one",
                );
            }
            // These of the section describe the account that was there first, and are not for all.
            for key in ["name", "profile"] {
                if self.says(key) && keys.iter().all(|(set, _)| *set != key) {
                    keys.push((key, json!(id)));
                }
            }
            plan.set(account, keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect());
        } else {
            for (key, value) in keys {
                plan.set(account.joined(key), value);
            }
        }
        plan.say(format!("{} the account {id:?}", if known.is_none() { "Added" } else { "Changed" }));
        if known != Some(channel()) {
            self.say_whether_disabled(&mut plan);
        }
        plan
    }

    /// Enables or disables one account.
    fn switch(&self, id: &str, enabled: bool) -> anyhow::Result<Plan> {
        let Some(account) = self.path_of(id) else { bail!(self.unknown(id)) };
        let mut plan = Plan::default();
        plan.set(account.joined("enabled"), json!(enabled));
        plan.say(format!("{} the account {:?}", switched(enabled), id.trim()));
        if enabled && account != channel() {
            self.say_whether_disabled(&mut plan);
        }
        Ok(plan)
    }

    /// Enables or disables the channel.
    fn switch_all(&self, enabled: bool) -> Plan {
        let mut plan = Plan::default();
        plan.set(channel().joined("enabled"), json!(enabled));
        plan.say(format!("{} the channel", switched(enabled)));
        plan
    }

    fn delete(&self, id: &str) -> anyhow::Result<Plan> {
        let Some(account) = self.path_of(id) else { bail!(self.unknown(id)) };
        if account == channel() {
            bail!(
                "the account {DEFAULT_ID:?} is the section channels.zalouser itself; disable it with \
                 `zalouser channels remove --account {DEFAULT_ID}`, or take everything away that is set for the \
                 channel with `zalouser config unset channels.zalouser`"
            );
        }
        let mut plan = Plan::default();
        plan.say(format!("Deleted the account {:?}", id.trim()));
        if self.ids.len() == 1 {
            plan.changes.push(Change::Unset(channel().joined("accounts")));
            plan.set(channel().joined("enabled"), json!(false));
            plan.say(
                "It was the last one; the channel is disabled, as the section would otherwise describe an account \"default\" that runs",
            );
        } else {
            plan.changes.push(Change::Unset(account));
        }
        let default = self.section.and_then(|section| section.get("defaultAccount")?.as_str());
        if default.is_some_and(|default| is_same(default, id)) {
            plan.changes.push(Change::Unset(channel().joined("defaultAccount")));
            plan.say("It was the default account; now there is no defaultAccount");
        }
        Ok(plan)
    }

    /// Where the account of this id stands, without regard to case.
    pub(in crate::cli) fn path_of(&self, id: &str) -> Option<KeyPath> {
        match self.ids.iter().find(|known| is_same(known, id)) {
            Some(known) => Some(account(known)),
            None if self.ids.is_empty() && is_same(DEFAULT_ID, id) => Some(channel()),
            None => None,
        }
    }

    /// What is said of an id that no account has.
    pub(in crate::cli) fn unknown(&self, id: &str) -> String {
        let ids = if self.ids.is_empty() { DEFAULT_ID.to_owned() } else { self.ids.join(", ") };
        format!("there is no account {id:?}; there is: {ids}")
    }

    /// Whether the section itself sets this key to a text.
    fn says(&self, key: &str) -> bool {
        let value = self.section.and_then(|section| section.get(key)?.as_str());
        value.is_some_and(|text| !text.trim().is_empty())
    }

    fn say_whether_disabled(&self, plan: &mut Plan) {
        if self.section.is_some_and(|section| section.get("enabled") == Some(&json!(false))) {
            plan.say("The channel as a whole is disabled; enable it with `zalouser channels enable`");
        }
    }
}

impl Plan {
    fn set(&mut self, path: KeyPath, value: Value) {
        self.changes.push(Change::Set(path, value));
    }

    fn say(&mut self, line: impl Into<String>) {
        self.told.push(line.into());
    }
}

fn switched(enabled: bool) -> &'static str {
    if enabled { "Enabled" } else { "Disabled" }
}

fn is_same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn channel() -> KeyPath {
    KeyPath::of_keys("channels", ["zalouser"])
}

fn account(id: &str) -> KeyPath {
    channel().joined("accounts").joined(id)
}
