//! A child process together with everything that it starts.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

/// A running child that leads a process group of its own. Dropped, it is killed with the whole group.
pub(super) struct ProcessGroup {
    leader: Child,
    id: Pid,
    over: bool,
}

impl ProcessGroup {
    /// Starts `command` with nothing to read, and both of its outputs as pipes.
    pub(super) fn spawn(command: &mut Command) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut leader = command.process_group(0).kill_on_drop(true).spawn()?;
        let id = leader.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        match (id, leader.stdout.take(), leader.stderr.take()) {
            (Some(id), Some(stdout), Some(stderr)) => Ok((Self { leader, id, over: false }, stdout, stderr)),
            _ => Err(io::Error::other("the child has no process id or no pipes")),
        }
    }

    /// The process id of the child, which is also the id of the group.
    pub(super) fn id(&self) -> i32 {
        self.id.as_raw_nonzero().get()
    }

    /// Waits for the child and kills what it left behind in the group. Gives its exit code, or 128 and the
    /// number of the signal that ended it, as a shell does; -1 when the system lost it. May be dropped and
    /// called again.
    pub(super) async fn wait(&mut self) -> i32 {
        let status = self.leader.wait().await;
        // At once: with the child reaped, an empty group's id is free for others.
        self.signal(Signal::KILL);
        self.over = true;
        let Ok(status) = status else { return -1 };
        status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
    }

    /// Asks the group to end, and kills it when the child has not done so within `grace`.
    pub(super) async fn stop(&mut self, grace: Duration) {
        self.signal(Signal::TERM);
        if timeout(grace, self.wait()).await.is_ok() {
            return;
        }
        self.signal(Signal::KILL);
        // What is stuck inside the kernel outlives even that, and nobody should wait for it.
        let _ = timeout(grace, self.wait()).await;
    }

    fn signal(&self, signal: Signal) {
        if !self.over {
            // The only error that can occur says that nobody is left.
            let _ = kill_process_group(self.id, signal);
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
