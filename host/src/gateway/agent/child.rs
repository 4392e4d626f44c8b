//! Runs one program to its end, within limits: of time, of what it prints, and of what it leaves behind.

use std::io;
use std::pin::{Pin, pin};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::select;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// How much a program may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How long it may run.
    pub(super) time: Duration,
    /// How long it has to end by itself once it is told to, and how long the output of what it left
    /// running is waited for.
    pub(super) grace: Duration,
    /// The most that it may print. A program that prints more is stopped.
    pub(super) stdout_bytes: usize,
    /// How much of the end of what it prints as an error is kept.
    pub(super) stderr_bytes: usize,
}

/// What became of a program.
#[derive(Debug)]
pub(super) struct Finished {
    /// How it ended.
    pub(super) status: Status,
    /// What it printed, at most one byte more than it may; the beginning of it if it was stopped.
    pub(super) stdout: Vec<u8>,
    /// The end of what it printed as an error.
    pub(super) stderr: Vec<u8>,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// By itself.
    Exited(ExitStatus),
    /// It ran too long and was stopped.
    TimedOut,
    /// It printed too much and was stopped.
    Flooded,
}

/// Runs `command` in a process group of its own, with `input` as its standard input. A program
/// that reads none of it is not waited for. To stop it, its whole group gets SIGTERM, and SIGKILL
/// once the grace is over. What it leaves running is killed if it holds on to the outputs, and left
/// alone if it has let go of them. Dropping the future kills the group.
///
/// # Errors
/// When the program cannot be started, or is lost to somebody else who waits for this process's children.
pub(super) async fn run(mut command: Command, input: &[u8], limits: Limits) -> io::Result<Finished> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.process_group(0).kill_on_drop(true).spawn()?;
    let group = Group::led_by(&child);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut printed, mut complained) = (Vec::new(), Vec::new());
    let flood = Notify::new();
    let mut status = {
        let talk = async {
            tokio::join!(
                feed(stdin, input),
                keep_all(stdout, &mut printed, limits.stdout_bytes, &flood),
                keep_end(stderr, &mut complained, limits.stderr_bytes),
            );
        };
        attend(&mut child, group, pin!(talk), &flood, limits).await?
    };
    if printed.len() > limits.stdout_bytes && matches!(status, Status::Exited(_)) {
        status = Status::Flooded;
    }
    cut_to_end(&mut complained, limits.stderr_bytes);
    Ok(Finished { status, stdout: printed, stderr: complained })
}

/// Waits for the program's end, and makes it end if need be.
async fn attend(
    child: &mut Child,
    mut group: Group,
    mut talk: Pin<&mut impl Future<Output = ()>>,
    flood: &Notify,
    limits: Limits,
) -> io::Result<Status> {
    let mut talking = true;
    let status = select! {
        ended = end(child, talk.as_mut(), &mut talking) => Status::Exited(ended?),
        () = flood.notified() => Status::Flooded,
        () = sleep(limits.time) => Status::TimedOut,
    };
    if !matches!(status, Status::Exited(_)) {
        group.signal(Signal::TERM);
        // Killed below if it takes longer, so the result does not matter.
        let _ = timeout(limits.grace, end(child, talk, &mut talking)).await;
        drop(group);
        child.wait().await?;
    } else if !talking || timeout(limits.grace, talk).await.is_ok() {
        group.release();
    }
    Ok(status)
}

/// Waits for the program's end and serves its pipes meanwhile: nothing that it prints, not even its
/// last words, may block it or break its pipe.
async fn end(
    child: &mut Child,
    mut talk: Pin<&mut impl Future<Output = ()>>,
    talking: &mut bool,
) -> io::Result<ExitStatus> {
    loop {
        select! {
            ended = child.wait() => return ended,
            () = talk.as_mut(), if *talking => *talking = false,
        }
    }
}

async fn feed(stdin: Option<impl AsyncWrite + Unpin>, input: &[u8]) {
    if let Some(mut stdin) = stdin {
        // A program may end, or close its input, without having read it.
        let _ = stdin.write_all(input).await;
    }
}

/// Keeps one byte more than `limit` when there are more; then it says so and throws away the rest.
async fn keep_all(pipe: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>, limit: usize, flood: &Notify) {
    let Some(mut pipe) = pipe else { return };
    let one_too_many = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    // A pipe that cannot be read any more has ended, here and below.
    let _ = (&mut pipe).take(one_too_many).read_to_end(kept).await;
    if kept.len() > limit {
        flood.notify_one();
        let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    }
}

async fn keep_end(pipe: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>, limit: usize) {
    let Some(mut pipe) = pipe else { return };
    while pipe.read_buf(kept).await.unwrap_or(0) > 0 {
        // Not at every read, or what is kept would be moved again and again.
        if kept.len() > limit.saturating_mul(2) {
            cut_to_end(kept, limit);
        }
    }
}

fn cut_to_end(kept: &mut Vec<u8>, limit: usize) {
    kept.drain(..kept.len().saturating_sub(limit));
}

/// A program's process group, killed when this is dropped.
struct Group(Option<Pid>);

impl Group {
    fn led_by(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.0 {
            // It fails when nobody is left, and then nothing is left to do.
            let _ = kill_process_group(leader, signal);
        }
    }

    /// Leaves the group alone from now on.
    fn release(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;

    use tokio::task::spawn_blocking;

    use super::*;

    const LIMITS: Limits = Limits {
        time: Duration::from_secs(30),
        grace: Duration::from_millis(200),
        stdout_bytes: 1 << 20,
        stderr_bytes: 1 << 16,
    };

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    /// A named pipe that a script and its children hold open as their output 3. Its reader is told
    /// once they are gone, all of them.
    struct Lifeline(tempfile::TempDir);

    impl Lifeline {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let made = std::process::Command::new("mkfifo").arg(folder.path().join("line")).status().unwrap();
            assert!(made.success());
            Self(folder)
        }

        fn shell(&self, script: &str) -> Command {
            let mut command = shell(&format!("exec 3>line; {script}"));
            command.current_dir(self.0.path());
            command
        }

        /// Waits until the script has written a byte to the pipe.
        async fn begun(&self) -> File {
            let path = self.0.path().join("line");
            let first =
                move || File::open(path).and_then(|mut line| line.read_exact(&mut [0]).map(|()| line));
            spawn_blocking(first).await.unwrap().unwrap()
        }

        /// Waits until nobody holds the pipe open, in less time than the scripts would take.
        async fn cut(mut line: File) {
            let rest = spawn_blocking(move || line.read_to_end(&mut Vec::new()));
            timeout(LIMITS.time, rest).await.expect("a process lives on").unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn input_goes_in_and_both_outputs_come_out() {
        let finished = run(shell("cat; echo no >&2; exit 3"), b"in", LIMITS).await.unwrap();
        let Status::Exited(status) = finished.status else { panic!("{finished:?}") };
        assert_eq!(status.code(), Some(3));
        assert_eq!((finished.stdout.as_slice(), finished.stderr.as_slice()), (&b"in"[..], &b"no\n"[..]));
    }

    #[tokio::test]
    async fn a_program_that_does_not_read_its_input_ends_all_the_same() {
        let input = vec![b'x'; 1 << 20];
        for script in ["echo hi", "exec 0<&-; echo hi", "head -c 300000 /dev/zero >&2; echo hi"] {
            let finished = run(shell(script), &input, LIMITS).await.unwrap();
            assert_eq!(finished.stdout, b"hi\n", "{script}");
        }
    }

    #[tokio::test]
    async fn of_the_errors_the_end_is_kept() {
        let limits = Limits { stderr_bytes: 3, ..LIMITS };
        let finished = run(shell("head -c 200000 /dev/zero >&2; echo ab >&2"), b"", limits).await.unwrap();
        assert_eq!(finished.stderr, b"ab\n");
    }

    #[tokio::test]
    async fn a_flood_is_stopped_and_an_output_of_the_full_size_is_not() {
        let limits = Limits { stdout_bytes: 4, ..LIMITS };
        for script in ["yes", "echo 1234"] {
            assert_eq!(run(shell(script), b"", limits).await.unwrap().status, Status::Flooded, "{script}");
        }
        let full = run(shell("echo 123"), b"", limits).await.unwrap();
        assert_eq!((matches!(full.status, Status::Exited(_)), full.stdout), (true, b"123\n".to_vec()));
    }

    #[tokio::test]
    async fn a_program_that_ignores_sigterm_is_killed_when_its_time_is_over() {
        let limits = Limits { time: LIMITS.grace, ..LIMITS };
        let finished = run(shell("trap '' TERM; sleep 60; sleep 60"), b"", limits).await.unwrap();
        assert_eq!(finished.status, Status::TimedOut);
    }

    #[tokio::test]
    async fn what_a_stopped_program_has_started_is_killed_with_it() {
        let lifeline = Lifeline::new();
        let program = lifeline.shell("trap '' TERM; sleep 60 & echo >&3; yes");
        let (finished, line) = tokio::join!(run(program, b"", LIMITS), lifeline.begun());
        assert_eq!(finished.unwrap().status, Status::Flooded);
        Lifeline::cut(line).await;
    }

    #[tokio::test]
    async fn a_program_that_heeds_sigterm_is_given_the_time_for_it() {
        let limits = Limits { grace: LIMITS.time, ..LIMITS };
        let folder = tempfile::tempdir().unwrap();
        let mut program = shell("trap 'echo bye >mark; exit' TERM; yes");
        program.current_dir(folder.path());
        assert_eq!(run(program, b"", limits).await.unwrap().status, Status::Flooded);
        assert_eq!(std::fs::read_to_string(folder.path().join("mark")).unwrap(), "bye\n");
    }

    #[tokio::test]
    async fn what_holds_on_to_the_output_is_killed_and_what_was_said_counts() {
        let lifeline = Lifeline::new();
        let program = lifeline.shell("sleep 60 & echo >&3; echo hi");
        let (finished, line) = tokio::join!(run(program, b"", LIMITS), lifeline.begun());
        let finished = finished.unwrap();
        assert!(matches!(finished.status, Status::Exited(status) if status.success()), "{finished:?}");
        assert_eq!(finished.stdout, b"hi\n");
        Lifeline::cut(line).await;
    }

    #[tokio::test]
    async fn who_stops_waiting_stops_the_group() {
        let lifeline = Lifeline::new();
        let program = lifeline.shell("sleep 60 & echo >&3; wait");
        let line = select! {
            finished = run(program, b"", LIMITS) => panic!("{finished:?}"),
            line = lifeline.begun() => line,
        };
        Lifeline::cut(line).await;
    }
}
