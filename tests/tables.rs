//! What commands print for people, as a whole: aligned, in plain words, and with the mend.
//!
//! What differs from run to run has a name in square brackets; ages are hours and minutes, which stay.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use zalouser::gateway::presence::Presence;
use zalouser::simulator::{CallFault, Faults, HelpFault, Line};

use crate::directory::world;
use crate::setting::{Finished, Setting};

/// Two accounts in order, and one that has another's profile.
const CONFIG: &str = r#"{
    channels: { zalouser: {
        allowFrom: ["111"],
        groupPolicy: "disabled",
        accounts: {
            default: { name: "Mother" },
            work: { profile: "job", dmPolicy: "open" },
            spare: { profile: "job" },
            old: { enabled: false },
        },
    } },
    plugins: { entries: { zalouser: { config: { agent: { kind: "echo" } } } } },
}"#;

/// All that a command printed, and how it ended.
fn shown(setting: &Setting, finished: &Finished) -> String {
    let text = format!(
        "{}{}{}[exit code {}]\n",
        finished.stdout,
        if finished.stderr.is_empty() { "" } else { "[stderr]\n" },
        finished.stderr,
        finished.code()
    );
    let text = text.replace(setting.path("").to_str().unwrap(), "[folder]/");
    let text = text.replace(&format!("process {}", std::process::id()), "process [gateway]");
    text.replace(env!("CARGO_PKG_VERSION"), "[version]")
}

fn run(setting: &Setting, arguments: &[&str]) -> String {
    let line = shlex::try_join(arguments.iter().copied()).unwrap();
    format!("$ zalouser {line}\n{}", shown(setting, &setting.run(arguments)))
}

/// Each of these commands after the other.
fn session(setting: &Setting, commands: &[&[&str]]) -> String {
    commands.iter().map(|arguments| run(setting, arguments)).collect::<Vec<_>>().join("\n")
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

/// That many minutes ago and half a one, so that it is as many while the test runs.
fn minutes_ago(minutes: u64) -> u64 {
    now_ms() - minutes * 60_000 - 30_000
}

#[test]
fn accounts() {
    let setting = Setting::with_config(CONFIG);
    insta::assert_snapshot!(session(&setting, &[&["channels", "list"], &["channels", "status"]]));
}

#[test]
fn accounts_of_a_running_gateway() {
    let setting = Setting::with_config(CONFIG);
    let _gateway = Presence::claim(&setting.state()).unwrap();
    let identity = json!({ "userId": "999", "displayName": "Bot Nguyễn" });
    let running = json!({
        "profile": "default",
        "identity": identity,
        "listener": { "state": "running", "pid": 4711, "since": minutes_ago(3 * 60) },
        "restarts": 2,
        "lastSignAt": minutes_ago(1),
        "lastEnd": { "at": minutes_ago(3 * 60), "text": "the listener ended with exit code 1" },
        "lastInboundAt": minutes_ago(12),
        "lastOutboundAt": minutes_ago(11),
        "waiting": 1,
        "counts": {
            "deliver": { "sender-allowed": 20, "mentioned": 3 },
            "drop": { "own-message": 23, "not-mentioned": 140 },
            "answer": { "sent": 21, "failed": 1 },
        },
        "lastError": { "at": minutes_ago(200), "text": "the agent did not answer: it took longer than 120 s" },
    });
    let refused = json!({
        "profile": "job",
        "listener": { "state": "notStarted" },
        "lastError": { "at": minutes_ago(3 * 60), "text": "account work is not logged in (Profile job: not logged in)" },
    });
    let ended = json!({
        "at": minutes_ago(1), "text": "the listener ended with exit code 1; before that it said: Error: no route",
    });
    let waiting = json!({
        "profile": "job",
        "listener": { "state": "waiting", "until": now_ms() + 3_630_000 },
        "lastEnd": ended,
        "lastError": ended,
    });
    let status = json!({
        "version": 1, "pid": std::process::id(), "program": "0", "startedAt": minutes_ago(26 * 60),
        "writtenAt": now_ms(),
        "accounts": { "default": running, "work": refused, "spare": waiting },
    });
    setting.write_state("zalouser/status.json", &status.to_string());
    insta::assert_snapshot!(run(&setting, &["channels", "status"]));
}

#[test]
fn accounts_that_were_asked_and_a_zca_that_is_missing() {
    let setting = Setting::with_config(CONFIG);
    insta::assert_snapshot!(session(
        &setting,
        &[
            &["channels", "status", "--probe"],
            &["channels", "status", "--account", "default", "--zca", "/nowhere/zca"]
        ]
    ));
}

#[test]
fn people_and_groups() {
    let setting = Setting::new();
    let friends = [("111", "Trần Nguyễn An"), ("2222222222", "李明"), ("333", "\u{1b}[2JEve\n"), ("444", "")];
    setting.simulator.set_world(&world(&friends, &[("5001", "Họ Nhà"), ("5002", "Work Chat")])).unwrap();
    insta::assert_snapshot!(session(
        &setting,
        &[
            &["directory", "self"],
            &["directory", "peers", "list"],
            &["directory", "peers", "list", "--query", "zoe"],
            &["directory", "groups", "list"],
            &["directory", "groups", "members", "--group-id", "5001"],
        ]
    ));
}

#[test]
fn who_waits_to_be_paired() {
    let setting = Setting::with_config(CONFIG);
    let mut times = Vec::new();
    let mut request = |id: &str, code: &str, name: Value, minutes: i64| {
        let time = Timestamp::now() - SignedDuration::from_mins(minutes) - SignedDuration::from_secs(30);
        let time = format!("{time:.3}");
        times.push(time.replace('T', " ").split('.').next().unwrap().to_owned());
        json!({ "id": id, "code": code, "createdAt": time, "lastSeenAt": time, "meta": name })
    };
    let requests = [
        request("111", "ABCD2345", json!({ "name": "Nguyễn Lan" }), 5),
        request("2222222222", "WXYZ6789", json!({}), 40),
    ];
    let requests = json!({ "version": 1, "requests": requests }).to_string();
    setting.write_state("credentials/zalouser-pairing.json", &requests);
    setting.write_state("credentials/zalouser-work-pairing.json", &requests);
    setting.write_state("credentials/zalouser-allowFrom.json", r#"{"version":1,"allowFrom":["900","901"]}"#);
    let mut shown = session(
        &setting,
        &[
            &["pairing", "list"],
            &["pairing", "list", "--account", "spare"],
            &["pairing", "approve", "ABCD2345"],
        ],
    );
    for time in times {
        shown = shown.replace(&time, "[date and time]");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn findings_of_the_doctor() {
    let setting = Setting::with_config(CONFIG);
    setting.simulator.with_profile("job").unwrap();
    let help = HelpFault { supervised: false };
    setting.simulator.set_faults(&Faults { help, ..Faults::default() }).unwrap();
    let shown = run(&setting, &["doctor"]);
    let (before, clock) = shown.split_once("clock: it is ").expect("it tells the time");
    let (_, after) = clock.split_once(',').expect("and more");
    insta::assert_snapshot!(format!("{before}clock: it is [now],{after}"));
}

#[test]
fn messages_sent_in_part_and_commands_not_run() {
    let setting = Setting::with_config("{ channels: { zalouser: { textChunkLimit: 12 } } }");
    let fault = CallFault {
        matching: Some("third".to_owned()),
        exit: Some(1),
        stderr: Some("Error: no route".to_owned()),
        ..CallFault::default()
    };
    setting.simulator.set_faults(&Faults { send: vec![fault], ..Faults::default() }).unwrap();
    let to = |text| ["message", "send", "--target", "group:5001", "--message", text];
    let long = to("first second third fourth");
    insta::assert_snapshot!(session(
        &setting,
        &[&to("hello"), &to("first second"), &to("third"), &long, &[&long[..], &["--dry-run"]].concat()]
    ));
}

#[test]
fn recorded_lines_and_what_is_made_of_them() {
    let setting = Setting::with_config(CONFIG);
    let lines = [
        Line::direct("111", "Lan", "xin chào").ids("7001", "1"),
        Line::direct("222", "Bob\u{1b}[2J", "let me in").ids("7002", "2"),
        Line::group("5001", "111", "Lan", "hello").ids("7003", "3"),
    ];
    let text = lines.iter().map(|line| line.to_json() + "\n").collect::<String>()
        + "no JSON\n{\"msgId\":\"7004\"}\n";
    setting.write("lines.txt", text);
    insta::assert_snapshot!(run(&setting, &["replay", "lines.txt"]));
}

#[test]
fn entries_of_the_log() {
    let setting = Setting::with_config(CONFIG);
    let entries = [
        json!({ "timestamp": "2026-11-21T22:01:38.5Z", "level": "INFO", "message": "listening", "account": "default", "pid": 7 }),
        json!({ "timestamp": "2026-11-21T22:01:39.5Z", "level": "WARN", "message": "zca: slow", "account": "work" }),
        json!({ "timestamp": "2026-11-21T22:01:40.5Z", "level": "ERROR", "message": "the agent did not answer", "account": "default", "thread": "111" }),
        json!({ "timestamp": "2026-11-21T22:01:41.5Z", "level": "INFO", "message": "stopping" }),
    ];
    let lines = entries.map(|entry| entry.to_string() + "\n").concat();
    std::fs::create_dir_all(setting.state().own().join("logs")).unwrap();
    setting.write_state("zalouser/logs/gateway.log", &lines);
    insta::assert_snapshot!(session(
        &setting,
        &[&["logs"], &["logs", "--level", "warn", "--account", "default"]]
    ));
}

#[test]
fn actions_of_the_tool() {
    insta::assert_snapshot!(run(&Setting::new(), &["tool", "describe"]));
}
