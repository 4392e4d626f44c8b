//! `zalouser plugins`, and the gateway with a component of somebody else.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use zalouser::sandbox::SHIPPED;
use zalouser::simulator::Line;

use crate::setting::{Setting, config};

/// The settings of the shim in the gateway's file.
const SETTINGS: &str = "plugins.entries.zalouser.config";

/// A component that only imports this instance and exports nothing.
fn importing(name: &str) -> Vec<u8> {
    let mut import = vec![1, 0, u8::try_from(name.len()).unwrap()];
    import.extend(name.as_bytes());
    import.extend([5, 0]);
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    // A type section with the type of an empty instance, and the import section.
    bytes.extend([7, 3, 1, 0x42, 0, 10, u8::try_from(import.len()).unwrap()]);
    bytes.extend(import);
    bytes
}

/// The shipped component with one name in it replaced by another of the same length.
fn renamed(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = SHIPPED.to_vec();
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(from.len()).position(|window| window == from.as_bytes()) {
        at += found + from.len();
        bytes[at - from.len()..at].copy_from_slice(to.as_bytes());
    }
    assert_ne!(at, 0, "{from} is in it");
    bytes
}

/// The shipped component with a section more that nobody reads.
fn another() -> Vec<u8> {
    [SHIPPED, &[0, 2, 1, b'x']].concat()
}

/// Where the component of this name is installed.
fn installed(setting: &Setting, name: &str) -> PathBuf {
    setting.in_state(&format!("zalouser/plugins/{name}/component.wasm"))
}

/// A setting in which a copy of the shipped component is installed as `copy`.
fn with_copy() -> Setting {
    let setting = Setting::new();
    let file = setting.write("copy.wasm", SHIPPED);
    setting.run(&["plugins", "install", &file]).succeeded();
    setting
}

fn json_of(setting: &Setting, arguments: &[&str]) -> Value {
    serde_json::from_str(&setting.run(&[arguments, &["--json"]].concat()).succeeded()).unwrap()
}

fn assert_parts(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in: {text}");
    }
}

#[test]
fn a_component_is_installed_for_its_owner_alone_and_listed() {
    use std::os::unix::fs::PermissionsExt as _;

    let setting = with_copy();
    let file = installed(&setting, "copy");
    assert!(fs::read(&file).unwrap() == SHIPPED);
    for folder in file.ancestors().skip(1).take(3) {
        let mode = fs::metadata(folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
    }
    let listed = json_of(&setting, &["plugins", "list"]);
    let [shipped, copy] = listed["components"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!((&shipped["name"], &shipped["default"]), (&json!("zalouser"), &json!(true)));
    assert_eq!(
        (&copy["name"], &copy["problem"], &copy["default"]),
        (&json!("copy"), &json!(null), &json!(false))
    );
    assert_eq!(copy["sha256"], shipped["sha256"], "it is a copy");
    let words = setting.run(&["plugins", "list"]).succeeded();
    assert_parts(&words, &["- zalouser", "part of this program", "- copy: judges no account"]);
    assert_parts(&setting.run(&["plugins", "verify"]).succeeded(), &["copy is what was approved on"]);
    assert_eq!(json_of(&setting, &["plugins", "verify", "copy"])["ok"], json!(true));
}

#[test]
fn a_component_is_described_before_and_after_it_is_installed() {
    let setting = with_copy();
    let file = setting.write("other.wasm", another());
    let words = setting.run(&["plugins", "info", &file]).succeeded();
    assert_parts(
        &words,
        &[
            "name      other",
            "world     zalouser:plugin/plugin@0.1.0",
            "exports   zalouser:plugin/types@0.1.0",
            "zalouser:plugin/inbound@0.1.0",
            "imports   nothing",
            "approved  no; zalouser plugins install",
            "loads     yes",
            &format!("size      {} bytes", another().len()),
        ],
    );
    let info = json_of(&setting, &["plugins", "info", "copy"]);
    assert_eq!((&info["imports"], &info["problem"]), (&json!([]), &json!(null)));
    assert!(info["approvedAt"].is_string(), "{info}");
    assert_eq!(info["sha256"], json_of(&setting, &["plugins", "info", "zalouser"])["sha256"]);
}

#[test]
fn what_this_host_cannot_load_is_neither_installed_nor_passed_over() {
    let setting = Setting::new();
    let cut = &SHIPPED[..SHIPPED.len() / 2];
    let other_version = renamed("zalouser:plugin/inbound@0.1.0", "zalouser:plugin/inbound@0.2.0");
    let other_name = renamed("zalouser:plugin/tool@0.1.0", "zalouser:plugin/took@0.1.0");
    let cases: [(&[u8], &[&str]); 7] = [
        (b"", &["it is empty"]),
        (b"(component)", &["it is a text"]),
        (b"\0asm\x01\0\0\0", &["it is a core module", "wasm32-wasip2"]),
        (cut, &["it is damaged or cut off"]),
        (&other_version, &["exports zalouser:plugin/inbound@0.2.0", "speaks zalouser:plugin/inbound@0.1.0"]),
        (&other_name, &["does not export zalouser:plugin/tool@0.1.0", "zalouser:plugin/plugin@0.1.0"]),
        (
            &importing("zca:run/exec"),
            &["imports zca:run/exec", "does not offer", "does not export zalouser:plugin/config@0.1.0"],
        ),
    ];
    for (bytes, parts) in cases {
        let file = setting.write("bad.wasm", bytes);
        let complaint = setting.run(&["plugins", "install", &file]).complaint();
        assert_parts(&complaint, parts);
        assert_parts(&complaint, &[&file]);
        let info = setting.run(&["plugins", "info", &file]);
        assert_eq!(info.code(), 1, "{info:?}");
        assert_parts(&(info.stdout + &info.stderr), parts);
    }
    assert!(!installed(&setting, "bad").exists());
}

#[test]
fn a_component_may_not_have_the_name_of_the_shipped_one_or_an_unsafe_one() {
    let setting = Setting::new();
    let file = setting.write("zalouser.wasm", SHIPPED);
    assert_parts(&setting.run(&["plugins", "install", &file]).complaint(), &["part of this program"]);
    for name in ["../x", "A", ""] {
        let complaint = setting.run(&["plugins", "install", &file, "--name", name]).complaint();
        assert_parts(&complaint, &["is no name of a component"]);
    }
    setting.run(&["plugins", "install", &file, "--name", "mine"]).succeeded();
    assert!(installed(&setting, "mine").exists());
}

#[test]
fn a_manifest_asks_for_grants_and_the_lines_that_are_printed_give_them() {
    let setting = Setting::new();
    fs::create_dir(setting.path("bot")).unwrap();
    setting.write("bot/bot.wasm", SHIPPED);
    setting.write(
        "bot/zalouser.plugin.json5",
        "{ name: 'bot', version: '0.3.0', description: 'Answers.', file: 'bot.wasm', grants: [
            { key: 'commands', value: ['send.text'], reason: 'It answers.' },
            { key: 'threads', value: ['user:*'], reason: \"It doesn't answer groups.\" } ] }",
    );
    let printed = setting.run(&["plugins", "install", "bot"]).succeeded();
    assert_parts(&printed, &["Installed bot 0.3.0", r#"commands ["send.text"]: It answers."#, "enable bot"]);
    let lines: Vec<_> =
        printed.lines().filter_map(|line| line.trim().strip_prefix("zalouser config set ")).collect();
    assert_eq!(lines.len(), 2, "{printed}");
    assert!(!setting.in_state("openclaw.json").exists(), "nothing is granted by installing");
    for line in lines {
        let arguments = shlex::split(line).unwrap();
        let arguments: Vec<_> =
            ["config", "set"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
        setting.run(&arguments).succeeded();
    }
    let grants = json_of_path(&setting, &format!("{SETTINGS}.grants.bot"));
    assert_eq!(grants, json!({ "commands": ["send.text"], "threads": ["user:*"] }));
    let again = setting.run(&["plugins", "install", "bot"]).succeeded();
    assert!(again.contains("Approved bot 0.3.0 again") && !again.contains("config set"), "{again}");

    setting.write("bot/zalouser.plugin.json5", "{ name: 'bot', file: 'bot.wasm', grant: [] }");
    let ended = setting.run(&["plugins", "install", "bot"]);
    assert_eq!(ended.code(), 1);
    assert_parts(
        &ended.stderr,
        &["bot/zalouser.plugin.json5", "version is missing", "did you mean \"grants\""],
    );
}

fn json_of_path(setting: &Setting, path: &str) -> Value {
    serde_json::from_str(&setting.run(&["config", "get", path]).succeeded()).unwrap()
}

#[test]
fn a_changed_file_is_refused_until_it_is_approved_again() {
    let setting = with_copy();
    setting.configure(&config(json!({}), json!({ "agent": { "kind": "echo" } })));
    setting.run(&["plugins", "enable", "copy"]).succeeded();
    assert_eq!(setting.run(&["config", "check"]).code(), 0);
    fs::write(installed(&setting, "copy"), another()).unwrap();

    let mend = "zalouser plugins verify copy --approve";
    for arguments in [
        &["plugins", "info", "copy"][..],
        &["plugins", "enable", "copy"],
        &["gateway", "run"],
        &["tool", "call", r#"{"action":"me"}"#],
        &["replay", "/dev/null"],
    ] {
        let complaint = setting.run(arguments).complaint();
        assert_parts(&complaint, &["copy was changed after it was approved", mend]);
    }
    assert_parts(
        &setting.run(&["doctor"]).stdout,
        &["account default: the component copy was changed", mend],
    );
    let verified = setting.run(&["plugins", "verify"]);
    assert_eq!(verified.code(), 1);
    assert_parts(&verified.stdout, &[mend]);
    let checked = setting.run(&["config", "check"]);
    assert_eq!(checked.code(), 1);
    assert_parts(&checked.stdout, &["openclaw.json:", "config.component: \"copy\" cannot be run", mend]);
    assert_parts(&setting.run(&["plugins", "list"]).succeeded(), &[mend]);

    setting.run(&["plugins", "verify", "copy", "--approve"]).succeeded();
    assert_eq!(setting.run(&["config", "check"]).code(), 0);
    fs::write(installed(&setting, "copy"), "text").unwrap();
    let complaint = setting.run(&["plugins", "verify", "copy", "--approve"]).complaint();
    assert_parts(&complaint, &["it is a text"]);

    fs::remove_file(installed(&setting, "copy")).unwrap();
    assert_parts(&setting.run(&["gateway", "run"]).complaint(), &["copy is damaged", "plugins install"]);
}

#[test]
fn an_account_is_judged_by_its_own_component_with_that_ones_grants_alone() {
    let setting = with_copy();
    let accounts = json!({ "home": {}, "work": {} });
    setting.configure(&config(
        json!({ "dmPolicy": "open", "accounts": accounts }),
        json!({ "agent": { "kind": "echo" } }),
    ));
    let [home, work] = ["home", "work"].map(|profile| setting.simulator.with_profile(profile).unwrap());
    setting.run(&["plugins", "enable", "copy", "--account", "work"]).succeeded();
    for profile in [&home, &work] {
        profile.say(&Line::direct("111", "Alice", "hello")).unwrap();
    }
    let mut gateway = setting.gateway();
    gateway.until("the answer at home", || home.sent().unwrap().pop());
    gateway.until_logged("copy may not use send.text; to allow it, set");
    gateway.until_logged(&format!("{SETTINGS}.grants.copy.commands to hold \"send.text\""));
    assert_eq!(work.sent().unwrap(), []);
    gateway.stop();

    let call = r#"{"action":"send","threadId":"111","message":"hi"}"#;
    let [at_home, at_work] =
        ["home", "work"].map(|account| setting.run(&["tool", "call", call, "--account", account]));
    assert_eq!((at_home.code(), at_work.code()), (0, 1), "{at_home:?} {at_work:?}");
    assert_parts(&at_work.stdout, &["copy may not use send.text"]);

    for (key, value) in [("commands", "[\"send.text\"]"), ("accounts", "['work']"), ("threads", "['user:*']")]
    {
        setting.run(&["config", "set", &format!("{SETTINGS}.grants.copy.{key}"), value]).succeeded();
    }
    let refused = setting.run(&["tool", "call", call, "--account", "work"]);
    assert_parts(&refused.stdout, &["copy may not use the profile work"]);
    setting.run(&["config", "set", &format!("{SETTINGS}.grants.copy.profiles"), "['*']"]).succeeded();
    assert_eq!(setting.run(&["tool", "call", call, "--account", "work"]).code(), 0);
}

#[test]
fn an_account_whose_component_is_missing_does_not_keep_the_others_from_running() {
    let setting = with_copy();
    let home = setting.simulator.with_profile("home").unwrap();
    setting.simulator.with_profile("work").unwrap();
    setting.configure(&config(
        json!({ "dmPolicy": "open", "accounts": { "home": {}, "work": {} } }),
        json!({ "agent": { "kind": "echo" }, "components": { "work": "gone" } }),
    ));
    home.say(&Line::direct("111", "Alice", "hello")).unwrap();
    let mut gateway = setting.gateway();
    gateway.until("the answer at home", || home.sent().unwrap().pop());
    gateway.until_logged("account work: there is no component gone; installed: copy");
    gateway.stop();

    let checked = setting.run(&["config", "check"]);
    assert_parts(&checked.stdout, &["components.work: \"gone\" cannot be run: there is no component gone"]);
    assert_eq!(checked.code(), 1);
}

#[test]
fn a_component_is_enabled_and_disabled_without_touching_what_is_around_it() {
    let setting = with_copy();
    let text = "{\n  // mine\n  channels: { zalouser: { accounts: { Work: {}, b: {} } } }, // all\n}\n";
    setting.write_config(text);
    let run = |arguments: &[&str]| setting.run(&[&["plugins"], arguments].concat());
    run(&["enable", "copy", "--account", "WORK"]).succeeded();
    let written = setting.read_state("openclaw.json");
    assert!(written.contains("// mine") && written.contains("// all"), "{written}");
    assert_eq!(json_of_path(&setting, &format!("{SETTINGS}.components")), json!({ "WORK": "copy" }));
    let listed = run(&["list"]).succeeded();
    assert_parts(&listed, &["- copy: judges WORK\n"]);

    run(&["enable", "copy"]).succeeded();
    assert_eq!(json_of_path(&setting, &format!("{SETTINGS}.component")), json!("copy"));
    let complaint = run(&["remove", "copy"]).complaint();
    assert_parts(
        &complaint,
        &["enabled by plugins.entries.zalouser.config.component", "plugins disable copy"],
    );
    run(&["disable", "copy", "--account", "b"]).succeeded();
    assert_eq!(json_of_path(&setting, &format!("{SETTINGS}.components.b")), json!("zalouser"));
    run(&["disable", "copy"]).succeeded();
    assert_eq!(json_of_path(&setting, &format!("{SETTINGS}.components")), json!({ "b": "zalouser" }));
    assert_eq!(setting.run(&["config", "get", &format!("{SETTINGS}.component")]).code(), 1);
    run(&["remove", "copy"]).succeeded();
    assert!(!installed(&setting, "copy").parent().unwrap().exists());

    for (arguments, told) in [
        (&["enable", "copy"][..], "there is no component copy; none is installed"),
        (&["remove", "copy"], "there is no component copy"),
        (&["remove", "zalouser"], "part of this program"),
        (&["disable", "copy"], "copy judges no account"),
        (&["disable", "zalouser"], "wherever no other"),
        (&["enable", "zalouser", "--account", "c"], "there is no account \"c\"; there is: Work, b"),
        (&["info", "nobody"], "nobody"),
    ] {
        assert_parts(&run(arguments).complaint(), &[told]);
    }
    assert_eq!(run(&["enable", "../x"]).code(), 2);
}

#[test]
fn a_component_of_an_account_that_is_not_there_is_told() {
    let setting = with_copy();
    setting.configure(&config(
        json!({ "accounts": { "work": {} } }),
        json!({ "components": { "wrok": "copy" } }),
    ));
    let checked = setting.run(&["config", "check"]).succeeded();
    assert_parts(&checked, &["warning", "components.wrok is not an account", "did you mean \"work\""]);
}

#[test]
fn the_limits_of_the_settings_hold_for_what_judges() {
    let setting = Setting::new();
    // A message is told several times over: as it is, and as the agent reads it.
    let line = Line::direct("111", "Alice", "a".repeat(500_000)).ids("1", "2").at(1).to_json() + "\n";
    let file = setting.write("recorded", line);
    for (returned, decided) in [(8, 1), (1, 0)] {
        let limits = json!({ "limits": { "memoryMiB": 16, "returnedMiB": returned } });
        setting.configure(&config(json!({ "dmPolicy": "open" }), limits));
        let replayed = setting.run(&["replay", &file]);
        assert_eq!(replayed.stdout.lines().count(), decided, "{returned} MiB: {}", replayed.stderr);
        assert_eq!(replayed.stderr.contains("ran out of returned data"), decided == 0, "{}", replayed.stderr);
    }
}
