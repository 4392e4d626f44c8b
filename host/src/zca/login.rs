//! Logging in, which takes a person in front of the terminal.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use thiserror::Error;
use tokio::process::Child;
use tokio::time::timeout;

use super::profile::Profile;
use super::program::{StartError, Zca};

/// How long `zca` may take to end after it was interrupted, and again after it was asked to end.
const GRACE: Duration = Duration::from_secs(1);

/// With what a program exits that ends itself because of Ctrl-C, by the custom of shells: 128 and the signal.
const INTERRUPTED: i32 = 130;

/// Why nobody was logged in.
#[derive(Debug, Error)]
pub enum LoginError {
    /// `zca` never ran.
    #[error(transparent)]
    NotStarted(#[from] StartError),
    /// `zca` gave up, with this exit code; none when a signal ended it.
    #[error("zca ended {how}; what it printed says why", how = ending(*.0))]
    Failed(Option<i32>),
    /// Somebody interrupted it.
    #[error("interrupted")]
    Interrupted,
}

impl Zca {
    /// Lets `zca` log `profile` in, with this process's own terminal. When `interrupted` is done `zca` is
    /// given a moment to end, since Ctrl-C in a terminal reaches it as well, and is then made to. It is
    /// killed when this is dropped before its end.
    ///
    /// # Errors
    ///
    /// When it did not end with success.
    pub async fn log_in(
        &self,
        profile: &Profile,
        interrupted: impl Future<Output = ()>,
    ) -> Result<(), LoginError> {
        let args = ["--profile", profile.as_str(), "auth", "login"].map(str::to_owned);
        let mut command = self.command(&args)?;
        command.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|cause| self.start_error(cause))?;
        let status = tokio::select! {
            () = interrupted => {
                end(&mut child).await;
                return Err(LoginError::Interrupted);
            }
            status = child.wait() => status.ok(),
        };
        // Ctrl-C reaches `zca`, too, and that may be known here before its having reached this process.
        if status.and_then(|status| status.signal()) == Some(Signal::INT.as_raw()) {
            return Err(LoginError::Interrupted);
        }
        match status.and_then(|status| status.code()) {
            Some(0) => Ok(()),
            Some(INTERRUPTED) => Err(LoginError::Interrupted),
            code => Err(LoginError::Failed(code)),
        }
    }
}

fn ending(code: Option<i32>) -> String {
    code.map_or_else(|| "by a signal".to_owned(), |code| format!("with exit code {code}"))
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

    async fn log_in(zca: &Zca, interrupted: impl Future<Output = ()>) -> Result<(), LoginError> {
        zca.log_in(&Profile::new("work"), interrupted).await
    }

    #[tokio::test]
    async fn only_exit_code_0_is_a_login() {
        log_in(&script("exit 0"), pending()).await.unwrap();
        let error = log_in(&script("exit 3"), pending()).await.unwrap_err();
        assert!(matches!(error, LoginError::Failed(Some(3))), "{error:?}");
        assert_eq!(error.to_string(), "zca ended with exit code 3; what it printed says why");
        let error = log_in(&script("kill -KILL $$"), pending()).await.unwrap_err();
        assert!(matches!(error, LoginError::Failed(None)), "{error:?}");
    }

    #[tokio::test]
    async fn an_interruption_ends_it() {
        let error = log_in(&script("exec sleep 600"), ready(())).await.unwrap_err();
        assert!(matches!(error, LoginError::Interrupted), "{error:?}");
    }

    #[tokio::test]
    async fn a_zca_that_ctrl_c_ended_first_was_interrupted() {
        for ending in ["kill -INT $$", "exit 130"] {
            let error = log_in(&script(ending), pending()).await.unwrap_err();
            assert!(matches!(error, LoginError::Interrupted), "{ending}: {error:?}");
        }
    }

    #[tokio::test]
    async fn what_is_missing_says_so() {
        let error = log_in(&Zca::new("/nonexistent/zca"), pending()).await.unwrap_err();
        assert!(matches!(error, LoginError::NotStarted(StartError::NotFound(_))), "{error:?}");
    }
}
