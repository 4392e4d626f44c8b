//! Which component judges which account, and what each may ask for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::Error;
use super::folder::PluginFolder;
use super::name::ComponentName;
use crate::grants::Gate;
use crate::sandbox::{Component, Sandbox};
use crate::settings::{Components, Settings};
use crate::state_dir::StateDir;

/// A component with what it may ask for. Cheap to clone; all clones count the same sends.
#[derive(Clone)]
pub struct Plugin {
    /// What it is called.
    pub name: ComponentName,
    /// The component.
    pub component: Component,
    /// What it asks for passes here.
    pub gate: Gate,
}

/// The components of one configuration. Each is loaded when it is first asked for, and has one gate for all of
/// its accounts. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Plugins {
    sandbox: Sandbox,
    folder: PluginFolder,
    settings: Arc<Settings>,
    loaded: Arc<Mutex<BTreeMap<ComponentName, Plugin>>>,
}

impl Plugins {
    /// Those that `settings` name, installed in `state`.
    pub fn new(sandbox: Sandbox, state: &StateDir, settings: &Settings) -> Self {
        let folder = PluginFolder::of(state);
        Self { sandbox, folder, settings: Arc::new(settings.clone()), loaded: Arc::default() }
    }

    /// One that judges all accounts, whatever `settings` name; it is not looked for in `state`.
    pub(crate) fn only(
        sandbox: Sandbox,
        state: &StateDir,
        settings: &Settings,
        name: ComponentName,
        component: Component,
    ) -> Self {
        let components = Components { default: name.clone(), accounts: BTreeMap::new() };
        let plugins = Self::new(sandbox, state, &Settings { components, ..settings.clone() });
        let component = component.named(name.as_str()).within(settings.limits.clone());
        let gate = Gate::new(name.as_str(), settings.grants_of(name.as_str()));
        let plugin = Plugin { name: name.clone(), component, gate };
        plugins.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(name, plugin);
        plugins
    }

    /// The one that judges this account.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub fn of(&self, account: &str) -> Result<Plugin, Error> {
        self.load(self.settings.components.of(account))
    }

    /// What identifies the one that judges this account, to the byte.
    ///
    /// # Errors
    /// It is not installed, or what was approved cannot be read.
    pub fn pin(&self, account: &str) -> Result<String, Error> {
        let name = self.settings.components.of(account);
        // The shipped one does not change while this program runs.
        if name.is_shipped() { Ok(name.to_string()) } else { Ok(self.folder.record(name)?.sha256) }
    }

    /// The one of this name.
    ///
    /// # Errors
    /// It is not installed, was changed after it was approved, or cannot be loaded.
    pub fn load(&self, name: &ComponentName) -> Result<Plugin, Error> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plugin) = loaded.get(name) {
            return Ok(plugin.clone());
        }
        let component = if name.is_shipped() {
            self.sandbox.load_shipped().map_err(|err| Error::unfit(name, &err))?
        } else {
            self.folder.load(name, &self.sandbox)?
        };
        let component = component.named(name.as_str()).within(self.settings.limits.clone());
        let gate = Gate::new(name.as_str(), self.settings.grants_of(name.as_str()));
        let plugin = Plugin { name: name.clone(), component, gate };
        loaded.insert(name.clone(), plugin.clone());
        Ok(plugin)
    }
}
