//! The life of one listener process.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::super::backoff::ListenerEnd;
use super::super::process::exit_code;
use super::super::program::{StartError, Zca};
use super::super::runner::ZcaRunner;
use super::super::stderr_lines::StderrLines;
use super::Output;
use crate::process::{ProcessGroup, READ_SIZE};

/// How often a pipe is read after its process is gone. What the process left in it takes one or two reads;
/// more can only come from something else that holds the pipe, and that could go on for ever.
const LAST_READS: usize = 32;

/// What one process has in common with the next.
pub(super) struct Life<'a> {
    /// Where its output goes. Closed, the process is stopped, and what it printed is lost.
    pub(super) outputs: &'a mpsc::Sender<Output>,
    /// Cancelled, the process is stopped, too.
    pub(super) stop: &'a CancellationToken,
    /// How long it may be silent, if its silence means anything.
    pub(super) patience: Option<Duration>,
    /// How long it may take to end once asked.
    pub(super) grace: Duration,
}

struct Pipes {
    stdout: ChildStdout,
    stderr: Option<ChildStderr>,
    complaints: StderrLines,
}

impl Life<'_> {
    /// Waits until nobody wants a listener any more.
    pub(super) async fn unwanted(&self) {
        tokio::select! {
            () = self.outputs.closed() => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// Runs the process to its end. None when nobody wants it any more; then it was stopped.
    pub(super) async fn run(&self, zca: &Zca, args: &[String]) -> Option<ListenerEnd> {
        if let Some(runner) = zca.runner() {
            return match self.begin(runner, args).await? {
                Ok(stdout) => self.hear(stdout).await,
                Err(cause) => {
                    let program = zca.program().to_owned();
                    Some(ListenerEnd::NotStarted(StartError::Other { program, cause }))
                }
            };
        }
        let spawned = zca.command(args).and_then(|mut command| {
            ProcessGroup::spawn(&mut command, Stdio::null()).map_err(|cause| zca.start_error(cause))
        });
        let (mut group, stdout, stderr) = match spawned {
            Ok(spawned) => spawned,
            Err(error) => return Some(ListenerEnd::NotStarted(error)),
        };
        let mut pipes = Pipes { stdout, stderr: Some(stderr), complaints: StderrLines::default() };
        let end = self.watch(&mut group, &mut pipes).await;
        if !matches!(end, Some(ListenerEnd::Exited(_))) {
            group.stop(self.grace).await;
        }
        // What it left behind is not to be heard, nor to be logged in, beside the next one.
        drop(group);
        self.drain(&mut pipes).await?;
        end
    }

    /// Has somebody else start the listener. None when nobody waits for it any more.
    async fn begin(
        &self,
        runner: &dyn ZcaRunner,
        args: &[String],
    ) -> Option<io::Result<Box<dyn AsyncRead + Send + Unpin>>> {
        tokio::select! {
            biased;
            () = self.unwanted() => None,
            begun = runner.listen(args) => Some(begun),
        }
    }

    /// Passes on what a listener prints that is not a process of ours, until its output ends.
    async fn hear(&self, mut stdout: Box<dyn AsyncRead + Send + Unpin>) -> Option<ListenerEnd> {
        // The process in which it is.
        let pid = i32::try_from(std::process::id()).unwrap_or_default();
        self.outputs.send(Output::Started { pid }).await.ok()?;
        loop {
            let place = self.outputs.reserve().await.ok()?;
            let silent_at = self.patience.map(|patience| Instant::now() + patience);
            tokio::select! {
                biased;
                () = self.unwanted() => return None,
                bytes = read(&mut stdout) => match bytes {
                    Some(bytes) => place.send(Output::Bytes(bytes)),
                    None => return Some(ListenerEnd::Exited(0)),
                },
                () = until(silent_at) => return Some(ListenerEnd::Silent),
            }
        }
    }

    /// Passes on what the process prints until it ends, or should be stopped.
    async fn watch(&self, group: &mut ProcessGroup, pipes: &mut Pipes) -> Option<ListenerEnd> {
        self.outputs.send(Output::Started { pid: group.id() }).await.ok()?;
        let mut place = None;
        let mut heard = Instant::now();
        loop {
            // As long as there is no place for what it prints, its silence is ours.
            let silent_at = self.patience.filter(|_| place.is_some()).map(|patience| heard + patience);
            tokio::select! {
                // In this order, so that what was printed in time counts even if it is read late.
                biased;
                () = self.unwanted() => return None,
                status = group.wait() => return Some(ListenerEnd::Exited(exit_code(status))),
                permit = self.outputs.reserve(), if place.is_none() => {
                    place = Some(permit.ok()?);
                    heard = Instant::now();
                }
                bytes = read(&mut pipes.stdout), if place.is_some() => {
                    let Some(bytes) = bytes else { return Some(self.end_of_output(group).await) };
                    if let Some(place) = place.take() {
                        place.send(Output::Bytes(bytes));
                    }
                }
                () = until(silent_at) => return Some(ListenerEnd::Silent),
                // Last: complaints without end must not keep the rest from its turn, while messages without
                // end only block what complains until they have an end.
                bytes = read_if_open(&mut pipes.stderr) => self.complain(pipes, bytes),
            }
        }
    }

    /// A process without an output is about to end, or of no use.
    async fn end_of_output(&self, group: &mut ProcessGroup) -> ListenerEnd {
        match timeout(self.grace, group.wait()).await {
            Ok(status) => ListenerEnd::Exited(exit_code(status)),
            Err(_) => ListenerEnd::Silent,
        }
    }

    /// Passes on what the process left in its pipes.
    async fn drain(&self, pipes: &mut Pipes) -> Option<()> {
        for _ in 0..LAST_READS {
            let place = self.outputs.reserve().await.ok()?;
            let Ok(Some(bytes)) = timeout(self.grace, read(&mut pipes.stdout)).await else { break };
            place.send(Output::Bytes(bytes));
        }
        for _ in 0..LAST_READS {
            if pipes.stderr.is_none() {
                break;
            }
            let Ok(bytes) = timeout(self.grace, read_if_open(&mut pipes.stderr)).await else { break };
            self.complain(pipes, bytes);
        }
        Some(())
    }

    /// Passes on the lines in what came from stderr; none is its end.
    fn complain(&self, pipes: &mut Pipes, bytes: Option<Vec<u8>>) {
        let now = std::time::Instant::now();
        let lines = match bytes {
            Some(bytes) => pipes.complaints.push(&bytes, now),
            None => {
                pipes.stderr = None;
                pipes.complaints.finish(now).into_iter().collect()
            }
        };
        for line in lines {
            // A complaint is not worth waiting for: the messages behind it are.
            if self.outputs.try_send(Output::Complaint(line)).is_err() {
                pipes.complaints.leave_out();
            }
        }
    }
}

/// The next bytes of a pipe; none at its end.
async fn read(pipe: &mut (impl AsyncReadExt + Unpin)) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(READ_SIZE);
    pipe.read_buf(&mut bytes).await.is_ok_and(|count| count > 0).then_some(bytes)
}

/// The same for a pipe that may have ended before; then it never returns.
async fn read_if_open(pipe: &mut Option<ChildStderr>) -> Option<Vec<u8>> {
    match pipe {
        Some(pipe) => read(pipe).await,
        None => std::future::pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
