//! `zalouser config`: the configuration file.

pub(super) mod change;
mod check;
mod edit;
mod get;
mod schema;
mod secret;
mod show;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Tell everything that is wrong with the configuration, and where
    Check(check::Arguments),
    /// Show the accounts and settings as they are understood
    Show(show::Arguments),
    /// Print the value at a path as JSON
    Get(get::Arguments),
    /// Set the value at a path; everything else in the file stays as it is
    Set(edit::Set),
    /// Take away the value at a path, with its line
    Unset(edit::Unset),
    /// Print a JSON Schema of the configuration, for editors
    Schema(schema::Arguments),
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Check(arguments) => check::run(arguments).await,
        Command::Show(arguments) => show::run(arguments).await,
        Command::Get(arguments) => get::run(arguments),
        Command::Set(arguments) => edit::set(arguments).await,
        Command::Unset(arguments) => edit::unset(arguments).await,
        Command::Schema(_) => schema::run(),
    }
}
