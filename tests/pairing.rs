//! `zalouser pairing` beside OpenClaw.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;

use jiff::Timestamp;
use serde_json::{Value, json};
use zalouser::simulator::{CallFault, Faults};

use crate::setting::{Finished, Setting};

const REQUESTS: &str = "credentials/zalouser-pairing.json";
const ALLOWED: &str = "credentials/zalouser-allowFrom.json";
const WORK_REQUESTS: &str = "credentials/zalouser-work-pairing.json";
const WORK_ALLOWED: &str = "credentials/zalouser-work-allowFrom.json";
const TWO_ACCOUNTS: &str =
    r#"{ channels: { zalouser: { accounts: { default: {}, work: { profile: "w" } } } } }"#;
const BROKEN: &str = r#"{ channels: { zalouser: { dmPolicy: "opne" } } }"#;

/// Somebody who has asked that many minutes ago, as the other program writes it.
fn request(id: &str, code: &str, minutes_ago: i64) -> Value {
    let time = Timestamp::now() - jiff::SignedDuration::from_mins(minutes_ago);
    let time = format!("{time:.3}");
    json!({ "id": id, "code": code, "createdAt": time, "lastSeenAt": time, "meta": { "name": "Nguyễn Lan" } })
}

fn requests(requests: &[Value]) -> String {
    json!({ "version": 1, "requests": requests }).to_string()
}

/// Where one person waits at the default account and another one at a second account.
fn setting() -> Setting {
    let setting = Setting::with_config(TWO_ACCOUNTS);
    setting.write_state(REQUESTS, &requests(&[request("111", "ABCD2345", 5)]));
    setting.write_state(WORK_REQUESTS, &requests(&[request("222", "WXYZ6789", 5)]));
    setting.write_state(ALLOWED, r#"{"version":1,"allowFrom":["900"]}"#);
    setting
}

fn allowed(setting: &Setting, file: &str) -> Value {
    setting.read_state_json(file)["allowFrom"].clone()
}

#[track_caller]
fn assert_failed(ended: &Finished, code: i32, told: &[&str]) {
    assert_eq!(ended.code(), code, "{ended:?}");
    for part in told {
        assert!(ended.stderr.contains(part), "{part:?} is missing: {ended:?}");
    }
}

#[test]
fn who_waits_and_who_is_paired_is_listed() {
    let setting = setting();
    for args in [
        &["pairing", "list"][..],
        &["pairing", "list", "zalouser"],
        &["pairing", "list", "--channel", "zalouser"],
    ] {
        let listed = setting.run(args);
        assert_eq!(listed.code(), 0, "{listed:?}");
        for part in ["ABCD2345", "111", "Nguyễn Lan", "5 minutes ago (", "900", "pairing list --account work"]
        {
            assert!(listed.stdout.contains(part), "{part:?} is missing: {listed:?}");
        }
        assert!(!listed.stdout.contains("WXYZ6789"), "of another account: {listed:?}");
    }
}

#[test]
fn the_listing_is_there_for_programs() {
    let setting = setting();
    let listed: Value = serde_json::from_str(&setting.run(&["pairing", "list", "--json"]).stdout).unwrap();
    let expected = json!({
        "channel": "zalouser",
        "account": "default",
        "requests": setting.read_state_json(REQUESTS)["requests"],
        "allowed": ["900"],
    });
    assert_eq!(listed, expected);
    let work = setting.run(&["pairing", "list", "--json", "--account", "WORK"]);
    let work: Value = serde_json::from_str(&work.stdout).unwrap();
    assert_eq!((&work["account"], &work["requests"][0]["code"]), (&json!("work"), &json!("WXYZ6789")));
}

#[test]
fn a_code_lets_its_owner_in() {
    for args in [
        &["pairing", "approve", "abcd2345"][..],
        &["pairing", "approve", "zalouser", "ABCD2345"],
        &["pairing", "approve", "--channel", "zalouser", "ABCD2345", "--account", "default"],
    ] {
        let setting = setting();
        let approved = setting.run(args);
        assert_eq!(approved.code(), 0, "{approved:?}");
        assert!(approved.stdout.contains("Nguyễn Lan (111)"), "{approved:?}");
        assert_eq!(allowed(&setting, ALLOWED), json!(["900", "111"]));
        assert_eq!(setting.read_state_json(REQUESTS)["requests"], json!([]));
        assert_eq!(setting.simulator.sent().unwrap(), [], "nobody asked for a notice");
    }
}

#[test]
fn a_code_is_looked_for_in_every_account() {
    let setting = setting();
    let approved = setting.run(&["pairing", "approve", "WXYZ6789"]);
    assert!(approved.code() == 0 && approved.stdout.contains("account work"), "{approved:?}");
    assert_eq!(allowed(&setting, WORK_ALLOWED), json!(["222"]));
    assert_eq!(allowed(&setting, ALLOWED), json!(["900"]));
}

#[test]
fn an_account_that_is_named_is_the_only_one() {
    let setting = setting();
    let approved = setting.run(&["pairing", "approve", "WXYZ6789", "--account", "default"]);
    assert_failed(&approved, 1, &["account default", "WXYZ6789"]);
    assert_failed(&setting.run(&["pairing", "list", "--account", "home"]), 1, &["\"home\"", "default, work"]);
}

#[test]
fn a_code_that_is_unknown_or_too_old_is_refused_in_one_line() {
    let setting = setting();
    setting.write_state(REQUESTS, &requests(&[request("111", "ABCD2345", 61)]));
    for code in ["ABCD2345", "NOTACODE"] {
        let refused = setting.run(&["pairing", "approve", code]);
        assert_failed(&refused, 1, &[code, "pairing list"]);
        assert_eq!(refused.stderr.lines().count(), 1, "{refused:?}");
    }
    assert_eq!(allowed(&setting, ALLOWED), json!(["900"]));
}

#[test]
fn another_channel_is_wrong_use() {
    let setting = setting();
    for args in [
        &["pairing", "list", "telegram"][..],
        &["pairing", "list", "--channel", "telegram"],
        &["pairing", "approve", "telegram", "ABCD2345"],
        &["pairing", "revoke", "111", "--channel", "telegram"],
        &["pairing", "approve", "zalouser"],
        &["pairing", "approve"],
    ] {
        assert_eq!(setting.run(args).code(), 2, "{args:?}");
    }
}

#[test]
fn the_newcomer_is_told_by_the_account_that_was_asked() {
    let setting = setting();
    let work = setting.simulator.with_profile("w").unwrap();
    let approved = setting.run(&["pairing", "approve", "WXYZ6789", "--notify"]);
    assert_eq!(approved.code(), 0, "{approved:?}");
    let sent = work.sent().unwrap();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!((sent[0].thread_id.as_str(), sent[0].group), ("222", false));
}

#[test]
fn a_newcomer_who_cannot_be_told_is_let_in_all_the_same() {
    let setting = setting();
    let fault =
        CallFault { exit: Some(1), stderr: Some("Error: no route".to_owned()), ..CallFault::default() };
    setting.simulator.set_faults(&Faults { send: vec![fault], ..Faults::default() }).unwrap();
    let approved = setting.run(&["pairing", "approve", "ABCD2345", "--notify"]);
    assert_failed(&approved, 1, &["111 was let in but not told so", "no route"]);
    assert!(approved.stdout.contains("111"), "{approved:?}");
    assert_eq!(allowed(&setting, ALLOWED), json!(["900", "111"]));
}

#[test]
fn people_are_let_in_and_out_by_their_id() {
    let setting = setting();
    for already in [false, true] {
        let ended = setting.run(&["pairing", "allow", "zalouser:333"]);
        assert_eq!((ended.code(), ended.stdout.contains("already")), (0, already), "{ended:?}");
        assert_eq!(allowed(&setting, ALLOWED), json!(["900", "333"]));
    }
    assert_eq!(setting.run(&["pairing", "revoke", "900"]).code(), 0);
    assert_eq!(allowed(&setting, ALLOWED), json!(["333"]));
    assert_failed(&setting.run(&["pairing", "revoke", "900"]), 1, &["900", "pairing list"]);
    assert_failed(&setting.run(&["pairing", "allow", "*"]), 1, &["*"]);
    assert_eq!(setting.run(&["pairing", "allow", "7", "--account", "work"]).code(), 0);
    assert_eq!(allowed(&setting, WORK_ALLOWED), json!(["7"]));
}

#[test]
fn one_who_is_let_in_by_the_configuration_stays_and_that_is_said() {
    let config = r#"{ channels: { zalouser: { allowFrom: ["zlu:900"] } } }"#;
    let setting = Setting::with_config(config);
    setting.write_state(ALLOWED, r#"{"version":1,"allowFrom":["900"]}"#);
    let revoked = setting.run(&["pairing", "revoke", "900"]);
    assert!(revoked.code() == 0 && revoked.stderr.contains("allowFrom"), "{revoked:?}");
}

#[test]
fn a_broken_configuration_locks_nobody_out() {
    let setting = setting();
    setting.write_state("openclaw.json", BROKEN);
    let listed = setting.run(&["pairing", "list"]);
    assert!(listed.code() == 0 && listed.stdout.contains("ABCD2345"), "{listed:?}");
    assert!(listed.stderr.contains("dmPolicy"), "{listed:?}");
    for (code, account) in [("ABCD2345", "default"), ("WXYZ6789", "work")] {
        let approved = setting.run(&["pairing", "approve", code, "--account", account]);
        assert_eq!(approved.code(), 0, "{approved:?}");
    }
    assert_eq!(allowed(&setting, ALLOWED), json!(["900", "111"]));
    assert_eq!(allowed(&setting, WORK_ALLOWED), json!(["222"]));
    assert_failed(
        &setting.run(&["pairing", "allow", "1", "--account", "home"]),
        1,
        &["\"home\"", "openclaw.json"],
    );
}

#[test]
fn a_damaged_file_is_named_and_left_alone() {
    let setting = setting();
    setting.write_state(ALLOWED, "{");
    for args in [&["pairing", "list"][..], &["pairing", "approve", "ABCD2345"], &["pairing", "revoke", "900"]]
    {
        let refused = setting.run(args);
        assert_failed(&refused, 1, &["zalouser-allowFrom.json"]);
        assert_eq!(refused.stderr.lines().count(), 1, "{refused:?}");
    }
    assert_eq!(setting.read_state(ALLOWED), "{");
}

/// What the other program does: makes the folder that is the lock, rewrites the file, removes the folder.
fn peer_rewrites(path: &Path, change: impl FnOnce(&mut Value)) {
    let lock = path.with_added_extension("lock");
    while fs::create_dir(&lock).is_err() {
        thread::yield_now();
    }
    let mut document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut document);
    let temporary = path.with_added_extension("peer.tmp");
    fs::write(&temporary, serde_json::to_vec_pretty(&document).unwrap()).unwrap();
    fs::rename(temporary, path).unwrap();
    fs::remove_dir(lock).unwrap();
}

/// The other program is asked by a stranger, as soon as fewer than three wait.
fn peer_is_asked(path: &Path, id: &str, code: &str) {
    let mut asked = false;
    while !asked {
        peer_rewrites(path, |document| {
            let pending = document["requests"].as_array_mut().unwrap();
            asked = pending.len() < 3;
            if asked {
                pending.push(request(id, code, 0));
            }
        });
    }
}

#[test]
fn two_programs_at_once_lose_nobody() {
    const ROUNDS: usize = 8;
    let setting = &Setting::with_config("{}");
    setting.write_state(REQUESTS, &requests(&[]));
    setting.write_state(ALLOWED, r#"{"version":1,"allowFrom":[]}"#);
    thread::scope(|scope| {
        for approver in 0..2 {
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let (id, code) =
                        (format!("approved-{approver}-{round}"), format!("CODE{approver}{round}"));
                    peer_is_asked(&setting.in_state(REQUESTS), &id, &code);
                    let ended = setting.run(&["pairing", "approve", &code]);
                    assert_eq!(ended.code(), 0, "{ended:?}");
                }
            });
        }
        scope.spawn(move || {
            for round in 0..ROUNDS {
                let ended = setting.run(&["pairing", "allow", &format!("allowed-{round}")]);
                assert_eq!(ended.code(), 0, "{ended:?}");
            }
        });
        scope.spawn(move || {
            for round in 0..ROUNDS {
                peer_rewrites(&setting.in_state(ALLOWED), |document| {
                    document["allowFrom"].as_array_mut().unwrap().push(json!(format!("peer-{round}")));
                });
            }
        });
    });
    let kinds = ["approved-0", "approved-1", "allowed", "peer"];
    let expected: BTreeSet<String> =
        kinds.iter().flat_map(|kind| (0..ROUNDS).map(move |round| format!("{kind}-{round}"))).collect();
    let found: BTreeSet<String> = serde_json::from_value(allowed(setting, ALLOWED)).unwrap();
    assert_eq!(found, expected);
    assert_eq!(setting.read_state_json(REQUESTS)["requests"], json!([]));
    let left = fs::read_dir(setting.in_state("credentials")).unwrap().count();
    assert_eq!(left, 2, "a lock or temporary file is left");
}
