//! The gateway's log file, and `logs`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::setting::Setting;

fn setting() -> Setting {
    Setting::with(json!({}), json!({ "kind": "echo" }))
}

fn log_file(setting: &Setting) -> PathBuf {
    setting.state().own().join("logs/gateway.log")
}

/// A setting with these lines in its log.
fn with_log(lines: &[&str]) -> Setting {
    let setting = setting();
    fs::create_dir_all(log_file(&setting).parent().unwrap()).unwrap();
    fs::write(log_file(&setting), lines.concat()).unwrap();
    setting
}

const LINES: [&str; 3] = [
    "{\"timestamp\":\"2026-11-21T22:01:38.5Z\",\"level\":\"INFO\",\"message\":\"listening\",\"account\":\"work\"}\n",
    "{\"timestamp\":\"2026-11-21T22:01:39.5Z\",\"level\":\"ERROR\",\"message\":\"\u{9b}2Jbad\",\"account\":\"home\"}\n",
    "{\"timestamp\":\"2026-11-21T22:01:40.5Z\",\"level\":\"WARN\",\"message\":\"odd\",\"account\":\"Work\"}\n",
];

#[test]
fn a_gateway_writes_its_log_for_its_owner_alone() {
    let setting = setting();
    let mut gateway = setting.gateway();
    gateway.until_logged("listening");
    assert!(gateway.stop().status.success());
    assert_eq!(fs::metadata(log_file(&setting)).unwrap().permissions().mode() & 0o777, 0o600);
    let log = fs::read_to_string(log_file(&setting)).unwrap();
    let entries: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let listening = entries.iter().find(|entry| entry["message"] == "listening").expect("it is there");
    assert_eq!((&listening["level"], &listening["account"]), (&json!("INFO"), &json!("default")));
    assert_eq!(entries.last().map(|entry| &entry["message"]), Some(&json!("stopped")));
}

#[test]
fn why_a_gateway_did_not_start_is_in_its_log_and_said_once() {
    let setting = setting();
    setting.write_config("{ channels: ");
    let finished = setting.run(&["gateway", "run"]);
    assert_eq!(finished.status.code(), Some(1));
    assert_eq!(finished.stderr.matches("openclaw.json").count(), 1, "{}", finished.stderr);
    let logged = setting.run(&["logs", "--level", "error"]).succeeded();
    assert!(logged.contains("ERROR") && logged.contains("openclaw.json"), "{logged}");
}

#[test]
fn a_log_is_shown_readably_and_harmlessly() {
    let out = with_log(&LINES).run(&["logs"]).succeeded();
    let expected = "2026-11-21T22:01:38Z  INFO work listening\n\
                    2026-11-21T22:01:39Z ERROR home \u{fffd}2Jbad\n\
                    2026-11-21T22:01:40Z  WARN Work odd\n";
    assert_eq!(out, expected);
}

#[test]
fn a_log_is_filtered() {
    let setting = with_log(&LINES);
    let cases: [(&[&str], &[&str]); 4] = [
        (&["--account", "WORK"], &["listening", "odd"]),
        (&["--level", "warn"], &["bad", "odd"]),
        (&["--level", "warn", "--account", "home"], &["bad"]),
        (&["--lines", "1"], &["odd"]),
    ];
    for (arguments, expected) in cases {
        let out = setting.run(&[&["logs"], arguments].concat()).succeeded();
        assert_eq!(out.lines().count(), expected.len(), "{arguments:?}\n{out}");
        for part in expected {
            assert!(out.contains(part), "{part:?} is missing for {arguments:?} in\n{out}");
        }
    }
}

#[test]
fn json_is_as_it_was_logged() {
    let out = with_log(&LINES).run(&["logs", "--json", "--lines", "1"]).succeeded();
    assert_eq!(out, LINES[2]);
}

#[test]
fn where_there_is_no_log_it_is_said_what_writes_one() {
    let complaint = setting().run(&["logs"]).complaint();
    assert!(complaint.contains("zalouser gateway run"), "{complaint}");
}

#[test]
fn a_log_is_followed_over_its_rotation_until_ctrl_c() {
    let setting = with_log(&LINES[..1]);
    let mut logs = setting.start(setting.command(&["logs", "--follow"]));
    logs.until_printed("listening");
    let path = log_file(&setting);
    fs::rename(&path, path.with_added_extension("1")).unwrap();
    fs::write(&path, LINES[2]).unwrap();
    logs.until_printed("odd");
    logs.signal(Signal::INT);
    let finished = logs.finish();
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    assert_eq!(finished.stdout.lines().count(), 2);
}
