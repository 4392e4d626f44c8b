//! What a channel is made of.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::channel::{Channel, Shared};
use super::error::OpenError;
use super::journal::Journal;
use super::source::ComponentSource;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Reading};
use crate::gateway::{Pairings, Registry, open_journal};
use crate::grants::Grants;
use crate::plugins::Plugins;
use crate::sandbox::bindings::config::Environment;
use crate::sandbox::{Component, Limits, Sandbox};
use crate::state_dir::StateDir;
use crate::zca::program::Zca;
use crate::zca::runner::ZcaRunner;

/// How a [`Channel`] is to be; made by [`Channel::builder`].
#[derive(Debug)]
#[must_use = "nothing is opened before `open`"]
pub struct ChannelBuilder {
    folder: PathBuf,
    config: String,
    source: ComponentSource,
    limits: Option<Limits>,
    grants: Option<Grants>,
    zca: Zca,
    clock: Arc<dyn Clock>,
    journal: Option<Arc<dyn Journal>>,
    keeps_journal: bool,
    registry: Registry,
    caches: bool,
}

impl ChannelBuilder {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            config: String::new(),
            source: ComponentSource::default(),
            limits: None,
            grants: None,
            zca: Zca::new("zca"),
            clock: Arc::new(SystemClock),
            journal: None,
            keeps_journal: true,
            registry: Registry::Files,
            caches: true,
        }
    }

    /// The configuration as JSON5: `channels.zalouser`, and `plugins.entries.zalouser.config` for what the README lists
    /// there. Without one there is one account, `default`, on which strangers are offered a pairing code.
    pub fn config(self, json5: impl Into<String>) -> Self {
        Self { config: json5.into(), ..self }
    }

    /// The component that decides; the shipped one unless this is called.
    pub fn component(self, source: ComponentSource) -> Self {
        Self { source, ..self }
    }

    /// What one call into the component may cost, in place of what the configuration says.
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits: Some(limits), ..self }
    }

    /// What the component may ask for, in place of what the configuration says. By default the shipped one may do what
    /// a channel needs, and any other nothing.
    pub fn grants(self, grants: Grants) -> Self {
        Self { grants: Some(grants), ..self }
    }

    /// The `zca` program; the one of that name on `PATH` unless this is called.
    pub fn zca(self, zca: Zca) -> Self {
        Self { zca, ..self }
    }

    /// Whoever runs `zca`, if it is to be no child process.
    pub fn runner(self, runner: impl ZcaRunner + 'static) -> Self {
        self.zca(Zca::run_by(Arc::new(runner)))
    }

    /// What components are told the time by.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Keeps the record of messages in `journal`, and none on the disk: answers that are half sent when the process
    /// ends are then known to nobody but `journal`.
    pub fn journal(self, journal: impl Journal + 'static) -> Self {
        Self { journal: Some(Arc::new(journal)), keeps_journal: false, ..self }
    }

    /// Keeps no record of messages beyond the process: what is not answered at its end is lost.
    pub fn without_journal(self) -> Self {
        Self { journal: None, keeps_journal: false, ..self }
    }

    /// Whoever keeps the pairing requests, in place of files in the folder.
    pub fn pairings(self, pairings: impl Pairings + 'static) -> Self {
        Self { registry: Registry::Other(Arc::new(pairings)), ..self }
    }

    /// Compiles the component at every start, and keeps no compiled code in the folder.
    pub fn without_cache(self) -> Self {
        Self { caches: false, ..self }
    }

    /// Loads the component, reads the configuration and opens the journal. Starts no process.
    ///
    /// Cancel-safe: dropped, it leaves a folder at most.
    ///
    /// # Errors
    /// See [`OpenError`]. Of a folder one channel is open at a time, unless it keeps no journal there.
    pub async fn open(self) -> Result<Channel, OpenError> {
        let state = StateDir::at(&self.folder);
        let cache = self.caches.then(|| state.own().join("cache"));
        let limits = self.limits.clone().unwrap_or_default();
        let source = self.source.clone();
        let (sandbox, component) =
            blocking(&self.folder, move || compile(limits, cache.as_deref(), &source)).await?;
        let config = self.read(&sandbox, &state).await?;
        let settings = &config.settings;
        let plugins = Plugins::only(sandbox, &state, settings, self.source.name, component);
        let (kept_in, temporary) = if self.keeps_journal {
            (state.clone(), None)
        } else {
            let folder = blocking(&self.folder, || {
                tempfile::tempdir()
                    .map_err(|err| OpenError::Folder { path: std::env::temp_dir(), problem: err.to_string() })
            });
            let folder = folder.await?;
            (StateDir::at(folder.path()), Some(folder))
        };
        let record = open_journal(&kept_in, settings.journal).await?;
        Ok(Channel(Arc::new(Shared {
            plugins,
            config,
            state,
            zca: self.zca,
            clock: self.clock,
            journal: self.journal,
            registry: self.registry,
            record,
            _temporary: temporary,
        })))
    }

    /// The configuration, with what was set here in its place.
    async fn read(&self, sandbox: &Sandbox, state: &StateDir) -> Result<Config, OpenError> {
        let mut guest = sandbox.load_shipped()?.instantiate().await?;
        let nothing = Environment { zca_profile: None };
        let reading = Reading::within(&self.config, &mut guest, &nothing).await?;
        let problems = reading.errors();
        let (Ok(channel), Ok(mut settings)) = (reading.channel, reading.settings) else {
            return Err(OpenError::Config(problems));
        };
        if let Some(limits) = &self.limits {
            settings.limits = limits.clone();
        }
        if let Some(grants) = &self.grants {
            settings.grants.insert(self.source.name.to_string(), grants.clone());
        }
        Ok(Config { file: state.config_file(), channel, settings })
    }
}

fn compile(
    limits: Limits,
    cache: Option<&Path>,
    source: &ComponentSource,
) -> Result<(Sandbox, Component), OpenError> {
    let sandbox = Sandbox::new(limits, cache)?;
    let component = source.load(&sandbox)?;
    Ok((sandbox, component))
}

/// Does something that blocks.
async fn blocking<T: Send + 'static>(
    folder: &Path,
    work: impl FnOnce() -> Result<T, OpenError> + Send + 'static,
) -> Result<T, OpenError> {
    let ended =
        |err: tokio::task::JoinError| OpenError::Folder { path: folder.to_owned(), problem: err.to_string() };
    spawn_blocking(work).await.map_err(ended)?
}
