//! `zalouser plugins enable` and `disable`.

use std::io;

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};

use super::super::channels::edit::{Channel, Plan};
use super::super::config::change::{ChangeOptions, carry_out, read};
use super::requests;
use crate::config_file::{Change, KeyPath};
use crate::plugins::{ComponentName, PluginFolder};
use crate::settings::{Components, Settings};

#[derive(Debug, Args)]
pub(in crate::cli) struct Enable {
    /// The component; `zalouser` is the one that is part of this program
    name: ComponentName,
    /// The account [default: all accounts that name no other]
    #[arg(long = "account", value_name = "ID")]
    account: Option<String>,
    #[command(flatten)]
    options: ChangeOptions,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Disable {
    /// The component
    name: ComponentName,
    /// The account [default: all accounts]
    #[arg(long = "account", value_name = "ID")]
    account: Option<String>,
    #[command(flatten)]
    options: ChangeOptions,
}

pub(super) async fn enable(arguments: Enable) -> anyhow::Result<()> {
    let Enable { name, account, options } = arguments;
    let state = super::super::state_dir()?;
    let folder = PluginFolder::of(&state);
    if !name.is_shipped() {
        folder.load(&name, &super::super::cached_sandbox(&state)?)?;
    }
    let file = read()?;
    let document = zalouser_settings::parse(file.text()).unwrap_or_default();
    let selection = Selection::of(&document);
    let plan = selection.enable(&name, account.as_deref())?;
    carry_out(file, &plan.changes, &options, &plan.told).await?;
    if name.is_shipped() {
        return Ok(());
    }
    let held = super::settings()?.grants_of(name.as_str());
    Ok(requests::tell_missing(&mut io::stdout().lock(), &name, &folder.record(&name)?.requests, &held)?)
}

pub(super) async fn disable(arguments: Disable) -> anyhow::Result<()> {
    let Disable { name, account, options } = arguments;
    if name.is_shipped() {
        bail!("zalouser judges wherever no other component is enabled; enable another instead");
    }
    let file = read()?;
    let document = zalouser_settings::parse(file.text()).unwrap_or_default();
    let plan = Selection::of(&document).disable(&name, account.as_deref())?;
    carry_out(file, &plan.changes, &options, &plan.told).await
}

/// Which component judges which account, as it is written. What is wrong is told by those who judge the
/// change.
struct Selection<'a> {
    channel: Channel<'a>,
    /// Whether a component is named for all accounts.
    has_default: bool,
    components: Components,
}

impl<'a> Selection<'a> {
    fn of(document: &'a Value) -> Self {
        let settings = Settings::read(document).unwrap_or_default();
        Self {
            channel: Channel::of(document),
            has_default: document.pointer("/plugins/entries/zalouser/config/component").is_some(),
            components: settings.components,
        }
    }

    fn enable(&self, name: &ComponentName, account: Option<&str>) -> anyhow::Result<Plan> {
        let mut plan = Plan::default();
        let Some(id) = account else {
            plan.changes.push(Change::Set(settings().joined("component"), json!(name)));
            plan.told.push(format!("{name} judges all accounts that name no other component"));
            for (id, other) in self.components.accounts.iter().filter(|(_, other)| *other != name) {
                plan.told.push(format!("The account {id:?} is judged by {other} as before"));
            }
            return Ok(plan);
        };
        let id = self.account(id)?;
        plan.changes.push(Change::Set(of_account(&self.written(id)), json!(name)));
        plan.told.push(format!("{name} judges the account {id:?}"));
        Ok(plan)
    }

    fn disable(&self, name: &ComponentName, account: Option<&str>) -> anyhow::Result<Plan> {
        let mut plan = Plan::default();
        if let Some(id) = account {
            let id = self.account(id)?;
            if self.components.of(id) != name {
                bail!("the account {id:?} is judged by {}, not by {name}", self.components.of(id));
            }
            // The account's own entry is enough to take away, unless all have the component.
            if self.components.default == *name {
                plan.changes
                    .push(Change::Set(of_account(&self.written(id)), json!(ComponentName::shipped())));
            } else {
                plan.changes.push(Change::Unset(of_account(&self.written(id))));
            }
        } else {
            if self.has_default && self.components.default == *name {
                plan.changes.push(Change::Unset(settings().joined("component")));
            }
            let named = self.components.accounts.iter().filter(|(_, named)| *named == name);
            plan.changes.extend(named.map(|(id, _)| Change::Unset(of_account(id))));
        }
        if plan.changes.is_empty() {
            bail!("{name} judges no account");
        }
        match account {
            Some(id) => plan.told.push(format!("{name} no longer judges the account {id:?}")),
            None => plan.told.push(format!("{name} no longer judges any account")),
        }
        Ok(plan)
    }

    /// The account of this id, if there is one.
    fn account<'b>(&self, id: &'b str) -> anyhow::Result<&'b str> {
        match self.channel.path_of(id) {
            Some(_) => Ok(id.trim()),
            None => bail!(self.channel.unknown(id)),
        }
    }

    /// The id of an account as the settings have it, or as it is.
    fn written(&self, id: &str) -> String {
        let known = self.components.accounts.keys().find(|known| known.to_lowercase() == id.to_lowercase());
        known.map_or(id, String::as_str).to_owned()
    }
}

fn settings() -> KeyPath {
    KeyPath::of_keys("plugins", ["entries", "zalouser", "config"])
}

fn of_account(id: &str) -> KeyPath {
    settings().joined("components").joined(id)
}
