//! One call of `zca`, from start to end.

use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

use super::argv::argv;
use super::process_group::ProcessGroup;
use super::profile::Profile;
use super::program::{StartError, Zca};
use crate::sandbox::bindings::types::{Command, ExitStatus, Outcome};

/// How much is read from a pipe at once, in bytes: what a pipe holds on Linux.
pub(super) const READ_SIZE: usize = 64 * 1024;

/// What one call may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long it may run before it is asked to end.
    pub time: Duration,
    /// How long it may take to end once asked, before it is killed; and how long its output is waited for
    /// after it has ended, which matters only if something else keeps the pipe open.
    pub grace: Duration,
    /// How much of either output is kept, in bytes. The rest is read and thrown away.
    pub output: usize,
}

impl Limits {
    /// What `command` may cost: 30 seconds, and 60 where a file is transferred. `zca` logs in anew for every
    /// command, which alone takes seconds.
    pub fn of(command: &Command) -> Self {
        match command {
            Command::SendMedia(_) => Self { time: Duration::from_secs(60), ..Self::default() },
            _ => Self::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(30), grace: Duration::from_secs(2), output: 4 * 1024 * 1024 }
    }
}

impl Zca {
    /// Carries out `command` for `profile`, within [`Limits::of`] it.
    pub async fn call(&self, profile: &Profile, command: &Command) -> Outcome {
        self.run(&argv(profile, command), &Limits::of(command)).await.unwrap_or_else(|error| Outcome {
            status: ExitStatus::NotStarted(error.to_string()),
            stdout: String::new(),
            stderr: String::new(),
        })
    }

    /// Runs `zca` with these arguments. Nothing of it is left running when this returns, nor when it is
    /// dropped before.
    ///
    /// # Errors
    ///
    /// When it never ran. What it says of itself once it runs is an outcome, not an error.
    pub async fn run(&self, args: &[String], limits: &Limits) -> Result<Outcome, StartError> {
        let mut command = self.command(args)?;
        let (mut group, mut stdout, mut stderr) =
            ProcessGroup::spawn(&mut command).map_err(|cause| self.start_error(cause))?;
        let mut printed = Capture::new(limits.output);
        let mut complained = Capture::new(limits.output);
        let status = {
            let mut drain = pin!(async {
                tokio::join!(printed.fill(&mut stdout), complained.fill(&mut stderr));
            });
            let mut end = pin!(end(&mut group, limits));
            let mut drained = false;
            let status = loop {
                tokio::select! {
                    status = &mut end => break status,
                    () = &mut drain, if !drained => drained = true,
                }
            };
            if !drained {
                let _ = timeout(limits.grace, drain).await;
            }
            status
        };
        let discarded = printed.discarded.saturating_add(complained.discarded);
        if discarded > 0 {
            let program = self.program().display();
            tracing::warn!("{program} printed {discarded} bytes more than are kept; they are lost");
        }
        Ok(Outcome { status, stdout: printed.into_text(), stderr: complained.into_text() })
    }
}

async fn end(group: &mut ProcessGroup, limits: &Limits) -> ExitStatus {
    match timeout(limits.time, group.wait()).await {
        Ok(code) => ExitStatus::Exited(code),
        Err(_) => {
            group.stop(limits.grace).await;
            ExitStatus::TimedOut
        }
    }
}

/// The beginning of what came out of a pipe.
struct Capture {
    bytes: Vec<u8>,
    limit: usize,
    discarded: usize,
}

impl Capture {
    fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, discarded: 0 }
    }

    async fn fill(&mut self, pipe: &mut (impl AsyncRead + Unpin)) {
        let mut chunk = Vec::with_capacity(READ_SIZE);
        while pipe.read_buf(&mut chunk).await.is_ok_and(|count| count > 0) {
            let room = self.limit.saturating_sub(self.bytes.len());
            self.bytes.extend(chunk.iter().take(room));
            self.discarded = self.discarded.saturating_add(chunk.len().saturating_sub(room));
            chunk.clear();
        }
    }

    /// As text, within the limit even where replacing ill-formed UTF-8 made it longer.
    fn into_text(self) -> String {
        let mut text = String::from_utf8(self.bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        text.truncate(text.floor_char_boundary(self.limit));
        text
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::fake::{gone, script};
    use super::*;

    fn limits() -> Limits {
        Limits { grace: Duration::from_millis(100), ..Limits::default() }
    }

    async fn run(body: &str, limits: &Limits) -> Outcome {
        script(body).run(&[], limits).await.expect("the shell starts")
    }

    fn exited(code: i32, stdout: &str, stderr: &str) -> Outcome {
        Outcome { status: ExitStatus::Exited(code), stdout: stdout.to_owned(), stderr: stderr.to_owned() }
    }

    #[tokio::test]
    async fn an_outcome_says_what_was_printed_and_how_it_ended() {
        assert_eq!(run("echo out; echo err >&2; exit 3", &limits()).await, exited(3, "out\n", "err\n"));
        assert_eq!(run("kill -KILL $$", &limits()).await, exited(137, "", ""));
    }

    #[tokio::test]
    async fn there_is_nothing_to_read() {
        assert_eq!(run("cat; echo end", &limits()).await, exited(0, "end\n", ""));
    }

    #[tokio::test]
    async fn what_ignores_the_request_to_end_is_killed_with_its_children() {
        let limits = Limits { time: Duration::from_secs(1), ..limits() };
        let outcome = run("trap '' TERM; sleep 600 & echo $$ $!; while :; do sleep 600; done", &limits).await;
        assert_eq!(outcome.status, ExitStatus::TimedOut);
        assert_eq!(outcome.stdout.split_whitespace().count(), 2);
        for pid in outcome.stdout.split_whitespace() {
            gone(pid).await;
        }
    }

    #[tokio::test]
    async fn what_is_left_behind_in_the_group_ends_with_the_call() {
        let outcome = run("sleep 600 & echo $!", &limits()).await;
        assert_eq!(outcome.status, ExitStatus::Exited(0));
        gone(outcome.stdout.trim()).await;
    }

    #[tokio::test]
    async fn what_left_the_group_cannot_hold_the_call_up() {
        let body = r#"trap 'exit 0' USR1
            setsid sh -c "echo \$\$; kill -USR1 $$; exec sleep 600" &
            wait"#;
        let outcome = run(body, &limits()).await;
        assert_eq!(outcome.status, ExitStatus::Exited(0));
        let pid = outcome.stdout.trim().parse().ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("it says its id"), rustix::process::Signal::KILL).unwrap();
    }

    #[tokio::test]
    async fn a_flood_is_read_to_its_end_and_kept_in_part() {
        let limits = Limits { output: 1000, ..limits() };
        let outcome = run("head -c 5000000 /dev/zero | tr '\\0' x; echo end >&2; exit 4", &limits).await;
        assert_eq!(outcome, exited(4, &"x".repeat(1000), "end\n"));
    }

    #[tokio::test]
    async fn replacing_ill_formed_text_keeps_within_the_limit() {
        let limits = Limits { output: 4, ..limits() };
        assert_eq!(run("printf 'a\\377\\377'", &limits).await.stdout, "a\u{fffd}");
    }

    #[tokio::test]
    async fn a_call_that_is_dropped_leaves_nothing_running() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pids");
        let written = async {
            loop {
                match std::fs::read_to_string(&path) {
                    Ok(pids) if pids.ends_with('\n') => return pids,
                    _ => tokio::time::sleep(Duration::from_millis(2)).await,
                }
            }
        };
        let args = [path.display().to_string()];
        let zca = script("sleep 600 & echo $$ $! > \"$1\"; wait");
        let limits = limits();
        let pids = tokio::select! {
            outcome = zca.run(&args, &limits) => panic!("it ended by itself: {outcome:?}"),
            pids = written => pids,
        };
        for pid in pids.split_whitespace() {
            gone(pid).await;
        }
    }

    async fn not_started(zca: &Zca, group: &str) -> String {
        let outcome = zca.call(&Profile::new("work"), &Command::ListMembers(group.to_owned())).await;
        match outcome.status {
            ExitStatus::NotStarted(reason) => reason,
            status => panic!("it started: {status:?}"),
        }
    }

    #[tokio::test]
    async fn what_cannot_start_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zca");
        let missing = not_started(&Zca::new(&path), "1").await;
        assert!(missing.starts_with(&format!("{} was not found", path.display())), "{missing}");
        assert!(missing.contains("--zca"), "{missing}");

        std::fs::write(&path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let forbidden = not_started(&Zca::new(&path), "1").await;
        assert!(forbidden.starts_with(&format!("{} may not be executed", path.display())), "{forbidden}");

        // --profile work group members -j -- <id>
        let nul = not_started(&script("exit 0"), "1\0").await;
        assert!(nul.starts_with("argument 7 of /bin/sh contains a NUL character"), "{nul}");
    }

    #[test]
    fn media_may_take_longer() {
        use crate::sandbox::bindings::types::{ChatKind, MediaKind, MediaMessage, Thread};
        let thread = Thread { id: "1".to_owned(), kind: ChatKind::Direct };
        let media = MediaMessage { thread, kind: MediaKind::File, source: "/a".to_owned(), caption: None };
        assert_eq!(Limits::of(&Command::SendMedia(media)).time, Duration::from_secs(60));
        assert_eq!(Limits::of(&Command::ListFriends).time, Duration::from_secs(30));
    }
}
