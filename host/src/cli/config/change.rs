//! How a change of the configuration file is carried out and told.

use std::io::{self, Write};

use clap::Args;

use crate::config::Config;
use crate::config_file::{Change, Draft, TextFile};
use crate::decision::one_line;
use crate::sandbox::Guest;

/// What every command takes that changes the configuration file.
#[derive(Debug, Args)]
pub(in crate::cli) struct ChangeOptions {
    /// Print what would change as a unified diff, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// The configuration file as it is now.
pub(in crate::cli) fn read() -> anyhow::Result<TextFile> {
    Ok(TextFile::read(&Config::path(&super::super::state_dir()?))?)
}

/// A guest that judges configurations.
pub(in crate::cli) async fn guest() -> anyhow::Result<Guest> {
    let sandbox = super::super::cached_sandbox(&super::super::state_dir()?)?;
    Ok(sandbox.load_shipped()?.instantiate().await?)
}

/// Makes `changes` to `file`, and tells so with `told`, one line each.
pub(in crate::cli) async fn carry_out(
    file: TextFile,
    changes: &[Change],
    options: &ChangeOptions,
    told: &[String],
) -> anyhow::Result<()> {
    let draft = Draft::prepare(file, changes, &mut guest().await?).await?;
    tell_warnings(&draft)?;
    if draft.is_empty() {
        Ok(writeln!(io::stdout(), "Nothing to change in {}", draft.file().path().display())?)
    } else if options.dry_run {
        show(&draft)
    } else {
        write(draft, told)
    }
}

/// Tells what is allowed in `draft` but probably not meant.
pub(in crate::cli) fn tell_warnings(draft: &Draft) -> io::Result<()> {
    draft
        .warnings()
        .iter()
        .try_for_each(|warning| writeln!(io::stderr(), "warning: {}", one_line(&warning.to_string())))
}

/// Prints what `draft` would change.
pub(in crate::cli) fn show(draft: &Draft) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    for line in draft.diff().lines() {
        writeln!(out, "{}", one_line(line))?;
    }
    Ok(out.flush()?)
}

/// Writes `draft`, and tells so with `told`, one line each.
pub(in crate::cli) fn write(draft: Draft, told: &[String]) -> anyhow::Result<()> {
    let name = draft.file().path().display().to_string();
    let kept = draft.write()?;
    let mut out = io::stdout().lock();
    for line in told {
        writeln!(out, "{}", one_line(line))?;
    }
    match kept {
        Some(kept) => writeln!(out, "Wrote {name}; what it said before is in {}", kept.display())?,
        None => writeln!(out, "Made {name}")?,
    }
    writeln!(out, "A gateway that is running has to be restarted to see it")?;
    Ok(out.flush()?)
}
