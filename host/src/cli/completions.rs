//! `zalouser completions`: command lines that complete themselves.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Cli::command(), "zalouser", &mut script);
    Ok(io::stdout().write_all(&script)?)
}
