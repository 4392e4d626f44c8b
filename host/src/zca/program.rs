//! The `zca` program: where it is, and why it could not be started.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::runner::ZcaRunner;

/// How `zca` is started. A child process inherits the environment whole.
#[derive(Clone, Debug)]
pub struct Zca {
    program: PathBuf,
    leading_args: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    runner: Option<Arc<dyn ZcaRunner>>,
}

impl Zca {
    /// The program at a path, or of a name that is looked up in `PATH`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), leading_args: Vec::new(), variables: Vec::new(), runner: None }
    }

    /// One that `runner` runs. Nobody can log in through it, for which `zca` needs a terminal.
    pub fn run_by(runner: Arc<dyn ZcaRunner>) -> Self {
        Self { runner: Some(runner), ..Self::new("zca") }
    }

    /// Arguments that precede all others, for a program that is `zca` only with them.
    #[must_use]
    pub fn with_leading_args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.leading_args.extend(args.into_iter().map(Into::into));
        self
    }

    /// A variable on top of the inherited environment.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// What is started.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Who runs it, if it is no child process.
    pub(super) fn runner(&self) -> Option<&dyn ZcaRunner> {
        self.runner.as_deref()
    }

    /// A command with these arguments. Refuses what no program can be given, before anything is started.
    pub(super) fn command(&self, args: &[String]) -> Result<tokio::process::Command, StartError> {
        if self.runner.is_some() {
            let cause = io::Error::other("it is run by another program, which has to do this itself");
            return Err(StartError::Other { program: self.program.clone(), cause });
        }
        if let Some(index) = args.iter().position(|arg| arg.contains('\0')) {
            return Err(StartError::Nul { program: self.program.clone(), position: index + 1 });
        }
        let mut command = tokio::process::Command::new(&self.program);
        command.args(&self.leading_args).args(args).envs(self.variables.iter().cloned());
        Ok(command)
    }

    /// What an error of starting the program means to whoever set it up.
    pub(super) fn start_error(&self, cause: io::Error) -> StartError {
        let program = self.program.clone();
        match cause.kind() {
            io::ErrorKind::NotFound => StartError::NotFound(program),
            io::ErrorKind::PermissionDenied => StartError::NotExecutable(program),
            _ => StartError::Other { program, cause },
        }
    }
}

/// Why `zca` was not started.
#[derive(Debug, Error)]
pub enum StartError {
    /// There is no such program, or a script names an interpreter that does not exist.
    #[error(
        "{program} was not found, or is a script whose interpreter was not: install zca-cli or openzca, or name \
         the program with --zca, ZALOUSER_ZCA or plugins.entries.zalouser.config.zca",
        program = .0.display()
    )]
    NotFound(PathBuf),
    /// It is there and may not be run.
    #[error(
        "{program} may not be executed: make it executable for the user that zalouser runs as, or name another \
         program with --zca, ZALOUSER_ZCA or plugins.entries.zalouser.config.zca",
        program = .0.display()
    )]
    NotExecutable(PathBuf),
    /// An argument contains a NUL character, which ends a string for the operating system.
    #[error(
        "argument {position} of {program} contains a NUL character, which no program can be given: leave it out",
        program = program.display()
    )]
    Nul {
        /// What was to be started.
        program: PathBuf,
        /// Which argument it is, counted from 1.
        position: usize,
    },
    /// The operating system refused for another reason.
    #[error("{program} could not be started: {cause}", program = program.display())]
    Other {
        /// What was to be started.
        program: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
}
