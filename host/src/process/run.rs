//! Runs one program to its end.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStdin, Command};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio::{join, select};

use super::group::ProcessGroup;
use super::output::{Keep, Output};

/// How much a program may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long it may run before it is asked to end.
    pub(crate) time: Duration,
    /// How long it may take to end once asked, before it is killed; and how long its pipes are served after it
    /// has ended, which matters only if something else holds them: part of a pipeline, perhaps, that still
    /// passes on what the program printed.
    pub(crate) grace: Duration,
    /// What is kept of what it prints.
    pub(crate) stdout: Keep,
    /// What is kept of what it prints as an error.
    pub(crate) stderr: Keep,
}

/// What became of a program.
#[derive(Debug)]
pub(crate) struct Finished {
    /// How it ended.
    pub(crate) ended: Ended,
    /// What it printed, as far as it was kept.
    pub(crate) stdout: Vec<u8>,
    /// What it printed as an error, as far as it was kept.
    pub(crate) stderr: Vec<u8>,
    /// How much of both was not, in bytes.
    pub(crate) discarded: usize,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// By itself. An error when it is lost to somebody else who waits for this process's children.
    Exited(io::Result<ExitStatus>),
    /// It ran too long and was stopped.
    TimedOut,
    /// It printed more than [`Keep::All`] allows and was stopped.
    Flooded,
}

/// Runs `command` in a process group of its own, with `input` to read; it need not read it. To be stopped,
/// the whole group gets SIGTERM, and SIGKILL when the program has ended or the grace is over. Nothing of the
/// group is left running when this returns, nor when it is dropped before.
///
/// # Errors
///
/// When the program cannot be started.
pub(crate) async fn run(mut command: Command, input: &[u8], limits: &Limits) -> io::Result<Finished> {
    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    let (mut group, stdout, stderr) = ProcessGroup::spawn(&mut command, stdin)?;
    let stdin = group.take_stdin();
    let (mut printed, mut complained) = (Output::new(limits.stdout), Output::new(limits.stderr));
    let (flood, over) = (Notify::new(), Notify::new());
    let attend = async {
        let ended = attend(&mut group, &flood, limits).await;
        over.notify_one();
        ended
    };
    let serve = async {
        let pipes = async {
            join!(feed(stdin, input), printed.fill(stdout, &flood), complained.fill(stderr, &flood))
        };
        let last_words = async {
            over.notified().await;
            sleep(limits.grace).await;
        };
        select! {
            _ = pipes => {}
            () = last_words => {}
        }
    };
    let (mut ended, ()) = join!(attend, serve);
    if matches!(ended, Ended::Exited(_)) && (printed.is_flood() || complained.is_flood()) {
        ended = Ended::Flooded;
    }
    let discarded = printed.discarded().saturating_add(complained.discarded());
    Ok(Finished { ended, stdout: printed.into_bytes(), stderr: complained.into_bytes(), discarded })
}

/// Waits for the program's end, and makes it end if need be.
async fn attend(group: &mut ProcessGroup, flood: &Notify, limits: &Limits) -> Ended {
    let ended = select! {
        // In this order, so that what has ended by itself is not taken for slow.
        biased;
        status = group.wait() => Ended::Exited(status),
        () = flood.notified() => Ended::Flooded,
        () = sleep(limits.time) => Ended::TimedOut,
    };
    if !matches!(ended, Ended::Exited(_)) {
        group.stop(limits.grace).await;
    }
    ended
}

async fn feed(stdin: Option<ChildStdin>, input: &[u8]) {
    if let Some(mut stdin) = stdin {
        // A program may end, or close its input, without having read it.
        let _ = stdin.write_all(input).await;
    }
}
