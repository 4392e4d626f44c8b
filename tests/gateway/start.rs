//! What has to be in order before anything runs, and what is said when it is not.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use rustix::process::{Pid, test_kill_process};
use serde_json::json;
use zalouser::simulator::{AuthFault, CallFault, Faults, ListenEvent};

use super::{alice, echo, open, to};
use crate::setting::{Setting, config};

/// Checks that a gateway does not start, and that its one line has these parts.
fn refuses(setting: &Setting, arguments: &[&str], parts: &[&str]) {
    let complaint = setting.run(&[&["gateway", "run"], arguments].concat()).complaint();
    for part in parts {
        assert!(complaint.contains(part), "{part} is missing in: {complaint}");
    }
    assert_eq!(setting.simulator.listens().unwrap(), [], "nothing listens");
}

#[test]
fn a_program_that_is_not_there_is_named_with_the_ways_to_name_another() {
    let setting = Setting::with(open(), echo());
    let parts =
        ["/nonexistent/zca was not found", "--zca", "ZALOUSER_ZCA", "plugins.entries.zalouser.config.zca"];
    refuses(&setting, &["--zca", "/nonexistent/zca"], &parts);
}

#[test]
fn a_program_that_may_not_be_run_is_named() {
    let setting = Setting::with(open(), echo());
    let program = setting.write("not-executable", "#!/bin/sh\n");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o644)).unwrap();
    refuses(&setting, &["--zca", &program], &[&program, "make it executable"]);
}

#[test]
fn a_program_that_is_not_zca_is_named() {
    refuses(&Setting::with(open(), echo()), &["--zca", "/bin/false"], &["/bin/false does not work as zca"]);
}

#[test]
fn an_account_without_a_session_is_named_with_the_command_that_logs_in() {
    let setting = Setting::with(open(), echo());
    let auth = AuthFault { logged_in: false };
    setting.simulator.set_faults(&Faults { auth, ..Faults::default() }).unwrap();
    refuses(&setting, &[], &["account default is not logged in", "zca --profile default auth login"]);
}

#[test]
fn a_profile_that_does_not_exist_is_not_logged_in() {
    let setting = Setting::with(json!({ "profile": "nobody" }), echo());
    refuses(&setting, &[], &["not logged in", "zca --profile nobody auth login"]);
}

#[test]
fn a_broken_configuration_is_told_and_nothing_is_run() {
    let setting = Setting::with(json!({ "dmPolicy": "opne" }), echo());
    refuses(
        &setting,
        &[],
        &["openclaw.json", "channels.zalouser.dmPolicy", "\"opne\"", "did you mean \"open\""],
    );
    assert_eq!(setting.simulator.calls().unwrap(), []);

    setting.configure(&config(open(), json!({ "agent": { "kind": "comand" } })));
    refuses(&setting, &[], &["plugins.entries.zalouser.config.agent.kind", "did you mean \"command\""]);

    setting.write_config("{ channels: ");
    refuses(&setting, &[], &["openclaw.json", "not valid JSON5", "line 1"]);
}

#[test]
fn a_channel_that_is_off_is_told() {
    refuses(&Setting::with(json!({ "enabled": false }), echo()), &[], &["channels.zalouser.enabled"]);
}

#[test]
fn two_accounts_are_answered_each_on_its_own_profile() {
    let accounts = json!({ "home": {}, "work": { "profile": "office" } });
    let setting = Setting::with(json!({ "dmPolicy": "open", "accounts": accounts }), echo());
    let home = setting.simulator.with_profile("home").unwrap();
    let office = setting.simulator.with_profile("office").unwrap();
    let mut gateway = setting.gateway();
    home.say(&alice("to home")).unwrap();
    office.say(&alice("to work")).unwrap();
    for (profile, text) in [(&home, "to home"), (&office, "to work")] {
        let sent = gateway.until(text, || profile.sent().unwrap().pop());
        assert_eq!(sent.text.as_deref(), Some(text));
    }
    assert_eq!(
        setting
            .simulator
            .calls()
            .unwrap()
            .iter()
            .filter(|call| call.argv.contains(&"default".into()))
            .count(),
        0
    );
}

#[test]
fn the_environment_names_the_profile_of_the_default_account_and_the_file() {
    let setting = Setting::new();
    let office = setting.simulator.with_profile("office").unwrap();
    let file = setting.write("elsewhere.json5", config(open(), json!({ "agent": echo() })).to_string());
    let mut command = setting.command(&["gateway", "run"]);
    command.env("ZCA_PROFILE", "office").env("OPENCLAW_CONFIG_PATH", file);
    let mut gateway = setting.start(command);
    office.say(&alice("hello")).unwrap();
    let sent = gateway.until("the answer", || office.sent().unwrap().pop());
    assert_eq!(sent.argv[..2], ["--profile", "office"]);
}

#[test]
fn an_account_that_cannot_run_does_not_keep_the_others_from_it() {
    let accounts = json!({ "home": {}, "work": {} });
    let setting = Setting::with(json!({ "dmPolicy": "open", "accounts": accounts }), echo());
    let work = setting.simulator.with_profile("work").unwrap();
    let mut gateway = setting.gateway();
    work.say(&alice("hello")).unwrap();
    gateway.until("the answer", || work.sent().unwrap().pop());
    gateway.until_logged("account home is not logged in");
}

#[test]
fn an_account_whose_session_is_asked_for_does_not_hold_up_the_others() {
    let accounts = json!({ "home": {}, "work": {} });
    let setting = Setting::with(json!({ "dmPolicy": "open", "accounts": accounts }), echo());
    let home = setting.simulator.with_profile("home").unwrap();
    let hang = CallFault { matching: Some("status".to_owned()), hang: true, ..CallFault::default() };
    home.set_faults(&Faults { query: vec![hang], ..Faults::default() }).unwrap();
    let work = setting.simulator.with_profile("work").unwrap();
    let mut gateway = setting.gateway();
    gateway.until("the listener of work", || work.listens().unwrap().pop());
    let calls = setting.simulator.calls().unwrap();
    let asked = calls.iter().find(|call| call.argv.contains(&"home".to_owned())).expect("home is asked for");
    assert!(
        test_kill_process(Pid::from_raw(asked.pid.try_into().unwrap()).unwrap()).is_ok(),
        "it has no answer yet"
    );
}

#[test]
fn of_two_accounts_with_one_profile_the_first_runs() {
    let accounts = json!({ "one": { "profile": "default" }, "two": { "profile": "default" } });
    let setting = Setting::with(json!({ "dmPolicy": "open", "accounts": accounts }), echo());
    let mut gateway = setting.gateway();
    setting.say(&[alice("hello"), alice("again")]);
    assert_eq!(gateway.until_texts(&setting, 2), to("111", &["hello", "again"]), "each is answered once");
    gateway.until_logged("accounts one and two have the same zca profile \"default\"");
    assert_eq!(setting.simulator.listens().unwrap().len(), 1);
}

#[test]
fn a_second_gateway_of_a_state_folder_is_refused() {
    let setting = Setting::with(open(), echo());
    let mut gateway = setting.gateway();
    gateway.until("the listener", || setting.simulator.listens().unwrap().pop());
    let complaint = setting.run(&["gateway", "run"]).complaint();
    assert!(complaint.contains("already runs the accounts of"), "{complaint}");
    setting.say(&[alice("hello")]);
    assert_eq!(gateway.until_texts(&setting, 1), to("111", &["hello"]));
    let starts = setting.simulator.listens().unwrap();
    assert_eq!(starts.iter().filter(|listen| listen.event == ListenEvent::Start).count(), 1, "{starts:?}");
}

#[test]
fn without_an_agent_strangers_are_paired_and_the_lack_is_told() {
    let setting = Setting::new();
    setting.configure(&json!({}));
    let mut gateway = setting.gateway();
    setting.say(&[alice("hello")]);
    let texts = gateway.until_texts(&setting, 1);
    assert!(texts[0].1.contains("pairing approve"), "{texts:?}");
    assert!(gateway.log().contains("nobody answers; set plugins.entries.zalouser.config.agent"));
}

#[test]
fn compiled_code_is_kept_where_nobody_else_can_put_any() {
    let setting = Setting::with(open(), echo());
    let cache = setting.state().own().join("cache");
    fs::remove_dir_all(&cache).unwrap();
    let mut gateway = setting.gateway();
    gateway.until("the listener", || setting.simulator.listens().unwrap().pop());
    assert!(gateway.stop().status.success());
    assert_eq!(fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);
    assert_ne!(crate::setting::snapshot(&cache), "", "the component is in it");
}

#[test]
fn compiled_code_that_others_could_have_put_there_is_not_run() {
    let setting = Setting::with(open(), echo());
    let own = setting.state().own();
    let cache = own.join("cache");
    for folder in [&cache, &own, setting.state().root()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o720)).unwrap();
        refuses(
            &setting,
            &[],
            &["others on this machine can write to", &format!("chmod go-w {}", folder.display())],
        );
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    }
    fs::remove_dir_all(&cache).unwrap();
    symlink(setting.path("home"), &cache).unwrap();
    refuses(&setting, &[], &["cache is a symbolic link", &format!("rm {}", cache.display())]);
}

#[test]
fn a_damaged_entry_of_the_cache_costs_a_compilation_and_nothing_else() {
    let setting = Setting::with(open(), echo());
    let cache = setting.state().own().join("cache");
    fs::remove_dir_all(&cache).unwrap();
    let check = || setting.run(&["config", "check"]).succeeded();
    check();
    for damage in [&b""[..], b"garbage", b"\x28\xb5\x2f\xfd\x04\x00\x41\x00\x00"] {
        let mut folders = vec![cache.clone()];
        let mut damaged = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    fs::write(entry, damage).unwrap();
                    damaged += 1;
                }
            }
        }
        assert!(damaged > 0, "the component is in it");
        check();
    }
}
