//! `zalouser serve --stdio`, and the plugin folder that OpenClaw installs.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use zalouser::simulator::{CallFault, Faults, Line};

use crate::setting::{Finished, Setting, eventually};

/// Longer than a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A gateway that has started the program.
struct Gateway {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// What came while something else was waited for.
    kept: VecDeque<Value>,
    last_id: u64,
}

impl Gateway {
    fn start(setting: &Setting) -> Self {
        let mut command = setting.command(&["serve", "--stdio"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
        let (sender, messages) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let message = serde_json::from_str(&line.unwrap()).expect("every line is a message");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self { child, input, messages, kept: VecDeque::new(), last_id: 0 }
    }

    /// One that has said how it is configured.
    fn initialized(setting: &Setting, channel: Value) -> Self {
        let mut gateway = Self::start(setting);
        let config = json!({ "channels": { "zalouser": channel } });
        gateway.ask("initialize", json!({ "protocol": 1, "config": config })).unwrap();
        gateway
    }

    /// One whose default account listens.
    fn listening(setting: &Setting, channel: Value) -> Self {
        let mut gateway = Self::initialized(setting, channel);
        gateway.ask("listen/start", json!({})).unwrap();
        gateway
    }

    fn send(&mut self, message: Value) {
        writeln!(self.input.as_mut().unwrap(), "{message}").unwrap();
    }

    fn ask(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.last_id += 1;
        let id = self.last_id;
        self.send(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        self.answer_to(id)
    }

    fn answer_to(&mut self, id: u64) -> Result<Value, Value> {
        let answer = self.next(|message| message["id"] == id && message.get("method").is_none());
        answer.get("result").cloned().ok_or_else(|| answer["error"].clone())
    }

    /// The next message that is `wanted`; who was let in is answered on the way: nobody.
    fn next(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(place) = self.kept.iter().position(&wanted) {
            return self.kept.remove(place).unwrap();
        }
        loop {
            let message = self.messages.recv_timeout(PATIENCE);
            let message = message.unwrap_or_else(|err| panic!("{err}; there was only {:?}", self.kept));
            if message["method"] == "paired" {
                self.answer(&message, json!({ "senders": [] }));
            } else if wanted(&message) {
                return message;
            } else {
                self.kept.push_back(message);
            }
        }
    }

    /// The next thing that the program asks or tells by this method.
    fn told(&mut self, method: &str) -> Value {
        self.next(|message| message["method"] == method)
    }

    fn answer(&mut self, request: &Value, result: Value) {
        self.send(json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }));
    }

    /// Sends a part of the answer to a message.
    fn deliver(&mut self, inbound: &Value, text: &str) -> Result<Value, Value> {
        let params = &inbound["params"];
        self.ask("deliver", json!({ "to": params["target"], "text": text, "entry": params["entry"] }))
    }

    /// Ends its side, as a gateway does that ends by itself or is killed.
    fn leave(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

fn open() -> Value {
    json!({ "dmPolicy": "open" })
}

fn text_of(inbound: &Value) -> &str {
    inbound["params"]["context"]["RawBody"].as_str().unwrap()
}

#[test]
fn what_makes_no_sense_is_answered_with_what_does() {
    let setting = Setting::new();
    let mut gateway = Gateway::start(&setting);
    let code = |answer: Result<Value, Value>| answer.unwrap_err()["code"].as_i64().unwrap();
    assert_eq!(code(gateway.ask("status/probe", json!({}))), -32002, "not before `initialize`");
    let newer = gateway.ask("initialize", json!({ "protocol": 2 })).unwrap_err();
    assert!(newer["message"].as_str().unwrap().contains("update zalouser"), "{newer}");
    let config = json!({ "channels": { "zalouser": { "dmPolicy": "opne", "nmae": "x" } } });
    let wrong = gateway.ask("initialize", json!({ "protocol": 1, "config": config })).unwrap_err();
    assert_eq!(wrong["code"], json!(-32010));
    for key in ["dmPolicy", "nmae"] {
        assert!(wrong["message"].as_str().unwrap().contains(key), "{wrong}");
    }
    let config = json!({ "channels": { "zalouser": { "accounts": { "work": { "dmPolicy": "open" } } } } });
    let about = gateway.ask("initialize", json!({ "protocol": 1, "config": config })).unwrap();
    assert_eq!(about["defaultAccount"], json!("work"));
    assert_eq!(about["accounts"][0]["dmPolicy"], json!("open"));
    assert_eq!(code(gateway.ask("dance", json!({}))), -32601);
    assert_eq!(code(gateway.ask("deliver", json!({ "text": "x" }))), -32602);
    assert_eq!(code(gateway.ask("status/probe", json!({ "account": "home" }))), -32602);
    gateway.leave();
}

#[test]
fn a_message_is_handed_over_and_answered_part_by_part() {
    let setting = Setting::new();
    let channel = json!({ "dmPolicy": "open", "groupPolicy": "open", "responsePrefix": "[bot]" });
    let mut gateway = Gateway::listening(&setting, channel);
    let group = Line::group("5001", "111", "Alice", "@Bot hi").mentioning("999", "@Bot");
    setting.say(&[group]);
    let inbound = gateway.told("inbound");
    assert_eq!((text_of(&inbound), &inbound["params"]["target"]), ("@Bot hi", &json!("group:5001")));
    let long = format!("{}\n\n{}", "a".repeat(1_500), "b".repeat(1_500));
    let sent = gateway.deliver(&inbound, &long).unwrap();
    assert_eq!((&sent["sent"], &sent["parts"], &sent["to"]), (&json!(2), &json!(2), &json!("group:5001")));
    let ids: Vec<_> = setting.sent().iter().map(|sent| json!(sent.msg_id.to_string())).collect();
    assert_eq!(sent["messageIds"], json!(ids));
    gateway.deliver(&inbound, "and more").unwrap();
    gateway.answer(&inbound, json!({}));
    let plain = gateway.ask("deliver", json!({ "to": "user:111", "text": "unasked" })).unwrap();
    assert_eq!(plain["sent"], json!(1));
    let sent = setting.sent();
    assert!(sent.iter().take(3).all(|sent| sent.group && sent.thread_id == "5001"), "{sent:?}");
    let texts: Vec<_> = sent.iter().map(|sent| sent.text.as_deref().unwrap()).collect();
    assert!(texts[0].starts_with("[bot] a") && texts[2] == "[bot] and more", "{texts:?}");
    assert_eq!(texts[3], "unasked", "the prefix marks answers");
    gateway.leave();
}

#[test]
fn a_killed_process_neither_loses_nor_repeats_an_answer() {
    let setting = Setting::new();
    let mut gateway = Gateway::listening(&setting, open());
    setting
        .say(&[Line::direct("111", "Alice", "answered in part"), Line::direct("222", "Bob", "unanswered")]);
    let inbound = [gateway.told("inbound"), gateway.told("inbound")];
    let begun = inbound.iter().find(|it| text_of(it) == "answered in part").unwrap();
    gateway.deliver(begun, "a part").unwrap();
    gateway.kill();

    let mut gateway = Gateway::listening(&setting, open());
    let again = gateway.told("inbound");
    assert_eq!((text_of(&again), &again["params"]["context"]["Redelivered"]), ("unanswered", &json!(true)));
    gateway.deliver(&again, "the answer").unwrap();
    gateway.answer(&again, json!({}));
    setting.say(&[Line::direct("111", "Alice", "next")]);
    let next = gateway.told("inbound");
    assert_eq!(text_of(&next), "next", "the first one is done with");
    gateway.answer(&next, json!({}));
    let texts: Vec<_> = setting.texts().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["a part", "the answer"]);
    gateway.leave();
}

#[test]
fn what_was_not_sent_is_sent_again_without_asking_anew() {
    let setting = Setting::new();
    let fault = CallFault {
        matching: Some("lost".to_owned()),
        times: Some(1),
        exit: Some(1),
        stderr: Some("Error: no route".to_owned()),
        ..CallFault::default()
    };
    setting.simulator.set_faults(&Faults { send: vec![fault], ..Faults::default() }).unwrap();
    let mut gateway = Gateway::listening(&setting, open());
    setting.say(&[Line::direct("111", "Alice", "hi")]);
    let inbound = gateway.told("inbound");
    let failed = gateway.deliver(&inbound, "lost").unwrap_err();
    assert_eq!((&failed["code"], &failed["data"]["sent"]), (&json!(-32013), &json!(0)));
    assert!(failed["message"].as_str().unwrap().contains("no route"), "{failed}");
    let error = json!({ "code": -32000, "message": failed["message"] });
    gateway.send(json!({ "jsonrpc": "2.0", "id": inbound["id"], "error": error }));
    eventually("the answer", || (setting.texts().len() == 1).then_some(()));
    assert_eq!(setting.texts(), [("111".to_owned(), "lost".to_owned())]);
    assert!(gateway.kept.iter().all(|message| message["method"] != "inbound"), "{:?}", gateway.kept);
    gateway.leave();
}

#[test]
fn one_listens_and_the_others_say_who_does() {
    let setting = Setting::new();
    let gateway = Gateway::listening(&setting, open());
    let mut other = Gateway::initialized(&setting, open());
    let pid = gateway.child.id();
    let refused = other.ask("listen/start", json!({})).unwrap_err();
    assert_eq!(refused["code"], json!(-32012));
    assert!(refused["message"].as_str().unwrap().contains(&format!("process {pid}")), "{refused}");
    let probe = other.ask("status/probe", json!({})).unwrap();
    assert_eq!((&probe["ok"], &probe["listener"]), (&json!(true), &json!(pid)));
    let found = other.ask("directory/peers", json!({ "query": "nguyen" })).unwrap();
    assert_eq!(found["entries"][0]["target"], json!("111"));
    let friends = other.ask("tool/call", json!({ "call": { "action": "friends" } })).unwrap();
    assert_eq!(friends["success"], json!(true));
    gateway.leave();
    other.ask("listen/start", json!({})).expect("nobody listens any more");
    other.leave();
}

#[test]
fn a_stranger_is_offered_the_code_that_the_gateway_gives() {
    let setting = Setting::new();
    let mut gateway = Gateway::listening(&setting, json!({ "dmPolicy": "pairing" }));
    for (created, count) in [(true, 1), (false, 1)] {
        setting.say(&[Line::direct("333", "Phone Person", "hello")]);
        let asked = gateway.told("pairing");
        let who = json!({ "account": "default", "senderId": "333", "senderName": "Phone Person" });
        assert_eq!(asked["params"], who);
        let approve = "openclaw pairing approve zalouser ABCD2345";
        gateway.answer(&asked, json!({ "code": "ABCD2345", "created": created, "approve": approve }));
        let texts = eventually("the notice", || Some(setting.texts()).filter(|texts| texts.len() == count));
        assert!(texts[0].1.contains(approve), "{texts:?}");
    }
    gateway.leave();
}

#[test]
fn a_request_that_is_taken_back_leaves_nothing_running() {
    let setting = Setting::new();
    let fault = CallFault {
        matching: Some("stuck".to_owned()),
        hang: true,
        ignore_term: true,
        ..CallFault::default()
    };
    setting.simulator.set_faults(&Faults { send: vec![fault], ..Faults::default() }).unwrap();
    let mut gateway = Gateway::initialized(&setting, open());
    let params = json!({ "to": "111", "text": "stuck" });
    gateway.send(json!({ "jsonrpc": "2.0", "id": 77, "method": "deliver", "params": params }));
    eventually("the call", || {
        let calls = setting.simulator.calls().unwrap();
        calls.iter().any(|call| call.argv.contains(&"stuck".to_owned())).then_some(())
    });
    gateway.send(json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": 77 } }));
    assert_eq!(gateway.answer_to(77).unwrap_err()["code"], json!(-32800));
    gateway.leave();
}

#[test]
fn a_login_gives_a_code_to_scan_and_a_logout_ends_it() {
    let setting = Setting::new();
    let mut gateway = Gateway::initialized(&setting, open());
    assert_eq!(gateway.ask("auth/login", json!({})).unwrap()["loggedIn"], json!(true));
    gateway.ask("auth/logout", json!({})).unwrap();
    assert_eq!(gateway.ask("auth/status", json!({})).unwrap()["loggedIn"], json!(false));
    let login = gateway.ask("auth/login", json!({})).unwrap();
    assert!(login["qrDataUrl"].as_str().unwrap().starts_with("data:image/png;base64,"), "{login}");
    assert!(login["qrText"].as_str().unwrap().contains('█'), "{login}");
    let status = gateway.ask("auth/status", json!({ "waitSeconds": 60 })).unwrap();
    assert_eq!(status["identity"]["userId"], json!("999"));
    gateway.leave();
}

#[test]
fn the_plugin_folder_is_of_this_version_and_describes_this_tool() {
    let read = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(folder().join(name)).unwrap()).unwrap()
    };
    assert_eq!(read("package.json")["version"], json!(env!("CARGO_PKG_VERSION")));
    let described = Setting::new().run(&["tool", "describe", "--json"]).succeeded();
    let described: Value = serde_json::from_str(&described).unwrap();
    let expected = json!({ "description": described["description"], "parameters": described["parameters"] });
    assert_eq!(read("tool.json"), expected);
    let package = read("package.json");
    let mut files: Vec<_> =
        package["files"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    files.push("package.json");
    files.sort_unstable();
    let mut found: Vec<_> =
        fs::read_dir(folder()).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, files, "all of the folder is in the package, and nothing else");
}

#[test]
fn the_plugin_folder_translates() {
    let test = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/openclaw/plugin.test.mjs");
    let Ok(version) = Command::new("node").arg("--version").output() else {
        eprintln!("NOT TESTED: node is not installed, so that the plugin folder was not run");
        return;
    };
    let version = String::from_utf8(version.stdout).unwrap();
    let major: u32 = version.trim_start_matches('v').split('.').next().unwrap().parse().unwrap();
    if major < 22 {
        eprintln!("NOT TESTED: the plugin folder takes node 22, and this is {version}");
        return;
    }
    let ended = Finished::of(Command::new("node").arg("--test").arg(test));
    assert!(ended.status.success(), "{}\n{}", ended.stdout, ended.stderr);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../extensions/zalouser")
}
