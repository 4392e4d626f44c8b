//! `zalouser channels list`.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use super::super::spelling;
use crate::decision::one_line;

#[derive(Debug, Args)]
pub(in super::super) struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Listing<'a> {
    /// The ids of the accounts of each channel, as OpenClaw lists them.
    chat: Chat<'a>,
    accounts: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Chat<'a> {
    zalouser: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    id: &'a str,
    name: Option<&'a str>,
    /// Whether the file mentions the channel at all.
    configured: bool,
    enabled: bool,
    /// Whether it is meant when no account is named.
    default: bool,
    profile: &'a str,
    dm_policy: &'static str,
    group_policy: &'static str,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let state = super::super::state_dir()?;
    let config = super::super::load_config(&super::super::cached_sandbox(&state)?, &state).await?;
    let document = zalouser_settings::parse(super::super::config::change::read()?.text())?;
    let configured = document.pointer("/channels/zalouser").is_some();
    let accounts = &config.channel.accounts;
    let listing = Listing {
        chat: Chat { zalouser: accounts.iter().map(|account| account.id.as_str()).collect() },
        accounts: accounts
            .iter()
            .map(|account| Listed {
                id: &account.id,
                name: account.name.as_deref(),
                configured,
                enabled: account.enabled,
                default: account.id == config.channel.default_account,
                profile: &account.profile,
                dm_policy: spelling::dm_policy(account.access.dm_policy),
                group_policy: spelling::group_policy(account.access.group_policy),
            })
            .collect(),
    };
    if arguments.json {
        return super::super::print_json(&listing);
    }
    let mut out = io::stdout().lock();
    Ok(listing.accounts.iter().try_for_each(|account| writeln!(out, "{}", one_line(&account.line())))?)
}

impl Listed<'_> {
    fn line(&self) -> String {
        let name = self.name.map(|name| format!(" ({name})")).unwrap_or_default();
        let configured = if self.configured { "configured" } else { "not configured" };
        let enabled = if self.enabled { "enabled" } else { "disabled" };
        let default = if self.default { ", default" } else { "" };
        format!(
            "- Zalo Personal {}{name}: {configured}, {enabled}{default}, profile {}, dm:{}, groups:{}",
            self.id, self.profile, self.dm_policy, self.group_policy
        )
    }
}
