//! How a change of the configuration file is carried out and told.

use std::io::{self, Write};

use clap::Args;

use super::super::channel::ChannelOption;
use crate::config::Config;
use crate::config_file::{Change, Draft, TextFile};
use crate::decision::one_line;
use crate::sandbox::{Guest, Limits, Sandbox};

/// What every command takes that changes the configuration file.
#[derive(Debug, Args)]
pub(in crate::cli) struct ChangeOptions {
    /// Print what would change as a unified diff, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    _channel: ChannelOption,
}

/// The configuration file as it is now.
pub(in crate::cli) fn read() -> anyhow::Result<TextFile> {
    Ok(TextFile::read(&Config::path(&super::super::state_dir()?))?)
}

/// A guest that judges configurations.
pub(in crate::cli) async fn guest() -> anyhow::Result<Guest> {
    let cache = super::super::state_dir()?.own().join("cache");
    Ok(Sandbox::new(Limits::default(), Some(&cache))?.load_shipped()?.instantiate().await?)
}

/// Makes `changes` to `file`, and tells so with `told`, one line each.
pub(in crate::cli) async fn carry_out(
    file: TextFile,
    changes: &[Change],
    options: &ChangeOptions,
    told: &[String],
) -> anyhow::Result<()> {
    let draft = Draft::prepare(file, changes, &mut guest().await?).await?;
    let name = draft.file().path().display().to_string();
    for warning in draft.warnings() {
        writeln!(io::stderr(), "warning: {}", one_line(&warning.to_string()))?;
    }
    let mut out = io::stdout().lock();
    if draft.is_empty() {
        writeln!(out, "Nothing to change in {name}")?;
    } else if options.dry_run {
        for line in draft.diff().lines() {
            writeln!(out, "{}", one_line(line))?;
        }
    } else {
        let kept = draft.write()?;
        for line in told {
            writeln!(out, "{}", one_line(line))?;
        }
        match kept {
            Some(kept) => writeln!(out, "Wrote {name}; what it said before is in {}", kept.display())?,
            None => writeln!(out, "Made {name}")?,
        }
        writeln!(out, "A gateway that is running has to be restarted to see it")?;
    }
    Ok(out.flush()?)
}
