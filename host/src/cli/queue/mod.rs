//! `zalouser queue`: what waits for an answer, and what needs a decision.

mod list;

use std::io::{self, Write};

use anyhow::bail;
use clap::{Args, Subcommand};

use super::channel::ChannelOption;
use crate::gateway::presence::Sighting;
use crate::journal::{self, EntryId, Item, Queue, State};
use crate::state_dir::StateDir;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the messages that wait, that failed, and that need a decision
    List(list::Arguments),
    /// Try messages again, from where their answers stopped
    ///
    /// A part of an answer of which nobody knows whether it arrived is sent again, too, unless
    /// --skip-unknown says not to. A gateway that runs begins at once.
    Retry(Retry),
    /// Give messages up
    ///
    /// They are not answered, nor what is left of their answers sent.
    Drop(Choice),
}

/// Which entries are meant.
#[derive(Debug, Args)]
pub(super) struct Choice {
    /// The numbers, as `queue list` shows them
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<EntryId>,
    /// All that are dead, unknown or failed
    #[arg(long)]
    all: bool,
    /// With --all, only those of this account
    #[arg(long, value_name = "ID", conflicts_with = "ids")]
    account: Option<String>,
    #[command(flatten)]
    _channel: ChannelOption,
}

#[derive(Debug, Args)]
pub(super) struct Retry {
    #[command(flatten)]
    choice: Choice,
    /// Go on behind the parts of an answer that may have arrived
    #[arg(long)]
    skip_unknown: bool,
}

pub(super) fn run(command: Command) -> anyhow::Result<()> {
    let state = super::state_dir()?;
    match command {
        Command::List(arguments) => list::run(&arguments, &state),
        Command::Retry(Retry { choice, skip_unknown }) => {
            let (ids, runs) = change(&choice, &state, |queue, id, runs| queue.retry(id, skip_unknown, runs))?;
            let when = if runs { "now" } else { "as soon as the gateway runs: zalouser gateway run" };
            tell(&ids, &format!("tried again {when}"))
        }
        Command::Drop(choice) => {
            let (ids, _) = change(&choice, &state, Queue::give_up)?;
            tell(&ids, "given up")
        }
    }
}

/// Changes the chosen entries, all of them or up to the first that cannot be changed. Gives their numbers, and
/// whether a gateway runs.
fn change(
    choice: &Choice,
    state: &StateDir,
    change: impl Fn(&mut Queue, EntryId, bool) -> Result<(), journal::QueueError>,
) -> anyhow::Result<(Vec<EntryId>, bool)> {
    let runs = matches!(Sighting::of(state)?, Sighting::Running { .. });
    let Some(mut queue) = Queue::open(&journal::file(state))? else {
        match choice.ids.first() {
            Some(id) => bail!(journal::QueueError::Missing(*id)),
            None => return Ok((Vec::new(), runs)),
        }
    };
    let undecided = |item: &Item| matches!(item.state, State::Dead | State::Unknown | State::Failed);
    let ids = if choice.all {
        let items = queue.list(choice.account.as_deref(), false)?;
        items.iter().filter(|item| undecided(item)).map(|item| item.id).collect()
    } else {
        choice.ids.clone()
    };
    for id in &ids {
        change(&mut queue, *id, runs)?;
    }
    Ok((ids, runs))
}

fn tell(ids: &[EntryId], what: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match ids {
        [] => writeln!(out, "There is nothing that is dead, unknown or failed.")?,
        [id] => writeln!(out, "Entry {id} is {what}.")?,
        ids => writeln!(out, "{} entries are {what}.", ids.len())?,
    }
    Ok(())
}
