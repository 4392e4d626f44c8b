//! `zalouser plugins remove`.

use std::io::{self, Write};

use anyhow::bail;
use clap::Args;

use crate::plugins::{ComponentName, PluginFolder};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The component
    name: ComponentName,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let name = &arguments.name;
    let components = super::settings()?.components;
    let mut named = components.named().filter(|(_, named)| *named == name && !name.is_shipped());
    if let Some((path, _)) = named.next() {
        bail!("{name} is enabled by {path}; first run: zalouser plugins disable {name}");
    }
    PluginFolder::of(&super::super::state_dir()?).remove(name)?;
    Ok(writeln!(io::stdout(), "Removed {name}; what it was granted is still in the configuration")?)
}
