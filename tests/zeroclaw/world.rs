//! A world of its own for each test: a state folder, a simulated `zca`, the real `zalouser`, and a bridge.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// For how long something is waited for that has to happen. A test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is looked whether it has happened.
const LOOK: Duration = Duration::from_millis(20);

/// When the first message of a world was written, in milliseconds since the Unix epoch.
pub(crate) const BEGIN: u64 = 1_700_000_000_000;

/// A state folder, a home folder and a simulated `zca`.
pub(crate) struct World {
    folder: TempDir,
}

/// A bridge that runs. Ended when dropped.
pub(crate) struct Bridge {
    child: Child,
    log: PathBuf,
    /// Where it is, as `127.0.0.1:8787`.
    pub(crate) address: String,
    pub(crate) token: String,
}

/// The real program: the one that a variable names, or one that is built.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        std::env::var_os("ZALOUSER_BIN")
            .map_or_else(build, |named: OsString| fs::canonicalize(named).unwrap())
    })
}

fn build() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--package", "zalouser", "--message-format", "json-render-diagnostics"])
        .arg("--manifest-path")
        .arg(manifest)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "zalouser does not build");
    let messages = String::from_utf8(output.stdout).unwrap();
    let executable = |message: &str| {
        let message: Value = serde_json::from_str(message).ok()?;
        (message["target"]["name"] == "zalouser")
            .then(|| message["executable"].as_str().map(PathBuf::from))?
    };
    messages.lines().find_map(executable).unwrap()
}

impl World {
    /// One with this channel section.
    pub(crate) fn new(channel: &Value) -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        for name in ["home", "state", "zca/bin", "zca/profiles/default"] {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(world.path(name)).unwrap();
        }
        symlink(program(), world.path("zca/bin/zca")).unwrap();
        world.configure(channel);
        world
    }

    /// One where Alice is let in, and everybody in the group 5001.
    pub(crate) fn of_alice() -> Self {
        Self::new(&json!({ "allowFrom": ["111"], "groups": { "5001": {} }, "groupPolicy": "allowlist" }))
    }

    pub(crate) fn configure(&self, channel: &Value) {
        let settings = json!({ "pacing": { "enabled": false } });
        let config = json!({
            "channels": { "zalouser": channel },
            "plugins": { "entries": { "zalouser": { "config": settings } } },
        });
        fs::write(self.path("state/openclaw.json"), config.to_string()).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        for variable in ["CLAWDBOT_STATE_DIR", "OPENCLAW_CONFIG_PATH", "OPENCLAW_OAUTH_DIR", "ZCA_PROFILE"] {
            command.env_remove(variable);
        }
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.path("home"))
            .env("TZ", "UTC")
            .env("OPENCLAW_STATE_DIR", self.path("state"))
            .env("ZALOUSER_ZCA", self.path("zca/bin/zca"))
            .env("ZCA_SIMULATOR_HOME", self.path("zca"))
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end, and gives what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Writes both plugins for this bridge, and gives the folder that they are in.
    pub(crate) fn export(&self, bridge: &str) -> PathBuf {
        self.run(&["plugins", "export", "zeroclaw", "plugins", "--bridge", bridge]);
        self.path("plugins")
    }

    /// Starts a bridge on a port of its own, or on one where there was another.
    pub(crate) async fn bridge(&self, listen: &str) -> Bridge {
        let log = self.path("bridge.log");
        let child = self
            .command(&["bridge", "--listen", listen, "--verbose"])
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let token = self.path("state/zalouser/bridge-token");
        let mut bridge = Bridge { child, log, address: String::new(), token: String::new() };
        let address = bridge.logged("the bridge is at http://").await;
        bridge.address = address.split(';').next().unwrap().to_owned();
        bridge.token = fs::read_to_string(token).unwrap().trim().to_owned();
        bridge.logged(" listening").await;
        bridge
    }

    /// Lets somebody write, directly or in a group. The number makes it this message. A text that begins with `@Bot`
    /// mentions the account.
    pub(crate) fn say(&self, number: u64, sender: &str, name: &str, group: Option<&str>, text: &str) {
        let (thread, to) = (group.unwrap_or(sender), group.unwrap_or("999"));
        let chat = if group.is_some() { "group" } else { "user" };
        let seconds = BEGIN / 1_000 + number;
        let mention = json!({ "uid": "999", "pos": 0, "len": 4, "type": 0 });
        let mentions: Vec<_> = text.starts_with("@Bot").then_some(mention).into_iter().collect();
        let line = json!({
            "mentions": mentions,
            "threadId": thread, "targetId": thread, "conversationId": thread,
            "msgId": (7_000_000 + number).to_string(), "cliMsgId": (8_000_000 + number).to_string(),
            "content": text, "type": u8::from(group.is_some()), "timestamp": seconds, "msgType": "webchat",
            "metadata": {
                "isGroup": group.is_some(), "chatType": chat, "threadId": thread, "targetId": thread,
                "senderDisplayName": name, "senderId": sender, "fromId": sender, "toId": to,
                "msgType": "webchat", "timestamp": seconds,
            },
            "chatType": chat, "senderId": sender, "senderName": name, "senderDisplayName": name, "toId": to,
            "ts": (seconds * 1_000).to_string(),
        });
        self.say_raw(line.to_string().as_bytes());
    }

    /// Has the listener print a line that is this.
    pub(crate) fn say_raw(&self, line: &[u8]) {
        let inbox = self.path("zca/profiles/default/inbox.jsonl");
        let mut inbox = fs::OpenOptions::new().create(true).append(true).open(inbox).unwrap();
        // In one write: the listener reads meanwhile.
        inbox.write_all(&[line, b"\n"].concat()).unwrap();
    }

    pub(crate) fn alice(&self, number: u64, text: &str) {
        self.say(number, "111", "Alice", None, text);
    }

    /// What is to go wrong with `zca`.
    pub(crate) fn set_faults(&self, faults: &Value) {
        fs::write(self.path("zca/profiles/default/faults.json"), faults.to_string()).unwrap();
    }

    /// The texts that arrived on Zalo, each with where it went.
    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        let sent = fs::read_to_string(self.path("zca/profiles/default/sent.jsonl")).unwrap_or_default();
        let sent = sent.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        sent.map(|sent| (word(&sent["threadId"]), word(&sent["text"]))).collect()
    }
}

impl Bridge {
    /// Its address as a plugin is told it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What follows this in its log, once it is there.
    async fn logged(&mut self, part: &str) -> String {
        let (log, what) = (self.log.clone(), format!("the log entry {part:?}"));
        let found = eventually(&what, async || {
            let log = fs::read_to_string(&log).unwrap();
            assert!(self.child.try_wait().unwrap().is_none(), "the bridge has ended: {log}");
            log.split_once(part).map(|(_, after)| after.to_owned())
        });
        found.await
    }

    /// The texts of the messages that nobody confirmed.
    pub(crate) fn unconfirmed(&self) -> Vec<String> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let (address, token) = (&self.address, &self.token);
        let request = format!(
            "GET /v1/accounts/default/events?wait=0&limit=1000 HTTP/1.1\r\nHost: {address}\r\n\
             Authorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        let lines = body["events"].as_array().unwrap().iter().filter_map(|event| event["line"].as_str());
        let texts = lines.filter_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            Some(line["content"].as_str()?.to_owned())
        });
        texts.collect()
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let begin = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if begin.elapsed() > PATIENCE {
                let _ = self.child.kill();
            }
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits until `look` finds something, and gives that.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "{what} did not happen");
        tokio::time::sleep(LOOK).await;
    }
}
