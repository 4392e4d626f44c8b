//! Whether somebody is logged in.

use std::time::Duration;

use super::argv::argv;
use super::profile::Profile;
use super::program::{StartError, Zca};
use super::receipt::reason;
use crate::sandbox::bindings::types::{Command, ExitStatus, Outcome};

/// How long it usually may take to say: `zca` logs in for it.
pub const SESSION_TIME: Duration = Duration::from_secs(30);

/// What `zca` says of a profile's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Session {
    /// Somebody is logged in.
    Holds,
    /// Nobody is; the text is what `zca` said.
    Missing(String),
    /// It did not answer, as the text says.
    Unknown(String),
}

impl Zca {
    /// Asks whether the session of `profile` holds, and waits for the answer for at most `time`.
    ///
    /// # Errors
    ///
    /// When `zca` does not start.
    pub async fn session(&self, profile: &Profile, time: Duration) -> Result<Session, StartError> {
        Ok(Session::of(&self.run(&argv(profile, &Command::SessionStatus), time).await?))
    }
}

impl Session {
    /// Reads it from the outcome of `auth status`.
    pub fn of(outcome: &Outcome) -> Self {
        match outcome.status {
            ExitStatus::Exited(0) => Self::Holds,
            ExitStatus::Exited(_) => Self::Missing(reason(outcome)),
            ExitStatus::TimedOut | ExitStatus::NotStarted(_) | ExitStatus::Refused(_) => {
                Self::Unknown(reason(outcome))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::script;
    use super::*;

    async fn session(body: &str, time: Duration) -> Session {
        script(body).session(&Profile::new("p"), time).await.expect("the shell starts")
    }

    #[tokio::test]
    async fn the_exit_code_is_the_answer() {
        assert_eq!(session("exit 0", SESSION_TIME).await, Session::Holds);
        let missing = session("echo 'Error: Profile p: not logged in' >&2; exit 1", SESSION_TIME).await;
        assert_eq!(missing, Session::Missing("Profile p: not logged in".to_owned()));
        let slow = session("sleep 600", Duration::ZERO).await;
        assert!(matches!(slow, Session::Unknown(_)), "{slow:?}");
    }
}
