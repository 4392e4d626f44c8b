//! `zalouser logs`: what the gateway wrote into its log file.

mod entry;
mod tail;

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;

use self::entry::{Filter, Level};
use self::tail::Tail;
use crate::decision::one_line;
use crate::log_file;

/// How often a log that is followed is looked at.
const LOOK: Duration = Duration::from_millis(250);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Go on with what is written from now on, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// Only what concerns this account
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Only what matters at least this much
    #[arg(
        long,
        value_name = "LEVEL",
        ignore_case = true,
        default_value = "debug",
        hide_default_value = true
    )]
    level: Level,
    /// How many lines to begin with
    #[arg(long, short = 'n', value_name = "N", default_value_t = 200)]
    lines: usize,
    /// Print the JSON lines of the file
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let path = log_file::path(&super::state_dir()?);
    let filter = Filter { level: arguments.level, account: arguments.account.map(|id| id.to_lowercase()) };
    let broken = || format!("cannot read {}", path.display());
    let Some((lines, mut tail)) = Tail::open(&path, arguments.lines, &filter).with_context(broken)? else {
        bail!("there is no log yet: `zalouser gateway run` writes it to {}", path.display());
    };
    print(&lines, arguments.json)?;
    if !arguments.follow {
        return Ok(());
    }
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    loop {
        tokio::select! {
            _ = &mut interrupted => return Ok(()),
            () = tokio::time::sleep(LOOK) => {}
        }
        print(&follow(&mut tail, &path, &filter).with_context(broken)?, arguments.json)?;
    }
}

fn follow(tail: &mut Tail, path: &Path, filter: &Filter) -> io::Result<Vec<String>> {
    let mut lines = tail.read(path)?;
    lines.retain(|line| filter.accepts(line));
    Ok(lines)
}

fn print(lines: &[String], json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in lines {
        if json {
            // A string of JSON cannot contain the control characters that are replaced here.
            writeln!(out, "{}", one_line(line))?;
        } else {
            writeln!(out, "{}", entry::readable(line))?;
        }
    }
    out.flush()
}
