//! The side that has children: it starts the watchdog and tells it of them.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::notice::{Group, MARK, Notice, Wards};

/// The one of this process, if it has one.
static KEEPER: OnceLock<Mutex<Keeper>> = OnceLock::new();

/// Keeps a watchdog, and what it has to know.
struct Keeper {
    /// This program, if the system says where it is.
    program: io::Result<PathBuf>,
    /// Tells the marks of this process's groups from those of any other.
    name: String,
    helper: Option<Helper>,
    /// Whether it was said that there is none.
    lamented: bool,
    next: u64,
    wards: Wards,
}

/// The watchdog's process. Dropped, it is killed: what it was told of is not to be ended.
struct Helper(Child);

/// One group that the watchdog is told of. Dropped, the group is over. Without a watchdog it is nothing.
pub(crate) struct Ward(Option<u64>);

/// Has all groups watched that are started from now on. `program` is a file of this program, of which the
/// watchdog is a process. It is not started before there is something to watch.
pub(crate) fn enable(program: io::Result<PathBuf>) {
    let keeper = Keeper {
        program,
        name: format!("{:016x}", rand::random::<u64>()),
        helper: None,
        lamented: false,
        next: 0,
        wards: Wards::default(),
    };
    // A second one would know nothing that the first does not.
    let _ = KEEPER.set(Mutex::new(keeper));
}

impl Ward {
    /// Announces a group that `command` is about to start.
    pub(crate) fn expect(command: &mut tokio::process::Command) -> Self {
        let Some(mut keeper) = keeper() else { return Self(None) };
        let number = keeper.next;
        keeper.next += 1;
        keeper.tell(Notice::Expected(number));
        command.env(MARK, format!("{}-{number}", keeper.name));
        Self(Some(number))
    }

    /// It was started, and its leader is not buried yet.
    pub(crate) fn started(&self, leader: i32) {
        if let (Some(number), Some(mut keeper)) = (self.0, keeper()) {
            keeper.tell(Notice::Started(number, Group::of(leader)));
        }
    }
}

impl Drop for Ward {
    fn drop(&mut self) {
        if let (Some(number), Some(mut keeper)) = (self.0, keeper()) {
            keeper.tell(Notice::Over(number));
        }
    }
}

fn keeper() -> Option<MutexGuard<'static, Keeper>> {
    Some(KEEPER.get()?.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Keeper {
    fn tell(&mut self, notice: Notice) {
        self.wards.take(notice);
        if self.helper.as_mut().is_some_and(|helper| helper.tell([notice]).is_ok()) {
            return;
        }
        // Gone already, or of no use.
        self.helper = None;
        if self.wards.is_empty() {
            return;
        }
        match self.start() {
            Ok(helper) => self.helper = Some(helper),
            Err(err) if !self.lamented => {
                self.lamented = true;
                tracing::warn!(
                    "no watchdog can be started; should this process be killed, its children go on: {err}"
                );
            }
            Err(_) => {}
        }
    }

    fn start(&self) -> io::Result<Helper> {
        let program = self.program.as_ref().map_err(|err| io::Error::other(err.to_string()))?;
        let mut command = Command::new(program);
        command.args(["watchdog", &self.name]).current_dir("/").process_group(0);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut helper = Helper(child);
        let pipe = &*helper.pipe()?;
        // A watchdog that does not read is as good as none, and must not hold up its keeper.
        fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
        helper.tell(self.wards.notices())?;
        Ok(helper)
    }
}

impl Helper {
    fn tell(&mut self, notices: impl IntoIterator<Item = Notice>) -> io::Result<()> {
        let lines: String = notices.into_iter().map(|notice| format!("{notice}\n")).collect();
        self.pipe()?.write_all(lines.as_bytes())
    }

    fn pipe(&mut self) -> io::Result<&mut ChildStdin> {
        self.0.stdin.as_mut().ok_or_else(|| io::Error::other("the watchdog has no pipe"))
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // An error says that it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
