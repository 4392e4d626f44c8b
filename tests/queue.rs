//! `zalouser queue`, beside a gateway that runs and without one.

use std::fs;

use serde_json::{Value, json};
use zalouser::simulator::Line;

use crate::setting::{Running, Setting, config, shell};

/// A setting whose agent asks for another try until the file `gate` is there, and notes each try in `tries`. A failed
/// message is tried again at once.
fn setting() -> Setting {
    let script = r#"
        read -r context
        echo >>"$1"
        case "$context" in *'"RawBody":"fine"'*) echo fine; exit ;; esac
        [ -e "$2" ] || exit 75
        echo answered"#;
    let setting = Setting::new();
    let paths = ["tries", "gate"].map(|name| setting.path(name).to_str().unwrap().to_owned());
    let agent = shell(script, &paths.each_ref().map(String::as_str));
    let settings = json!({ "agent": agent, "journal": { "retries": 8, "retryBaseMs": 1 } });
    setting.configure(&config(json!({ "dmPolicy": "open" }), settings));
    setting
}

fn say(setting: &Setting, text: &str) {
    setting.say(&[Line::direct("111", "Alice", text)]);
}

fn list(setting: &Setting, arguments: &[&str]) -> Vec<Value> {
    let listing = setting.run(&[&["queue", "list", "--json"], arguments].concat()).succeeded();
    let listing: Value = serde_json::from_str(&listing).unwrap();
    listing["entries"].as_array().unwrap().clone()
}

/// Lets a message fail for good, and gives its number.
fn dead_letter(setting: &Setting, gateway: &mut Running) -> String {
    say(setting, "hello");
    let dead = gateway.until("the dead letter", || list(setting, &["--dead"]).pop());
    dead["id"].to_string()
}

#[test]
fn a_message_that_fails_nine_times_is_a_dead_letter_until_it_is_retried() {
    let setting = setting();
    let mut gateway = setting.gateway();
    say(&setting, "hello");
    say(&setting, "fine");
    let texts = gateway.until_texts(&setting, 1);
    assert_eq!(texts[0].1, "fine", "the conversation goes on");
    let dead = &list(&setting, &["--dead", "--account", "default"])[0];
    assert_eq!((&dead["state"], &dead["failures"]), (&json!("dead"), &json!(9)));
    assert_eq!(fs::read_to_string(setting.path("tries")).unwrap().lines().count(), 10);
    let reason = dead["reason"].as_str().unwrap();
    assert!(reason.contains("the agent did not answer"), "{reason}");
    let table = setting.run(&["queue", "list"]).succeeded();
    assert!(table.contains("dead") && table.contains("user:111") && table.contains("queue retry"), "{table}");
    let status = setting.run(&["channels", "status"]).succeeded();
    assert!(status.contains("1 message could not be answered"), "{status}");
    assert!(status.contains("1 dead letters"), "{status}");

    fs::write(setting.path("gate"), "").unwrap();
    let told = setting.run(&["queue", "retry", &dead["id"].to_string()]).succeeded();
    assert!(told.contains("tried again now"), "{told}");
    assert_eq!(gateway.until_texts(&setting, 2)[1].1, "answered");
    gateway.until("the end", || list(&setting, &[]).is_empty().then_some(()));
}

#[test]
fn a_dead_letter_that_is_dropped_is_gone() {
    let setting = setting();
    let mut gateway = setting.gateway();
    let id = dead_letter(&setting, &mut gateway);
    assert_eq!(setting.run(&["queue", "drop", &id]).succeeded(), format!("Entry {id} is given up.\n"));
    assert_eq!(list(&setting, &[]), [Value::Null; 0]);
    let complaint = setting.run(&["queue", "drop", &id]).complaint();
    assert!(complaint.contains(&format!("there is no entry {id}")), "{complaint}");
    assert!(complaint.contains("zalouser queue list"), "{complaint}");
}

#[test]
fn all_at_once_can_be_those_of_one_account() {
    let setting = setting();
    let mut gateway = setting.gateway();
    dead_letter(&setting, &mut gateway);
    assert!(gateway.stop().status.success());
    let nothing = "There is nothing that is dead, unknown or failed.\n";
    assert_eq!(setting.run(&["queue", "drop", "--all", "--account", "other"]).succeeded(), nothing);
    assert_eq!(list(&setting, &[]).len(), 1);
    setting.run(&["queue", "drop", "--all", "--account", "default"]).succeeded();
    assert_eq!(list(&setting, &[]), [Value::Null; 0]);
}

#[test]
fn without_a_journal_there_is_nothing_and_none_is_begun() {
    let setting = setting();
    assert_eq!(setting.run(&["queue", "list"]).succeeded(), "Nothing waits.\n");
    assert_eq!(list(&setting, &[]), [Value::Null; 0]);
    setting.run(&["queue", "retry", "--all"]).succeeded();
    let complaint = setting.run(&["queue", "retry", "5"]).complaint();
    assert!(complaint.contains("there is no entry 5"), "{complaint}");
    assert!(!setting.state().own().join("journal.sqlite").exists());
}

#[test]
fn a_journal_that_cannot_be_read_says_what_to_do() {
    let setting = setting();
    fs::write(setting.state().own().join("journal.sqlite"), "no database, ".repeat(1_000)).unwrap();
    let complaint = setting.run(&["queue", "list"]).complaint();
    assert!(complaint.contains("start the gateway"), "{complaint}");
}

#[test]
fn wrong_use_is_told_apart_from_failure() {
    let setting = setting();
    for arguments in [
        &["retry"][..],
        &["drop", "x"],
        &["retry", "1", "--all"],
        &["drop", "1", "--account", "a"],
        &["list", "1"],
    ] {
        let code = setting.run(&[&["queue"], arguments].concat()).code();
        assert_eq!(code, 2, "{arguments:?}");
    }
}
