//! A stand-in for `zca`, for the demo and the tests: it follows what openzca 0.1.58 accepts and prints.
//!
//! It is a real child process: a symbolic link named `zca` to this program, with [`HOME_VARIABLE`] set
//! to a folder that holds all of its state. [`Simulator`] makes such a folder and speaks for the people
//! in it. The folder has
//!
//! - `bin/zca`, the link;
//! - `calls.jsonl`, one [`Call`] for every process that was started;
//! - `profiles/<name>/`, one for every profile that exists; `default` always does. In it:
//!   - `world.json`, the [`World`] behind the account; absent for the built-in one;
//!   - `inbox.jsonl`, the lines that `listen` prints, each of them once;
//!   - `sent.jsonl`, one [`Sent`] for every message that arrived on Zalo;
//!   - `listens.jsonl`, one [`Listen`] when a listener starts and one when it ends;
//!   - `faults.json`, what is to go wrong: [`Faults`].
//!
//! # Faults
//! All keys may be absent; an unknown one is an error.
//!
//! ```json
//! {
//!   "listen": [
//!     {"exit": 0, "afterMs": 20},
//!     {"exit": 75, "lines": ["not JSON"], "stderr": "what it says as it ends"},
//!     {"exit": 1, "early": true, "stderr": "Error: …"},
//!     {"silent": true, "ignoreTerm": true}
//!   ],
//!   "send": [
//!     {"match": "hello", "times": 1, "exit": 1, "stderr": "Error: …"},
//!     {"match": "slow", "delayMs": 200},
//!     {"match": "lost", "emptyOutput": true},
//!     {"match": "stuck", "hang": true, "ignoreTerm": true}
//!   ],
//!   "query": [{"match": "list", "exit": 1}],
//!   "auth": {"loggedIn": false},
//!   "help": {"supervised": false}
//! }
//! ```
//!
//! `listen` is a queue: each listener that starts takes the first entry off the file, and one that finds
//! none behaves. `send` is for `msg …`, `query` for `auth`, `me`, `friend` and `group`; the first entry
//! of which `match` is part of one of the call's arguments applies, for ever or as often as `times` says.

mod args;
mod commands;
mod driver;
mod faults;
mod files;
mod inspect;
mod lines;
mod listen;
mod qr;
mod send;
mod state;
#[cfg(test)]
mod tests;
mod wire;
mod world;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

pub use self::driver::Simulator;
pub use self::faults::{AuthFault, CallFault, Faults, HelpFault, ListenFault};
pub use self::lines::{Line, Media, MediaKind, Quote};
pub use self::state::{Call, Listen, ListenEvent, Sent, SentKind};
pub use self::world::{Group, Person, World};

use self::args::Invocation;
use self::commands::Action;
use self::state::{Home, Profile};

/// The environment variable that names the simulator's folder.
pub const HOME_VARIABLE: &str = "ZCA_SIMULATOR_HOME";

/// Whether a program started as `program` is to play `zca` instead of being zalouser.
pub fn plays(program: &OsStr) -> bool {
    Path::new(program).file_name().is_some_and(|name| name == "zca" || name == "openzca")
}

/// Plays `zca` with these arguments, of which the program's own name is none.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let argv: Vec<String> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let mut streams = Streams { out: &mut stdout, err: &mut stderr };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("zca simulator: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let surroundings = Surroundings::of_this_process();
    ExitCode::from(runtime.block_on(run(&argv, &surroundings, &mut streams, pin!(stopped()))))
}

/// What of its environment the simulator depends on.
struct Surroundings {
    /// The simulator's folder.
    home: Option<PathBuf>,
    /// Where the real program would keep its state; only ever printed.
    openzca_home: PathBuf,
    /// The profile that the environment names.
    profile: Option<String>,
}

impl Surroundings {
    fn of_this_process() -> Self {
        let path = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            home: path(HOME_VARIABLE),
            openzca_home: path("OPENZCA_HOME")
                .unwrap_or_else(|| path("HOME").unwrap_or_default().join(".openzca")),
            profile: ["OPENZCA_PROFILE", "ZCA_PROFILE"]
                .into_iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty())),
        }
    }
}

/// Where a call's output goes.
struct Streams<'a> {
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
}

/// How a call ends, and what it says then.
#[derive(Debug, PartialEq, Eq)]
struct Exit {
    code: u8,
    stdout: String,
    stderr: String,
}

impl Exit {
    /// A failure with this complaint.
    fn failure(message: impl Into<String>) -> Self {
        Self { code: 1, stdout: String::new(), stderr: message.into() + "\n" }
    }

    /// An end without a word.
    fn silent(code: u8) -> Self {
        Self { code, stdout: String::new(), stderr: String::new() }
    }

    /// A success that prints this.
    fn success(stdout: impl Into<String>) -> Self {
        Self { code: 0, stdout: stdout.into(), stderr: String::new() }
    }
}

impl From<io::Error> for Exit {
    fn from(error: io::Error) -> Self {
        Self::failure(format!("zca simulator: {error}"))
    }
}

/// A signal that asks the process to end, as the exit code that stands for it. Until it is polled, a
/// signal does what it does to any process.
type Stop<'a> = Pin<&'a mut dyn Future<Output = u8>>;

/// Runs one call to its end and tells its exit code.
async fn run(argv: &[String], surroundings: &Surroundings, streams: &mut Streams<'_>, stop: Stop<'_>) -> u8 {
    let (Ok(exit) | Err(exit)) = attempt(argv, surroundings, streams, stop).await;
    // Nobody is left to be told that nobody reads.
    let _ = streams.out.write_all(exit.stdout.as_bytes()).and_then(|()| streams.out.flush());
    let _ = streams.err.write_all(exit.stderr.as_bytes()).and_then(|()| streams.err.flush());
    exit.code
}

async fn attempt(
    argv: &[String],
    surroundings: &Surroundings,
    streams: &mut Streams<'_>,
    stop: Stop<'_>,
) -> Result<Exit, Exit> {
    let home = surroundings.home.as_deref().filter(|home| home.is_dir()).ok_or_else(|| {
        Exit::failure(format!("zca simulator: {HOME_VARIABLE} does not name a folder; set it to one"))
    })?;
    let home = Home::at(home);
    home.log_call(argv)?;

    let root = args::parse_root(argv)?;
    let name = root.profile().or(surroundings.profile.as_deref()).unwrap_or("default").to_owned();
    let profile = home.profile(&name)?;
    let supervised = match &profile {
        Some(profile) => profile.faults()?.help.supervised,
        None => true,
    };
    let call = root.parse_command(supervised)?;
    let profile = match profile {
        Some(profile) => profile,
        None if call.action == Action::AuthLogin => home.create_profile(&name)?,
        None => {
            let complaint = "does not exist. Create it with: account add";
            return Err(Exit::failure(format!("Error: Profile \"{name}\" {complaint} {name}")));
        }
    };
    if call.action == Action::Listen {
        return listen::listen(&call, &profile, argv, streams, stop).await.map(Exit::silent);
    }
    suffer(&call, &profile, argv, streams, stop).await?;
    let answer = match call.action {
        Action::Message(message) => send::send(message, &call, &profile, argv)?,
        _ => commands::answer(&call, &profile, &surroundings.openzca_home)?,
    };
    Ok(Exit::success(answer))
}

/// Lets a call suffer the fault that is meant for it, if there is one.
async fn suffer(
    call: &Invocation,
    profile: &Profile,
    argv: &[String],
    streams: &mut Streams<'_>,
    stop: Stop<'_>,
) -> Result<(), Exit> {
    let fault = profile.take_call_fault(argv, |faults| match call.action {
        Action::Message(_) => &mut faults.send,
        _ => &mut faults.query,
    })?;
    let Some(fault) = fault else { return Ok(()) };
    tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    if let Some(stderr) = &fault.stderr {
        writeln!(streams.err, "{stderr}")?;
    }
    if fault.hang {
        if fault.ignore_term {
            tokio::select! { _ = stop => {}, () = profile.abandoned() => {} }
        }
        profile.abandoned().await;
        return Err(Exit::failure("zca simulator: its folder is gone"));
    }
    match fault.exit {
        Some(code) => Err(Exit::silent(code)),
        None if fault.empty_output => Err(Exit::silent(0)),
        None => Ok(()),
    }
}

/// Waits for a signal to end, and tells the exit code with which openzca obeys.
async fn stopped() -> u8 {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! { _ = terminate.recv() => 143, _ = interrupt.recv() => 130 }
}
