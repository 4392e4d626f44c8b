//! What was admitted is answered once, whatever ends the gateway.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use rustix::process::Signal;
use serde_json::{Value, json};
use zalouser::simulator::{CallFault, Faults, Line};

use crate::setting::{Running, Setting, config, shell};

/// A direct message of somebody.
fn alice(text: &str) -> Line {
    Line::direct("111", "Alice", text)
}

/// A setting in which everybody is answered by this script, and a failure is tried again at once. The script's `$1`
/// is the file `seen`, its `$2` the file `gate`.
fn setting(script: &str) -> Setting {
    let setting = Setting::new();
    let paths = ["seen", "gate"].map(|name| setting.path(name).to_str().unwrap().to_owned());
    let agent = shell(script, &paths.each_ref().map(String::as_str));
    let settings = json!({ "agent": agent, "journal": { "retryBaseMs": 1 } });
    let group = json!({ "5001": { "requireMention": true } });
    setting.configure(&config(json!({ "dmPolicy": "open", "groups": group }), settings));
    setting
}

/// Notes the context and answers as soon as the gate is there.
const GATED: &str = r#"
    read -r context; printf '%s\n' "$context" >>"$1"
    until [ -e "$2" ]; do sleep 0.02; done
    text=${context#*'"RawBody":"'}; echo "to ${text%%'"'*}""#;

/// The contexts that the agent was given.
fn seen(setting: &Setting) -> Vec<Value> {
    let text = fs::read_to_string(setting.path("seen")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn open_gate(setting: &Setting) {
    fs::write(setting.path("gate"), "").unwrap();
}

fn kill(gateway: Running) {
    gateway.signal(Signal::KILL);
    gateway.finish();
}

/// What `queue list` shows, by its state.
fn queue(setting: &Setting) -> Vec<(u64, String)> {
    let listing: Value =
        serde_json::from_str(&setting.run(&["queue", "list", "--json"]).succeeded()).unwrap();
    let entry = |entry: &Value| (entry["id"].as_u64().unwrap(), entry["state"].as_str().unwrap().to_owned());
    listing["entries"].as_array().unwrap().iter().map(entry).collect()
}

fn to_alice(texts: &[&str]) -> Vec<(String, String)> {
    texts.iter().map(|text| ("111".to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_message_that_was_being_answered_when_the_gateway_was_killed_is_answered_once() {
    let setting = setting(GATED);
    let mut gateway = setting.gateway();
    setting.say(&[alice("one"), alice("two")]);
    gateway.until("the agent's start", || seen(&setting).pop());
    gateway.until("the second message's admission", || (queue(&setting).len() == 2).then_some(()));
    kill(gateway);
    let states: Vec<_> = queue(&setting).into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["running", "received"]);

    open_gate(&setting);
    let mut gateway = setting.gateway();
    assert_eq!(gateway.until_texts(&setting, 2), to_alice(&["to one", "to two"]));
    gateway.until("the end", || queue(&setting).is_empty().then_some(()));
    let seen = seen(&setting);
    let told: Vec<_> = seen.iter().map(|context| (&context["RawBody"], &context["Redelivered"])).collect();
    let (one, two, no) = (json!("one"), json!("two"), Value::Null);
    assert_eq!(told, [(&one, &no), (&one, &json!(true)), (&two, &no)]);
    assert_eq!(seen[0]["MessageSid"], seen[1]["MessageSid"]);
    assert_eq!(setting.texts().len(), 2);
}

#[test]
fn the_same_line_twice_is_one_message_even_after_a_restart() {
    let setting = setting("read -r context; text=${context#*'\"RawBody\":\"'}; echo \"${text%%'\"'*}\"");
    let hello = || alice("hello").ids("7001", "17");
    let mut gateway = setting.gateway();
    setting.say(&[hello(), hello(), alice("next")]);
    assert_eq!(gateway.until_texts(&setting, 2), to_alice(&["hello", "next"]));
    gateway.until_logged("came twice");
    assert!(gateway.stop().status.success());
    let mut gateway = setting.gateway();
    setting.say(&[hello(), alice("last")]);
    assert_eq!(gateway.until_texts(&setting, 3), to_alice(&["hello", "next", "last"]));
}

#[test]
fn what_waits_at_a_stop_is_answered_after_the_next_start() {
    let setting = setting(GATED);
    let mut gateway = setting.gateway();
    setting.say(&[alice("one"), alice("two")]);
    gateway.until("both", || (queue(&setting).len() == 2 && !seen(&setting).is_empty()).then_some(()));
    gateway.signal(Signal::TERM);
    gateway.until_logged("stopping");
    open_gate(&setting);
    assert!(gateway.finish().status.success());
    assert_eq!(
        setting.texts(),
        to_alice(&["to one"]),
        "what had begun is finished, and nothing else is begun"
    );
    let mut gateway = setting.gateway();
    assert_eq!(gateway.until_texts(&setting, 2), to_alice(&["to one", "to two"]));
    assert_eq!(seen(&setting)[1]["Redelivered"], Value::Null);
}

/// An answer of three parts, each beginning with its name.
const THREE_PARTS: &str = r#"
    read -r context; printf '%s\n' "$context" >>"$1"
    case "$context" in *'"RawBody":"long"'*) ;; *) echo short; exit ;; esac
    for name in one two three; do echo "$name"; head -c 1500 /dev/zero | tr '\0' x; echo; echo; done"#;

/// The first words of what arrived.
fn names(setting: &Setting) -> Vec<String> {
    let first = |text: String| text.split_whitespace().next().unwrap_or_default().to_owned();
    setting.texts().into_iter().map(|(_, text)| first(text)).collect()
}

fn with_fault(fault: CallFault) -> Setting {
    let setting = setting(THREE_PARTS);
    let fault = CallFault { matching: Some("two".to_owned()), times: Some(1), ..fault };
    setting.simulator.set_faults(&Faults { send: vec![fault], ..Faults::default() }).unwrap();
    setting
}

#[test]
fn a_part_of_which_nobody_knows_whether_it_arrived_is_not_sent_again_by_itself() {
    for (option, expected) in [
        (Some("--skip-unknown"), ["one", "short", "three"].as_slice()),
        (None, ["one", "short", "two", "three"].as_slice()),
    ] {
        let setting = with_fault(CallFault { hang: true, ..CallFault::default() });
        let mut gateway = setting.gateway();
        setting.say(&[alice("long")]);
        let sending = |call: zalouser::simulator::Call| call.argv.iter().any(|arg| arg.contains("two"));
        gateway.until("the second part", || {
            setting.simulator.calls().unwrap().into_iter().any(sending).then_some(())
        });
        kill(gateway);

        let mut gateway = setting.gateway();
        setting.say(&[alice("next")]);
        gateway.until_texts(&setting, 2);
        assert_eq!(names(&setting), ["one", "short"], "others are answered meanwhile");
        let queue =
            gateway.until("the end of the other", || Some(queue(&setting)).filter(|it| it.len() == 1));
        let (id, state) = &queue[0];
        assert_eq!(state, "unknown");
        let status = setting.run(&["channels", "status"]).succeeded();
        assert!(status.contains("nobody knows how much of the answer to 1 message arrived"), "{status}");

        let id = id.to_string();
        let arguments: Vec<_> = ["queue", "retry", &id].into_iter().chain(option).collect();
        setting.run(&arguments).succeeded();
        gateway.until_texts(&setting, expected.len());
        gateway.until("the end", || self::queue(&setting).is_empty().then_some(()));
        assert_eq!(names(&setting), expected);
        assert_eq!(seen(&setting).len(), 2, "the agent was asked once for each message");
    }
}

#[test]
fn an_answer_goes_on_with_its_next_part_after_a_restart() {
    let refused = CallFault { exit: Some(1), stderr: Some("Error: no".to_owned()), ..CallFault::default() };
    let setting = with_fault(refused);
    let mut gateway = setting.gateway();
    setting.say(&[alice("long")]);
    gateway.until_logged("1 of 3 parts were delivered before");
    gateway.until("the dead letter", || {
        queue(&setting).first().filter(|(_, state)| state == "dead").map(|_| ())
    });
    assert!(gateway.stop().status.success());
    let told = setting.run(&["queue", "retry", "--all"]).succeeded();
    assert!(told.contains("zalouser gateway run"), "{told}");
    let mut gateway = setting.gateway();
    gateway.until_texts(&setting, 3);
    gateway.until("the end", || queue(&setting).is_empty().then_some(()));
    assert_eq!(names(&setting), ["one", "two", "three"]);
    assert_eq!(seen(&setting).len(), 1, "the agent is not asked again");
}

#[test]
fn what_groups_said_before_a_restart_goes_before_the_next_message() {
    let setting = setting("cat >>\"$1\"; echo done");
    let in_group = |text: &str| Line::group("5001", "222", "Bob", text);
    // At the usual log level, at which other drops do not say where they were written.
    let mut gateway = setting.start(setting.command(&["gateway", "run"]));
    setting.say(&[in_group("nobody asked"), in_group("nor now")]);
    gateway.until("both messages", || (gateway_drops(&setting) == Some(2)).then_some(()));
    assert!(gateway.stop().status.success());
    let mut gateway = setting.gateway();
    setting.say(&[in_group("@Bot hi").mentioning("999", "@Bot")]);
    gateway.until_texts(&setting, 1);
    let context = seen(&setting).pop().unwrap();
    let bodies: Vec<_> =
        context["InboundHistory"].as_array().unwrap().iter().map(|entry| &entry["body"]).collect();
    assert_eq!(bodies, ["nobody asked", "nor now"]);
}

#[test]
fn what_groups_said_outlives_a_guest_that_fails() {
    let setting = setting("cat >>\"$1\"; echo done");
    let mut settings: Value = setting.read_state_json("openclaw.json");
    settings["plugins"]["entries"]["zalouser"]["config"]["limits"]["memoryMiB"] = json!(4);
    setting.configure(&settings);
    let in_group = |text: &str| Line::group("5001", "222", "Bob", text);
    let mut gateway = setting.gateway();
    setting.say(&[in_group("nobody asked")]);
    gateway.until("the message", || (gateway_drops(&setting) == Some(1)).then_some(()));
    setting.say(&[in_group(&"x".repeat(1_000_000))]);
    gateway.until_line(&["monitor.push", "memory", "is given up"]);
    setting.say(&[in_group("@Bot hi").mentioning("999", "@Bot")]);
    gateway.until_texts(&setting, 1);
    let context = seen(&setting).pop().unwrap();
    assert_eq!(context["InboundHistory"][0]["body"], "nobody asked", "{context}");
}

/// How many messages were dropped since they did not mention the account.
fn gateway_drops(setting: &Setting) -> Option<u64> {
    let status = fs::read_to_string(setting.state().own().join("status.json")).ok()?;
    let status: Value = serde_json::from_str(&status).ok()?;
    status["accounts"]["default"]["counts"]["drop"]["not-mentioned"].as_u64()
}

#[test]
fn a_pairing_notice_that_was_being_sent_at_a_crash_is_repeated_at_the_next_message() {
    let setting = Setting::with(json!({}), json!({ "kind": "echo" }));
    let stuck = CallFault {
        matching: Some("pairing approve".to_owned()),
        times: Some(1),
        hang: true,
        ..CallFault::default()
    };
    setting.simulator.set_faults(&Faults { send: vec![stuck], ..Faults::default() }).unwrap();
    let mut gateway = setting.gateway();
    setting.say(&[alice("hello")]);
    let sending =
        |call: zalouser::simulator::Call| call.argv.iter().any(|arg| arg.contains("pairing approve"));
    gateway.until("the notice", || setting.simulator.calls().unwrap().into_iter().any(sending).then_some(()));
    kill(gateway);
    let mut gateway = setting.gateway();
    setting.say(&[alice("hello?")]);
    let texts = gateway.until_texts(&setting, 1);
    let code = setting.store().pending(Timestamp::now()).unwrap()[0].code.clone();
    assert!(texts[0].1.contains(&code), "{texts:?}");
}

#[test]
fn a_damaged_journal_is_set_aside_and_messages_are_answered() {
    let setting = setting("cat >/dev/null; echo fine");
    let journal = setting.state().own().join("journal.sqlite");
    fs::write(&journal, "no database at all, ".repeat(1_000)).unwrap();
    let mut gateway = setting.gateway();
    setting.say(&[alice("hello")]);
    gateway.until_texts(&setting, 1);
    gateway.until_logged("it was set aside as");
    let aside = |path: &Path| path.to_str().unwrap().contains("journal.sqlite.corrupt-");
    let files = fs::read_dir(setting.state().own()).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(files.filter(|path| aside(path)).count(), 1);
}

#[test]
fn beyond_the_caps_messages_are_dropped_and_counted() {
    let setting = setting(GATED);
    let mut settings: Value = setting.read_state_json("openclaw.json");
    settings["plugins"]["entries"]["zalouser"]["config"]["journal"]["waitingPerConversation"] = json!(2);
    setting.configure(&settings);
    let mut gateway = setting.gateway();
    setting.say(&[alice("0")]);
    gateway.until("the agent's start", || seen(&setting).pop());
    setting.say(&["1", "2", "3"].map(alice));
    gateway.until_logged("journal.waitingPerConversation says how many may");
    open_gate(&setting);
    assert_eq!(gateway.until_texts(&setting, 3), to_alice(&["to 0", "to 1", "to 2"]));
    gateway.until("the count", || {
        let status: Value =
            serde_json::from_str(&setting.run(&["channels", "status", "--json"]).stdout).ok()?;
        (status["accounts"][0]["counts"]["refused"] == json!({ "conversation-full": 1 })).then_some(())
    });
}
