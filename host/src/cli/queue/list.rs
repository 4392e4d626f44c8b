//! `zalouser queue list`.

use std::io::{self, Write};

use clap::Args;
use comfy_table::{Table, presets};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::super::channel::ChannelOption;
use crate::decision::one_line;
use crate::journal::{self, ChunkState, Item, Kind, Queue, State};
use crate::state_dir::StateDir;

#[derive(Debug, Args)]
pub(in super::super) struct Arguments {
    /// Only dead letters, and answers of which nobody knows how much arrived
    #[arg(long)]
    dead: bool,
    /// Only those of this account
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    _channel: ChannelOption,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Listing {
    channel: &'static str,
    entries: Vec<Item>,
}

pub(super) fn run(arguments: &Arguments, state: &StateDir) -> anyhow::Result<()> {
    let entries = match Queue::look(&journal::file(state))? {
        Some(queue) => queue.list(arguments.account.as_deref(), arguments.dead)?,
        None => Vec::new(),
    };
    if arguments.json {
        return super::super::print_json(&Listing { channel: "zalouser", entries });
    }
    Ok(print(&mut io::stdout().lock(), &entries, &TimeZone::system())?)
}

fn print(out: &mut impl Write, entries: &[Item], zone: &TimeZone) -> io::Result<()> {
    if entries.is_empty() {
        return writeln!(out, "Nothing waits.");
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["Id", "State", "Account", "From", "Received", "Reason"]);
    for entry in entries {
        let cells = [
            entry.id.to_string(),
            entry.state.name().to_owned(),
            entry.account.clone(),
            origin(entry),
            time(entry.admitted_at, zone),
            reason(entry),
        ];
        table.add_row(cells.map(|cell| one_line(&cell)));
    }
    writeln!(out, "{}", table.trim_fmt())?;
    if entries.iter().any(|entry| matches!(entry.state, State::Dead | State::Unknown)) {
        writeln!(
            out,
            "\nTry again: zalouser queue retry ID (or --all); give up: zalouser queue drop ID (or --all)"
        )?;
    }
    Ok(())
}

fn origin(entry: &Item) -> String {
    match (entry.kind, entry.is_group) {
        (Kind::Line, _) => "a line that made the guest fail".to_owned(),
        (Kind::Act, true) => format!("group:{} (the component's own)", entry.thread_id),
        (Kind::Act, false) => format!("user:{} (the component's own)", entry.thread_id),
        (_, true) => format!("group:{} ({})", entry.thread_id, entry.sender_id),
        (Kind::Pairing, false) => format!("user:{} (asks to be let in)", entry.thread_id),
        (Kind::Message, false) => format!("user:{}", entry.thread_id),
    }
}

fn reason(entry: &Item) -> String {
    let mut reason = entry.reason.clone().unwrap_or_default();
    let count = |wanted| entry.chunks.iter().filter(|chunk| chunk.state == wanted).count();
    let total = entry.chunks.len();
    if total > 0 {
        let (sent, unknown) = (count(ChunkState::Sent), count(ChunkState::Unknown));
        let parts = match unknown {
            0 => format!("{sent} of {total} parts sent"),
            _ => format!("{sent} of {total} parts sent, {unknown} unknown"),
        };
        reason = if reason.is_empty() { parts } else { format!("{parts}: {reason}") };
    }
    reason
}

fn time(at: u64, zone: &TimeZone) -> String {
    let at = i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    at.map_or_else(String::new, |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::ChunkItem;

    fn entry() -> Item {
        Item {
            id: "7".parse().unwrap(),
            account: "default".to_owned(),
            kind: Kind::Message,
            state: State::Dead,
            thread_id: "111".to_owned(),
            is_group: false,
            sender_id: "111".to_owned(),
            message_id: "m".to_owned(),
            admitted_at: 0,
            failures: 9,
            retry_at: None,
            reason: Some("no".to_owned()),
            chunks: vec![],
        }
    }

    #[test]
    fn an_entry_is_told_in_one_line_that_cannot_write_over_others() {
        let chunk = |state| ChunkItem { state, note: None };
        let hostile = Item {
            thread_id: "\u{1b}[2K\n5".to_owned(),
            is_group: true,
            chunks: [ChunkState::Sent, ChunkState::Unknown, ChunkState::Planned].map(chunk).into(),
            ..entry()
        };
        let mut out = Vec::new();
        print(&mut out, &[entry(), hostile], &TimeZone::UTC).unwrap();
        let told = String::from_utf8(out).unwrap();
        assert_eq!(told.lines().count(), 5, "{told}");
        assert!(told.chars().all(|c| c == '\n' || !c.is_control()), "{told:?}");
        for part in ["1970-01-01 00:00:00", "1 of 3 parts sent, 1 unknown: no", "queue retry"] {
            assert!(told.contains(part), "{part:?} is missing in\n{told}");
        }
    }
}
