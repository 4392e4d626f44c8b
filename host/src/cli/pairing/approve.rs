//! `zalouser pairing approve`.

use std::io::{self, Write};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum as _};
use jiff::Timestamp;

use super::super::Global;
use super::super::channel::{Channel, ChannelArgument};
use super::desk::{self, Desk, Desks};
use crate::decision::one_line;
use crate::sandbox::bindings::types::{ChatKind, Command, TextMessage, Thread};
use crate::store::{Approved, StoreError};
use crate::zca::profile::Profile;
use crate::zca::program::Zca;
use crate::zca::send::send;

/// What somebody is told who has been let in.
const NOTICE: &str = "Good news: you have been let in. You can write to me now.";

#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
pub(in super::super) struct Arguments {
    #[command(flatten)]
    channel: ChannelArgument,
    /// The code that the person was given, in capitals or not
    #[arg(value_name = "CODE", value_parser = code)]
    code: String,
    /// Tell the person on Zalo
    #[arg(long)]
    notify: bool,
    /// The account [default: the default account, then the others]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

/// Somebody who has just been let in.
struct Newcomer<'a> {
    desk: &'a Desk,
    id: String,
    name: Option<String>,
}

pub(super) async fn run(arguments: Arguments, global: &Global) -> anyhow::Result<()> {
    let desks = desk::open(arguments.account.as_deref()).await?;
    let newcomer = approve(&desks, &arguments)?;
    let id = one_line(&newcomer.id);
    let who = match &newcomer.name {
        Some(name) => format!("{} ({id})", one_line(name)),
        None => id.clone(),
    };
    writeln!(io::stdout(), "{who} may write to account {} from now on.", newcomer.desk.id)?;
    if arguments.notify {
        let zca = super::super::zca(global, &desks.settings);
        let told = notify(&zca, newcomer).await;
        told.with_context(|| format!("{id} was let in but not told so"))?;
        writeln!(io::stdout(), "{id} was told.")?;
    }
    Ok(())
}

fn approve<'a>(desks: &'a Desks, arguments: &Arguments) -> anyhow::Result<Newcomer<'a>> {
    let mut failure: Option<StoreError> = None;
    // Nobody can have been given a code by an account that has no files, and none are to be made for it.
    for desk in [&desks.first].into_iter().chain(&desks.others).filter(|desk| desk.store.exists()) {
        match desk.store.approve(&arguments.code, Timestamp::now()) {
            Ok(Approved::Person { id, name }) => {
                if let Some(err) = failure {
                    tracing::warn!("{err}");
                }
                return Ok(Newcomer { desk, id, name });
            }
            Ok(Approved::NotFound) => {}
            // Another account may know the code.
            Err(err) => failure = failure.or(Some(err)),
        }
    }
    if let Some(err) = failure {
        return Err(err.into());
    }
    let place = match &arguments.account {
        Some(_) => format!("account {} has", desks.first.id),
        None => "there is".to_owned(),
    };
    bail!(
        "{place} no pending request with the code {:?}: it was mistyped, approved already, or is more than an \
         hour old; see `zalouser pairing list{}`",
        arguments.code,
        desks.first.option()
    )
}

async fn notify(zca: &Zca, newcomer: Newcomer<'_>) -> anyhow::Result<()> {
    let Some(account) = &newcomer.desk.account else {
        bail!("which profile of zca to send with is not known without the configuration");
    };
    let thread = Thread { id: newcomer.id, kind: ChatKind::Direct };
    let notice = Command::SendText(TextMessage { thread, text: NOTICE.to_owned() });
    send(zca, &Profile::new(&account.profile), &notice).await?;
    Ok(())
}

/// A code as it was typed. The channel alone is no code.
fn code(typed: &str) -> Result<String, String> {
    if typed.trim().is_empty() || Channel::from_str(typed, true).is_ok() {
        return Err("a code has eight letters and digits; `zalouser pairing list` shows them".to_owned());
    }
    Ok(typed.trim().to_uppercase())
}
