//! What the installed `zca` can do.

use std::time::Duration;

use thiserror::Error;
use tokio::try_join;

use super::plain::plain;
use super::program::{StartError, Zca};
use super::receipt::reason;
use crate::sandbox::bindings::types::{ExitStatus, Outcome};

/// The longest version that is believed to be one, in bytes.
const VERSION_MAX: usize = 64;

/// How long one answer may take. Nothing is logged in for it.
const TIME_LIMIT: Duration = Duration::from_secs(15);

/// What a `zca` supports. It does not change while the program stays installed, so it is asked once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Support {
    /// What it calls its version, if it does.
    pub version: Option<String>,
    /// Whether its listener can leave restarts to us and prove at intervals that it is alive.
    pub supervised: bool,
}

/// Why nothing could be learnt.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// It does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It starts and does nothing that `zca` does.
    #[error("{program} does not work as zca: {reason}")]
    Unusable {
        /// What was started.
        program: String,
        /// What it said.
        reason: String,
    },
}

/// Asks `zca` for its version and for the options of its listener.
///
/// # Errors
///
/// When it does not start, or answers neither question.
pub async fn probe(zca: &Zca) -> Result<Support, ProbeError> {
    let ask = async |args: &[&str]| {
        let args: Vec<String> = args.iter().copied().map(str::to_owned).collect();
        zca.run(&args, TIME_LIMIT).await
    };
    let (version, help) = try_join!(ask(&["--version"]), ask(&["listen", "--help"]))?;
    Support::of(&version, &help).ok_or_else(|| ProbeError::Unusable {
        program: zca.program().display().to_string(),
        reason: reason(&version),
    })
}

impl Support {
    /// Reads it from the outcomes of `--version` and `listen --help`; none when neither succeeded.
    pub fn of(version: &Outcome, help: &Outcome) -> Option<Self> {
        let answered = |outcome: &Outcome| outcome.status == ExitStatus::Exited(0);
        if !answered(version) && !answered(help) {
            return None;
        }
        let names = |option| help.stdout.contains(option) || help.stderr.contains(option);
        Some(Self {
            supervised: answered(help) && names("--supervised") && names("--heartbeat-ms"),
            version: answered(version)
                .then(|| plain(version.stdout.lines().next().unwrap_or_default(), VERSION_MAX))
                .filter(|version| !version.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::script;
    use super::*;

    async fn found(body: &str) -> Support {
        probe(&script(body)).await.expect("the script answers")
    }

    #[tokio::test]
    async fn supervision_takes_both_options() {
        let supports = async |help: &str| {
            found(&format!("[ $1 = --version ] && echo 0.1.58 || echo '{help}'")).await.supervised
        };
        assert!(supports("  --supervised  x\n  --heartbeat-ms <ms>  y").await);
        assert!(!supports("  --supervised  x").await);
        assert!(!supports("  -r, --raw\n  -k, --keep-alive").await);
    }

    #[tokio::test]
    async fn a_program_without_a_version_may_still_be_zca() {
        let support = found("[ $1 = listen ] && echo '-r -k'").await;
        assert_eq!(support, Support { version: None, supervised: false });
        assert_eq!(found("echo 0.1.58").await.version.as_deref(), Some("0.1.58"));
    }

    #[tokio::test]
    async fn a_program_that_is_not_zca_says_why() {
        let error = probe(&script("echo 'env: node: not found' >&2; exit 127")).await.expect_err("not zca");
        assert_eq!(error.to_string(), "/bin/sh does not work as zca: env: node: not found");
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_told_apart() {
        let error = probe(&Zca::new("/nonexistent/zca")).await.expect_err("there is none");
        assert!(matches!(error, ProbeError::Start(StartError::NotFound(_))), "{error}");
    }
}
