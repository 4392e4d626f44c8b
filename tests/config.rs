//! `zalouser config`: the file is judged, shown and changed.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::thread;

use serde_json::{Value, json};

use crate::setting::Setting;

/// A file in everybody's own way of writing.
const COMMENTED: &str = r#"// The gateway of the house.
{
  gateway: { port: 0x4965 }, // do not touch
  /* Who may write. */
  channels: {
    'telegram': { botToken: "123:abc" },
    zalouser: {
      // dmPolicy: "open",
      dmPolicy: 'pairing', // for now
      allowFrom: [
        "111", // An
        /* Bình */ '222',
      ],
      groups: {
        "5002": { requireMention: true, },
      },
    },
  },
}
"#;

/// The standard output of a run that went well, without the name of the folder.
fn told(setting: &Setting, args: &[&str]) -> String {
    let ended = setting.run(args);
    assert_eq!(ended.code(), 0, "{args:?}: {ended:?}");
    plain(setting, &ended.stdout)
}

fn plain(setting: &Setting, text: &str) -> String {
    text.replace(&format!("{}/", setting.state().root().display()), "")
}

fn check(config: &str) -> (String, String, i32) {
    let setting = Setting::with_config(config);
    let ended = setting.run(&["config", "check", "--channel", "zalouser"]);
    (plain(&setting, &ended.stdout), plain(&setting, &ended.stderr), ended.code())
}

#[test]
fn check_names_every_problem_with_its_place() {
    let (stdout, stderr, code) = check(
        r#"{
  channels: {
    zalouser: {
      dmPolicy: "opne", // a slip
      'dmPolcy': "open",
      allowFrom: ["111", "Họ Nhà"],
      groups: { "Work Chat": { requireMention: 'yes' } },
    },
  },
  plugins: { entries: { zalouser: { config: {
    agent: { kind: "openai", model: "m" },
  } } } },
}
"#,
    );
    insta::assert_snapshot!(stdout, @r#"
    openclaw.json:4:17: channels.zalouser.dmPolicy: "opne" is not a policy; allowed: pairing, allowlist, open, disabled; did you mean "open"?
    openclaw.json:5:7: channels.zalouser.dmPolcy is not a known key; allowed: enabled, name, profile, dmPolicy, allowFrom, groupPolicy, groupAllowFrom, groups, markdown, chunkMode, textChunkLimit, historyLimit, messagePrefix, responsePrefix, mediaMaxMb, accounts, defaultAccount; did you mean "dmPolicy"?
    openclaw.json:6:26: warning: channels.zalouser.allowFrom[1]: "Họ Nhà" is a name, which lets nobody in until it is resolved when the account starts; use the id
    openclaw.json:7:17: warning: channels.zalouser.groups["Work Chat"] is a name, which matches as typed until it is resolved when the account starts; use the id
    openclaw.json:7:48: channels.zalouser.groups["Work Chat"].requireMention: "yes" is neither true nor false
    openclaw.json:11:5: plugins.entries.zalouser.config.agent.baseUrl is missing
    "#);
    insta::assert_snapshot!(stderr, @"zalouser: there are 4 errors in openclaw.json");
    assert_eq!(code, 1);
}

#[test]
fn check_places_what_is_not_json5() {
    let (stdout, stderr, code) = check("{\r\n  channels: {\r\n    zalouser: }\r\n}");
    insta::assert_snapshot!(stdout, @"openclaw.json:3:15: the file is not valid JSON5: expected value at line 3 column 15");
    insta::assert_snapshot!(stderr, @"zalouser: there is 1 error in openclaw.json");
    assert_eq!(code, 1);
}

#[test]
fn check_lets_warnings_pass() {
    let (stdout, stderr, code) =
        check(r#"{ channels: { zalouser: { profile: "p", accounts: { a: {}, b: {} } } } }"#);
    insta::assert_snapshot!(stdout, @r#"openclaw.json:1:60: warning: channels.zalouser.accounts.b uses the profile "p", as the account "a" does, and cannot run beside it; give it a `profile` of its own"#);
    assert_eq!((stderr.as_str(), code), ("", 0));
}

#[test]
fn check_is_content_with_a_file_that_is_right_or_absent() {
    let setting = Setting::with_config(COMMENTED);
    assert_eq!(told(&setting, &["config", "check"]), "openclaw.json is in order\n");
    fs::remove_file(setting.in_state("openclaw.json")).unwrap();
    assert_eq!(told(&setting, &["config", "check"]), "openclaw.json does not exist, so all defaults hold\n");
}

#[test]
fn check_tells_the_same_as_json() {
    let setting =
        Setting::with_config("{ channels: { zalouser: {\n  dmPolicy: 'opne', groups: { x: {} } } } }");
    let ended = setting.run(&["config", "check", "--json"]);
    assert_eq!(ended.code(), 1, "{ended:?}");
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    let seen: Vec<_> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| ["level", "path", "line", "column", "suggestion"].map(|key| problem[key].clone()))
        .collect();
    let expected = [
        [json!("error"), json!("channels.zalouser.dmPolicy"), json!(2), json!(13), json!("open")],
        [json!("warning"), json!("channels.zalouser.groups.x"), json!(2), json!(31), Value::Null],
    ];
    assert_eq!(seen, expected, "{report}");
}

#[test]
fn show_tells_what_was_understood_without_secrets() {
    let setting = Setting::with_config(
        r#"{
  channels: { defaults: { groupPolicy: "disabled" }, zalouser: { accounts: {
    work: { name: "Work", groups: { "Work Chat": { allow: false, tools: { deny: ["exec"] } } }, mediaMaxMb: 2.5 },
    home: {},
  } } },
  bindings: [{ agentId: "sales", match: { channel: "zalouser", accountId: "work" } }],
  plugins: { entries: { zalouser: { config: { agent: {
    kind: "command", command: ["bot", "--api-key", "hunter2", "sk-proj-abcdef0123456789"],
  } } } } },
}"#,
    );
    insta::assert_snapshot!(told(&setting, &["config", "show", "--account", "WORK"]), @r#"
    account work
      agent                                sales
      agents                               -
      allowFrom                            -
      chunkMode                            length
      commands.bash                        false
      commands.config                      false
      commands.debug                       false
      commands.useAccessGroups             true
      dmPolicy                             pairing
      enabled                              true
      envelope.elapsed                     true
      envelope.timestamp                   true
      envelope.timezone                    local
      groupAllowFrom                       -
      groupPolicy                          disabled
      groups["Work Chat"].enabled          false
      groups["Work Chat"].requireMention   false
      groups["Work Chat"].tools.allow      -
      groups["Work Chat"].tools.alsoAllow  -
      groups["Work Chat"].tools.deny       exec
      historyLimit                         50
      identityName                         -
      markdown.tables                      code
      mediaMaxMb                           2.5
      mentionPatterns                      -
      messagePrefix                        -
      name                                 Work
      profile                              work
      responsePrefix                       -
      textChunkLimit                       2000

    plugins.entries.zalouser.config
      agent.command          bot, --api-key, …, sk-p…
      agent.kind             command
      agent.timeoutSeconds   120
      component              zalouser
      components             -
      heartbeatSeconds       30
      limits.callMs          250
      limits.effects         10000
      limits.memoryMiB       64
      limits.returnedMiB     8
      limits.tableElements   10000
      pacing.burst           5
      pacing.enabled         true
      pacing.sendsPerMinute  60
      zca                    -

    from openclaw.json
    "#);
    let shown = told(&setting, &["config", "show", "--json", "--channel", "zlu"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["accounts"].as_array().unwrap().len(), 2);
    assert_eq!(shown["defaultAccount"], "home");
    let agent =
        json!({ "kind": "command", "command": ["bot", "--api-key", "…", "sk-p…"], "timeoutSeconds": 120 });
    assert_eq!(shown["settings"]["agent"], agent);
}

#[test]
fn show_names_the_accounts_that_there_are() {
    let ended = Setting::with_config(COMMENTED).run(&["config", "show", "--account", "work"]);
    assert_eq!((ended.code(), ended.stdout.as_str()), (1, ""));
    assert_eq!(ended.stderr, "zalouser: there is no account \"work\"; there is: default\n");
}

#[test]
fn get_prints_what_stands_in_the_file() {
    let setting = Setting::with_config(COMMENTED);
    for (path, value) in [
        ("gateway.port", json!(18789)),
        ("channels.zalouser.allowFrom[1]", json!("222")),
        ("channels.zalouser.groups[\"5002\"]", json!({ "requireMention": true })),
        ("channels['zalouser'].dmPolicy", json!("pairing")),
    ] {
        let stdout = told(&setting, &["config", "get", path]);
        assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap(), value, "{path}");
    }
}

#[test]
fn get_says_what_is_missing() {
    let setting = Setting::with_config(COMMENTED);
    let ended = setting.run(&["config", "get", "channels.zaloser.dmPolicy"]);
    assert_eq!((ended.code(), ended.stdout.as_str()), (1, ""));
    let stderr = plain(&setting, &ended.stderr);
    assert_eq!(
        stderr,
        "zalouser: openclaw.json has no channels.zaloser.dmPolicy; did you mean channels.zalouser.dmPolicy?\n"
    );
    let ended = setting.run(&["config", "get", "channels..x"]);
    assert_eq!(ended.code(), 2, "{ended:?}");
}

/// Sets a value and returns what the file says then.
fn set(config: &str, args: &[&str]) -> String {
    let setting = Setting::with_config(config);
    told(&setting, &[&["config", "set"], args].concat());
    assert_eq!(setting.read_state("openclaw.json.bak"), config, "the file as it was is kept");
    setting.read_state("openclaw.json")
}

#[test]
fn set_changes_one_value_and_no_other_byte() {
    for line_end in ["\n", "\r\n"] {
        let config = COMMENTED.replace('\n', line_end);
        let path = "channels.zalouser.dmPolicy";
        assert_eq!(
            set(&config, &[path, "open", "--channel", "zalouser"]),
            config.replace("dmPolicy: 'pairing'", "dmPolicy: \"open\"")
        );
        assert_eq!(
            set(&config, &["channels.zalouser.allowFrom[1]", "'333'"]),
            config.replace("'222'", "\"333\"")
        );
        assert_eq!(
            set(&config, &["channels.zalouser.historyLimit", "0x10"]),
            config.replace(
                "      },\n    },\n".replace('\n', line_end).as_str(),
                &"      },\n      historyLimit: 16,\n    },\n".replace('\n', line_end)
            )
        );
    }
}

#[test]
fn set_makes_what_is_missing_above_a_value() {
    let config = "{\n    \"gateway\": {}\n}\n";
    let set = set(config, &["plugins.entries.zalouser.config.agent", "{ kind: 'echo' }"]);
    assert_eq!(
        set,
        r#"{
    "gateway": {},
    "plugins": {
        "entries": {
            "zalouser": {
                "config": {
                    "agent": {
                        "kind": "echo"
                    }
                }
            }
        }
    }
}
"#
    );
}

#[test]
fn set_takes_a_text_that_looks_like_something_else() {
    let config = "{ channels: { zalouser: {} } }";
    let setting = Setting::with_config(config);
    let ended = setting.run(&["config", "set", "channels.zalouser.name", "123"]);
    assert_eq!(ended.code(), 1, "{ended:?}");
    insta::assert_snapshot!(ended.stderr, @"zalouser: nothing was written, or this would be wrong: channels.zalouser.name: 123 is not a string; if 123 is a text, add --string");
    told(&setting, &["config", "set", "--string", "channels.zalouser.name", "123"]);
    assert_eq!(setting.read_state("openclaw.json"), "{ channels: { zalouser: { name: \"123\" } } }");
}

#[test]
fn set_makes_a_file_for_its_owner_only() {
    let setting = Setting::with_config("");
    let file = setting.in_state("openclaw.json");
    fs::remove_file(&file).unwrap();
    told(&setting, &["config", "set", "channels.zalouser.dmPolicy", "open"]);
    assert_eq!(
        setting.read_state_json("openclaw.json"),
        json!({ "channels": { "zalouser": { "dmPolicy": "open" } } })
    );
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn set_keeps_the_mode_and_the_link() {
    let setting = Setting::with_config("");
    let (file, real) = (setting.in_state("openclaw.json"), setting.in_state("real.json"));
    fs::rename(&file, &real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("real.json", &file).unwrap();
    told(&setting, &["config", "set", "channels.zalouser.enabled", "false"]);
    assert!(file.is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().mode() & 0o777, 0o640);
    assert_eq!(fs::metadata(setting.in_state("real.json.bak")).unwrap().mode() & 0o777, 0o640);
}

#[test]
fn what_is_refused_leaves_the_file_as_it_is() {
    let config = "{ channels: { zalouser: { dmPolicy: 'open', nmae: 'x' } } }";
    for (args, reason) in [
        (&["set", "channels.zalouser.dmPolicy", "opne"][..], "did you mean \"open\"?"),
        (&["set", "channels.zalouser.nmae", "y"], "nmae is not a known key"),
        (
            &["set", "channels.zalouser.dmPolicy.x", "1"],
            "line 1 column 37: channels.zalouser.dmPolicy is neither",
        ),
        (&["set", "channels.zalouser.allowFrom[1]", "1"], "the list has 0 items"),
        (&["set", "channels.telegram.dmPolicy", "open"], "belongs to the gateway"),
        (&["set", "plugins.entries.zalouser.config.agent", "{}"], "agent.kind is missing"),
        (&["unset", "channels"], "belongs to the gateway"),
        (&["unset", "channels.zalouser.name"], "there is no channels.zalouser.name"),
    ] {
        let setting = Setting::with_config(config);
        let ended = setting.run(&[&["config"], args].concat());
        assert_eq!((ended.code(), ended.stdout.as_str()), (1, ""), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(reason), "{args:?}: {ended:?}");
        assert_eq!(setting.read_state("openclaw.json"), config);
        assert!(!setting.in_state("openclaw.json.bak").exists(), "{args:?}");
    }
}

#[test]
fn what_was_wrong_before_and_elsewhere_does_not_matter() {
    let config = "{ channels: { zalouser: { dmPolicy: 'opne', name: 'x' } } }";
    assert_eq!(set(config, &["channels.zalouser.name", "y"]), config.replace("'x'", "'y'"));
    assert_eq!(set(config, &["channels.zalouser.dmPolicy", "open"]), config.replace("opne", "open"));
}

#[test]
fn a_file_that_is_not_json5_is_not_changed() {
    let setting = Setting::with_config("{ channels: ");
    let ended = setting.run(&["config", "set", "channels.zalouser.name", "x"]);
    assert_eq!(ended.code(), 1, "{ended:?}");
    insta::assert_snapshot!(plain(&setting, &ended.stderr), @"zalouser: openclaw.json: the file is not valid JSON5: it ends within what begins at line 1 column 1");
    assert_eq!(setting.read_state("openclaw.json"), "{ channels: ");
}

#[test]
fn a_dry_run_prints_a_diff_and_writes_nothing() {
    let setting = Setting::with_config(COMMENTED);
    let diff = told(&setting, &["config", "set", "--dry-run", "channels.zalouser.dmPolicy", "allowlist"]);
    insta::assert_snapshot!(diff, @r#"
    --- openclaw.json
    +++ openclaw.json
    @@ -6,7 +6,7 @@
         'telegram': { botToken: "123:abc" },
         zalouser: {
           // dmPolicy: "open",
    -      dmPolicy: 'pairing', // for now
    +      dmPolicy: "allowlist", // for now
           allowFrom: [
             "111", // An
             /* Bình */ '222',
    "#);
    assert_eq!(setting.read_state("openclaw.json"), COMMENTED);
    assert!(!setting.in_state("openclaw.json.bak").exists());
}

#[test]
fn setting_what_is_set_already_writes_nothing() {
    let setting = Setting::with_config(COMMENTED);
    let stdout = told(&setting, &["config", "set", "channels.zalouser.dmPolicy", "pairing"]);
    assert_eq!(stdout, "Nothing to change in openclaw.json\n");
    assert!(!setting.in_state("openclaw.json.bak").exists());
}

#[test]
fn unset_takes_a_value_away_with_its_line() {
    let setting = Setting::with_config(COMMENTED);
    told(&setting, &["config", "unset", "channels.zalouser.dmPolicy"]);
    assert_eq!(
        setting.read_state("openclaw.json"),
        COMMENTED.replace("      dmPolicy: 'pairing', // for now\n", "")
    );
    assert_eq!(setting.read_state("openclaw.json.bak"), COMMENTED);
}

#[test]
fn of_changes_at_once_none_is_lost_unnoticed() {
    let setting = Setting::with_config(COMMENTED);
    let keys = ["name", "profile", "messagePrefix", "responsePrefix"];
    let ended = thread::scope(|scope| {
        let runs = keys.map(|key| {
            let path = format!("channels.zalouser.{key}");
            let setting = &setting;
            scope.spawn(move || setting.run(&["config", "set", &path, key]))
        });
        runs.map(|run| run.join().unwrap())
    });
    let document = zalouser_settings::parse(&setting.read_state("openclaw.json")).unwrap();
    for (key, ended) in keys.iter().zip(ended) {
        let is_there = document["channels"]["zalouser"][key] == **key;
        let told = "was changed by another program in the meantime, nothing was written; try again";
        assert_eq!(is_there, ended.code() == 0, "{key}: {ended:?}");
        assert!(is_there || ended.stderr.contains(told), "{key}: {ended:?}");
    }
}
