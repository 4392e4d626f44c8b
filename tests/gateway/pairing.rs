//! Strangers are offered a code, and answered once the owner has accepted them.

use std::fs;

use jiff::Timestamp;
use serde_json::{Value, json};
use zalouser::simulator::{CallFault, Faults, Line, SentKind};
use zalouser::store::{AccountFiles, Approved, PairingStore};

use super::{alice, bob, echo, to};
use crate::setting::{Running, Setting};

/// A setting in which strangers are paired.
fn setting() -> Setting {
    Setting::with(json!({}), echo())
}

/// Lets Alice write, and gives the code that she was sent.
fn offered(setting: &Setting, gateway: &mut Running) -> String {
    setting.say(&[alice("hello")]);
    gateway.until_texts(setting, 1);
    setting.store().pending(Timestamp::now()).unwrap()[0].code.clone()
}

#[test]
fn a_stranger_is_sent_the_code_of_the_pairing_file() {
    let setting = setting();
    let mut gateway = setting.gateway();
    let code = offered(&setting, &mut gateway);
    let file = fs::read_to_string(setting.state().credentials().join("zalouser-pairing.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let request = &file["requests"][0];
    assert_eq!((&request["id"], &request["meta"]["name"]), (&json!("111"), &json!("Alice")));
    assert_eq!(request["code"], json!(code));

    let [notice] = &setting.sent()[..] else { panic!("{:?}", setting.sent()) };
    assert_eq!((notice.kind, notice.thread_id.as_str(), notice.group), (SentKind::Text, "111", false));
    let text = notice.text.as_deref().unwrap();
    for part in ["111", &code, &format!("zalouser pairing approve {code}")] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
}

#[test]
fn whoever_was_approved_here_is_answered_without_a_restart() {
    let setting = setting();
    let mut gateway = setting.gateway();
    let code = offered(&setting, &mut gateway);
    let approved = setting.store().approve(&code, Timestamp::now()).unwrap();
    assert_eq!(approved, Approved::Person { id: "111".to_owned(), name: Some("Alice".to_owned()) });
    setting.say(&[alice("thanks")]);
    assert_eq!(gateway.until_texts(&setting, 2)[1..], to("111", &["thanks"]));
}

#[test]
fn whoever_was_approved_by_openclaw_is_answered_without_a_restart() {
    let setting = setting();
    let mut gateway = setting.gateway();
    offered(&setting, &mut gateway);
    // What `openclaw pairing approve` leaves behind.
    let credentials = setting.state().credentials().to_owned();
    let write = |name: &str, value: Value| {
        let text = serde_json::to_string_pretty(&value).unwrap() + "\n";
        let new = credentials.join(format!("{name}.5f0c.tmp"));
        fs::write(&new, text).unwrap();
        fs::rename(new, credentials.join(name)).unwrap();
    };
    write("zalouser-pairing.json", json!({ "version": 1, "requests": [] }));
    write("zalouser-allowFrom.json", json!({ "version": 1, "allowFrom": ["111"] }));
    setting.say(&[alice("thanks")]);
    assert_eq!(gateway.until_texts(&setting, 2)[1..], to("111", &["thanks"]));
}

#[test]
fn a_second_message_brings_no_second_code() {
    let setting = setting();
    let mut gateway = setting.gateway();
    offered(&setting, &mut gateway);
    setting.say(&[alice("hello?")]);
    // Her messages are handled in order, so that this answer is behind what the second one led to.
    setting.store().allow("111").unwrap();
    setting.say(&[alice("thanks")]);
    gateway.until("the answer", || setting.texts().iter().any(|(_, text)| text == "thanks").then_some(()));
    let codes = setting.texts().iter().filter(|(_, text)| text.contains("pairing approve")).count();
    assert_eq!(codes, 1, "{:?}", setting.texts());
}

#[test]
fn a_notice_that_could_not_be_sent_is_sent_at_the_next_message() {
    let setting = setting();
    let refusal = CallFault {
        matching: Some("pairing approve".to_owned()),
        times: Some(1),
        exit: Some(1),
        stderr: Some("Error: not now".to_owned()),
        ..CallFault::default()
    };
    setting.simulator.set_faults(&Faults { send: vec![refusal], ..Faults::default() }).unwrap();
    let mut gateway = setting.gateway();
    setting.say(&[alice("hello")]);
    gateway.until_logged("no pairing code was sent");
    gateway.until_logged("not now");
    let first = setting.store().pending(Timestamp::now()).unwrap()[0].code.clone();

    let second = offered(&setting, &mut gateway);
    assert_eq!(first, second, "the code stays the same");
    assert!(setting.texts()[0].1.contains(&second), "{:?}", setting.texts());
}

#[test]
fn a_fourth_stranger_is_told_nothing_until_there_is_room() {
    let setting = setting();
    let mut gateway = setting.gateway();
    let stranger = |id: &str| Line::direct(id, "", "hello");
    setting.say(&["1001", "1002", "1003"].map(stranger));
    gateway.until_texts(&setting, 3);
    setting.say(&[stranger("1004")]);
    gateway.until_logged("three are waiting");
    let code = setting.store().pending(Timestamp::now()).unwrap()[0].code.clone();
    setting.store().approve(&code, Timestamp::now()).unwrap();
    setting.say(&[stranger("1004")]);
    let texts = gateway.until_texts(&setting, 4);
    assert_eq!(texts[3].0, "1004", "{texts:?}");
}

#[test]
fn an_account_that_is_not_the_default_has_files_and_a_command_of_its_own() {
    let setting = Setting::with(json!({ "accounts": { "default": {}, "Work": {} } }), echo());
    let work = setting.simulator.with_profile("Work").unwrap();
    let mut gateway = setting.gateway();
    work.say(&alice("hello")).unwrap();
    let notice = gateway.until("the notice", || work.sent().unwrap().pop());
    let store = PairingStore::new(&setting.state(), &AccountFiles::of("Work", false));
    let code = store.pending(Timestamp::now()).unwrap()[0].code.clone();
    let command = format!("zalouser pairing approve {code} --account Work");
    assert!(notice.text.as_deref().unwrap().contains(&command), "{notice:?}");
    assert!(setting.state().credentials().join("zalouser-work-pairing.json").is_file());

    // Whoever is let in by one account is a stranger to the other.
    store.approve(&code, Timestamp::now()).unwrap();
    setting.say(&[alice("hello")]);
    let texts = gateway.until_texts(&setting, 1);
    assert!(texts[0].1.contains("pairing approve"), "{texts:?}");
}

#[test]
fn under_another_policy_nobody_is_offered_a_code() {
    let setting = Setting::with(json!({ "dmPolicy": "allowlist", "allowFrom": ["222"] }), echo());
    let mut gateway = setting.gateway();
    setting.say(&[alice("hello"), bob("hello")]);
    assert_eq!(gateway.until_texts(&setting, 1), to("222", &["hello"]));
    gateway.until_logged("Blocked unauthorized zalouser sender 111");
    assert_eq!(setting.store().pending(Timestamp::now()).unwrap(), []);
}
