//! `zalouser pairing list`.

use std::io::{self, Write};

use clap::Args;
use comfy_table::{Table, presets};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::super::channel::ChannelArgument;
use super::desk::{self, Desk, Desks};
use crate::decision::one_line;
use crate::store::PendingRequest;

#[derive(Debug, Args)]
pub(in super::super) struct Arguments {
    #[command(flatten)]
    channel: ChannelArgument,
    /// The account [default: the default account]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Listing<'a> {
    channel: &'static str,
    account: &'a str,
    /// As they are in the file.
    requests: Vec<PendingRequest>,
    /// The ids of those who have been let in.
    allowed: Vec<String>,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Desks { first: desk, others, .. } = desk::open(arguments.account.as_deref()).await?;
    let now = Timestamp::now();
    let listing = Listing {
        channel: "zalouser",
        account: &desk.id,
        requests: desk.store.pending(now)?,
        allowed: desk.store.allowed()?,
    };
    let mut out = io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &listing).map_err(io::Error::from)?;
        writeln!(out)?;
        return Ok(());
    }
    print(&mut out, &listing, now, &TimeZone::system())?;
    for other in &others {
        mention(&mut out, other, now)?;
    }
    Ok(())
}

fn print(out: &mut impl Write, listing: &Listing<'_>, now: Timestamp, zone: &TimeZone) -> io::Result<()> {
    let Listing { account, requests, allowed, .. } = listing;
    if requests.is_empty() {
        writeln!(out, "Nobody waits to be paired with account {account}.")?;
    } else {
        writeln!(out, "Waiting to be paired with account {account} ({}):", requests.len())?;
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(["Code", "User id", "Name", "Requested"]);
        for request in requests {
            let name = request.name().unwrap_or("-");
            let requested = requested(&request.created_at, now, zone);
            table.add_row([&request.code, &request.id, name, &requested].map(one_line));
        }
        writeln!(out, "{}", table.trim_fmt())?;
    }
    writeln!(out)?;
    if allowed.is_empty() {
        writeln!(out, "Nobody is paired with account {account}.")?;
    } else {
        writeln!(out, "Paired with account {account} ({}):", allowed.len())?;
        for id in allowed {
            writeln!(out, " {}", one_line(id))?;
        }
    }
    Ok(())
}

/// Says that somebody waits at an account that was not asked for.
fn mention(out: &mut impl Write, desk: &Desk, now: Timestamp) -> io::Result<()> {
    match desk.store.pending(now) {
        Ok(requests) if requests.is_empty() => Ok(()),
        Ok(requests) => {
            let (count, id) = (requests.len(), &desk.id);
            writeln!(out, "\nAccount {id} has {count} more: zalouser pairing list --account {id}")
        }
        Err(err) => {
            tracing::warn!("account {}: {err}", desk.id);
            Ok(())
        }
    }
}

/// How long ago, and when in `zone`. A time that cannot be read is shown as it is.
fn requested(created_at: &str, now: Timestamp, zone: &TimeZone) -> String {
    let Ok(created) = created_at.parse::<Timestamp>() else { return created_at.to_owned() };
    let ago = match now.duration_since(created).as_mins() {
        ..0 => "by a clock ahead of this one".to_owned(),
        0 => "just now".to_owned(),
        1 => "1 minute ago".to_owned(),
        minutes => format!("{minutes} minutes ago"),
    };
    format!("{ago} ({})", created.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_relative_and_absolute() {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(7));
        let cases = [
            ("2026-03-01T11:59:01.000Z", "just now (2026-03-01 18:59:01 +07:00)"),
            ("2026-03-01T11:59:00.000Z", "1 minute ago (2026-03-01 18:59:00 +07:00)"),
            ("2026-03-01T11:00:00.000Z", "60 minutes ago (2026-03-01 18:00:00 +07:00)"),
            ("2026-03-01T12:05:00.000Z", "by a clock ahead of this one (2026-03-01 19:05:00 +07:00)"),
            ("yesterday", "yesterday"),
        ];
        for (created_at, told) in cases {
            assert_eq!(requested(created_at, now, &zone), told);
        }
    }

    #[test]
    fn a_name_cannot_write_over_other_lines() {
        let request = serde_json::from_value(serde_json::json!({
            "id": "1", "code": "ABCD2345", "createdAt": "2026-03-01T12:00:00.000Z",
            "meta": { "name": "\u{1b}[2K\rowner\n" },
        }));
        let listing = Listing {
            channel: "zalouser",
            account: "default",
            requests: vec![request.unwrap()],
            allowed: vec![],
        };
        let mut out = Vec::new();
        print(&mut out, &listing, "2026-03-01T12:00:00Z".parse().unwrap(), &TimeZone::UTC).unwrap();
        let told = String::from_utf8(out).unwrap();
        let harmless = |c: char| c == '\n' || !c.is_control();
        assert!(told.contains("owner") && told.chars().all(harmless), "{told:?}");
        assert_eq!(told.lines().count(), 5, "{told}");
    }
}
