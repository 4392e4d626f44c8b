//! Faults of the files that are shared with OpenClaw, while the gateway runs.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::json;
use zalouser::simulator::Line;

use super::{Stage, alice, answered, bob, echo, ends_well, texts_to};
use crate::setting::{Running, Setting, eventually};

const REQUESTS: &str = "credentials/zalouser-pairing.json";
const PAIRED: &str = "credentials/zalouser-allowFrom.json";

/// What may be in a file that was damaged, and what is to be said of it.
const DAMAGED: [(&str, &[u8]); 4] = [
    ("truncated", b"{\n  \"version\": 1,\n  \"reques"),
    ("empty", b""),
    ("not text", b"{\"version\":1,\"requests\":[\"\xff\xfe\"]}"),
    ("of another shape", b"[1, 2, 3]"),
];

/// A stage where strangers are paired, and Bob is let in by the configuration.
fn stage() -> Stage {
    Stage::new(json!({ "allowFrom": ["222"] }), json!({ "agent": echo() }), "")
}

/// Waits until Alice was sent that many codes, and gives the last.
fn offered(gateway: &mut Running, setting: &Setting, count: usize) -> String {
    gateway.until(&format!("{count} codes"), || {
        let codes: Vec<_> = texts_to(setting, "111")
            .into_iter()
            .filter(|text| text.contains("zalouser pairing approve"))
            .collect();
        codes.get(count - 1).cloned()
    })
}

#[test]
fn damaged_requests_are_set_aside_and_the_next_stranger_is_offered_a_code() {
    for (what, bytes) in DAMAGED {
        let stage = stage();
        let setting = &stage.setting;
        setting.write_state(REQUESTS, "");
        fs::write(setting.in_state(REQUESTS), bytes).unwrap();
        let mut gateway = stage.gateway();
        setting.say(&[alice("hello"), bob("hello")]);
        let notice = offered(&mut gateway, setting, 1);
        answered(&mut gateway, setting, "222", &["hello"]);
        let code = setting.store().pending(Timestamp::now()).unwrap()[0].code.clone();
        assert!(notice.contains(&code), "{what}: {notice}");
        gateway.until_logged("a damaged file was set aside and a new one begun");
        let kept = fs::read_dir(setting.state().credentials())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_str().unwrap().contains(".json.corrupt-"))
            .expect("a copy is kept");
        assert_eq!(fs::read(kept).unwrap(), bytes, "{what}");
        ends_well(gateway, setting);
    }
}

#[test]
fn requests_of_a_newer_version_are_left_alone_and_named_until_they_are_readable() {
    let stage = stage();
    let setting = &stage.setting;
    let newer = r#"{"version":2,"requests":{"of":"another shape"}}"#;
    setting.write_state(REQUESTS, newer);
    let mut gateway = stage.gateway();
    setting.say(&[alice("hello"), bob("hello")]);
    answered(&mut gateway, setting, "222", &["hello"]);
    gateway.until_line(&["no pairing code was sent", "zalouser-pairing.json", "version 2"]);
    assert_eq!(setting.read_state(REQUESTS), newer);
    setting.write_state(REQUESTS, r#"{"version":1,"requests":[]}"#);
    setting.say(&[alice("hello again")]);
    offered(&mut gateway, setting, 1);
    ends_well(gateway, setting);
}

#[test]
fn a_list_of_the_paired_that_is_damaged_while_it_runs_shuts_nobody_out_and_lets_nobody_in() {
    let newer: &[u8] = br#"{"version":2,"allowFrom":["333"]}"#;
    for (what, bytes) in DAMAGED.into_iter().chain([("newer", newer)]) {
        let stage = stage();
        let setting = &stage.setting;
        setting.write_state(PAIRED, r#"{"version":1,"allowFrom":["111"]}"#);
        let mut gateway = stage.gateway();
        setting.say(&[alice("before")]);
        answered(&mut gateway, setting, "111", &["before"]);
        // As a program does that replaces it.
        let new = setting.in_state("credentials/new");
        fs::write(&new, bytes).unwrap();
        fs::rename(new, setting.in_state(PAIRED)).unwrap();
        setting.say(&[alice("after")]);
        answered(&mut gateway, setting, "111", &["before", "after"]);
        gateway.until_line(&["zalouser-allowFrom.json", "those paired before stay so"]);
        assert_eq!(fs::read(setting.in_state(PAIRED)).unwrap(), bytes, "{what}");

        setting.write_state("credentials/new", r#"{"version":1,"allowFrom":["444"]}"#);
        fs::rename(setting.in_state("credentials/new"), setting.in_state(PAIRED)).unwrap();
        setting.say(&[zalouser::simulator::Line::direct("444", "Dora", "hello"), alice("still?")]);
        answered(&mut gateway, setting, "444", &["hello"]);
        offered(&mut gateway, setting, 1);
        ends_well(gateway, setting);
    }
}

#[test]
fn a_lock_is_waited_for_as_long_as_its_holder_lives_and_taken_over_when_it_died() {
    let stage = stage();
    let setting = &stage.setting;
    setting.write_state(REQUESTS, r#"{"version":1,"requests":[]}"#);
    let lock = setting.in_state("credentials/zalouser-pairing.json.lock");
    fs::create_dir(&lock).unwrap();
    let mut gateway = stage.gateway();
    setting.say(&[alice("hello"), bob("hello")]);
    // Its holder shows again and again that it lives.
    gateway.until_log("the end of patience", |log| {
        touch(&lock, Duration::ZERO);
        log.contains("another program holds")
    });
    answered(&mut gateway, setting, "222", &["hello"]);
    // It died, and the lock becomes old while it is waited for.
    touch(&lock, Duration::from_secs(28));
    setting.say(&[alice("hello again")]);
    offered(&mut gateway, setting, 1);
    eventually("the end of the lock", || (!lock.exists()).then_some(()));
    ends_well(gateway, setting);
}

#[test]
fn strangers_who_wait_for_a_code_take_no_place_of_a_message() {
    let settings = json!({ "agent": echo(), "journal": { "waitingInAll": 100 } });
    let stage = Stage::new(json!({ "allowFrom": ["222"] }), settings, "");
    let setting = &stage.setting;
    setting.write_state(REQUESTS, r#"{"version":1,"requests":[]}"#);
    // Nobody is offered a code before it is gone.
    let lock = setting.in_state("credentials/zalouser-pairing.json.lock");
    fs::create_dir(&lock).unwrap();
    let mut gateway = stage.gateway();
    let strangers: Vec<_> =
        (0..300).map(|number| Line::direct(format!("{}", 9_000 + number), "Stranger", "let me in")).collect();
    setting.say(&strangers);
    setting.say(&[bob("hello")]);
    answered(&mut gateway, setting, "222", &["hello"]);
    assert!(lock.exists(), "the strangers still wait");
    fs::remove_dir(&lock).unwrap();
    gateway.until("three codes", || {
        let codes = setting.texts().into_iter().filter(|(_, text)| text.contains("zalouser pairing approve"));
        (codes.count() == 3).then_some(())
    });
    ends_well(gateway, setting);
}

/// Makes a folder that old.
fn touch(folder: &Path, age: Duration) {
    File::open(folder).unwrap().set_modified(SystemTime::now() - age).unwrap();
}
