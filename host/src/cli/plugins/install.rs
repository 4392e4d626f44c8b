//! `zalouser plugins install`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::requests;
use crate::decision::one_line;
use crate::plugins::{Package, PluginFolder, Record};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// A component, or a folder with one and a zalouser.plugin.json5
    path: PathBuf,
    /// What to call it [default: as the manifest says, else as the file is called]
    #[arg(long)]
    name: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut package = Package::read(&arguments.path)?;
    if let Some(name) = &arguments.name {
        package.name.clone_from(name);
    }
    let state = super::super::state_dir()?;
    let folder = PluginFolder::of(&state);
    let before = package.component_name().ok().and_then(|name| folder.record(&name).ok());
    let record = folder.install(&package, &super::super::cached_sandbox(&state)?)?;

    let held = super::settings()?.grants_of(record.name.as_str());
    let mut out = io::stdout().lock();
    let what = one_line(&title(&record));
    match before {
        None => writeln!(out, "Installed {what}")?,
        Some(before) if before.sha256 == record.sha256 => writeln!(out, "Approved {what} again")?,
        Some(before) => writeln!(out, "Installed {what} in the place of {}", one_line(&title(&before)))?,
    }
    writeln!(out, "sha256 {}, {} bytes", record.sha256, package.bytes.len())?;
    if record.requests.is_empty() {
        writeln!(out, "It asks for no grants")?;
    } else {
        writeln!(out, "What it asks for, of which nothing is granted by this:")?;
        requests::tell(&mut out, &record.requests)?;
        requests::tell_missing(&mut out, &record.name, &record.requests, &held)?;
    }
    writeln!(out, "To let it judge, run: zalouser plugins enable {} [--account ID]", record.name)?;
    Ok(out.flush()?)
}

/// A component with its version.
pub(super) fn title(record: &Record) -> String {
    match &record.version {
        Some(version) => format!("{} {version}", record.name),
        None => record.name.to_string(),
    }
}
