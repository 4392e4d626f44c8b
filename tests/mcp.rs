//! `zalouser mcp` and a client that is not ours: the official Python SDK.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use zalouser::simulator::{CallFault, Faults};

use crate::registry;
use crate::setting::{Setting, config};

/// The client, as its registry calls it.
const SDK: &str = "mcp==2.3.0";

/// Where a text with `lost` in it is refused, and one with `stuck` in it never ends.
fn setting() -> Setting {
    let setting = Setting::new();
    let lost = CallFault {
        matching: Some("lost".to_owned()),
        exit: Some(1),
        stderr: Some("Error: no route".to_owned()),
        ..CallFault::default()
    };
    let stuck = CallFault { matching: Some("stuck".to_owned()), hang: true, ..CallFault::default() };
    setting.simulator.set_faults(&Faults { send: vec![lost, stuck], ..Faults::default() }).unwrap();
    setting
}

/// What the client reports. None when there is no client.
fn used(setting: &Setting, mode: &str) -> Option<Value> {
    let python = registry::python(SDK)?;
    let zalouser = setting.command(&[]);
    let mut client = Command::new(python);
    client
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/mcp_client.py"))
        .arg(zalouser.get_program())
        .arg(mode)
        .stdin(Stdio::null());
    for (name, value) in zalouser.get_envs() {
        match value {
            Some(value) => client.env(name, value),
            None => client.env_remove(name),
        };
    }
    let report = setting.start(client).finish();
    assert!(report.status.success(), "{report:?}");
    Some(serde_json::from_str(&report.stdout).unwrap())
}

fn check(report: &Value, setting: &Setting) {
    assert_eq!(report["server"], json!("zalouser"));
    let tools: Vec<_> = report["tools"].as_array().unwrap().iter().collect();
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    let actions = ["send", "image", "link", "friends", "groups", "me", "status"];
    assert_eq!(names, actions.map(|action| format!("zalouser_{action}")));
    for (tool, action) in tools.iter().zip(actions) {
        let sends = ["send", "image", "link"].contains(&action);
        let hints = &tool["annotations"];
        assert_eq!(hints["readOnlyHint"], json!(!sends), "{action}");
        assert_eq!(hints["destructiveHint"], json!(false), "{action}");
        assert_eq!(hints["idempotentHint"], json!(!sends), "{action}");
        assert_eq!(hints["openWorldHint"], json!(!["me", "status"].contains(&action)), "{action}");
        assert_eq!(tool["outputSchema"]["type"], json!("object"), "{action}");
        assert!(tool["inputSchema"]["properties"].get("action").is_none(), "{action}");
    }

    let sent = setting.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!((sent[0].thread_id.as_str(), sent[0].group), ("5001", true), "the current conversation");
    let answer = json!({
        "action": "send", "ok": true, "delivered": true, "threadId": "5001", "isGroup": true,
        "messageIds": [sent[0].msg_id.to_string()], "sent": 1, "parts": 1,
    });
    assert_eq!(report["sent"], json!({ "error": false, "answer": answer }));
    assert_eq!(
        report["friends"]["answer"]["friends"],
        json!([{ "threadId": "111", "isGroup": false, "name": "Alice Nguyễn" }])
    );
    let error = |key: &str| (&report[key]["error"], &report[key]["answer"]["error"]["code"]);
    assert_eq!(error("wrong"), (&json!(true), &json!("invalid-value")));
    assert_eq!(error("failed"), (&json!(true), &json!("failed")));
    assert_eq!(report["failed"]["answer"]["delivered"], json!(false));
    for (key, word) in [("no_such_tool", "zalouser_dance"), ("other_action", "action")] {
        assert_eq!(report[key]["code"], json!(-32602), "{key}");
        assert!(report[key]["message"].as_str().unwrap().contains(word), "{}", report[key]);
    }
    assert_eq!(
        report["after"]["answer"]["userId"],
        json!("999"),
        "a call that was taken back spoils nothing"
    );

    let log = report["log"].as_array().unwrap();
    for (level, tool, message) in [
        ("debug", "zalouser_send", "begins"),
        ("info", "zalouser_send", "succeeded"),
        ("warning", "zalouser_send", "is not an id"),
        ("warning", "zalouser_send", "no route"),
        ("notice", "zalouser_send", "cancelled"),
        ("info", "zalouser_me", "succeeded"),
    ] {
        let entry = log.iter().find(|entry| {
            entry["level"] == level
                && entry["tool"] == tool
                && entry["logger"] == "zalouser"
                && entry["message"].as_str().is_some_and(|text| text.contains(message))
        });
        assert!(entry.is_some(), "{level} {message:?} of {tool} is missing in {log:?}");
    }
}

#[test]
fn a_foreign_client_uses_the_tool() {
    let setting = setting();
    let Some(report) = used(&setting, "legacy") else { return };
    assert_eq!(report["protocol"], json!("2025-11-25"));
    check(&report, &setting);
    assert_eq!(report["quiet_log"], json!([]), "an error was the least that it wanted to hear of");
}

#[test]
fn a_foreign_client_of_the_newest_revision_uses_the_tool() {
    let setting = setting();
    let Some(report) = used(&setting, "auto") else { return };
    assert_eq!(report["protocol"], json!("2026-07-28"));
    check(&report, &setting);
}

#[test]
fn a_client_that_leaves_ends_the_server() {
    let setting = Setting::new();
    let ended = setting.run(&["mcp"]);
    assert_eq!((ended.code(), ended.stdout.as_str()), (0, ""), "{ended:?}");
}

#[test]
fn a_configuration_that_is_broken_is_told_on_stderr_alone() {
    let setting = Setting::new();
    setting.configure(&config(json!({ "dmPolicy": "opne" }), json!({})));
    let ended = setting.run(&["mcp"]);
    assert_eq!((ended.code(), ended.stdout.as_str()), (1, ""), "{ended:?}");
    assert!(ended.stderr.contains("dmPolicy"), "{ended:?}");
}
