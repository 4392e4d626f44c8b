//! Logging in, which takes a person in front of the terminal.

use std::process::Stdio;

use super::process::exit_code;
use super::profile::Profile;
use super::program::{StartError, Zca};

impl Zca {
    /// Lets `zca` log `profile` in, with this process's own terminal, and returns its exit code. It is
    /// killed when this is dropped before its end.
    ///
    /// # Errors
    ///
    /// When it never ran.
    pub async fn log_in(&self, profile: &Profile) -> Result<i32, StartError> {
        let args = ["--profile", profile.as_str(), "auth", "login"].map(str::to_owned);
        let mut command = self.command(&args)?;
        command.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|cause| self.start_error(cause))?;
        Ok(exit_code(child.wait().await))
    }
}
