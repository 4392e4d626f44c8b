//! `zalouser serve --stdio`, and the plugin folder that OpenClaw installs.

mod contract;
mod folder;
mod gateway;

use serde_json::{Value, json};
use zalouser::simulator::{CallFault, Faults, Line};

use self::gateway::Gateway;
use crate::setting::{Setting, eventually, is_gone};

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
    assert_eq!(code(gateway.ask_anyhow("dance", json!({}))), -32601);
    assert_eq!(code(gateway.ask_anyhow("deliver", json!({ "text": "x" }))), -32602);
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
    assert_eq!(gateway.told_so_far("inbound"), 0, "nobody is asked again");
    gateway.leave();
}

#[test]
fn one_listens_and_the_others_say_who_does() {
    let setting = Setting::new();
    let gateway = Gateway::listening(&setting, open());
    let mut other = Gateway::initialized(&setting, open());
    let pid = gateway.pid();
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
fn it_is_the_gateway_of_its_state_folder_for_as_long_as_it_listens() {
    let setting = Setting::with(open(), json!({ "kind": "echo" }));
    let status = || -> Value {
        let printed = setting.run(&["channels", "status", "--json"]);
        serde_json::from_str(&printed.stdout).unwrap_or_else(|err| panic!("{err}: {printed:?}"))
    };
    let mut gateway = Gateway::initialized(&setting, open());
    assert_eq!(status()["gateway"]["running"], json!(false), "it does not listen yet");
    gateway.ask("listen/start", json!({})).unwrap();
    let listens = || {
        let status = status();
        let state = status["accounts"][0]["listener"]["state"].as_str().map(str::to_owned);
        (status["gateway"]["pid"] == json!(gateway.pid())).then_some(state?)
    };
    eventually("its own status", || listens().filter(|state| state == "running"));
    let refused = setting.run(&["gateway", "run"]).complaint();
    assert!(refused.contains(&format!("process {} already runs", gateway.pid())), "{refused}");
    gateway.ask("listen/stop", json!({})).unwrap();
    let state = || status()["accounts"][0]["listener"]["state"].as_str().map(str::to_owned);
    eventually("that it was stopped", || state().filter(|state| state == "stopped"));
    gateway.leave();
    assert_eq!(status()["gateway"]["running"], json!(false));
}

#[test]
fn nothing_outlives_a_process_that_is_killed() {
    let setting = Setting::new();
    // So that the listener does not find out by itself that nobody reads.
    let config = json!({ "channels": { "zalouser": open() }, "plugins": { "entries": { "zalouser": {
        "config": { "heartbeatSeconds": 600 }
    } } } });
    let mut gateway = Gateway::start(&setting);
    gateway.ask("initialize", json!({ "protocol": 1, "config": config })).unwrap();
    gateway.ask("listen/start", json!({})).unwrap();
    let listener = gateway.next(|message| message["params"]["pid"].is_i64())["params"]["pid"].clone();
    gateway.kill();
    is_gone(i32::try_from(listener.as_i64().unwrap()).unwrap());
    setting.nothing_is_left();
}

#[test]
fn what_a_group_may_use_is_what_its_rule_says() {
    let setting = Setting::new();
    let channel = json!({ "groupPolicy": "open", "groups": {
        "5001": { "tools": { "deny": ["exec"] } },
        "Family": { "tools": { "allow": ["read", "zalouser"] } },
        "*": { "tools": { "alsoAllow": ["web_search"] } },
    } });
    let mut gateway = Gateway::initialized(&setting, channel);
    for (current, policy) in [
        ("group:5001", json!({ "deny": ["exec"] })),
        ("zalouser:group:5002", json!({ "allow": ["read", "zalouser"], "deny": [] })),
        ("group:5999", json!({ "alsoAllow": ["web_search"], "deny": [] })),
        ("111", json!({ "deny": [] })),
    ] {
        assert_eq!(gateway.ask("tool/policy", json!({ "current": current })), Ok(policy), "{current}");
    }
    let fault =
        CallFault { exit: Some(1), stderr: Some("Error: no route".to_owned()), ..CallFault::default() };
    setting.simulator.set_faults(&Faults { query: vec![fault], ..Faults::default() }).unwrap();
    let unknown = gateway.ask("tool/policy", json!({ "current": "group:5002" })).unwrap_err();
    assert_eq!(unknown["code"], json!(-32014), "a rule by name is not passed over: {unknown}");
    gateway.leave();
}
