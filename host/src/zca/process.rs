//! One call of `zca`, from start to end.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use tokio::time::timeout;

use super::argv::argv;
use super::profile::Profile;
use super::program::{StartError, Zca};
use super::runner::ZcaRunner;
use crate::process::{self, Ended, Keep, Limits};
use crate::sandbox::bindings::types::{Command, ExitStatus, Outcome};

/// How long a call may take to end once asked, before it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// How much of either output is kept, in bytes: as much as an [`Outcome`] may hold.
const OUTPUT_MAX: usize = 4 * 1024 * 1024;

impl Zca {
    /// Carries out `command` for `profile`, within the time that such a command may take.
    pub async fn call(&self, profile: &Profile, command: &Command) -> Outcome {
        self.run(&argv(profile, command), time_limit(command)).await.unwrap_or_else(|error| Outcome {
            status: ExitStatus::NotStarted(error.to_string()),
            stdout: String::new(),
            stderr: String::new(),
            delivered: None,
        })
    }

    /// Runs `zca` with these arguments, for at most `time`. Nothing of it is left running when this returns,
    /// nor when it is dropped before.
    ///
    /// # Errors
    ///
    /// When it never ran. What it says of itself once it runs is an outcome, not an error.
    pub async fn run(&self, args: &[String], time: Duration) -> Result<Outcome, StartError> {
        if let Some(runner) = self.runner() {
            return Ok(run_by(runner, args, time).await);
        }
        let keep = Keep::Beginning(OUTPUT_MAX);
        let limits = Limits { time, grace: GRACE, stdout: keep, stderr: keep };
        let finished =
            process::run(self.command(args)?, &[], &limits).await.map_err(|cause| self.start_error(cause))?;
        if finished.discarded > 0 {
            let (program, count) = (self.program().display(), finished.discarded);
            tracing::warn!("{program} printed {count} bytes more than are kept; they are lost");
        }
        let status = match finished.ended {
            Ended::Exited(status) => ExitStatus::Exited(exit_code(status)),
            // It is not stopped for what it prints: too much of it is thrown away.
            Ended::TimedOut | Ended::Flooded => ExitStatus::TimedOut,
        };
        let [stdout, stderr] = [finished.stdout, finished.stderr].map(|bytes| text(bytes, OUTPUT_MAX));
        Ok(Outcome { status, stdout, stderr, delivered: None })
    }
}

/// Has somebody else make the call, within the same bounds as a child process.
async fn run_by(runner: &dyn ZcaRunner, args: &[String], time: Duration) -> Outcome {
    let Ok(mut outcome) = timeout(time.saturating_add(GRACE), runner.run(args, time)).await else {
        let (stdout, stderr) = (String::new(), String::new());
        return Outcome { status: ExitStatus::TimedOut, stdout, stderr, delivered: None };
    };
    for output in [&mut outcome.stdout, &mut outcome.stderr] {
        output.truncate(output.floor_char_boundary(OUTPUT_MAX));
    }
    Outcome { delivered: None, ..outcome }
}

/// The exit code of a process, or 128 and the number of the signal that ended it, as a shell gives it; -1 when
/// the system lost it.
pub(super) fn exit_code(status: io::Result<std::process::ExitStatus>) -> i32 {
    let code = |status: std::process::ExitStatus| {
        status.code().or_else(|| status.signal().map(|signal| 128 + signal))
    };
    status.ok().and_then(code).unwrap_or(-1)
}

/// How long `command` may run: 30 seconds, and 60 where a file is transferred. `zca` logs in anew for every
/// command, which alone takes seconds.
fn time_limit(command: &Command) -> Duration {
    match command {
        Command::SendMedia(_) => Duration::from_secs(60),
        _ => Duration::from_secs(30),
    }
}

/// What was printed, within `max` bytes even where replacing ill-formed UTF-8 made it longer.
fn text(bytes: Vec<u8>, max: usize) -> String {
    let mut text = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    text.truncate(text.floor_char_boundary(max));
    text
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::fake::script;
    use super::*;

    async fn run(body: &str) -> Outcome {
        script(body).run(&[], Duration::from_secs(30)).await.expect("the shell starts")
    }

    fn exited(code: i32, stdout: &str, stderr: &str) -> Outcome {
        let status = ExitStatus::Exited(code);
        Outcome { status, stdout: stdout.to_owned(), stderr: stderr.to_owned(), delivered: None }
    }

    #[tokio::test]
    async fn an_outcome_says_what_was_printed_and_how_it_ended() {
        assert_eq!(run("echo out; echo err >&2; exit 3").await, exited(3, "out\n", "err\n"));
        assert_eq!(run("kill -KILL $$").await, exited(137, "", ""));
        let late = script("exec sleep 600").run(&[], Duration::from_millis(50)).await.unwrap();
        assert_eq!(late.status, ExitStatus::TimedOut);
    }

    #[test]
    fn replacing_ill_formed_text_keeps_within_the_limit() {
        assert_eq!(text(b"a\xff\xff".to_vec(), 4), "a\u{fffd}");
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
        assert_eq!(time_limit(&Command::SendMedia(media)), Duration::from_secs(60));
        assert_eq!(time_limit(&Command::ListFriends), Duration::from_secs(30));
    }
}
