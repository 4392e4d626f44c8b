//! `listen`: prints what people write, until something goes wrong.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::args::Invocation;
use super::faults::ListenFault;
use super::state::{ListenEvent, Profile, now_ms};
use super::{Exit, Stop, Streams, files};

/// How often the inbox is looked at.
const POLL: Duration = Duration::from_millis(10);

/// How often a supervised listener says that it is alive, unless it is told otherwise.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// With what a connection is closed. The code is that of one that broke; the reason is the recording's.
const CLOSED: (u16, &str) = (1006, "x");

/// Listens until it is told to stop or a fault ends it, and tells the exit code.
pub(super) async fn listen(
    call: &Invocation,
    profile: &Profile,
    argv: &[String],
    streams: &mut Streams<'_>,
    stop: Stop<'_>,
) -> Result<u8, Exit> {
    let heartbeat = match call.options.value("--heartbeat-ms") {
        Some(value) => Duration::from_millis(
            value
                .parse()
                .map_err(|_| Exit::failure("Error: --heartbeat-ms must be a number of milliseconds"))?,
        ),
        None => HEARTBEAT,
    };
    profile.require_login()?;
    let _ownership = profile.own()?.map_err(|pid| {
        let name = profile.name();
        Exit::failure(format!("Error: Another openzca listener already owns profile \"{name}\" (pid {pid})."))
    })?;
    profile.log_listen(argv, ListenEvent::Start)?;
    let mut session = Session {
        profile,
        streams,
        inbox: Inbox::open(profile)?,
        session_id: format!("{:x}-{:08x}", now_ms(), std::process::id()),
        lifecycle: call.options.has("--supervised") && call.options.has("--raw"),
        heartbeat,
        silent: false,
        ignores_term: false,
    };
    let ended = session.run(profile.take_listen_fault()?, stop).await;
    profile.log_listen(argv, ListenEvent::Exit { code: *ended.as_ref().unwrap_or(&1) })?;
    Ok(ended?)
}

/// A listener that owns its profile.
struct Session<'a, 's> {
    profile: &'a Profile,
    streams: &'a mut Streams<'s>,
    inbox: Inbox,
    session_id: String,
    /// Whether it tells how it is.
    lifecycle: bool,
    heartbeat: Duration,
    silent: bool,
    ignores_term: bool,
}

/// What a listener says of itself.
#[derive(Serialize)]
struct Lifecycle<'a> {
    kind: &'static str,
    event: &'static str,
    session_id: &'a str,
    profile: &'a str,
    /// In seconds since the Unix epoch.
    timestamp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl Session<'_, '_> {
    async fn run(&mut self, mut fault: Option<ListenFault>, mut stop: Stop<'_>) -> io::Result<u8> {
        if let Some(early) = fault.take_if(|fault| fault.early) {
            tokio::time::sleep(Duration::from_millis(early.after_ms)).await;
            if let Some(code) = self.strike(&early)? {
                return Ok(code);
            }
        }
        self.print("Listening... Press Ctrl+C to stop.")?;
        self.tell("session_id", None)?;
        self.print("Connected to Zalo websocket.")?;
        self.tell("connected", None)?;

        let connected = Instant::now();
        let mut next_heartbeat = connected + self.heartbeat;
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopped = false;
        loop {
            tokio::select! {
                biased;
                code = stop.as_mut(), if !stopped => {
                    if !self.ignores_term {
                        return Ok(code);
                    }
                    stopped = true;
                }
                _ = poll.tick() => {}
            }
            if self.profile.is_abandoned() {
                return Ok(1);
            }
            if self.silent {
                continue;
            }
            while let Some(line) = self.inbox.next_line()? {
                self.print_bytes(&line)?;
                self.inbox.advance(line.len())?;
            }
            if Instant::now() >= next_heartbeat {
                self.tell("heartbeat", None)?;
                next_heartbeat = Instant::now() + self.heartbeat;
            }
            let is_due =
                |fault: &mut ListenFault| connected.elapsed() >= Duration::from_millis(fault.after_ms);
            if let Some(fault) = fault.take_if(is_due)
                && let Some(code) = self.strike(&fault)?
            {
                return Ok(code);
            }
        }
    }

    /// Suffers a fault, and tells the exit code if that is the end.
    fn strike(&mut self, fault: &ListenFault) -> io::Result<Option<u8>> {
        for line in &fault.lines {
            self.print(line)?;
        }
        if let Some(complaint) = &fault.stderr {
            writeln!(self.streams.err, "{complaint}")?;
        }
        self.silent = fault.silent;
        self.ignores_term = fault.ignore_term;
        if fault.exit == Some(0) {
            let (code, reason) = CLOSED;
            self.print(&format!("Listener closed ({code}) {reason}"))?;
            self.tell("closed", Some(CLOSED))?;
        }
        Ok(fault.exit)
    }

    fn tell(&mut self, event: &'static str, closed: Option<(u16, &'static str)>) -> io::Result<()> {
        if !self.lifecycle {
            return Ok(());
        }
        let line = serde_json::to_string(&Lifecycle {
            kind: "lifecycle",
            event,
            session_id: &self.session_id,
            profile: self.profile.name(),
            timestamp: now_ms() / 1000,
            code: closed.map(|(code, _)| code),
            reason: closed.map(|(_, reason)| reason),
        })?;
        self.print(&line)
    }

    fn print(&mut self, line: &str) -> io::Result<()> {
        self.print_bytes(format!("{line}\n").as_bytes())
    }

    fn print_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.silent {
            return Ok(());
        }
        self.streams.out.write_all(bytes)?;
        self.streams.out.flush()
    }
}

/// What people wrote, and how much of it was printed by this listener and those before it.
struct Inbox {
    lines: File,
    position: File,
    printed: u64,
    /// Bytes that were read and not yet printed.
    pending: Vec<u8>,
}

impl Inbox {
    fn open(profile: &Profile) -> io::Result<Self> {
        let mut position = files::open(&profile.file("inbox.position"))?;
        let mut text = String::new();
        position.read_to_string(&mut text)?;
        let printed = text.trim().parse().unwrap_or(0);
        let mut lines = files::open(&profile.file("inbox.jsonl"))?;
        lines.seek(SeekFrom::Start(printed))?;
        Ok(Self { lines, position, printed, pending: Vec::new() })
    }

    /// The next line with its end; none when there is none, or only the beginning of one.
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let end = |bytes: &[u8]| bytes.iter().position(|byte| *byte == b'\n');
        if end(&self.pending).is_none() && self.lines.read_to_end(&mut self.pending)? == 0 {
            return Ok(None);
        }
        Ok(end(&self.pending).map(|end| self.pending.drain(..=end).collect()))
    }

    /// Writes down that a line of this length was printed: a listener that dies now is followed by one
    /// that goes on behind it.
    fn advance(&mut self, length: usize) -> io::Result<()> {
        self.printed = self.printed.saturating_add(length as u64);
        self.position.rewind()?;
        self.position.write_all(format!("{:020}", self.printed).as_bytes())
    }
}
