//! `zalouser tool`.

use std::fs::File;

use serde_json::{Value, json};
use zalouser::simulator::{CallFault, Faults, SentKind};

use crate::setting::{Finished, Setting, config};

/// Makes a call and gives the exit code with the answer.
fn call(setting: &Setting, call: &Value, options: &[&str]) -> (i32, Value) {
    let call = call.to_string();
    let ended = setting.run(&[&["tool", "call", call.as_str()], options].concat());
    (ended.code(), answer(&ended))
}

fn answer(ended: &Finished) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|err| panic!("{err}: {ended:?}"))
}

/// Where the first call that has this in its arguments fails.
fn failing_at(part: &str) -> Setting {
    let setting = Setting::new();
    let fault = CallFault {
        matching: Some(part.to_owned()),
        exit: Some(1),
        stderr: Some("Error: no route".to_owned()),
        ..CallFault::default()
    };
    setting.simulator.set_faults(&Faults { send: vec![fault], ..Faults::default() }).unwrap();
    setting
}

#[test]
fn a_long_message_is_sent_in_parts_and_their_ids_are_told() {
    let setting = Setting::with_config("{ channels: { zalouser: { responsePrefix: '[bot]' } } }");
    let message = format!("{}\n\n{}", "a".repeat(1_500), "b".repeat(1_500));
    let (code, answer) = call(
        &setting,
        &json!({ "action": "send", "threadId": "5001", "isGroup": true, "message": message }),
        &[],
    );
    let sent = setting.sent();
    let texts: Vec<_> = sent.iter().map(|sent| sent.text.as_deref().unwrap()).collect();
    assert_eq!(texts, ["a".repeat(1_500), "b".repeat(1_500)], "in order, and without the replies' prefix");
    assert!(sent.iter().all(|sent| sent.thread_id == "5001" && sent.group), "{sent:?}");
    let ids: Vec<_> = sent.iter().map(|sent| sent.msg_id.to_string()).collect();
    let expected = json!({
        "action": "send", "ok": true, "delivered": true, "threadId": "5001", "isGroup": true,
        "messageIds": ids, "sent": 2, "parts": 2,
    });
    assert_eq!((code, answer), (0, expected));
}

#[test]
fn a_call_is_read_from_standard_input() {
    for arguments in [&["tool", "call"][..], &["tool", "call", "-"]] {
        let setting = Setting::new();
        let call = json!({ "action": "link", "url": "https://example.org/a" }).to_string();
        let mut command = setting.command(&[arguments, &["--thread", "user:111"]].concat());
        command.stdin(File::open(setting.write("call.json", call)).unwrap());
        let ended = setting.start(command).finish();
        assert_eq!(ended.code(), 0, "{ended:?}");
        assert_eq!(answer(&ended)["threadId"], json!("111"), "the conversation that the call comes from");
        let sent = setting.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert_eq!((sent[0].kind, sent[0].url.as_deref()), (SentKind::Link, Some("https://example.org/a")));
    }
}

#[test]
fn a_picture_has_its_message_as_a_caption() {
    let setting = Setting::new();
    let image =
        json!({ "action": "image", "threadId": "111", "url": "https://e.org/a.png", "message": "- hi" });
    let (code, answer) = call(&setting, &image, &[]);
    let sent = setting.sent();
    assert_eq!((code, sent.len()), (0, 1), "{answer}");
    assert_eq!((sent[0].kind, sent[0].caption.as_deref()), (SentKind::Image, Some("- hi")));
    assert_eq!(answer["messageIds"], json!([sent[0].msg_id.to_string()]));
}

#[test]
fn a_wrong_call_is_refused_before_anything_runs() {
    let setting = Setting::with_config("{ channels: { zalouser: { profile: 'w' } } }");
    for (wrong, code) in [
        (json!({ "action": "dance" }), "unknown-action"),
        (json!({ "action": "send", "threadId": "111" }), "missing-argument"),
        (json!({ "action": "send", "threadId": "111", "message": "hi", "to": "222" }), "unknown-argument"),
        (json!({ "action": "send", "threadId": 111, "message": "hi" }), "wrong-type"),
        (json!({ "action": "send", "threadId": "Alice", "message": "hi" }), "invalid-value"),
        (
            json!({ "action": "send", "threadId": "user:1", "isGroup": true, "message": "hi" }),
            "contradiction",
        ),
        (json!({ "action": "me", "profile": "default" }), "other-profile"),
        (json!("me"), "malformed"),
    ] {
        let (exit, answer) = call(&setting, &wrong, &[]);
        assert_eq!((exit, &answer["error"]["code"]), (2, &json!(code)), "{wrong}: {answer}");
        assert_eq!((&answer["ok"], &answer["delivered"]), (&json!(false), &json!(false)), "{answer}");
        assert!(answer["error"]["hint"].is_string(), "{answer}");
    }
    assert_eq!(setting.simulator.calls().unwrap(), []);
}

#[test]
fn a_failure_tells_what_was_delivered() {
    let message = |first: &str, second: &str| {
        let message = format!("{first}{}\n\n{second}", "a".repeat(1_990));
        json!({ "action": "send", "threadId": "111", "message": message })
    };
    let setting = failing_at("second");
    let (code, answer) = call(&setting, &message("first", "second"), &[]);
    assert_eq!(code, 1, "{answer}");
    let sent = setting.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(answer["delivered"], json!("partly"), "{answer}");
    assert_eq!(answer["messageIds"], json!([sent[0].msg_id.to_string()]), "{answer}");
    assert_eq!((&answer["sent"], &answer["parts"]), (&json!(1), &json!(2)), "{answer}");
    assert_eq!(answer["error"]["message"], json!("no route"), "{answer}");

    let setting = failing_at("first");
    let (code, answer) = call(&setting, &message("first", "second"), &[]);
    assert_eq!((code, &answer["delivered"]), (1, &json!(false)), "{answer}");
    assert_eq!(setting.simulator.calls().unwrap().len(), 1, "nothing is sent behind a failure");
}

#[test]
fn friends_groups_account_and_session_are_told() {
    let setting = Setting::new();
    for (asked, key, expected) in [
        (
            json!({ "action": "friends", "query": "NGUYEN" }),
            "friends",
            json!([{ "threadId": "111", "isGroup": false, "name": "Alice Nguyễn" }]),
        ),
        (
            json!({ "action": "groups", "limit": 1 }),
            "groups",
            json!([{ "threadId": "5001", "isGroup": true, "name": "Work Chat", "memberCount": 3 }]),
        ),
        (json!({ "action": "me" }), "userId", json!("999")),
        (json!({ "action": "status" }), "loggedIn", json!(true)),
    ] {
        let (code, answer) = call(&setting, &asked, &[]);
        assert_eq!((code, &answer[key]), (0, &expected), "{answer}");
    }
    let gone = Faults { auth: zalouser::simulator::AuthFault { logged_in: false }, ..Faults::default() };
    setting.simulator.set_faults(&gone).unwrap();
    let (code, answer) = call(&setting, &json!({ "action": "status" }), &[]);
    assert_eq!((code, &answer["loggedIn"]), (0, &json!(false)), "{answer}");
    let (code, answer) = call(&setting, &json!({ "action": "friends" }), &[]);
    assert_eq!((code, &answer["error"]["code"]), (1, &json!("failed")), "{answer}");
}

#[test]
fn what_a_group_may_not_use_is_refused_there_and_nowhere_else() {
    let groups = json!({
        "5002": { "tools": { "allow": ["zalouser.me"] } },
        "Work Chat": { "tools": { "deny": ["zalouser.send"] } },
    });
    let setting = Setting::new();
    setting.configure(&config(json!({ "groups": groups }), json!({})));
    let send = json!({ "action": "send", "threadId": "111", "message": "hi" });
    for (thread, asked, expected) in [
        ("group:5002", &send, 2),
        ("group:5002", &json!({ "action": "me" }), 0),
        ("group:5001", &send, 2),
        ("group:5001", &json!({ "action": "me" }), 0),
        ("user:111", &send, 0),
    ] {
        let (code, answer) = call(&setting, asked, &["--thread", thread]);
        assert_eq!(code, expected, "{asked} from {thread}: {answer}");
        if expected == 2 {
            assert_eq!(answer["error"]["code"], json!("not-allowed"), "{answer}");
        }
    }
    assert_eq!(setting.sent().len(), 1);
}

#[test]
fn a_rule_by_name_holds_even_if_the_groups_cannot_be_listed() {
    let setting = Setting::new();
    let groups = json!({ "Work Chat": { "tools": { "deny": ["*"] } } });
    setting.configure(&config(json!({ "groups": groups }), json!({})));
    let fault = CallFault { exit: Some(1), ..CallFault::default() };
    setting.simulator.set_faults(&Faults { query: vec![fault], ..Faults::default() }).unwrap();
    let send = json!({ "action": "send", "message": "hi" });
    let (code, answer) = call(&setting, &send, &["--thread", "group:5001"]);
    assert_eq!((code, &answer["error"]["code"]), (2, &json!("groups-unknown")), "{answer}");
    assert_eq!(setting.sent(), []);
}

#[test]
fn what_is_not_granted_is_not_run() {
    let setting = Setting::new();
    let image = json!({ "action": "image", "threadId": "111", "url": "/etc/passwd" });
    let (code, answer) = call(&setting, &image, &[]);
    assert_eq!((code, &answer["error"]["code"]), (1, &json!("refused")), "{answer}");
    assert_eq!(answer["delivered"], json!(false), "{answer}");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("grants.zalouser.mediaRoots"), "{message}");
    assert_eq!(setting.simulator.calls().unwrap(), []);
}

#[test]
fn the_tool_describes_itself() {
    let setting = Setting::new();
    let words = setting.run(&["tool", "describe"]).succeeded();
    for part in ["zalouser: ", "send ", "message, [isGroup], [profile], [threadId]", "friends "] {
        assert!(words.contains(part), "{part:?} is missing in {words}");
    }
    let described: Value =
        serde_json::from_str(&setting.run(&["tool", "describe", "--json"]).succeeded()).unwrap();
    assert_eq!(described["name"], json!("zalouser"));
    assert_eq!(described["parameters"]["required"], json!(["action"]));
    assert_eq!(described["actions"].as_array().unwrap().len(), 7);
}

#[test]
fn a_thread_or_an_account_that_is_none_is_told() {
    let setting = Setting::new();
    for (options, told) in
        [(["--thread", "Work Chat"], "user:ID or group:ID"), (["--account", "home"], "there is: default")]
    {
        let ended = setting.run(&[&["tool", "call", r#"{"action":"me"}"#][..], &options].concat());
        assert!(ended.complaint().contains(told));
    }
}
