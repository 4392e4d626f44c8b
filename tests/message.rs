//! `zalouser message send`: what arrives, and what is told of it.

use std::fs::{self, File};
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Value, json};
use zalouser::simulator::{CallFault, Faults, SentKind};

use crate::directory::{parsed, setting, usage};
use crate::setting::{Finished, Setting, config};

const FRIENDS: [(&str, &str); 4] = [("111", "Nguyễn An"), ("222", "Bob"), ("333", "bob"), ("444", "Family")];

const GROUPS: [(&str, &str); 2] = [("5001", "Họ Nhà"), ("5002", "Family")];

/// Three parts when there may be 3 characters in each.
const LONG: &str = "one two six";

fn send(setting: &Setting, arguments: &[&str]) -> Finished {
    setting.run(&[&["message", "send"], arguments].concat())
}

/// A setting in which a message has 3 characters at most.
fn terse() -> Setting {
    let setting = setting(&FRIENDS, &GROUPS);
    setting.configure(&config(json!({ "textChunkLimit": 3, "responsePrefix": "[bot]" }), json!({})));
    setting
}

fn fail(setting: &Setting, fault: CallFault) {
    setting.simulator.set_faults(&Faults { send: vec![fault], ..Faults::default() }).unwrap();
}

/// The arguments of the last call of `zca`, behind the profile.
fn last_call(setting: &Setting) -> Vec<String> {
    let calls = setting.simulator.calls().unwrap();
    let argv = &calls.last().expect("zca was called").argv;
    assert_eq!(argv[..2], ["--profile", "default"]);
    argv[2..].to_vec()
}

#[test]
fn a_text_arrives_as_it_is() {
    let setting = Setting::new();
    for text in ["hello", "- item", "--profile=x", "-g", "a\n\"b\" 'c' $d"] {
        let told = send(&setting, &["-t", "111", "-m", text]).succeeded();
        let sent = setting.sent().pop().expect("it arrived");
        assert_eq!((sent.thread_id.as_str(), sent.group, sent.text.as_deref()), ("111", false, Some(text)));
        assert_eq!(told, format!("Sent to user:111: message id {}\n", sent.msg_id));
    }
}

#[test]
fn a_group_is_sent_to_as_a_group() {
    let setting = setting(&FRIENDS, &GROUPS);
    for target in ["group:5001", "g:5001", "zalouser:group:5001", "ho nha"] {
        send(&setting, &["--target", target, "--message", "x"]).succeeded();
        assert_eq!(last_call(&setting), ["msg", "send", "-g", "--", "5001", "x"], "{target}");
    }
}

#[test]
fn a_name_is_looked_up_and_only_a_name() {
    let setting = setting(&FRIENDS, &GROUPS);
    send(&setting, &["-t", "user:111", "-m", "x"]).succeeded();
    assert_eq!(setting.simulator.calls().unwrap().len(), 1);
    let report = parsed(send(&setting, &["-t", "NGUYEN AN", "-m", "x", "--json"]));
    assert_eq!(report["target"], json!({ "id": "111", "kind": "direct", "name": "Nguyễn An" }));
    assert_eq!(setting.simulator.calls().unwrap().len(), 4, "two lists and the message");
}

#[test]
fn an_ambiguous_name_lists_who_has_it_and_sends_nothing() {
    let setting = setting(&FRIENDS, &GROUPS);
    for (name, candidates) in [
        ("BOB", ["user:222 (Bob)", "user:333 (bob)"]),
        ("family", ["user:444 (Family)", "group:5002 (Family)"]),
    ] {
        let finished = send(&setting, &["-t", name, "-m", "x"]);
        assert_eq!(finished.status.code(), Some(1), "{finished:?}");
        for candidate in candidates {
            assert!(finished.stderr.contains(candidate), "{}", finished.stderr);
        }
    }
    assert!(send(&setting, &["-t", "nguyen", "-m", "x"]).complaint().contains("user:111 (Nguyễn An)"));
    assert!(send(&setting, &["-t", "Zoe", "-m", "x"]).complaint().contains("no friend or group"));
    assert!(setting.sent().is_empty());
}

#[test]
fn a_long_text_is_cut_and_carries_no_prefix() {
    let setting = terse();
    let told = send(&setting, &["-t", "111", "-m", LONG]).succeeded();
    let sent = setting.sent();
    let texts: Vec<_> = sent.iter().filter_map(|sent| sent.text.as_deref()).collect();
    assert_eq!(texts, ["one", "two", "six"]);
    let ids: Vec<_> = sent.iter().map(|sent| sent.msg_id.to_string()).collect();
    assert_eq!(told, format!("Sent 3 parts to user:111: message ids {}\n", ids.join(" ")));
}

#[test]
fn media_and_a_link_follow_in_order() {
    let setting = Setting::new();
    fs::create_dir(setting.path("files")).unwrap();
    setting.write("files/a,b.png", "x");
    let link = "https://example.invalid/page";
    let media = ["files/a,b.png", "https://example.invalid/c.pdf"];
    let arguments =
        ["-t", "g:5001", "-m", "caption", "--media", media[0], media[1], "--link", link, "--json"];
    let report = parsed(send(&setting, &arguments));
    let sent = setting.sent();
    let path = setting.path("files/a,b.png").canonicalize().unwrap().display().to_string();
    let expected = [
        (SentKind::Image, Some(path.as_str()), Some("caption")),
        (SentKind::Upload, Some(media[1]), None),
        (SentKind::Link, Some(link), None),
    ];
    let arrived: Vec<_> =
        sent.iter().map(|sent| (sent.kind, sent.url.as_deref(), sent.caption.as_deref())).collect();
    assert_eq!(arrived, expected);
    assert!(sent.iter().all(|sent| sent.group));
    let ids = |command: &str, index: usize| json!({ "command": command, "messageIds": [sent[index].msg_id.to_string()] });
    let expected = json!({
        "target": { "id": "5001", "kind": "group" },
        "sent": [ids("send-media", 0), ids("send-media", 1), ids("send-link", 2)],
        "failed": null,
        "notSent": 0,
    });
    assert_eq!(report, expected);
}

#[test]
fn a_text_can_come_from_standard_input() {
    let setting = Setting::new();
    let piped = |text: &[u8]| {
        let mut command: Command = setting.command(&["message", "send", "-t", "111", "-m", "-"]);
        let path = setting.write("input", text);
        command.stdin(File::open(path).unwrap());
        setting.start(command).finish()
    };
    piped("- xin\nchào\n".as_bytes()).succeeded();
    assert_eq!(setting.sent().pop().and_then(|sent| sent.text).as_deref(), Some("- xin\nchào"));
    assert!(usage(piped(b" \n")).contains("blank"));
    assert!(piped(b"\xff").complaint().contains("not UTF-8"));
    assert!(piped(&vec![b'x'; (1 << 20) + 1]).complaint().contains("more than 1048576 bytes"));
    assert_eq!(setting.sent().len(), 1);
}

#[test]
fn a_partial_delivery_says_what_arrived_and_what_did_not() {
    let setting = terse();
    let fault = CallFault {
        matching: Some("two".to_owned()),
        exit: Some(1),
        stderr: Some("Error: fetch failed".to_owned()),
        ..CallFault::default()
    };
    fail(&setting, fault);
    let finished = send(&setting, &["-t", "111", "-m", LONG]);
    let id = setting.sent()[0].msg_id;
    assert_eq!(
        finished.stdout,
        format!("Sent 1 of 3 parts to user:111:\n  1. text \"one\": message id {id}\n")
    );
    let complaint = finished.complaint();
    for part in ["part 2 of 3, text \"two\", was not sent", "fetch failed", "the part after it was not tried"]
    {
        assert!(complaint.contains(part), "{complaint}");
    }

    let finished = send(&setting, &["-t", "111", "-m", LONG, "--json"]);
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(report["sent"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        report["failed"],
        json!({ "command": "send-text", "error": "zca failed with exit code 1: fetch failed", "unknown": false })
    );
    assert_eq!(report["notSent"], 1);
}

#[test]
fn an_interruption_says_what_was_delivered_before() {
    let setting = terse();
    fail(&setting, CallFault { matching: Some("two".to_owned()), hang: true, ..CallFault::default() });
    let mut running = setting.start(setting.command(&["message", "send", "-t", "111", "-m", LONG, "--json"]));
    running.until("the call that hangs", || {
        let calls = setting.simulator.calls().unwrap();
        calls.iter().any(|call| call.argv.iter().any(|arg| arg == "two")).then_some(())
    });
    running.signal(Signal::INT);
    let finished = running.finish();
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(report["sent"].as_array().map(Vec::len), Some(1));
    assert_eq!(report["failed"]["unknown"], true);
    assert_eq!(report["notSent"], 1);
    assert!(finished.complaint().contains("may not have been sent"));
}

#[test]
fn a_dry_run_prints_what_would_be_run_and_runs_nothing() {
    let setting = terse();
    let arguments = ["-t", "g:5001", "-m", "one -x", "--link", "https://a.vn", "--dry-run", "--json"];
    let argv = |tail: &[&'static str]| [&["--profile", "default", "msg"], tail].concat();
    let expected = json!({ "commands": [
        { "command": "send-text", "argv": argv(&["send", "-g", "--", "5001", "one"]) },
        { "command": "send-text", "argv": argv(&["send", "-g", "--", "5001", "-x"]) },
        { "command": "send-link", "argv": argv(&["link", "-g", "--", "5001", "https://a.vn"]) },
    ] });
    assert_eq!(parsed(send(&setting, &arguments)), expected);

    let told = send(&setting, &["-t", "111", "-m", "a b", "--dry-run"]).succeeded();
    let program = setting.simulator.program().display();
    assert_eq!(told, format!("{program} --profile default msg send -- 111 'a b'\n"));

    let complaint = usage(send(&setting, &["-t", "Bob", "-m", "x", "--dry-run"]));
    assert!(complaint.contains("--dry-run") && complaint.contains("user:ID"), "{complaint}");
    assert!(setting.simulator.calls().unwrap().is_empty());
}

#[test]
fn wrong_use_is_told_in_one_line_and_runs_nothing() {
    let setting = Setting::new();
    let folder = setting.path("state").display().to_string();
    for (arguments, part) in [
        (&["-t", "111"][..], "--message, --media or --link"),
        (&["-t", "111", "-m", " "], "--message is blank"),
        (&["-t", "111", "-m", "NO_REPLY"], "nothing in it"),
        (&["-t", "group:", "-m", "x"], "group:ID"),
        (&["-t", " ", "-m", "x"], "--target is blank"),
        (&["-t", "111", "--link", "example.com"], "--link \"example.com\""),
        (&["-t", "111", "--media", "ftp://a.vn/b.png"], "http or https"),
        (&["-t", "111", "--media", "missing.png"], "--media \"missing.png\""),
        (&["-t", "111", "--media", &folder], "no regular file"),
    ] {
        let complaint = usage(send(&setting, arguments));
        assert!(complaint.contains(part), "{arguments:?}: {complaint}");
    }
    for arguments in [&["-m", "x"][..], &["-t", "111", "-m", "x", "--channel", "telegram"]] {
        assert_eq!(send(&setting, arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert!(setting.simulator.calls().unwrap().is_empty());
}

#[test]
fn a_missing_session_is_told_with_the_next_step() {
    let setting = Setting::new();
    let fault =
        CallFault { exit: Some(1), stderr: Some("Error: no session".to_owned()), ..CallFault::default() };
    fail(&setting, fault);
    let complaint = send(&setting, &["-t", "111", "-m", "x"]).complaint();
    assert!(complaint.contains("no session; if account default is not logged in, run: "), "{complaint}");
}
