//! The other side of the simulator: it makes the folder, speaks for the people and reads what was sent.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::faults::Faults;
use super::lines::Line;
use super::state::{Call, Home, Listen, Profile, Sent, now_ms};
use super::world::World;
use super::{HOME_VARIABLE, files};

/// A simulated `zca`, and one profile in it: what its people write and what they are sent. Processes
/// of it that still run end when the folder is removed.
#[derive(Clone, Debug)]
pub struct Simulator {
    home: Home,
    profile: Profile,
    program: PathBuf,
}

impl Simulator {
    /// Makes a simulator in this folder, in which the program that now runs plays `zca`. It has the
    /// profile `default`, which is the one that the returned value speaks for.
    pub fn create(folder: impl Into<PathBuf>) -> io::Result<Self> {
        Self::create_with(folder, &std::env::current_exe()?)
    }

    /// Does the same with another program, which is zalouser under any name.
    pub fn create_with(folder: impl Into<PathBuf>, zalouser: &Path) -> io::Result<Self> {
        let home = Home::at(std::path::absolute(folder.into())?);
        let profile = home.create_profile("default")?;
        let program = home.root().join("bin").join("zca");
        fs::create_dir_all(home.root().join("bin"))?;
        match fs::remove_file(&program) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => std::os::unix::fs::symlink(zalouser, &program)?,
        }
        Ok(Self { home, profile, program })
    }

    /// The same simulator for another profile, which is made unless it exists.
    pub fn with_profile(&self, name: &str) -> io::Result<Self> {
        Ok(Self { profile: self.home.create_profile(name)?, ..self.clone() })
    }

    /// The path of `zca`.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The environment variable without which `zca` does not run, and its value.
    pub fn env(&self) -> (&'static str, &Path) {
        (HOME_VARIABLE, self.home.root())
    }

    /// Lets somebody write a message: the listener prints it.
    pub fn say(&self, line: &Line) -> io::Result<()> {
        self.profile.receive(|number| line.to_numbered_json(number, now_ms()))
    }

    /// Lets the listener print these bytes as they are, as soon as a line end follows them.
    pub fn say_raw(&self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        files::append_bytes(&self.profile.file("inbox.jsonl"), bytes.as_ref())
    }

    /// All messages that arrived from the profile, in their order.
    pub fn sent(&self) -> io::Result<Vec<Sent>> {
        self.profile.sent()
    }

    /// All processes that were started, for any profile, in their order.
    pub fn calls(&self) -> io::Result<Vec<Call>> {
        self.home.calls()
    }

    /// All beginnings and ends of the profile's listeners, in their order.
    pub fn listens(&self) -> io::Result<Vec<Listen>> {
        self.profile.listens()
    }

    /// Replaces the world behind the profile.
    pub fn set_world(&self, world: &World) -> io::Result<()> {
        self.profile.set_world(world)
    }

    /// Replaces what is to go wrong with the profile.
    pub fn set_faults(&self, faults: &Faults) -> io::Result<()> {
        self.profile.set_faults(faults)
    }
}
