//! A child process together with everything that it starts.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::watchdog::Ward;

/// A running child that leads a process group of its own. Dropped, the whole group is killed.
pub(crate) struct ProcessGroup {
    leader: Child,
    id: Pid,
    over: bool,
    /// Last, so that the watchdog forgets the group when it is killed and not before.
    _ward: Ward,
}

impl ProcessGroup {
    /// Starts `command` with this to read, and both of its outputs as pipes.
    pub(crate) fn spawn(command: &mut Command, stdin: Stdio) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        // What a service manager wants to hear it wants to hear from this process.
        for variable in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] {
            command.env_remove(variable);
        }
        let ward = Ward::expect(command);
        let mut leader = command.process_group(0).kill_on_drop(true).spawn()?;
        let id = leader.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            ward.started(id.as_raw_nonzero().get());
        }
        match (id, leader.stdout.take(), leader.stderr.take()) {
            (Some(id), Some(stdout), Some(stderr)) => {
                Ok((Self { leader, id, over: false, _ward: ward }, stdout, stderr))
            }
            _ => Err(io::Error::other("the child has no process id or no pipes")),
        }
    }

    /// The process id of the child, which is also the id of the group.
    pub(crate) fn id(&self) -> i32 {
        self.id.as_raw_nonzero().get()
    }

    /// The other end of what the child reads, once, if that is a pipe.
    pub(super) fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.leader.stdin.take()
    }

    /// Waits for the child, not for the rest of the group. May be dropped and called again.
    ///
    /// # Errors
    ///
    /// When the child is lost to somebody else who waits for this process's children.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.leader.wait().await;
        // With the child reaped, the id of an empty group is free for others.
        self.over |= test_kill_process_group(self.id).is_err();
        status
    }

    /// Asks the group to end, and kills what is left of it when the child has ended or `grace` is over.
    pub(crate) async fn stop(&mut self, grace: Duration) {
        self.signal(Signal::TERM);
        let _ = timeout(grace, self.wait()).await;
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
