//! `zalouser onboard`: by flags alone, and question by question in a terminal.

use std::fs;

use serde_json::{Value, json};
use zalouser::simulator::World;

use crate::directory::{usage, world};
use crate::setting::{Setting, snapshot};
use crate::terminal::{CTRL_C, DOWN, ENTER, Terminal};

/// A file in somebody's own way of writing.
const COMMENTED: &str = r#"// mine
{
  channels: {
    zalouser: {
      dmPolicy: 'allowlist', // family only
      allowFrom: [
        "333", // An
      ],
      groups: {
        "Work Chat": { allow: false, tools: { deny: ["bash"] } }, // not yet
      },
    },
  },
}
"#;

fn flags<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    [&["onboard", "--non-interactive"], flags].concat()
}

fn written(setting: &Setting) -> Value {
    zalouser_settings::parse(&setting.read_state("openclaw.json")).unwrap()
}

/// Two friends of one name, and one without a namesake.
fn namesakes(logged_in: bool) -> Setting {
    let setting = Setting::new();
    let friends = [("111", "Alice"), ("222", "Alice"), ("333", "Bob")];
    let world = world(&friends, &[("5001", "Work Chat"), ("5002", "Family")]);
    setting.simulator.set_world(&World { logged_in, ..world }).unwrap();
    setting
}

/// The wizard in a terminal.
fn wizard(setting: &Setting, arguments: &[&str]) -> Terminal {
    Terminal::open(setting, &[&["onboard"], arguments].concat())
}

#[test]
fn flags_alone_set_up_an_account() {
    let setting = namesakes(true);
    let arguments = [
        "--dm-policy=allowlist",
        "--allow-from=bob",
        "--allow-from=444",
        "--group=family",
        "--require-mention=false",
        "--agent=command",
        "--agent-command=/opt/bot 'a b'",
    ];
    let told = setting.run(&flags(&arguments)).succeeded();
    let section = json!({
        "enabled": true,
        "dmPolicy": "allowlist",
        "allowFrom": ["333", "444"],
        "groupPolicy": "allowlist",
        "groups": { "5002": { "allow": true, "requireMention": false } },
    });
    let agent = json!({ "kind": "command", "command": ["/opt/bot", "a b"] });
    assert_eq!(written(&setting), crate::setting::config(section, json!({ "agent": agent })));
    assert!(
        told.contains("+    \"channels\"") || told.contains("+  \"channels\""),
        "the change is shown: {told}"
    );
    let texts = setting.texts();
    assert!(matches!(&texts[..], [(own, _)] if own == "999"), "a test message to oneself: {texts:?}");
}

#[test]
fn what_the_file_says_stays() {
    let setting = Setting::with_config(COMMENTED);
    let arguments = ["--allow-from=111", "--group=5001", "--agent=echo", "--no-test-message"];
    setting.run(&flags(&arguments)).succeeded();
    let text = setting.read_state("openclaw.json");
    for comment in ["// mine", "// family only", "// An", "// not yet"] {
        assert!(text.contains(comment), "{comment} is gone: {text}");
    }
    let section = json!({
        "enabled": true,
        "dmPolicy": "allowlist",
        "allowFrom": ["333", "111"],
        "groupPolicy": "allowlist",
        "groups": { "Work Chat": { "allow": true, "tools": { "deny": ["bash"] } } },
    });
    assert_eq!(written(&setting), crate::setting::config(section, json!({ "agent": { "kind": "echo" } })));
    assert_eq!(setting.read_state("openclaw.json.bak"), COMMENTED);
    assert_eq!(setting.sent(), []);
    let again = setting.run(&flags(&["--no-test-message"])).succeeded();
    assert!(again.starts_with("Nothing to change"), "{again}");
}

#[test]
fn a_new_account_is_added_with_its_own_profile() {
    let setting = Setting::with_config(COMMENTED);
    setting.simulator.with_profile("job").unwrap().set_world(&World::default()).unwrap();
    let arguments =
        ["--account=work", "--profile=job", "--dm-policy=open", "--agent=echo", "--no-test-message"];
    setting.run(&flags(&arguments)).succeeded();
    let channel = &written(&setting)["channels"]["zalouser"];
    let work = json!({ "enabled": true, "profile": "job", "dmPolicy": "open", "groupPolicy": "allowlist" });
    assert_eq!(channel["accounts"], json!({ "default": {}, "work": work }));
    assert_eq!(channel["dmPolicy"], "allowlist", "the other account is as it was");
}

#[test]
fn who_cannot_be_told_apart_is_not_let_in() {
    for (arguments, told) in [
        (
            &["--allow-from=Alice"][..],
            &["--allow-from \"Alice\"", "111 (Alice), 222 (Alice)", "give an id"][..],
        ),
        (&["--allow-from=Zoe"], &["--allow-from \"Zoe\" is nobody's name"]),
        (&["--allow-from=group:5001"], &["--allow-from \"group:5001\" names a group"]),
        (&["--group=Wrok"], &["--group \"Wrok\" is nobody's name"]),
    ] {
        let setting = namesakes(true);
        let complaint = setting.run(&flags(&[arguments, &["--agent=echo"]].concat())).complaint();
        assert!(told.iter().all(|part| complaint.contains(part)), "{complaint}");
        assert!(!setting.in_state("openclaw.json").exists());
    }
}

#[test]
fn a_missing_answer_names_its_flag() {
    for (arguments, flag) in [
        (&[][..], "--agent echo|command|openai"),
        (&["--agent=openai", "--base-url=http://h/v1"], "--model"),
        (&["--agent=echo", "--dm-policy=allowlist"], "--allow-from"),
        (&["--agent=echo", "--model=m"], "--model"),
    ] {
        let setting = Setting::new();
        let complaint = usage(setting.run(&flags(arguments)));
        assert!(complaint.contains(flag), "{complaint}");
        assert!(!setting.in_state("openclaw.json").exists());
    }
    let complaint = usage(Setting::new().run(&["onboard"]));
    assert!(complaint.contains("--non-interactive"), "there is no terminal: {complaint}");
}

#[test]
fn without_zca_or_a_session_nothing_is_written() {
    let setting = Setting::new();
    let complaint = setting.run(&flags(&["--agent=echo", "--zca=/nowhere/zca"])).complaint();
    assert!(complaint.contains("/nowhere/zca was not found"), "{complaint}");
    setting.simulator.set_world(&World { logged_in: false, ..World::default() }).unwrap();
    let complaint = setting.run(&flags(&["--agent=echo"])).complaint();
    let next = "--profile default auth login`, or give --skip-login";
    assert!(
        complaint.contains("account default is not logged in") && complaint.contains(next),
        "{complaint}"
    );
    assert!(!setting.in_state("openclaw.json").exists());
    setting.run(&flags(&["--agent=echo", "--skip-login", "--allow-from=111"])).succeeded();
    assert_eq!(written(&setting)["channels"]["zalouser"]["allowFrom"], json!(["111"]));
}

#[test]
fn the_questions_lead_to_the_same_file() {
    let setting = namesakes(false);
    let mut terminal = wizard(&setting, &[]);
    terminal.answer("Log in now", ENTER);
    terminal.answer("Who may write to the account?", ENTER);
    terminal.answer("Who may always write?", "Zoe\r");
    terminal.sees("\"Zoe\" is nobody's name");
    terminal.answer("Who may always write?", "Alice, 444\r");
    terminal.answer("2 are called Alice", &format!("{DOWN}{ENTER}"));
    terminal.answer("Which groups does the account listen to?", ENTER);
    terminal.answer("Which groups?", &format!("{DOWN} {ENTER}"));
    terminal.answer("answer only what speaks to the account?", ENTER);
    terminal.answer("Who answers?", ENTER);
    terminal.answer("Send a test message to yourself?", ENTER);
    terminal.sees("Sent a test message");
    terminal.sees("\"pairing\"");
    assert!(!setting.in_state("openclaw.json").exists(), "it is shown before it is written");
    terminal.answer("Write that?", ENTER);
    let (rest, code) = terminal.end();
    assert_eq!(code, 0, "{rest}");
    let section = json!({
        "enabled": true,
        "dmPolicy": "pairing",
        "allowFrom": ["222", "444"],
        "groupPolicy": "allowlist",
        "groups": { "5002": { "allow": true, "requireMention": true } },
    });
    assert_eq!(written(&setting), crate::setting::config(section, json!({ "agent": { "kind": "echo" } })));
}

#[test]
fn ctrl_c_at_any_question_changes_nothing() {
    let questions = [
        "Who may write to the account?",
        "Which groups does",
        "Which groups besides",
        "Who answers?",
        "Write that?",
    ];
    for (index, last) in questions.iter().enumerate() {
        let setting = Setting::with_config(&COMMENTED.replace("Work Chat", "5001"));
        let before = snapshot(setting.state().root());
        let mut terminal = wizard(&setting, &["--allow-from=111", "--no-test-message"]);
        for question in questions.iter().take(index) {
            terminal.answer(question, ENTER);
        }
        terminal.answer(last, CTRL_C);
        let (rest, code) = terminal.end();
        assert_eq!(code, 1, "{last}: {rest}");
        assert!(rest.contains("interrupted; the configuration is as it was"), "{last}: {rest}");
        assert_eq!(snapshot(setting.state().root()), before, "{last}");
    }
}

#[test]
fn an_endpoint_is_asked_for_and_no_key_gets_into_the_file() {
    let setting = Setting::new();
    let arguments =
        ["--dm-policy=open", "--group-policy=disabled", "--no-test-message", "--yes", "--agent=openai"];
    let mut terminal = wizard(&setting, &arguments);
    terminal.answer("The endpoint", "localhost\r");
    terminal.sees("It is not an http or https address");
    terminal.types(&"\u{7f}".repeat("localhost".len()));
    terminal.types("http://h/v1\r");
    terminal.answer("The model", "m\r");
    terminal.answer("The environment variable", "sk-123\r");
    terminal.sees("not the key itself");
    terminal.types(&"\u{7f}".repeat("sk-123".len()));
    terminal.types("KEY\r");
    terminal.answer("before every conversation", ENTER);
    let (rest, code) = terminal.end();
    assert_eq!(code, 0, "{rest}");
    let agent = &written(&setting)["plugins"]["entries"]["zalouser"]["config"]["agent"];
    assert_eq!(
        *agent,
        json!({ "kind": "openai", "baseUrl": "http://h/v1", "model": "m", "apiKeyEnv": "KEY" })
    );
    assert!(!fs::read_to_string(setting.in_state("openclaw.json")).unwrap().contains("sk-"));
}
