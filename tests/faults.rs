//! Faults injected into the real binary and what surrounds it, and what must hold all the same.
//!
//! `faults/README.md` lists them. What takes long is shortened unless `ZALOUSER_FAULTS` is `full`; then a
//! fault that this machine cannot inject fails its test instead of being left out.

mod agent;
mod calls;
mod clock;
mod host;
mod listener;
mod pairing_files;

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use zalouser::simulator::Line;

use crate::setting::{Running, Setting, config, eventually};

/// A setting whose `zca` is a script in front of the simulator.
struct Stage {
    setting: Setting,
    zca: String,
}

impl Stage {
    /// `cases` are those of a shell's `case "$*" in`, for calls that the script plays itself; all others are
    /// the simulator's, and so is what `exec "$real" "$@"` hands over to it. `once NAME` is true the first
    /// time.
    fn new(channel: Value, settings: Value, cases: &str) -> Self {
        let setting = Setting::new();
        setting.configure(&config(channel, settings));
        let zca = setting.path("zca.sh").to_str().unwrap().to_owned();
        let real = setting.simulator.program().display();
        let script = format!(
            "#!/bin/sh\nreal='{real}'\nonce() {{ mkdir \"$0.once-$1\" 2>/dev/null; }}\ncase \"$*\" in\n{cases}\nesac\nexec \"$real\" \"$@\"\n"
        );
        // Written by another process: as long as one that is being forked here has it open for writing, it
        // could not be run.
        let mut writer = Command::new("/bin/sh")
            .args(["-c", "cat >\"$1\" && chmod 755 \"$1\"", "sh", &zca])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        writer.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
        Self { setting, zca }
    }

    /// One where everybody is let in and answered with their own words.
    fn echo(cases: &str) -> Self {
        Self::new(open(), json!({ "agent": echo() }), cases)
    }

    /// The gateway on this `zca`, with the log as it is by default: a flood should not be one of log lines.
    fn command(&self) -> Command {
        self.setting.command(&["gateway", "run", "--zca", &self.zca])
    }

    fn gateway(&self) -> Running {
        self.setting.start(self.command())
    }
}

fn open() -> Value {
    json!({ "dmPolicy": "open" })
}

fn echo() -> Value {
    json!({ "kind": "echo" })
}

fn alice(text: &str) -> Line {
    Line::direct("111", "Alice", text)
}

fn bob(text: &str) -> Line {
    Line::direct("222", "Bob", text)
}

/// The texts that one thread was sent, in order.
fn texts_to(setting: &Setting, thread: &str) -> Vec<String> {
    setting.texts().into_iter().filter_map(|(to, text)| (to == thread).then_some(text)).collect()
}

/// Waits until one thread was sent that many texts, and checks that they are these and no more.
fn answered(gateway: &mut Running, setting: &Setting, thread: &str, texts: &[&str]) {
    gateway.until(&format!("the answer {texts:?}"), || {
        (texts_to(setting, thread).len() >= texts.len()).then_some(())
    });
    assert_eq!(texts_to(setting, thread), texts, "each is answered once; the log is\n{}", gateway.log());
}

/// Whether the long form of a test is wanted.
fn full() -> bool {
    env::var_os("ZALOUSER_FAULTS").is_some_and(|value| value == "full")
}

/// Says that a fault cannot be injected here, past the test harness, which keeps back what is printed.
fn leave_out(fault: &str, reason: &str) {
    assert!(!full(), "{fault} cannot be injected: {reason}");
    let _ = writeln!(std::io::stderr(), "\nNOT TESTED: {fault}: {reason}");
}

/// The most memory that a process has had, in KiB.
fn peak_kib(gateway: &Running) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Checks that a fault did not cost more memory than this, and prints what it cost.
fn memory_stayed(gateway: &Running, before: u64, most_kib: u64) {
    let after = peak_kib(gateway);
    println!("peak memory {before} KiB before, {after} KiB after");
    assert!(after.saturating_sub(before) <= most_kib, "{before} KiB became {after} KiB");
}

/// Stops a gateway, and checks that it ends well and leaves no process behind.
fn ends_well(gateway: Running, setting: &Setting) -> String {
    let finished = gateway.stop();
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    assert!(!finished.stderr.contains("panicked"), "{}", finished.stderr);
    nothing_runs(setting);
    finished.stderr
}

/// Waits until no process runs that belongs to a setting.
fn nothing_runs(setting: &Setting) {
    let mut left = Vec::new();
    eventually("the end of all processes", || {
        left = running_in(setting);
        left.is_empty().then_some(())
    });
}

/// The processes that belong to a setting: they inherit the variable that names its simulator.
fn running_in(setting: &Setting) -> Vec<(u32, String)> {
    let (variable, home) = setting.simulator.env();
    let mark = format!("{variable}={}", home.display());
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter_map(|id| {
        let process = Path::new("/proc").join(id.to_string());
        // One that ended in between, or belongs to somebody else, is none of ours.
        let environment = fs::read(process.join("environ")).ok()?;
        let ours = environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes());
        let line = ours.then(|| fs::read(process.join("cmdline")).ok())??;
        Some((id, String::from_utf8_lossy(&line).replace('\0', " ")))
    })
    .collect()
}

/// How many processes of a setting do nothing but sleep: what a fault left behind.
fn asleep(setting: &Setting) -> usize {
    running_in(setting).iter().filter(|(_, line)| line.starts_with("sleep")).count()
}
