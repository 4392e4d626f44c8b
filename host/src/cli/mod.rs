//! The command line.

mod channel;
mod demo;
mod gateway;
mod log;
mod mcp;
mod pairing;
mod replay;
mod tool;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

use crate::config::Config;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::{Guest, Limits, Sandbox};
use crate::settings::Settings;
use crate::state_dir::StateDir;
use crate::zca::program::Zca;

/// How long what was left running may take to end.
const END: Duration = Duration::from_secs(1);

/// A personal Zalo account on an AI gateway, judged inside a WebAssembly sandbox
#[derive(Debug, Parser)]
#[command(name = "zalouser", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
struct Global {
    /// The zca program [default: plugins.entries.zalouser.config.zca, else `zca` on PATH]
    #[arg(long, global = true, value_name = "PATH", env = "ZALOUSER_ZCA", hide_env_values = true)]
    zca: Option<PathBuf>,
    /// How log lines look on stderr
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log_format: log::Format,
    /// Log what is of use only in search of a fault
    #[arg(long, short, global = true)]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch a simulated Zalo chat being paired, answered, chunked and refused
    Demo(demo::Arguments),
    /// Answer one message of the demo
    #[command(hide = true)]
    DemoAgent,
    /// Run the accounts
    #[command(subcommand)]
    Gateway(gateway::Command),
    /// Offer the agent's tool to a client of the Model Context Protocol, on standard input and output
    Mcp(mcp::Arguments),
    /// Let people write to an account, or no longer
    #[command(subcommand)]
    Pairing(pairing::Command),
    /// Show what the current configuration makes of recorded `zca listen` output
    Replay(replay::Arguments),
    /// Use the agent's tool by hand
    #[command(subcommand)]
    Tool(tool::Command),
}

/// An end with this exit code, about which everything was said.
#[derive(Debug, thiserror::Error)]
#[error("exit code {0}")]
struct Exit(u8);

/// Runs the program with these arguments, the first of which is its own name. The exit code is 0
/// when the command was done, 1 when it failed, and 2 when it was used wrongly.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(err) => {
            // Nobody is left to be told when this cannot be printed.
            let _ = err.print();
            return if err.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match start(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) if is_broken_pipe(&err) => ExitCode::SUCCESS,
        Err(err) => {
            if let Some(Exit(code)) = err.downcast_ref() {
                return ExitCode::from(*code);
            }
            let _ = writeln!(io::stderr(), "zalouser: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> anyhow::Result<()> {
    // The demo tells its own story; a log line belongs there only when something is wrong.
    let quiet = matches!(cli.command, Command::Demo(_));
    log::start(cli.global.log_format, log::level(cli.global.verbose, quiet));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the asynchronous runtime does not start")?;
    let ended = runtime.block_on(async {
        match cli.command {
            Command::Demo(arguments) => demo::run(arguments).await,
            Command::DemoAgent => demo::answer(),
            Command::Gateway(command) => gateway::run(command, &cli.global).await,
            Command::Mcp(arguments) => mcp::run(arguments, &cli.global).await,
            Command::Pairing(command) => pairing::run(command, &cli.global).await,
            Command::Replay(arguments) => replay::run(arguments).await,
            Command::Tool(command) => tool::run(command, &cli.global).await,
        }
    });
    // A read of standard input that nobody waits for any more must not hold the end up.
    runtime.shutdown_timeout(END);
    ended
}

/// The program that speaks to Zalo: named on the command line or by `ZALOUSER_ZCA`, else in the
/// settings, else `zca` on `PATH`.
fn zca(global: &Global, settings: &Settings) -> Zca {
    let named = global.zca.as_ref().or(settings.zca.as_ref());
    Zca::new(named.cloned().unwrap_or_else(|| "zca".into()))
}

/// The state folder that this machine's environment names.
fn state_dir() -> anyhow::Result<StateDir> {
    StateDir::find(|name| env::var(name).ok(), env::home_dir().as_deref())
        .context("there is no home folder; set OPENCLAW_STATE_DIR")
}

/// The account of this id, without regard to case; the default one when none is named.
fn account<'a>(config: &'a Config, asked: Option<&str>) -> anyhow::Result<&'a Account> {
    config.account(asked).with_context(|| {
        let ids: Vec<_> = config.channel.accounts.iter().map(|account| account.id.as_str()).collect();
        format!("there is no account {:?}; there is: {}", asked.unwrap_or_default(), ids.join(", "))
    })
}

/// A guest of the shipped component that reads the configuration of `state`.
async fn load_config(sandbox: &Sandbox, state: &StateDir) -> anyhow::Result<Config> {
    let mut guest: Guest = sandbox.load_shipped()?.instantiate().await?;
    let config = Config::load(&Config::path(state), &mut guest).await?;
    for warning in config.warnings() {
        tracing::warn!("{}: {warning}", config.file.display());
    }
    Ok(config)
}

fn sandbox() -> anyhow::Result<Sandbox> {
    Ok(Sandbox::new(Limits::default(), None)?)
}

fn is_broken_pipe(err: &anyhow::Error) -> bool {
    let io = err.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    io.is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_can_be_parsed() {
        Cli::command().debug_assert();
    }
}
