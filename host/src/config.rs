//! The gateway's configuration file: the channel as the guest reads it, and the shim's own settings.

use std::fmt;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use zalouser_settings::{Problem, path_of_key};

use crate::sandbox::bindings::config::{Account, ConfigError, Configuration, Environment};
use crate::sandbox::{self, Guest};
use crate::settings::{self, Settings};
use crate::state_dir::StateDir;

/// The configuration file, read and found to be in order.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it is.
    pub file: PathBuf,
    /// The channel's accounts.
    pub channel: Configuration,
    /// The shim's own settings.
    pub settings: Settings,
}

/// What a text says as a configuration file, be it right or wrong.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The channel, or everything that is wrong with it.
    pub channel: Result<Configuration, Vec<Problem>>,
    /// The shim's own settings, or everything that is wrong with them.
    pub settings: Result<Settings, Vec<Problem>>,
}

/// Why there is no configuration to work with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{file}: {source}", file = file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What the file says is wrong.
    #[error("{}", Broken { file, problems })]
    Broken {
        /// Which file.
        file: PathBuf,
        /// Everything that is wrong. Never empty.
        problems: Vec<Problem>,
    },
    /// The guest that reads it failed.
    #[error(transparent)]
    Guest(#[from] sandbox::Error),
}

impl Config {
    /// Where the file is: `OPENCLAW_CONFIG_PATH`, else in the state folder.
    pub fn path(state: &StateDir) -> PathBuf {
        match env::var_os("OPENCLAW_CONFIG_PATH") {
            Some(path) if !path.is_empty() => path.into(),
            _ => state.config_file(),
        }
    }

    /// Reads the file at `path`. One that does not exist is an empty one: there is one account then,
    /// with the defaults.
    ///
    /// # Errors
    /// See [`Error`]; what is wrong is told all at once.
    pub async fn load(path: &Path, guest: &mut Guest) -> Result<Self, Error> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(err) if err.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(Error::Unreadable { file: path.to_owned(), source }),
        };
        let reading = Reading::of(&text, guest).await?;
        let problems = reading.errors();
        match (reading.channel, reading.settings) {
            (Ok(channel), Ok(settings)) => Ok(Self { file: path.to_owned(), channel, settings }),
            _ => Err(Error::Broken { file: path.to_owned(), problems }),
        }
    }

    /// What is allowed but probably not meant.
    pub fn warnings(&self) -> impl Iterator<Item = Problem> {
        let warnings = self.channel.warnings.iter().cloned().map(problem);
        warnings.chain(nobodys_components(&self.channel, &self.settings))
    }

    /// The account of this id, without regard to case; the default one when none is named.
    pub fn account(&self, id: Option<&str>) -> Option<&Account> {
        let id = id.unwrap_or(&self.channel.default_account).to_lowercase();
        self.channel.accounts.iter().find(|account| account.id.to_lowercase() == id)
    }
}

impl Reading {
    /// What `text` says, a whole configuration file.
    ///
    /// # Errors
    /// The guest failed.
    pub async fn of(text: &str, guest: &mut Guest) -> Result<Self, sandbox::Error> {
        let zca_profile = env::var("ZCA_PROFILE").ok().filter(|profile| !profile.trim().is_empty());
        Self::within(text, guest, &Environment { zca_profile }).await
    }

    /// The same in another environment than this process's.
    ///
    /// # Errors
    /// The guest failed.
    pub async fn within(
        text: &str,
        guest: &mut Guest,
        environment: &Environment,
    ) -> Result<Self, sandbox::Error> {
        let channel = guest.load_config(text, environment).await?;
        let document = zalouser_settings::parse(text).map_err(|problem| vec![problem]);
        Ok(Self {
            channel: channel.map_err(|errors| errors.into_iter().map(problem).collect()),
            settings: document.and_then(|document| Settings::read(&document)),
        })
    }

    /// Everything that is wrong.
    pub fn errors(&self) -> Vec<Problem> {
        let mut errors = self.channel.as_ref().err().cloned().unwrap_or_default();
        // A syntax error was told by both readers.
        for error in self.settings.as_ref().err().into_iter().flatten() {
            if !errors.contains(error) {
                errors.push(error.clone());
            }
        }
        errors
    }

    /// What is allowed but probably not meant. Nothing is known of it when the channel is wrong.
    pub fn warnings(&self) -> Vec<Problem> {
        let Ok(channel) = &self.channel else { return Vec::new() };
        let warnings = channel.warnings.iter().cloned().map(problem);
        warnings
            .chain(self.settings.iter().flat_map(|settings| nobodys_components(channel, settings)))
            .collect()
    }
}

/// A warning for every component of an account that there is not.
fn nobodys_components(channel: &Configuration, settings: &Settings) -> Vec<Problem> {
    let ids = || channel.accounts.iter().map(|account| account.id.as_str());
    let unknown = settings.components.accounts.keys().filter(|written| {
        let written = written.to_lowercase();
        !ids().any(|id| id.to_lowercase() == written)
    });
    let path = format!("{}.components", settings::PATH);
    let warn = |id: &String| Problem::new(path_of_key(&path, id), "is not an account").allowing(ids(), id);
    unknown.map(warn).collect()
}

struct Broken<'a> {
    file: &'a Path,
    problems: &'a [Problem],
}

impl fmt::Display for Broken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems {
            [problem] => write!(f, "{}: {problem}", self.file.display()),
            problems => {
                write!(f, "{} has {} problems:", self.file.display(), problems.len())?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

fn problem(from: ConfigError) -> Problem {
    Problem {
        path: from.path,
        found: from.found,
        problem: from.problem,
        allowed: from.allowed,
        suggestion: from.suggestion,
    }
}
