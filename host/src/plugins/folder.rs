//! The folder in which components are installed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::error::{Error, reason};
use super::name::ComponentName;
use super::package::{self, Package};
use super::record::{Record, sha256};
use crate::sandbox::private_folder;
use crate::sandbox::{Component, Sandbox};
use crate::state_dir::StateDir;
use crate::store::atomic;

/// The component in the folder of its name.
const COMPONENT: &str = "component.wasm";
/// What was approved, beside it.
const RECORD: &str = "record.json";

/// The folder in which components are installed: `zalouser/plugins` in the state folder. Each has a folder of
/// its name in it.
#[derive(Clone, Debug)]
pub struct PluginFolder {
    path: PathBuf,
}

impl PluginFolder {
    /// That of `state`.
    pub fn of(state: &StateDir) -> Self {
        Self { path: state.own().join("plugins") }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the file of a component is, or would be.
    pub fn file(&self, name: &ComponentName) -> PathBuf {
        self.path.join(name.as_str()).join(COMPONENT)
    }

    /// The names of what is installed, sorted.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder is there and cannot be read.
    pub fn installed(&self) -> Result<Vec<ComponentName>, Error> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(err) => return Err(Error::io(&self.path)(err)),
        };
        // What has no name that a component may have was not put there by this program.
        let mut names: Vec<ComponentName> =
            entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        names.retain(|name| !name.is_shipped());
        names.sort();
        Ok(names)
    }

    /// What was approved under this name.
    ///
    /// # Errors
    /// [`Error::NotInstalled`], or [`Error::Damaged`] when the record cannot be read.
    pub fn record(&self, name: &ComponentName) -> Result<Record, Error> {
        let folder = self.path.join(name.as_str());
        if name.is_shipped() || !folder.is_dir() {
            return Err(Error::NotInstalled { name: name.clone(), installed: self.installed()? });
        }
        let damaged = |reason: String| Error::Damaged { name: name.clone(), reason };
        let file = folder.join(RECORD);
        let text = fs::read_to_string(&file).map_err(|err| damaged(format!("{}: {err}", file.display())))?;
        let record: Record =
            serde_json::from_str(&text).map_err(|err| damaged(format!("{}: {err}", file.display())))?;
        if record.name == *name {
            Ok(record)
        } else {
            Err(damaged(format!("{} is about {}", file.display(), record.name)))
        }
    }

    /// The file of a component as it was approved, with its record.
    ///
    /// # Errors
    /// As of [`Self::record`], [`Error::Changed`] when the file is not the one that was approved, and
    /// [`Error::Exposed`] when somebody else could exchange both.
    pub fn read(&self, name: &ComponentName) -> Result<(Record, Vec<u8>), Error> {
        let record = self.record(name)?;
        private_folder::open(&self.path.join(name.as_str()), 3)?;
        let (file, bytes) = self.bytes(name)?;
        let found = sha256(&bytes);
        if found == record.sha256 {
            return Ok((record, bytes));
        }
        let Record { sha256: approved, approved_at, .. } = record;
        Err(Error::Changed { name: name.clone(), file, found, approved, approved_at })
    }

    /// Compiles a component as it was approved.
    ///
    /// # Errors
    /// As of [`Self::read`], and [`Error::Unfit`] when this host cannot load it.
    pub fn load(&self, name: &ComponentName, sandbox: &Sandbox) -> Result<Component, Error> {
        let (_, bytes) = self.read(name)?;
        sandbox.load(&bytes).map_err(|err| Error::unfit(name, &err))
    }

    /// Installs a component, or puts it in the place of the one of its name, and approves it so.
    ///
    /// # Errors
    /// It cannot be called so, the sandbox does not load it, or the files cannot be written.
    pub fn install(&self, package: &Package, sandbox: &Sandbox) -> Result<Record, Error> {
        let name = package.component_name()?;
        package.check(sandbox)?;
        let folder = private_folder::open(&self.path.join(name.as_str()), 3)?;
        let record = Record {
            name,
            version: package.version.clone(),
            description: package.description.clone(),
            sha256: package.sha256(),
            approved_at: now(),
            requests: package.requests.clone(),
        };
        // In this order: between the two, the file is another than the one that was approved.
        let file = folder.join(COMPONENT);
        atomic::replace(&file, &package.bytes).map_err(Error::io(&file))?;
        write(&folder.join(RECORD), &record)?;
        Ok(record)
    }

    /// Approves the file of an installed component as it is now.
    ///
    /// # Errors
    /// As of [`Self::record`], and when the file is not there or this host cannot load it.
    pub fn approve(&self, name: &ComponentName, sandbox: &Sandbox) -> Result<Record, Error> {
        let record = self.record(name)?;
        let folder = private_folder::open(&self.path.join(name.as_str()), 3)?;
        let (_, bytes) = self.bytes(name)?;
        sandbox.load(&bytes).map_err(|err| Error::Unfit { name: name.clone(), reason: reason(&err) })?;
        let record = Record { sha256: sha256(&bytes), approved_at: now(), ..record };
        write(&folder.join(RECORD), &record)?;
        Ok(record)
    }

    /// Removes an installed component with its record.
    ///
    /// # Errors
    /// [`Error::NotInstalled`], or the files cannot be removed.
    pub fn remove(&self, name: &ComponentName) -> Result<(), Error> {
        let folder = self.path.join(name.as_str());
        if name.is_shipped() {
            return Err(Error::Shipped);
        }
        if fs::symlink_metadata(&folder).is_err() {
            return Err(Error::NotInstalled { name: name.clone(), installed: self.installed()? });
        }
        fs::remove_dir_all(&folder).map_err(Error::io(&folder))
    }

    fn bytes(&self, name: &ComponentName) -> Result<(PathBuf, Vec<u8>), Error> {
        let file = self.file(name);
        let bytes = package::read_component(&file)
            .map_err(|err| Error::Damaged { name: name.clone(), reason: err.to_string() })?;
        Ok((file, bytes))
    }
}

fn write(file: &Path, record: &Record) -> Result<(), Error> {
    let text = serde_json::to_vec_pretty(record).map_err(|err| Error::io(file)(err.into()))?;
    atomic::replace(file, &text).map_err(Error::io(file))
}

fn now() -> String {
    // Whole seconds: nobody approves two in one.
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}
