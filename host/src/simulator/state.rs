//! The simulator's folder: what the processes that play `zca` share, and what they leave for a test to read.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::faults::{CallFault, Faults, ListenFault};
use super::world::World;
use super::{Exit, files};

/// A process that was started.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// When, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Its process id.
    pub pid: u32,
    /// Its arguments, without the program's name.
    pub argv: Vec<String>,
}

/// A message that arrived on Zalo.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// When, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// The arguments of the call that sent it.
    pub argv: Vec<String>,
    /// What it is.
    pub kind: SentKind,
    /// Where it went.
    pub thread_id: String,
    /// Whether that is a group.
    pub group: bool,
    /// What it says; only a text has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What it says beside the media.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The link or the media: a URL, a path, or the id of a sticker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its id: unique, and within a kind larger than all before.
    pub msg_id: u64,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are named like the commands")]
pub enum SentKind {
    Text,
    Image,
    Video,
    Voice,
    Upload,
    Link,
    Sticker,
}

/// What became of a listener.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listen {
    /// When, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Its process id.
    pub pid: u32,
    /// Its arguments, without the program's name.
    pub argv: Vec<String>,
    /// What happened.
    #[serde(flatten)]
    pub event: ListenEvent,
}

/// What happens to a listener. One that is killed leaves no trace of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum ListenEvent {
    /// It owns the profile from now on.
    Start,
    /// It ended.
    Exit {
        /// With this exit code.
        code: u8,
    },
}

/// The whole folder.
#[derive(Clone, Debug)]
pub(super) struct Home {
    root: PathBuf,
}

/// One profile's part of it.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    home: Home,
    name: String,
    folder: PathBuf,
}

/// Keeps all other processes from changing anything until it is dropped, or its process dies.
struct Lock {
    _file: File,
}

/// Makes its process the one listener of a profile until it is dropped, or the process dies.
#[derive(Debug)]
pub(super) struct Ownership {
    _file: File,
}

impl Home {
    /// The folder at `root`, which exists.
    pub(super) fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Finds a profile; none when it does not exist.
    pub(super) fn profile(&self, name: &str) -> io::Result<Option<Profile>> {
        match self.profile_folder(name) {
            Ok(folder) if folder.is_dir() => {
                Ok(Some(Profile { home: self.clone(), name: name.to_owned(), folder }))
            }
            Ok(_) if name == "default" => self.create_profile(name).map(Some),
            _ => Ok(None),
        }
    }

    /// Makes a profile, unless it exists. Fails when the name is not that of a folder.
    pub(super) fn create_profile(&self, name: &str) -> io::Result<Profile> {
        let folder = self.profile_folder(name)?;
        fs::create_dir_all(&folder)?;
        Ok(Profile { home: self.clone(), name: name.to_owned(), folder })
    }

    /// Writes down that this process was started.
    pub(super) fn log_call(&self, argv: &[String]) -> io::Result<()> {
        let call = Call { time_ms: now_ms(), pid: std::process::id(), argv: argv.to_vec() };
        files::append(&self.root.join("calls.jsonl"), &call)
    }

    /// All processes that were started.
    pub(super) fn calls(&self) -> io::Result<Vec<Call>> {
        files::read_log(&self.root.join("calls.jsonl"))
    }

    fn profile_folder(&self, name: &str) -> io::Result<PathBuf> {
        let mut components = Path::new(name).components();
        match (components.next(), components.next()) {
            (Some(Component::Normal(only)), None) if only == name => {
                Ok(self.root.join("profiles").join(name))
            }
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("profile {name:?}: a name cannot be a path"),
            )),
        }
    }

    fn lock(&self) -> io::Result<Lock> {
        let file = files::open(&self.root.join("lock"))?;
        file.lock()?;
        Ok(Lock { _file: file })
    }

    /// The next of the numbers from 1 on, each of which is taken once.
    fn take_number(&self, _lock: &Lock) -> io::Result<u64> {
        let path = self.root.join("last-number.json");
        let number = files::read(&path)?.unwrap_or(0_u64).saturating_add(1);
        files::replace(&path, &number)?;
        Ok(number)
    }
}

impl Profile {
    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its file of this name.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The world behind it.
    pub(super) fn world(&self) -> io::Result<World> {
        Ok(files::read(&self.file("world.json"))?.unwrap_or_default())
    }

    /// Replaces the world behind it.
    pub(super) fn set_world(&self, world: &World) -> io::Result<()> {
        files::replace(&self.file("world.json"), world)
    }

    /// What is to go wrong.
    pub(super) fn faults(&self) -> io::Result<Faults> {
        Ok(files::read(&self.file("faults.json"))?.unwrap_or_default())
    }

    /// Replaces what is to go wrong.
    pub(super) fn set_faults(&self, faults: &Faults) -> io::Result<()> {
        let _lock = self.home.lock()?;
        files::replace(&self.file("faults.json"), faults)
    }

    /// Takes the fault of the listener that starts now off the queue.
    pub(super) fn take_listen_fault(&self) -> io::Result<Option<ListenFault>> {
        let _lock = self.home.lock()?;
        let mut faults = self.faults()?;
        if faults.listen.is_empty() {
            return Ok(None);
        }
        let fault = faults.listen.remove(0);
        files::replace(&self.file("faults.json"), &faults)?;
        Ok(Some(fault))
    }

    /// Takes the fault that is meant for a call with these arguments, from one of the lists.
    pub(super) fn take_call_fault(
        &self,
        argv: &[String],
        list: impl Fn(&mut Faults) -> &mut Vec<CallFault>,
    ) -> io::Result<Option<CallFault>> {
        let _lock = self.home.lock()?;
        let mut faults = self.faults()?;
        let is_due = |fault: &&mut CallFault| fault.times != Some(0) && fault.is_for(argv);
        let Some(fault) = list(&mut faults).iter_mut().find(is_due) else { return Ok(None) };
        let taken = fault.clone();
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            files::replace(&self.file("faults.json"), &faults)?;
        }
        Ok(Some(taken))
    }

    /// Whether the session holds.
    pub(super) fn is_logged_in(&self) -> io::Result<bool> {
        Ok(self.world()?.logged_in && self.faults()?.auth.logged_in)
    }

    /// Ends the call when there is no session.
    pub(super) fn require_login(&self) -> Result<(), Exit> {
        if self.is_logged_in()? {
            return Ok(());
        }
        let name = &self.name;
        Err(Exit::failure(format!("Error: Profile \"{name}\" has no credentials. Run: auth login")))
    }

    /// Lets a message arrive. `first_id` is the id that its kind would have as the very first message.
    pub(super) fn deliver(&self, first_id: u64, mut message: Sent) -> io::Result<u64> {
        let lock = self.home.lock()?;
        message.msg_id = first_id.saturating_sub(1).saturating_add(self.home.take_number(&lock)?);
        message.time_ms = now_ms();
        files::append(&self.file("sent.jsonl"), &message)?;
        Ok(message.msg_id)
    }

    /// All messages that arrived.
    pub(super) fn sent(&self) -> io::Result<Vec<Sent>> {
        files::read_log(&self.file("sent.jsonl"))
    }

    /// Appends what `listen` is to print: `line` is given a number that no other message has.
    pub(super) fn receive(&self, line: impl FnOnce(u64) -> String) -> io::Result<()> {
        let lock = self.home.lock()?;
        let line = line(self.home.take_number(&lock)?) + "\n";
        files::append_bytes(&self.file("inbox.jsonl"), line.as_bytes())
    }

    /// Writes down what became of a listener.
    pub(super) fn log_listen(&self, argv: &[String], event: ListenEvent) -> io::Result<()> {
        let listen = Listen { time_ms: now_ms(), pid: std::process::id(), argv: argv.to_vec(), event };
        files::append(&self.file("listens.jsonl"), &listen)
    }

    /// What became of all listeners.
    pub(super) fn listens(&self) -> io::Result<Vec<Listen>> {
        files::read_log(&self.file("listens.jsonl"))
    }

    /// Makes this process the one listener, or tells the id of the process that is.
    pub(super) fn own(&self) -> io::Result<Result<Ownership, u32>> {
        let _lock = self.home.lock()?;
        let mut file = files::open(&self.file("listener.pid"))?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                file.write_all(std::process::id().to_string().as_bytes())?;
                Ok(Ok(Ownership { _file: file }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                file.rewind()?;
                file.read_to_string(&mut pid)?;
                Ok(Err(pid.parse().unwrap_or(0)))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether a listener runs.
    pub(super) fn has_listener(&self) -> io::Result<bool> {
        let _lock = self.home.lock()?;
        let file = files::open(&self.file("listener.pid"))?;
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether its folder is gone: nobody will come to end a process that works on it.
    pub(super) fn is_abandoned(&self) -> bool {
        !self.folder.is_dir()
    }

    /// Waits until the folder is gone.
    pub(super) async fn abandoned(&self) {
        while !self.is_abandoned() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The time, in milliseconds since the Unix epoch.
pub(super) fn now_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
