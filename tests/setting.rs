//! A machine of a test's own: a state folder, a configuration and a simulated `zca`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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
        fs::create_dir_all(&cache).unwrap();
        fs::create_dir_all(self.path("zalouser")).unwrap();
        std::os::unix::fs::symlink(cache, self.path("zalouser/cache")).unwrap();
    }

    /// The path of something in the state folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("state").join(name)
    }

    /// Makes a file in the state folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
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
        self.command(args).output().map(Ended::of).unwrap()
    }
}

impl Ended {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it ended by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
