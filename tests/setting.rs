//! A machine of a test's own: a state folder, a configuration and a simulated `zca`.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use zalouser::simulator::Simulator;

pub(crate) const ZALOUSER: &str = env!("CARGO_BIN_EXE_zalouser");

pub(crate) struct Setting {
    root: tempfile::TempDir,
    pub(crate) zca: Simulator,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Setting {
    /// With this text as the configuration.
    pub(crate) fn with_config(config: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let zca = Simulator::create_with(root.path().join("simulator"), Path::new(ZALOUSER)).unwrap();
        let setting = Self { root, zca };
        setting.write("openclaw.json", config);
        setting.share_cache();
        setting
    }

    /// Keeps compiled code where all tests find it: an unoptimised program takes seconds to compile it.
    fn share_cache(&self) {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
        make_folder(&cache);
        make_folder(&self.path("zalouser"));
        std::os::unix::fs::symlink(cache, self.path("zalouser/cache")).unwrap();
    }

    /// The path of something in the state folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("state").join(name)
    }

    /// Makes a file in the state folder, for this user alone.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        make_folder(path.parent().unwrap());
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn read_json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// The program with these arguments, in an environment that is the same on every machine.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let (variable, home) = self.zca.env();
        let mut command = Command::new(ZALOUSER);
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.root.path())
            .env("TZ", "UTC")
            .env("OPENCLAW_STATE_DIR", self.path(""))
            .env("ZALOUSER_ZCA", self.zca.program())
            .env(variable, home);
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        Ended::of(&mut self.command(args))
    }
}

/// Makes a folder for this user alone, as the program does.
fn make_folder(path: &Path) {
    DirBuilder::new().recursive(true).mode(0o700).create(path).unwrap();
}

impl Ended {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code().expect("it ended by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
