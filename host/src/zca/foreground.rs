//! `zca` in the foreground: it has the terminal, and whoever sits there.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;
use tokio::time::timeout;

use super::program::{StartError, Zca};

/// How long it may take to end after it was interrupted, and again after it was asked to end.
const GRACE: Duration = Duration::from_secs(1);

/// How a call in the foreground ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit code; none when a signal ended it.
    Exited(Option<i32>),
    /// Because somebody interrupted it.
    Interrupted,
}

impl Zca {
    /// Runs `zca` with these arguments, and with our own input and outputs, until it ends. When
    /// `interrupted` is done it is given a moment to end, since Ctrl-C in a terminal reaches it as well,
    /// and is then made to.
    ///
    /// # Errors
    ///
    /// When it never ran.
    pub async fn run_in_foreground(
        &self,
        args: &[String],
        interrupted: impl Future<Output = ()>,
    ) -> Result<Ended, StartError> {
        let mut command = self.command(args)?;
        command.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|cause| self.start_error(cause))?;
        let status = tokio::select! {
            status = child.wait() => status,
            () = interrupted => {
                end(&mut child).await;
                return Ok(Ended::Interrupted);
            }
        };
        Ok(Ended::Exited(status.ok().and_then(|status| status.code())))
    }
}

async fn end(child: &mut Child) {
    if timeout(GRACE, child.wait()).await.is_ok() {
        return;
    }
    if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
        // The only error that can occur says that it is gone.
        let _ = kill_process(pid, Signal::TERM);
    }
    if timeout(GRACE, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::super::fake::script;
    use super::*;

    #[tokio::test]
    async fn it_runs_to_its_end() {
        for code in [0, 3] {
            let ended = script(&format!("exit {code}")).run_in_foreground(&[], pending()).await.unwrap();
            assert_eq!(ended, Ended::Exited(Some(code)));
        }
    }

    #[tokio::test]
    async fn an_interruption_ends_it() {
        let ended = script("exec sleep 600").run_in_foreground(&[], ready(())).await.unwrap();
        assert_eq!(ended, Ended::Interrupted);
    }

    #[tokio::test]
    async fn what_is_missing_says_so() {
        let error = Zca::new("/nonexistent/zca").run_in_foreground(&[], pending()).await.unwrap_err();
        assert!(matches!(error, StartError::NotFound(_)), "{error}");
    }
}
