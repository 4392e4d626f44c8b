//! The accounts whose pairing is looked after.

use anyhow::bail;

use crate::config::{self, Config};
use crate::sandbox::bindings::config::{Account, DmPolicy};
use crate::settings::Settings;
use crate::state_dir::StateDir;
use crate::store::{AccountFiles, PairingStore};

/// What an account is called that is in no configuration.
const DEFAULT_ACCOUNT: &str = "default";

/// The pairing of one account.
pub(super) struct Desk {
    /// The account's id.
    pub(super) id: String,
    /// Whether it is the one that is meant when none is named.
    pub(super) is_default: bool,
    pub(super) store: PairingStore,
    /// What the configuration says of it; none while that cannot be read.
    pub(super) account: Option<Account>,
}

/// The account that is meant, and those that could be.
pub(super) struct Desks {
    /// The account that was named, else the default one.
    pub(super) first: Desk,
    /// All others if none was named.
    pub(super) others: Vec<Desk>,
    /// The shim's own settings; the defaults while the configuration cannot be read.
    pub(super) settings: Settings,
}

impl Desk {
    fn of(state: &StateDir, account: &Account, default_account: &str) -> Self {
        let is_default = account.id == default_account;
        let files = AccountFiles::of(&account.id, is_default);
        let store = PairingStore::new(state, &files);
        Self { id: account.id.clone(), is_default, store, account: Some(account.clone()) }
    }

    /// The desk of an account of which nothing else is known.
    fn without_config(state: &StateDir, id: &str, is_default: bool) -> Self {
        let store = PairingStore::new(state, &AccountFiles::of(id, is_default));
        Self { id: id.to_owned(), is_default, store, account: None }
    }

    /// How to name the account to another `zalouser pairing` command.
    pub(super) fn option(&self) -> String {
        if self.is_default { String::new() } else { format!(" --account {}", self.id) }
    }

    /// Why the configuration lets this person write without having been paired, if it does.
    pub(super) fn still_lets_in(&self, id: &str) -> Option<&'static str> {
        let access = &self.account.as_ref()?.access;
        match access.dm_policy {
            DmPolicy::Open => Some("dmPolicy is open"),
            DmPolicy::Disabled => None,
            DmPolicy::Pairing | DmPolicy::Allowlist => {
                let named = |entry: &String| entry == "*" || entry.eq_ignore_ascii_case(id.trim());
                access.allow_from.iter().any(named).then_some("allowFrom names them; remove the entry")
            }
        }
    }
}

/// Finds the account that was `asked` for, or all of them. A configuration that cannot be read does not keep
/// an operator from looking after the default account, whose files are known without it.
pub(super) async fn open(asked: Option<&str>) -> anyhow::Result<Desks> {
    let state = super::super::state_dir()?;
    match load(&state).await {
        Ok(config) => with_config(&state, config, asked),
        Err(err) => {
            tracing::warn!("{err:#}");
            without_config(&state, asked)
        }
    }
}

async fn load(state: &StateDir) -> anyhow::Result<Config> {
    super::super::load_config(&super::super::cached_sandbox(state)?, state).await
}

fn with_config(state: &StateDir, config: Config, asked: Option<&str>) -> anyhow::Result<Desks> {
    let default_account = &config.channel.default_account;
    let desk = |account| Desk::of(state, account, default_account);
    let first = super::super::account(&config, asked)?;
    let others = config.channel.accounts.iter().filter(|it| asked.is_none() && it.id != first.id);
    Ok(Desks { first: desk(first), others: others.map(desk).collect(), settings: config.settings })
}

fn without_config(state: &StateDir, asked: Option<&str>) -> anyhow::Result<Desks> {
    let first = match asked {
        None | Some(DEFAULT_ACCOUNT) => {
            tracing::warn!("going on without it: these are the files of the default account");
            Desk::without_config(state, DEFAULT_ACCOUNT, true)
        }
        Some(id) => {
            let desk = Desk::without_config(state, id, false);
            if !desk.store.exists() {
                let file = config::Config::path(state);
                bail!(
                    "which files account {id:?} has is not known without {}: mend it, or leave --account out \
                     if it is the default account",
                    file.display()
                );
            }
            desk
        }
    };
    Ok(Desks { first, others: Vec::new(), settings: Settings::default() })
}
