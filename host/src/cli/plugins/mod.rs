//! `zalouser plugins`: components of others.

mod export;
mod info;
mod install;
mod list;
mod remove;
pub(super) mod requests;
mod switch;
mod verify;

use clap::Subcommand;

use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Install a component, or approve a changed one
    ///
    /// It is kept in the state folder and pinned by its sha256: from then on no other file is run under its
    /// name. Nothing is granted by that, and it judges no account until it is enabled.
    Install(install::Arguments),
    /// Show what is installed, and which accounts it judges
    List(list::Arguments),
    /// Show what a component is, what it asks for, and whether this host can load it
    ///
    /// The exit code is 1 when it cannot.
    Info(info::Arguments),
    /// Check that what is installed is what was approved, and that it can be loaded
    Verify(verify::Arguments),
    /// Let a component judge all accounts, or one
    Enable(switch::Enable),
    /// Let a component judge no account any more, or not that one
    Disable(switch::Disable),
    /// Write a package for a gateway that loads components itself
    #[command(subcommand)]
    Export(export::Command),
    /// Remove a component that judges no account
    Remove(remove::Arguments),
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Install(arguments) => install::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Info(arguments) => info::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Enable(arguments) => switch::enable(arguments).await,
        Command::Disable(arguments) => switch::disable(arguments).await,
        Command::Export(command) => export::run(&command).await,
        Command::Remove(arguments) => remove::run(&arguments),
    }
}

/// The shim's settings as they are written, or all defaults where they are wrong: what a component is does
/// not depend on them.
fn settings() -> anyhow::Result<Settings> {
    let file = super::config::change::read()?;
    let document = zalouser_settings::parse(file.text());
    let settings = document.map_err(|problem| vec![problem]).and_then(|it| Settings::read(&it));
    Ok(settings.unwrap_or_else(|_| {
        tracing::warn!(
            "{} is wrong and does not count here; see `zalouser config check`",
            file.path().display()
        );
        Settings::default()
    }))
}
