//! The command line.

mod bridge;
mod channel;
mod channels;
mod completions;
mod config;
mod demo;
mod directory;
mod doctor;
mod gateway;
mod grants;
mod log;
mod logs;
mod mcp;
mod message;
mod onboard;
mod one_account;
mod pairing;
mod plugins;
mod queue;
mod replay;
mod serve;
mod spelling;
mod tool;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use serde::Serialize;

use self::channel::ChannelOption;
use crate::config::Config;
use crate::process::watchdog;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::{Guest, Limits, Sandbox};
use crate::settings::Settings;
use crate::state_dir::StateDir;
use crate::zca::program::Zca;

/// How long what was left running may take to end.
const END: Duration = Duration::from_secs(1);

/// A personal Zalo account on an AI gateway, judged inside a WebAssembly sandbox
#[derive(Debug, Parser)]
#[command(name = "zalouser", version, long_version = zalouser_guests::LONG_VERSION, max_term_width = 100)]
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
    #[command(flatten)]
    _channel: ChannelOption,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Give the accounts to a gateway that cannot start processes, over HTTP
    ///
    /// It records all that happens and hands it out once, and carries out commands, for whoever knows its token.
    Bridge(bridge::Arguments),
    /// Log accounts in and out, see how they are, and add, change or remove one
    #[command(subcommand)]
    Channels(channels::Command),
    /// Print a script that completes command lines in a shell
    Completions(completions::Arguments),
    /// Check, show and change the configuration
    #[command(subcommand)]
    Config(config::Command),
    /// Watch a simulated Zalo chat being paired, answered, chunked and refused
    Demo(demo::Arguments),
    /// Answer one message of the demo
    #[command(hide = true)]
    DemoAgent,
    /// Find people and groups
    #[command(subcommand)]
    Directory(directory::Command),
    /// Look for what keeps the accounts from running well, and say how to mend it
    Doctor(doctor::Arguments),
    /// Run the accounts
    #[command(subcommand)]
    Gateway(gateway::Command),
    /// Show what components may ask for
    #[command(subcommand)]
    Grants(grants::Command),
    /// Show the log that the gateway writes
    ///
    /// Where there is none the exit code is 1.
    Logs(logs::Arguments),
    /// Offer the agent's tool to a client of the Model Context Protocol, on standard input and output
    Mcp(mcp::Arguments),
    /// Send messages
    #[command(subcommand)]
    Message(message::Command),
    /// Set up an account, question by question
    Onboard(onboard::Arguments),
    /// Let people write to an account, or no longer
    #[command(subcommand)]
    Pairing(pairing::Command),
    /// Install components that judge in the place of the one that is part of this program
    #[command(subcommand)]
    Plugins(plugins::Command),
    /// Show what waits for an answer, and decide about what failed
    #[command(subcommand)]
    Queue(queue::Command),
    /// Show what the current configuration makes of recorded `zca listen` output
    Replay(replay::Arguments),
    /// Do all this for a gateway that starts it, as OpenClaw's plugin does
    Serve(serve::Arguments),
    /// Use the agent's tool by hand
    #[command(subcommand)]
    Tool(tool::Command),
    /// End what a process has started that was killed
    #[command(hide = true)]
    Watchdog {
        /// What that process calls itself
        name: String,
    },
}

/// The command line asks for what makes no sense; the text says what does. The parser itself finds
/// most of that.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

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
            if err.is::<Usage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

fn start(cli: Cli) -> anyhow::Result<()> {
    // Small for as long as the gateway runs: without a log, threads, or anything else.
    if let Command::Watchdog { name } = &cli.command {
        return Ok(watchdog::watch(name)?);
    }
    // The demo tells its own story; a log line belongs there only when something is wrong.
    let quiet = matches!(cli.command, Command::Demo(_));
    let goes_on = matches!(cli.command, Command::Bridge(_) | Command::Gateway(_) | Command::Mcp(_));
    if goes_on || matches!(cli.command, Command::Demo(_) | Command::Serve(_)) {
        watchdog::enable(env::current_exe());
    }
    let log = log::start(cli.global.log_format, log::level(cli.global.verbose, quiet), goes_on);
    let runtime = crate::sandbox::runtime().context("the asynchronous runtime does not start")?;
    let ended = runtime.block_on(async {
        match cli.command {
            Command::Bridge(arguments) => bridge::run(arguments, &cli.global, &log).await,
            Command::Channels(command) => channels::run(command, &cli.global).await,
            Command::Completions(arguments) => completions::run(&arguments),
            Command::Config(command) => config::run(command).await,
            Command::Demo(arguments) => demo::run(arguments).await,
            Command::DemoAgent => demo::answer(),
            Command::Directory(command) => directory::run(command, &cli.global).await,
            Command::Doctor(arguments) => doctor::run(arguments, &cli.global).await,
            Command::Gateway(command) => gateway::run(command, &cli.global, &log).await,
            Command::Grants(command) => grants::run(command).await,
            Command::Logs(arguments) => logs::run(arguments).await,
            Command::Mcp(arguments) => mcp::run(arguments, &cli.global).await,
            Command::Message(command) => message::run(command, &cli.global).await,
            Command::Onboard(arguments) => onboard::run(arguments, &cli.global).await,
            Command::Pairing(command) => pairing::run(command, &cli.global).await,
            Command::Plugins(command) => plugins::run(command).await,
            Command::Queue(command) => queue::run(command),
            Command::Replay(arguments) => replay::run(arguments).await,
            Command::Serve(arguments) => serve::run(arguments, &cli.global, &log).await,
            Command::Tool(command) => tool::run(command, &cli.global).await,
            Command::Watchdog { .. } => Ok(()),
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

/// The configuration of `state`, read by a guest of its own.
async fn load_config(sandbox: &Sandbox, state: &StateDir) -> anyhow::Result<Config> {
    read_config(&mut sandbox.load_shipped()?.instantiate().await?, state).await
}

/// The configuration of `state`, read by `guest`.
async fn read_config(guest: &mut Guest, state: &StateDir) -> anyhow::Result<Config> {
    let config = Config::load(&Config::path(state), guest).await?;
    for warning in config.warnings() {
        tracing::warn!("{}: {warning}", config.file.display());
    }
    Ok(config)
}

/// A sandbox that keeps compiled code in the state folder: to compile takes longer than all else that
/// most commands do.
fn cached_sandbox(state: &StateDir) -> anyhow::Result<Sandbox> {
    Ok(Sandbox::new(Limits::default(), Some(&state.own().join("cache")))?)
}

/// A sandbox for a command that only looks: it must neither leave something behind where there is no state
/// folder, nor fail where that cannot be written. Compiled code is no state, and may be kept.
fn looking_sandbox(state: &StateDir) -> anyhow::Result<Sandbox> {
    let cached = state.root().is_dir().then(|| cached_sandbox(state));
    match cached {
        Some(Ok(sandbox)) => Ok(sandbox),
        Some(Err(_)) | None => Ok(Sandbox::new(Limits::default(), None)?),
    }
}

fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from)?;
    Ok(writeln!(out)?)
}

fn is_broken_pipe(err: &anyhow::Error) -> bool {
    let io = err.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    io.is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// The help pages of a command and of all below it, as wide as nobody's terminal makes them.
    fn pages(command: &mut clap::Command, path: &str) -> String {
        let mut pages = format!("$ {path} --help\n{}\n", command.render_long_help());
        for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
            let path = format!("{path} {}", below.get_name());
            pages.push_str(&self::pages(below, &path));
        }
        pages
    }

    #[test]
    fn help_pages_are_as_they_were_read() {
        let mut command = Cli::command().term_width(100);
        command.build();
        insta::assert_snapshot!("help", pages(&mut command, "zalouser"));
    }
}
