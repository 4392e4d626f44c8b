//! `channels status`, the gateway's state that it reads, and `--version`.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zalouser::sandbox::SHIPPED;
use zalouser::simulator::{AuthFault, Faults, Line, ListenFault};

use crate::setting::{Finished, Running, Setting, config};

/// Who answers in these tests.
fn echo() -> Value {
    json!({ "kind": "echo" })
}

fn pairing() -> Setting {
    Setting::with(json!({}), echo())
}

/// What `channels status --json` says with these arguments, and its exit code.
fn status(setting: &Setting, arguments: &[&str]) -> (Value, Option<i32>) {
    let finished = setting.run(&[&["channels", "status", "--json"], arguments].concat());
    let report = serde_json::from_str(&finished.stdout).unwrap_or_else(|err| panic!("{err}: {finished:?}"));
    (report, finished.status.code())
}

fn issues(report: &Value) -> Vec<&str> {
    let issues = report["accounts"][0]["issues"].as_array().expect("a list");
    issues.iter().map(|issue| issue["message"].as_str().expect("a text")).collect()
}

/// Waits until the report has what is looked for, and gives it with the exit code.
fn until(
    gateway: &mut Running,
    setting: &Setting,
    what: &str,
    holds: impl Fn(&Value) -> bool,
) -> (Value, Option<i32>) {
    gateway.until(what, || Some(status(setting, &[])).filter(|(report, _)| holds(report)))
}

fn listens(report: &Value) -> bool {
    report["accounts"][0]["listener"]["state"] == "running"
}

fn status_file(setting: &Setting) -> std::path::PathBuf {
    setting.state().own().join("status.json")
}

#[test]
fn without_a_gateway_the_status_says_what_is_configured() {
    let (report, code) = status(&pairing(), &[]);
    assert_eq!(code, Some(0));
    assert_eq!(report["gateway"]["running"], false);
    let account = &report["accounts"][0];
    let expected = json!({
        "accountId": "default", "enabled": true, "profile": "default", "dmPolicy": "pairing",
        "listener": null, "loggedIn": null, "lastInboundAt": null,
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&account[name], value, "{name}");
    }
    assert_eq!(issues(&report), ["no gateway runs"]);
}

#[test]
fn a_running_gateway_says_how_its_accounts_are() {
    let setting = Setting::with(json!({ "allowFrom": ["111"] }), echo());
    let mut gateway = setting.gateway();
    setting.say(&[Line::direct("111", "Alice", "hi"), Line::direct("222", "Bob", "ho")]);
    let (report, code) = until(&mut gateway, &setting, "the answer", |report| {
        let counts = &report["accounts"][0]["counts"];
        listens(report) && counts["answer"]["sent"] == 1 && counts["offer"]["sent"] == 1
    });
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["gateway"]["running"], true);
    let account = &report["accounts"][0];
    assert_eq!(account["identity"], json!({ "userId": "999", "displayName": "Bot Nguyễn" }));
    assert_eq!(account["counts"]["deliver"], json!({ "sender-allowed": 1 }));
    assert_eq!(account["counts"]["pair"], json!({ "not-paired": 1 }));
    assert_eq!((&account["waiting"], &account["restarts"]), (&json!(0), &json!(0)));
    assert_eq!(issues(&report), [""; 0]);
    for time in ["lastInboundAt", "lastOutboundAt", "lastSignAt"] {
        assert!(account[time].is_u64(), "{time} is missing: {report:#}");
    }

    let text = setting.run(&["channels", "status"]).succeeded();
    for part in
        ["gateway     runs for", "logged in as Bot Nguyễn (999)", "runs for", "0 waiting", "sender-allowed 1"]
    {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    assert!(gateway.stop().status.success());
    assert!(!status_file(&setting).exists(), "it is removed at a clean stop");
}

#[test]
fn a_gateway_that_was_killed_is_not_taken_for_one_that_runs() {
    let setting = pairing();
    let mut gateway = setting.gateway();
    until(&mut gateway, &setting, "the listener", listens);
    gateway.signal(Signal::KILL);
    gateway.finish();
    assert!(status_file(&setting).exists(), "nobody removed it");
    let (report, code) = status(&setting, &[]);
    assert_eq!(code, Some(0), "it can run again");
    assert_eq!(report["gateway"]["running"], false);
    assert!(report["gateway"]["killedAfter"].is_u64(), "{report:#}");
    assert_eq!(report["accounts"][0]["listener"], Value::Null);
    assert_eq!(issues(&report), ["no gateway runs; the last one was killed"]);

    let mut next = setting.gateway();
    until(&mut next, &setting, "the next listener", listens);
}

#[test]
fn a_second_gateway_is_refused_and_told_who_runs() {
    let setting = pairing();
    let mut gateway = setting.gateway();
    until(&mut gateway, &setting, "the listener", listens);
    let complaint = setting.run(&["gateway", "run"]).complaint();
    let pid = status(&setting, &[]).0["gateway"]["pid"].as_u64().expect("a number");
    assert!(complaint.contains(&format!("process {pid} already runs")), "{complaint}");
    let log = fs::read_to_string(setting.state().own().join("logs/gateway.log")).unwrap();
    assert!(!log.contains("already runs"), "the log belongs to the first: {log}");
    assert!(status_file(&setting).exists(), "and so does the status");
}

#[test]
fn a_listener_that_ends_is_reported_with_the_reason() {
    let setting = pairing();
    let fault = |exit| ListenFault {
        exit: Some(exit),
        stderr: Some("Error: kicked".to_owned()),
        ..ListenFault::default()
    };
    setting.simulator.set_faults(&Faults { listen: vec![fault(1)], ..Faults::default() }).unwrap();
    let mut gateway = setting.gateway();
    let (report, code) = until(&mut gateway, &setting, "the restart", |report| {
        listens(report) && report["accounts"][0]["restarts"] == 1
    });
    assert_eq!(code, Some(0));
    let error = report["accounts"][0]["lastError"]["text"].as_str().expect("a text");
    assert!(error.contains("exit code 1") && error.contains("kicked"), "{error}");
}

#[test]
fn a_probe_asks_zca_and_says_as_whom_or_why_not() {
    let setting = pairing();
    let (report, code) = status(&setting, &["--probe"]);
    assert_eq!(code, Some(0));
    assert_eq!(report["accounts"][0]["loggedIn"], true);
    assert_eq!(report["accounts"][0]["identity"]["userId"], "999");

    let auth = AuthFault { logged_in: false };
    setting.simulator.set_faults(&Faults { auth, ..Faults::default() }).unwrap();
    let (report, code) = status(&setting, &["--probe"]);
    assert_eq!(code, Some(1));
    assert_eq!(report["accounts"][0]["loggedIn"], false);
    assert!(issues(&report)[0].starts_with("nobody is logged in: "), "{report:#}");
    let fix = &report["accounts"][0]["issues"][0]["fix"];
    assert_eq!(fix, "run: zalouser channels login --account default");
}

#[test]
fn without_a_probe_zca_is_not_started() {
    let setting = pairing();
    setting.run(&["channels", "status"]);
    assert_eq!(setting.simulator.calls().unwrap(), []);
}

#[test]
fn every_issue_is_told() {
    let setting = Setting::new();
    let accounts =
        json!({ "a": { "profile": "p" }, "b": { "profile": "p", "dmPolicy": "open", "allowFrom": ["*"] } });
    setting.configure(&config(json!({ "accounts": accounts }), json!({})));
    let (report, code) = status(&setting, &["--account", "B", "--zca", "/nonexistent/zca"]);
    assert_eq!(code, Some(1));
    assert_eq!(report["accounts"].as_array().map(Vec::len), Some(1), "only the one that was asked for");
    let told = issues(&report).join("\n");
    let parts = [
        "/nonexistent/zca is not there",
        "account a has the same",
        "no gateway runs",
        "no agent",
        "\"open\"",
    ];
    for part in parts {
        assert!(told.contains(part), "{part:?} is missing in\n{told}");
    }
}

#[test]
fn a_disabled_account_has_no_issues() {
    let setting = Setting::with(json!({ "enabled": false }), echo());
    let (report, code) = status(&setting, &[]);
    assert_eq!((issues(&report), code), (vec![], Some(0)));
}

#[test]
fn wrong_use_is_told_apart_from_failure() {
    let setting = pairing();
    let code = |arguments: &[&str]| {
        let Finished { status, .. } = setting.run(&[&["channels", "status"], arguments].concat());
        status.code()
    };
    assert_eq!(code(&["--account", "nobody"]), Some(1));
    assert_eq!(code(&["--channel", "telegram"]), Some(2));
    assert_eq!(code(&["--timeout", "0"]), Some(2));
    assert_eq!(code(&["--channel", "zalouser"]), Some(0));
}

#[test]
fn looking_leaves_no_trace_where_there_is_no_state() {
    let setting = Setting::new();
    let folder = setting.path("none");
    let mut command = setting.command(&["channels", "status"]);
    command.env("OPENCLAW_STATE_DIR", &folder);
    assert_eq!(setting.start(command).finish().status.code(), Some(0));
    assert!(!Path::new(&folder).exists());
}

#[test]
fn the_version_identifies_the_component() {
    let version = Setting::new().run(&["--version"]).succeeded();
    let sha256 = format!("{:x}", Sha256::digest(SHIPPED));
    let number = env!("CARGO_PKG_VERSION");
    assert_eq!(version, format!("zalouser {number} (guest {number}, sha256 {sha256})\n"));
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Setting::new().run(&["completions", shell]).succeeded();
        assert!(script.contains("channels"), "{shell}");
    }
}
