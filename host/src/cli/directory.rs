//! `zalouser directory`: the people and groups that an account knows.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use serde::Serialize;

use super::one_account::{OneAccount, Selection, unless_interrupted};
use super::{Global, Usage};
use crate::decision::one_line;
use crate::sandbox::bindings::directory::{Entry, EntryKind, TargetError};
use crate::sandbox::bindings::types::Command as Listing;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show who the account is
    #[command(name = "self")]
    Own(Own),
    /// The account's friends
    #[command(subcommand)]
    Peers(Peers),
    /// The groups that the account is in
    #[command(subcommand)]
    Groups(Groups),
}

#[derive(Debug, Subcommand)]
pub(super) enum Peers {
    /// List the account's friends
    List(Search),
}

#[derive(Debug, Subcommand)]
pub(super) enum Groups {
    /// List the groups that the account is in
    List(Search),
    /// List the members of a group
    Members(Members),
}

#[derive(Debug, Args)]
pub(super) struct Own {
    #[command(flatten)]
    selection: Selection,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Search {
    /// Only those whose name or id contains this, whatever the case and the accents; the best match first
    #[arg(long, value_name = "TEXT")]
    query: Option<String>,
    /// At most this many
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    #[command(flatten)]
    selection: Selection,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Members {
    /// The group: its id, or group:ID
    #[arg(long, value_name = "ID")]
    group_id: String,
    #[command(flatten)]
    search: Search,
}

/// One entry of `--json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    kind: &'static str,
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member_count: Option<u32>,
}

impl<'a> Record<'a> {
    fn of(entry: &'a Entry) -> Self {
        Self {
            kind: kind(entry.kind),
            id: &entry.id,
            name: &entry.name,
            avatar_url: entry.avatar.as_deref(),
            member_count: entry.member_count,
        }
    }
}

pub(super) async fn run(command: Command, global: &Global) -> anyhow::Result<()> {
    unless_interrupted(super::gateway::shutdown()?, answer(command, global)).await
}

async fn answer(command: Command, global: &Global) -> anyhow::Result<()> {
    let (search, listing) = match command {
        Command::Own(Own { selection, json }) => {
            (Search { query: None, limit: None, selection, json }, Listing::WhoAmI)
        }
        Command::Peers(Peers::List(search)) => (search, Listing::ListFriends),
        Command::Groups(Groups::List(search)) => (search, Listing::ListGroups),
        Command::Groups(Groups::Members(Members { group_id, search })) => {
            (search, Listing::ListMembers(group_id))
        }
    };
    let mut acting = OneAccount::open(&search.selection, global).await?;
    let listing = match listing {
        Listing::ListMembers(typed) => {
            let group = acting.guest.parse_group(&typed).await?;
            Listing::ListMembers(group.map_err(|err| not_a_group(&typed, err))?)
        }
        other => other,
    };
    let entries = acting.list(&listing, search.query.as_deref(), search.limit).await?;
    if search.json {
        return super::print_json(&entries.iter().map(Record::of).collect::<Vec<_>>());
    }
    let mut out = io::stdout().lock();
    match (&entries[..], &search.query) {
        ([], Some(query)) => writeln!(out, "Nothing matches {query:?}.")?,
        ([], None) => writeln!(out, "{}", nothing(&listing))?,
        (entries, _) => writeln!(out, "{}", table(entries).trim_fmt())?,
    }
    Ok(())
}

fn table(entries: &[Entry]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["ID", "Name"]);
    for entry in entries {
        table.add_row([&entry.id, &entry.name].map(|text| one_line(text)));
    }
    table
}

/// What is told in place of a table that would be empty.
fn nothing(listing: &Listing) -> &'static str {
    match listing {
        Listing::ListFriends => "There are no friends.",
        Listing::ListGroups => "There are no groups.",
        Listing::ListMembers(_) => "The group has no members, or the account is not in it.",
        _ => "Zalo does not say who the account is.",
    }
}

/// How an entry is written where it has to be told from another.
pub(super) fn kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::User => "user",
        EntryKind::Group => "group",
    }
}

fn not_a_group(typed: &str, error: TargetError) -> Usage {
    let problem = match error {
        TargetError::Blank => "is blank",
        TargetError::NotAnId => "is no id of a group",
        TargetError::NotAGroup => "names a person",
    };
    Usage(format!(
        "--group-id {typed:?} {problem}; give an id as `zalouser directory groups list` shows it, or group:ID"
    ))
}
