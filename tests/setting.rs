//! A world of its own for each test: a state folder, a simulated `zca`, and the real binary in it.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use zalouser::simulator::{Line, Sent, Simulator};
use zalouser::state_dir::StateDir;
use zalouser::store::{AccountFiles, PairingStore};
use zalouser::zca::program::Zca;

/// For how long something is waited for that has to happen. A test that waits this long fails, so it
/// only has to be longer than a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked whether it has happened.
const LOOK: Duration = Duration::from_millis(10);

/// How long a process has to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(20);

/// Variables of this machine that would lead a process out of its setting.
const FOREIGN: [&str; 7] = [
    "CLAWDBOT_STATE_DIR",
    "NO_COLOR",
    "OPENCLAW_CONFIG_PATH",
    "OPENCLAW_OAUTH_DIR",
    "OPENZCA_HOME",
    "OPENZCA_PROFILE",
    "ZCA_PROFILE",
];

/// A state folder, a home folder and a simulated `zca`. Removed when dropped, after all that runs in it.
pub(crate) struct Setting {
    folder: TempDir,
    /// The `zca` that processes in here find; it speaks for the profile `default`.
    pub(crate) simulator: Simulator,
}

/// A process of the real binary. When dropped it is asked to end, and killed if it does not.
pub(crate) struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// What came of a process.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Setting {
    /// An empty one: without a configuration, with the simulator's built-in world.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "state", "outputs"] {
            make_folder(&folder.path().join(name));
        }
        // Compiling the component takes a debug build a second, which is once enough. What is in the cache may
        // be a link; the cache itself may not.
        make_folder(&compiled().join("modules"));
        let cache = StateDir::at(folder.path().join("state")).own().join("cache");
        make_folder(&cache);
        symlink(compiled().join("modules"), cache.join("modules")).unwrap();
        let simulator = Simulator::create_with(folder.path().join("zca"), Path::new(PROGRAM)).unwrap();
        Self { folder, simulator }
    }

    /// One with this channel section, and this agent to answer.
    pub(crate) fn with(channel: Value, agent: Value) -> Self {
        let setting = Self::new();
        setting.configure(&config(channel, json!({ "agent": agent })));
        setting
    }

    /// One with this text as the gateway's configuration file.
    pub(crate) fn with_config(text: &str) -> Self {
        let setting = Self::new();
        setting.write_config(text);
        setting
    }

    /// Replaces the gateway's configuration file. Unless it says how fast an account sends, that is as fast as
    /// it can: nobody bans a simulated one.
    pub(crate) fn configure(&self, config: &Value) {
        let mut config = config.clone();
        let settings = &mut config["plugins"]["entries"]["zalouser"]["config"];
        if settings["pacing"].is_null() {
            settings["pacing"] = json!({ "enabled": false });
        }
        self.write_config(&config.to_string());
    }

    /// Replaces the gateway's configuration file by this text, which may be JSON5, or broken.
    pub(crate) fn write_config(&self, text: &str) {
        self.write_state("openclaw.json", text);
    }

    /// The state folder.
    pub(crate) fn state(&self) -> StateDir {
        StateDir::at(self.path("state"))
    }

    /// The pairing files of the default account.
    pub(crate) fn store(&self) -> PairingStore {
        PairingStore::new(&self.state(), &AccountFiles::of("default", true))
    }

    /// The simulated `zca`, for what runs inside of the test.
    pub(crate) fn simulated_zca(&self) -> Zca {
        let (variable, value) = self.simulator.env();
        Zca::new(self.simulator.program()).with_variable(variable, value)
    }

    /// A path in the setting.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the setting, and gives its path as text.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A path in the state folder.
    pub(crate) fn in_state(&self, name: &str) -> PathBuf {
        self.state().root().join(name)
    }

    /// Writes a file into the state folder, for this user alone.
    pub(crate) fn write_state(&self, name: &str, text: &str) {
        let path = self.in_state(name);
        make_folder(path.parent().unwrap());
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }

    /// Reads a file of the state folder.
    pub(crate) fn read_state(&self, name: &str) -> String {
        fs::read_to_string(self.in_state(name)).unwrap()
    }

    /// Reads a file of the state folder, which is JSON.
    pub(crate) fn read_state_json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read_state(name)).unwrap()
    }

    /// Lets people write to the default profile, in this order.
    pub(crate) fn say(&self, lines: &[Line]) {
        for line in lines {
            self.simulator.say(line).unwrap();
        }
    }

    /// All that has arrived from the default profile, in its order.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.simulator.sent().unwrap()
    }

    /// The texts among that, with their threads.
    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        self.sent().into_iter().filter_map(|sent| Some((sent.thread_id, sent.text?))).collect()
    }

    /// Checks that no process of the simulator is left.
    pub(crate) fn nothing_is_left(&self) {
        for call in self.simulator.calls().unwrap() {
            is_gone(call.pid.try_into().unwrap());
        }
    }

    /// The real binary with these arguments, in this setting and with nothing to read.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.program(Path::new(PROGRAM), arguments)
    }

    /// The simulated `zca` with these arguments, as somebody runs it by hand.
    pub(crate) fn zca(&self, arguments: &[&str]) -> Command {
        self.program(self.simulator.program(), arguments)
    }

    fn program(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        for variable in FOREIGN {
            command.env_remove(variable);
        }
        let (variable, value) = self.simulator.env();
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.path("home"))
            .env("TZ", "UTC")
            .env("OPENCLAW_STATE_DIR", self.path("state"))
            .env("ZALOUSER_ZCA", self.simulator.program())
            .env(variable, value)
            .stdin(Stdio::null());
        command
    }

    /// Starts a command, with its outputs kept in files of the setting.
    pub(crate) fn start(&self, mut command: Command) -> Running {
        let outputs = tempfile::Builder::new().disable_cleanup(true).tempdir_in(self.path("outputs"));
        let outputs = outputs.unwrap();
        let (stdout, stderr) = (outputs.path().join("stdout"), outputs.path().join("stderr"));
        command.stdout(File::create(&stdout).unwrap()).stderr(File::create(&stderr).unwrap());
        // A group of its own, so that a signal for the tests does not reach it, nor one for it the tests.
        let child = command.process_group(0).spawn().unwrap();
        Running { child, stdout, stderr }
    }

    /// Runs the real binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.start(self.command(arguments)).finish()
    }

    /// Runs the accounts, with all there is to log.
    pub(crate) fn gateway(&self) -> Running {
        self.start(self.command(&["gateway", "run", "--verbose"]))
    }
}

impl Running {
    /// Waits until `look` finds something, and gives that. Fails when the process ends first.
    pub(crate) fn until<T>(&mut self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let found = poll(|| {
            // In this order: what a process did before its end counts.
            let ended = self.child.try_wait().unwrap();
            look().map(Ok).or_else(|| ended.map(Err))
        });
        match found {
            Some(Ok(found)) => found,
            Some(Err(status)) => {
                panic!("{what} did not happen: the process ended with {status} and logged\n{}", self.log())
            }
            None => panic!("{what} did not happen; the log is\n{}", self.log()),
        }
    }

    /// Waits until that many messages have arrived from the default profile, and gives the texts.
    pub(crate) fn until_texts(&mut self, setting: &Setting, count: usize) -> Vec<(String, String)> {
        self.until(&format!("the arrival of {count} texts"), || {
            Some(setting.texts()).filter(|texts| texts.len() >= count)
        })
    }

    /// Waits until the log has this in it.
    pub(crate) fn until_logged(&mut self, part: &str) {
        self.until_log(&format!("the log entry {part:?}"), |log| log.contains(part));
    }

    /// Waits until one line of the log has all of these in it.
    pub(crate) fn until_line(&mut self, parts: &[&str]) {
        let has_all = |line: &str| parts.iter().all(|part| line.contains(part));
        self.until_log(&format!("the log entry {parts:?}"), |log| log.lines().any(has_all));
    }

    /// Waits until the log is as it should be.
    pub(crate) fn until_log(&mut self, what: &str, mut is_right: impl FnMut(&str) -> bool) {
        let stderr = self.stderr.clone();
        self.until(what, || is_right(&read(&stderr)).then_some(()));
    }

    /// Waits until it has printed this.
    pub(crate) fn until_printed(&mut self, part: &str) {
        let stdout = self.stdout.clone();
        self.until(&format!("the output {part:?}"), || read(&stdout).contains(part).then_some(()));
    }

    /// What it printed as an error so far.
    pub(crate) fn log(&self) -> String {
        read(&self.stderr)
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        // Ended already is fine: then there is nobody to be asked.
        let _ = kill_process(self.pid(), signal);
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Finished {
        let Some(status) = poll(|| self.child.try_wait().unwrap()) else {
            panic!("the process does not end; the log is\n{}", self.log());
        };
        Finished { status, stdout: read(&self.stdout), stderr: self.log() }
    }

    /// Asks it to end as a service manager does, and waits for that.
    pub(crate) fn stop(self) -> Finished {
        self.signal(Signal::TERM);
        self.finish()
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        let begin = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if begin.elapsed() > GRACE {
                self.signal(Signal::KILL);
                let _ = self.child.wait();
                return;
            }
            sleep(LOOK);
        }
    }
}

impl Finished {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The exit code; a process that a signal ended has none, and fails the test.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().expect("it ended by itself")
    }

    /// What it printed, when it succeeded.
    pub(crate) fn succeeded(self) -> String {
        assert!(self.status.success(), "{self:?}");
        self.stdout
    }

    /// The one line that it printed as an error, when it failed with exit code 1.
    pub(crate) fn complaint(self) -> String {
        assert_eq!(self.status.code(), Some(1), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "one line is to be printed: {self:?}");
        self.stderr
    }
}

/// The real binary.
const PROGRAM: &str = env!("CARGO_BIN_EXE_zalouser");

/// Waits until `look` finds something, and gives that.
pub(crate) fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    poll(look).unwrap_or_else(|| panic!("{what} did not happen"))
}

/// Checks that a process has ended. One whose parent ended before has to be buried by the system first.
pub(crate) fn is_gone(pid: i32) {
    let found = || test_kill_process(Pid::from_raw(pid).unwrap());
    eventually(&format!("the end of process {pid}"), || (found() == Err(Errno::SRCH)).then_some(()));
}

/// The gateway's file with this channel section, and these settings of the shim.
pub(crate) fn config(channel: Value, settings: Value) -> Value {
    json!({
        "channels": { "zalouser": channel },
        "plugins": { "entries": { "zalouser": { "config": settings } } },
    })
}

/// Where all tests have their compiled components.
pub(crate) fn compiled() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled/zalouser/cache")
}

/// An agent that is this shell script. Its `$1` and so on are `arguments`.
pub(crate) fn shell(script: &str, arguments: &[&str]) -> Value {
    let mut command = vec!["/bin/sh", "-c", script, "agent"];
    command.extend(arguments);
    json!({ "kind": "command", "command": command })
}

/// Every file below a folder with its content, and every folder, by path.
pub(crate) fn snapshot(folder: &Path) -> String {
    let mut seen = String::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap()).collect();
        entries.sort_by_key(fs::DirEntry::path);
        for entry in entries {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let content = kind.is_file().then(|| fs::read(&path).unwrap());
            let modified = entry.metadata().unwrap().modified().unwrap();
            writeln!(seen, "{} {modified:?} {content:?}", path.display()).unwrap();
            if kind.is_dir() {
                folders.push(path);
            }
        }
    }
    seen
}

/// Makes a folder for this user alone, as the program does.
fn make_folder(path: &Path) {
    DirBuilder::new().recursive(true).mode(0o700).create(path).unwrap();
}

/// Looks again and again. None when patience is over.
fn poll<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    loop {
        match look() {
            None if begin.elapsed() < PATIENCE => sleep(LOOK),
            found => return found,
        }
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
}
