//! `zalouser grants`, and `--grant` for one run.

use std::fs;

use serde_json::{Value, json};
use zalouser::sandbox::SHIPPED;
use zalouser::simulator::Line;

use crate::setting::{Finished, Setting, config, shell};

/// A setting with a copy of the shipped component, installed as `copy`.
fn with_copy(settings: Value) -> Setting {
    let setting = Setting::new();
    setting.configure(&config(json!({ "dmPolicy": "open" }), settings));
    let file = setting.write("copy.wasm", SHIPPED);
    setting.run(&["plugins", "install", &file]).succeeded();
    setting
}

fn printed_json(ended: &Finished) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|err| panic!("{err}: {ended:?}"))
}

#[test]
fn effective_grants_are_shown_with_where_each_comes_from() {
    let setting = with_copy(json!({}));
    setting.write_config(
        "{ plugins: { entries: { zalouser: { config: { grants: {\n  zalouser: { sendsPerDay: 9 },\n  copy: {\n    \
         commands: ['send.text'] },\n} } } } } }",
    );
    let shown = printed_json(&setting.run(&["grants", "show", "--json", "--grant", "copy.threads=user:*"]));
    let names: Vec<_> = shown["components"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["copy", "zalouser"]);
    let grant = |index: usize, key: &str| shown["components"][index]["grants"][key].clone();
    for (component, key, value, from) in [
        (0, "commands", json!(["send.text"]), json!({ "kind": "file", "line": 4, "column": 5 })),
        (0, "threads", json!(["user:*"]), json!({ "kind": "option" })),
        (0, "accounts", json!([]), json!({ "kind": "default" })),
        (1, "sendsPerDay", json!(9), json!({ "kind": "file", "line": 2, "column": 15 })),
        (1, "sendsPerMinute", json!(null), json!({ "kind": "default" })),
        (1, "threads", json!(["*"]), json!({ "kind": "default" })),
    ] {
        assert_eq!(grant(component, key), json!({ "value": value, "from": from }), "{component} {key}");
    }
    let words = setting.run(&["grants", "show", "copy"]).succeeded();
    assert!(words.starts_with("copy\n  commands        send.text  openclaw.json:4:5\n"), "{words}");
    assert!(words.contains("  accounts        nothing    by default\n"), "{words}");
    let complaint = setting.run(&["grants", "show", "cpoy"]).complaint();
    assert!(complaint.contains("there is: copy, zalouser"), "{complaint}");
}

#[test]
fn a_check_tells_all_that_is_missing_and_the_lines_that_it_prints_mend_it() {
    let setting = with_copy(json!({ "component": "copy" }));
    let asked = r#"{ command: "send.text", thread: "user:111" }"#;
    let refused = setting.run(&["grants", "check", asked]);
    assert_eq!(refused.code(), 1, "{refused:?}");
    let keys = ["commands", "accounts", "profiles", "threads"];
    for (line, key) in refused.stdout.lines().zip(keys) {
        assert!(line.starts_with("copy may not") && line.contains(&format!("grants.copy.{key}")), "{line}");
    }
    let options = refused.stdout.lines().find_map(|line| line.strip_prefix("For one run, add: ")).unwrap();
    let options = shlex::split(options).unwrap();
    assert_eq!(options.len(), 2 * keys.len(), "{options:?}");
    let options: Vec<_> =
        ["grants", "check", asked].into_iter().chain(options.iter().map(String::as_str)).collect();
    assert_eq!(setting.run(&options).succeeded(), "copy may do that for the account default\n");
    assert_eq!(setting.run(&["grants", "check", asked]).code(), 1, "it was for one run");

    let report = printed_json(&setting.run(&["grants", "check", asked, "--json"]));
    assert_eq!((&report["allowed"], &report["component"]), (&json!(false), &json!("copy")));
    assert_eq!(report["refusals"][3]["value"], json!(["user:111"]));
    for line in refused.stdout.lines().filter_map(|line| line.trim().strip_prefix("zalouser config set ")) {
        let arguments = shlex::split(line).unwrap();
        let arguments: Vec<_> =
            ["config", "set"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
        setting.run(&arguments).succeeded();
    }
    setting.run(&["grants", "check", asked]).succeeded();
}

#[test]
fn a_check_is_for_the_account_and_the_component_that_are_named() {
    let setting = with_copy(json!({}));
    let check = |arguments: &[&str]| setting.run(&[&["grants", "check"], arguments].concat());
    check(&["--command", "send.text", "--thread", "group:5"]).succeeded();
    check(&["--command", "directory"]).succeeded();
    assert_eq!(check(&["--command", "directory", "--component", "copy"]).code(), 1);
    let link = ["--command", "send.link", "--thread", "user:1", "--url"];
    let inside = check(&[&link[..], &["http://[::1]/"]].concat());
    assert_eq!(inside.code(), 1, "{inside:?}");
    let set = r#"config set plugins.entries.zalouser.config.grants.zalouser.urlHosts '["*","[::1]"]'"#;
    assert!(inside.stdout.contains(set), "{}", inside.stdout);
    let media = ["--command", "send.media", "--thread", "user:1", "--source", "/nonexistent/a"];
    assert!(check(&media).stdout.contains("cannot be read"), "there is no line that would mend it");

    for (arguments, told) in [
        (&[][..], "which command?"),
        (&["{"], "not valid JSON5"),
        (&["--command", "send"], "send.text"),
        (&["--command", "send.text"], "thread is missing"),
        (&["--command", "directory", "--grant", "cpoy.commands=directory"], "there is no component cpoy"),
        (&["--command", "directory", "--grant", "command=directory"], "did you mean \"commands\""),
        (&["{}", "--command", "directory"], "cannot be used with"),
    ] {
        let ended = check(arguments);
        assert_eq!(ended.code(), 2, "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(told), "{arguments:?}: {}", ended.stderr);
    }
    for (arguments, told) in [
        (&["--command", "directory", "--account", "work"][..], "there is no account \"work\""),
        (&["--command", "directory", "--component", "cpoy"], "there is no component cpoy"),
    ] {
        assert!(check(arguments).complaint().contains(told), "{arguments:?}");
    }
}

#[test]
fn a_grant_for_one_run_holds_for_the_tool_and_the_gateway() {
    let setting = Setting::new();
    let folder = setting.path("pics");
    fs::create_dir(&folder).unwrap();
    let picture = setting.write("pics/a.png", "png");
    let agent = shell(&format!(r#"echo '{{"text": "", "mediaUrls": ["{picture}"]}}'"#), &[]);
    setting.configure(&config(json!({ "dmPolicy": "open" }), json!({ "agent": agent })));
    let call = json!({ "action": "image", "threadId": "111", "url": picture }).to_string();
    assert_eq!(setting.run(&["tool", "call", &call]).code(), 1, "no folder is granted");
    let grant = format!("mediaRoots={}", folder.display());
    setting.run(&["tool", "call", &call, "--grant", &grant]).succeeded();
    assert_eq!(setting.sent().len(), 1);

    setting.say(&[Line::direct("111", "Alice", "hello")]);
    let mut gateway = setting.start(setting.command(&["gateway", "run", "--grant", &grant]));
    gateway.until("the picture", || (setting.sent().len() == 2).then_some(()));
    gateway.stop();
    let mut gateway = setting.gateway();
    setting.say(&[Line::direct("111", "Alice", "again")]);
    gateway.until_logged("grants.zalouser.mediaRoots to hold");
}
