//! `zalouser replay`, which tells what the current configuration makes of recorded lines.

use std::fs::File;

use serde_json::{Value, json};

use zalouser::simulator::Line;

use crate::setting::{Finished, Setting, config, snapshot};

const RAW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/listen-raw.txt");
const SUPERVISED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/listen-supervised.txt");

/// A setting in which of the two people in the recordings one is let in, and the other one's group is not.
fn setting() -> Setting {
    let setting = Setting::new();
    setting.configure(
        &json!({ "channels": { "zalouser": { "groupPolicy": "allowlist", "allowFrom": ["111"] } } }),
    );
    setting
}

fn records(finished: Finished) -> Vec<Value> {
    finished.succeeded().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn both_recordings_of_a_session_lead_to_the_same_decisions() {
    let setting = setting();
    let [raw, supervised] = [RAW, SUPERVISED].map(|file| setting.run(&["replay", file]).succeeded());
    assert_eq!(raw, supervised);
    let decisions: Vec<_> = raw.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    // By sender in both recordings: 111, 222 in a group, 111, 222, 111, 222, 111.
    assert_eq!(decisions, ["deliver", "drop", "deliver", "drop", "deliver", "drop", "deliver"]);

    let [raw, supervised] = [RAW, SUPERVISED].map(|file| records(setting.run(&["replay", "--json", file])));
    assert_eq!(raw, supervised);
}

#[test]
fn a_record_tells_outcome_reason_account_and_context() {
    let setting = setting();
    let records = records(setting.run(&["replay", "--json", RAW]));
    let told = |record: &Value| json!([record["outcome"], record["reason"], record["account"]]);
    assert_eq!(told(&records[0]), json!(["deliver", "sender-allowed", "default"]));
    assert_eq!(told(&records[1]), json!(["drop", "group-not-allowed", "default"]));
    assert_eq!(records[1]["context"], Value::Null);
    let context = &records[0]["context"];
    for (field, value) in [
        ("RawBody", json!("xin chào")),
        ("SenderId", json!("111")),
        ("SessionKey", json!("agent:main:zalouser:direct:111")),
        ("Timestamp", json!(1_700_000_001_000_u64)),
        ("MessageSid", json!("7001")),
    ] {
        assert_eq!(context[field], value, "{field}");
    }
    assert_eq!(records[4]["context"]["MediaUrls"].as_array().map(Vec::len), Some(3), "{}", records[4]);
}

#[test]
fn a_stranger_would_be_paired_and_whoever_was_paired_is_let_in() {
    let setting = Setting::new();
    let first = |setting: &Setting| {
        let record = records(setting.run(&["replay", "--json", RAW])).swap_remove(0);
        (record["outcome"].clone(), record["reason"].clone())
    };
    assert_eq!(first(&setting), (json!("pair"), json!("not-paired")));
    setting.store().allow("111").unwrap();
    assert_eq!(first(&setting), (json!("deliver"), json!("sender-paired")));
}

#[test]
fn nothing_is_changed_and_no_zca_is_run() {
    let setting = setting();
    setting.store().allow("111").unwrap();
    let before = snapshot(setting.state().root());
    for arguments in [&["replay", RAW][..], &["replay", "--json", SUPERVISED]] {
        setting.run(arguments).succeeded();
    }
    assert_eq!(snapshot(setting.state().root()), before);
    assert_eq!(setting.simulator.calls().unwrap(), []);
    assert_eq!(snapshot(&setting.path("home")), "", "the home folder was empty");
}

#[test]
fn a_dash_stands_for_standard_input() {
    let setting = setting();
    let mut command = setting.command(&["replay", "-"]);
    command.stdin(File::open(RAW).unwrap());
    let piped = setting.start(command).finish().succeeded();
    assert_eq!(piped, setting.run(&["replay", RAW]).succeeded());
}

#[test]
fn what_strangers_write_is_made_harmless_for_a_terminal() {
    let forged = "1\u{1b}[2J\u{9b}31m\r\ndeliver forged";
    let setting = Setting::new();
    setting.configure(&json!({ "channels": { "zalouser": { "dmPolicy": "open" } } }));
    let lines = || {
        [
            Line::direct(forged, forged, forged).ids(forged, forged),
            Line::direct("111", "Alice", "/new").ids(forged, forged),
            Line::group(forged, forged, forged, forged).ids(forged, forged),
            Line::group(forged, forged, forged, "/new").ids(forged, forged),
        ]
    };
    let file = setting.write("lines", lines().map(|line| line.to_json() + "\n").concat());
    let printed = setting.run(&["replay", &file]).succeeded();
    assert_eq!(printed.lines().count(), lines().len(), "{printed:?}");
    assert!(!printed.contains(|char: char| char.is_control() && char != '\n'), "{printed:?}");
}

#[test]
fn an_account_is_named_without_regard_to_case() {
    let setting = Setting::new();
    setting.configure(&json!({ "channels": { "zalouser": {
        "accounts": { "Home": { "dmPolicy": "open" }, "work": { "dmPolicy": "disabled" } },
    } } }));
    for (account, expected) in
        [("HOME", json!(["Home", "dm-open"])), ("work", json!(["work", "dm-disabled"]))]
    {
        let record = records(setting.run(&["replay", "--json", "--account", account, RAW])).swap_remove(0);
        assert_eq!(json!([record["account"], record["reason"]]), expected);
    }
    let complaint = setting.run(&["replay", "--account", "wrok", RAW]).complaint();
    for part in ["\"wrok\"", "Home", "work"] {
        assert!(complaint.contains(part), "{part} is missing in: {complaint}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let complaint = setting().run(&["replay", "/nonexistent/lines"]).complaint();
    assert!(complaint.contains("/nonexistent/lines"), "{complaint}");
}

#[test]
fn a_broken_configuration_is_told_as_a_whole() {
    let setting = Setting::new();
    let channel = json!({
        "dmPolicy": "opne",
        "allowForm": ["111"],
        "accounts": { "work": { "groupPolicy": "all" } },
    });
    setting.configure(&config(channel, json!({ "agent": { "kind": "ecko" } })));
    let finished = setting.run(&["replay", RAW]);
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    assert_eq!(finished.stdout, "", "nothing is decided under a broken configuration");
    for part in [
        "4 problems",
        "channels.zalouser.dmPolicy: \"opne\"",
        "\"open\"",
        "channels.zalouser.allowForm",
        "allowFrom",
        "channels.zalouser.accounts.work.groupPolicy: \"all\"",
        "plugins.entries.zalouser.config.agent.kind: \"ecko\"",
        "\"echo\"",
    ] {
        assert!(finished.stderr.contains(part), "{part} is missing in: {}", finished.stderr);
    }
}

#[test]
fn a_time_zone_that_is_not_known_costs_nobody_an_answer() {
    let setting = Setting::new();
    setting.configure(&json!({
        "channels": { "zalouser": { "dmPolicy": "open" } },
        "agents": { "defaults": { "envelopeTimezone": "Mars/Olympus" } },
    }));
    let finished = setting.run(&["replay", "--json", RAW]);
    assert!(finished.stderr.contains("Mars/Olympus"), "{finished:?}");
    let body = records(finished)[0]["context"]["Body"].clone();
    // 1,700,000,001 s after the epoch, as the reference writes UTC.
    assert_eq!(body, "[Zalo Personal Alice Tue 2023-11-14T22:13Z] xin chào");
}

#[test]
fn the_configuration_may_be_json5() {
    let setting = Setting::new();
    setting.write_config("{ // mine\n channels: { zalouser: { dmPolicy: 'open', }, }, }");
    let record = records(setting.run(&["replay", "--json", RAW])).swap_remove(0);
    assert_eq!(record["reason"], "dm-open");
}
