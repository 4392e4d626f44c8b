//! `zalouser doctor`.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use zalouser::simulator::{AuthFault, Faults, HelpFault, Person, World};
use zalouser::zca::profile::Profile;
use zalouser::zca::profile_lock::ProfileLock;

use crate::setting::{Finished, Setting};

/// With nothing that could be better.
const SOUND: &str = r#"{
    channels: { zalouser: { allowFrom: ["111"], groupPolicy: "disabled" } },
    plugins: { entries: { zalouser: { config: { agent: { kind: "echo" } } } } },
}"#;

/// What was found, as level, topic and what.
fn found(ended: &Finished) -> Vec<(String, String, String)> {
    let report: Value = serde_json::from_str(&ended.stdout).expect("it prints JSON");
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    let ill = |finding: &&Value| finding["level"] == "warn" || finding["level"] == "fail";
    for finding in findings.clone().filter(ill) {
        assert!(finding["why"].is_string() && finding["mend"].is_string(), "{finding}");
    }
    assert_eq!(report["ok"], ended.code() == 0, "{ended:?}");
    findings.map(|it| (text(it, "level"), text(it, "topic"), text(it, "what"))).collect()
}

/// Asserts that something of this kind was found.
#[track_caller]
fn assert_found(ended: &Finished, level: &str, topic: &str, part: &str) {
    let found = found(ended);
    let fits = |it: &(String, String, String)| it.0 == level && it.1 == topic && it.2.contains(part);
    assert!(found.iter().any(fits), "no {level} of {topic} with {part:?} in {found:#?}");
}

#[track_caller]
fn assert_nothing_else_is_ill(ended: &Finished) {
    let found = found(ended);
    let ill: Vec<_> = found.iter().filter(|(level, ..)| level == "warn" || level == "fail").collect();
    assert!(ill.is_empty() && ended.code() == 0, "{ill:#?}");
}

fn age(path: &Path, seconds: u64) {
    let then = SystemTime::now() - Duration::from_secs(seconds);
    File::open(path).unwrap().set_modified(then).unwrap();
}

#[test]
fn a_sound_setting_is_sound() {
    let setting = Setting::with_config(SOUND);
    let ended = setting.run(&["doctor", "--json"]);
    assert_nothing_else_is_ill(&ended);
    assert_found(&ended, "ok", "zca", "openzca 0.1.58");
    assert_found(&ended, "ok", "session", "account default is logged in");
}

#[test]
fn people_get_a_line_a_finding_without_colour() {
    let setting = Setting::with_config("{}");
    let ended = setting.run(&["doctor"]);
    assert_eq!(ended.code(), 0, "an open group policy and no agent are only warned of: {ended:?}");
    assert!(ended.stdout.contains("ok      session: account default is logged in"), "{ended:?}");
    assert!(ended.stdout.contains("warn    access: account default: every group"), "{ended:?}");
    assert!(
        ended.stdout.contains("\n        why   ") && ended.stdout.contains("\n        mend  "),
        "{ended:?}"
    );
    assert!(!ended.stdout.contains('\u{1b}'), "{ended:?}");
}

#[test]
fn a_listener_that_no_zalouser_started_is_named_with_its_process() {
    let setting = Setting::with_config(SOUND);
    let mut gateway = setting.gateway();
    gateway.until_logged("listening");
    assert_nothing_else_is_ill(&setting.run(&["doctor", "--json"]));
    gateway.stop();

    let mut listener = setting.start(setting.zca(&["--profile", "default", "listen"]));
    listener.until_printed("Connected");
    let ended = setting.run(&["doctor", "--json"]);
    assert_found(&ended, "warn", "listener", &format!("process {} listens on profile", listener.id()));
}

#[test]
fn a_program_that_is_missing_keeps_nothing_else_from_being_looked_at() {
    let setting =
        Setting::with_config(r#"{ channels: { zalouser: { dmPolicy: "open", groupPolicy: "disabled" } } }"#);
    let ended = setting.run(&["doctor", "--json", "--zca", "/nonexistent/zca"]);
    assert_eq!(ended.code(), 1, "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert_found(&ended, "fail", "zca", "/nonexistent/zca was not found");
    assert_found(&ended, "warn", "access", "dmPolicy is open");
    assert_found(&ended, "warn", "agent", "no agent");
}

#[test]
fn every_problem_of_the_configuration_is_told() {
    let setting = Setting::with_config(r#"{ channels: { zalouser: { dmPolicy: "opne", grups: {} } } }"#);
    let ended = setting.run(&["doctor", "--json"]);
    assert_found(&ended, "fail", "config", "channels.zalouser.dmPolicy");
    assert_found(&ended, "fail", "config", "channels.zalouser.grups");
    assert_found(&ended, "ok", "zca", "openzca");
}

#[test]
fn who_is_not_logged_in_is_told_apart() {
    let config =
        r#"{ channels: { zalouser: { groupPolicy: "disabled", accounts: { default: {}, work: {} } } } }"#;
    let setting = Setting::with_config(config);
    let work = setting.simulator.with_profile("work").unwrap();
    work.set_faults(&Faults { auth: AuthFault { logged_in: false }, ..Faults::default() }).unwrap();
    let ended = setting.run(&["doctor", "--json"]);
    assert_eq!(ended.code(), 1, "{ended:?}");
    assert_found(&ended, "ok", "session", "account default");
    assert_found(&ended, "fail", "session", "account work");
}

#[test]
fn a_name_of_two_friends_is_found_and_one_of_nobody() {
    let config =
        r#"{ channels: { zalouser: { allowFrom: ["Lan", "Minh", "Bob"], groupPolicy: "disabled" } } }"#;
    let setting = Setting::with_config(config);
    let people = [("1", "Lan"), ("2", "LAN"), ("3", "Bob")];
    let friends = people.map(|(id, name)| Person::new(id, name)).into();
    setting.simulator.set_world(&World { friends, ..World::default() }).unwrap();
    let ended = setting.run(&["doctor", "--json"]);
    assert_found(&ended, "warn", "names", "\"Lan\" stands for more than one id (1, 2)");
    assert_found(&ended, "warn", "names", "Minh");
    assert!(
        found(&ended).iter().all(|(_, topic, what)| topic != "names" || !what.contains("Bob")),
        "{ended:?}"
    );
}

#[test]
fn two_accounts_on_a_profile_are_found() {
    let config = r#"{ channels: { zalouser: { accounts: { a: { profile: "p" }, b: { profile: "p" } } } } }"#;
    let ended = Setting::with_config(config).run(&["doctor", "--json"]);
    assert_eq!(ended.code(), 1, "{ended:?}");
    assert_found(&ended, "fail", "accounts", "a, b have the same profile \"p\"");
}

#[test]
fn a_listener_that_runs_is_named() {
    let setting = Setting::with_config(SOUND);
    let folder = setting.in_state("zalouser/listeners");
    let _lock = ProfileLock::acquire(&folder, Profile::new("default")).unwrap();
    let ended = setting.run(&["doctor", "--json"]);
    assert_nothing_else_is_ill(&ended);
    let process = format!("process {} listens", std::process::id());
    assert_found(&ended, "ok", "listener", &process);
}

#[test]
fn a_zca_without_supervision_is_worth_a_warning() {
    let setting = Setting::with_config(SOUND);
    setting
        .simulator
        .set_faults(&Faults { help: HelpFault { supervised: false }, ..Faults::default() })
        .unwrap();
    assert_found(&setting.run(&["doctor", "--json"]), "warn", "zca", "no sign of life");
}

#[test]
fn a_node_that_is_too_old_is_found() {
    let setting = Setting::with_config(SOUND);
    let (node, zca) = (setting.in_state("bin/node"), setting.in_state("bin/openzca"));
    let simulator = setting.simulator.program().display();
    let node_script =
        format!("#!/bin/sh\n[ \"$1\" = --version ] && exec echo v18.19.0\nshift\nexec {simulator} \"$@\"\n");
    setting.write_state("bin/node", &node_script);
    setting.write_state("bin/openzca", &format!("#!{}\n", node.display()));
    for path in [&node, &zca] {
        fs::set_permissions(path, Permissions::from_mode(0o700)).unwrap();
    }
    let ended = Finished::of(setting.command(&["doctor", "--json"]).env("ZALOUSER_ZCA", &zca));
    assert_eq!(ended.code(), 1, "{ended:?}");
    assert_found(&ended, "fail", "node", "Node 18.19.0");
}

#[test]
fn an_agent_that_is_gone_is_found() {
    let config = r#"{ plugins: { entries: { zalouser: { config: {
        agent: { kind: "command", command: ["/nonexistent/agent", "arg"] } } } } } }"#;
    assert_found(
        &Setting::with_config(config).run(&["doctor", "--json"]),
        "fail",
        "agent",
        "/nonexistent/agent",
    );
}

#[test]
fn what_can_be_mended_is_mended_when_asked() {
    let setting = Setting::with_config(SOUND);
    let empty = r#"{"version":1,"allowFrom":[]}"#;
    setting.write_state("credentials/zalouser-allowFrom.json", empty);
    setting.write_state("credentials/zalouser-allowFrom.json.1f.tmp", "{");
    let (list, lock, temporary) = (
        setting.in_state("credentials/zalouser-allowFrom.json"),
        setting.in_state("credentials/zalouser-allowFrom.json.lock"),
        setting.in_state("credentials/zalouser-allowFrom.json.1f.tmp"),
    );
    fs::create_dir(&lock).unwrap();
    age(&lock, 60);
    age(&temporary, 60);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    fs::set_permissions(&list, Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(setting.in_state("openclaw.json"), Permissions::from_mode(0o644)).unwrap();

    let ended = setting.run(&["doctor", "--json"]);
    assert_found(&ended, "fail", "files", "zalouser-allowFrom.json has mode 0666");
    assert_found(&ended, "warn", "files", "openclaw.json has mode 0644");
    assert_found(&ended, "warn", "files", "zalouser-allowFrom.json.lock is a lock");
    assert_found(&ended, "warn", "files", "1f.tmp was left behind");
    assert!(lock.exists() && temporary.exists() && mode(&list) == 0o666, "it only looks unless asked");

    let mended = setting.run(&["doctor", "--fix", "--json"]);
    assert_nothing_else_is_ill(&mended);
    assert_eq!(found(&mended).iter().filter(|(level, ..)| level == "mended").count(), 4, "{mended:?}");
    assert!(!lock.exists() && !temporary.exists());
    assert_eq!([mode(&list), mode(&setting.in_state("openclaw.json"))], [0o600; 2]);
    assert_eq!(fs::read_to_string(&list).unwrap(), empty);
    assert_nothing_else_is_ill(&setting.run(&["doctor", "--json"]));
}

#[test]
fn a_lock_in_use_and_a_damaged_file_are_left_to_the_operator() {
    let setting = Setting::with_config(SOUND);
    setting.write_state("credentials/zalouser-pairing.json", "{");
    setting.write_state("credentials/zalouser-pairing.json.corrupt-2026-03-01T12-00-00.000Z", "{");
    let lock = setting.in_state("credentials/zalouser-pairing.json.lock");
    fs::create_dir(&lock).unwrap();
    let ended = setting.run(&["doctor", "--fix", "--json"]);
    assert_eq!(ended.code(), 1, "{ended:?}");
    assert_found(&ended, "fail", "pairing", "zalouser-pairing.json` is damaged");
    assert_found(&ended, "warn", "files", "was set aside");
    assert!(lock.exists());
    assert_eq!(setting.read_state("credentials/zalouser-pairing.json"), "{");
}

#[test]
fn a_clock_that_is_behind_its_own_files_is_found() {
    let setting = Setting::with_config(SOUND);
    let tomorrow = SystemTime::now() + Duration::from_secs(24 * 3_600);
    File::open(setting.in_state("openclaw.json")).unwrap().set_modified(tomorrow).unwrap();
    assert_found(&setting.run(&["doctor", "--json"]), "fail", "clock", "openclaw.json was written later");
}
