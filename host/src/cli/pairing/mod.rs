//! `zalouser pairing`: who asks to be let in, and who has been.

mod approve;
mod desk;
mod list;

use std::io::{self, Write};

use anyhow::bail;
use clap::{Args, Subcommand};

use self::desk::Desks;
use super::Global;
use crate::decision::one_line;
use crate::sandbox::bindings::config::DmPolicy;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show who asks to be let in, and who has been
    List(list::Arguments),
    /// Let in whoever was given a code
    Approve(approve::Arguments),
    /// No longer let in somebody who was
    Revoke(Person),
    /// Let somebody in without a code
    Allow(Person),
}

/// Somebody, and whom they write to.
#[derive(Debug, Args)]
pub(super) struct Person {
    /// The user id, as `pairing list` shows it
    #[arg(value_name = "ID")]
    id: String,
    /// The account [default: the default account]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

pub(super) async fn run(command: Command, global: &Global) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments).await,
        Command::Approve(arguments) => approve::run(arguments, global).await,
        Command::Revoke(person) => revoke(person).await,
        Command::Allow(person) => allow(person).await,
    }
}

async fn allow(person: Person) -> anyhow::Result<()> {
    let Desks { first: desk, .. } = desk::open(person.account.as_deref()).await?;
    let added = desk.store.allow(&person.id)?;
    let id = one_line(person.id.trim());
    let mut out = io::stdout().lock();
    if added {
        writeln!(out, "{id} may write to account {} from now on.", desk.id)?;
    } else {
        writeln!(out, "{id} may write to account {} already.", desk.id)?;
    }
    if desk.account.is_some_and(|account| account.access.dm_policy == DmPolicy::Disabled) {
        tracing::warn!("direct chats of account {} are switched off all the same: see dmPolicy", desk.id);
    }
    Ok(())
}

async fn revoke(person: Person) -> anyhow::Result<()> {
    let Desks { first: desk, .. } = desk::open(person.account.as_deref()).await?;
    let removed = desk.store.revoke(&person.id)?;
    let id = one_line(person.id.trim());
    if let Some(reason) = desk.still_lets_in(&person.id) {
        tracing::warn!("account {} lets {id} in all the same: {reason}", desk.id);
    }
    if !removed {
        bail!("{id} was not paired with account {}; `zalouser pairing list` shows who is", desk.id);
    }
    writeln!(io::stdout(), "{id} is no longer paired with account {}.", desk.id)?;
    Ok(())
}
