//! One conversation is answered in order, and none waits for another.

use super::{alice, bob, open, to};
use crate::setting::{Setting, config, shell};
use serde_json::json;

#[test]
fn the_answers_of_a_conversation_keep_its_order_and_others_do_not_wait() {
    // The first message is answered only once the gate is there.
    let script = r#"
        read -r context
        case "$context" in
            *'"RawBody":"first"'*) until [ -e "$1" ]; do sleep 0.02; done; echo 'to first' ;;
            *'"RawBody":"second"'*) echo 'to second' ;;
            *) echo 'to other' ;;
        esac"#;
    let setting = Setting::new();
    let gate = setting.path("gate");
    setting.configure(&config(open(), json!({ "agent": shell(script, &[gate.to_str().unwrap()]) })));
    let mut gateway = setting.gateway();
    setting.say(&[alice("first"), alice("second"), bob("other")]);
    assert_eq!(gateway.until_texts(&setting, 1), to("222", &["to other"]), "another conversation goes on");
    std::fs::write(gate, "").unwrap();
    assert_eq!(gateway.until_texts(&setting, 3)[1..], to("111", &["to first", "to second"]));
}

#[test]
fn later_messages_that_take_less_time_do_not_overtake() {
    // Each message is the number of hundredths of a second that its answer takes.
    let script = r#"
        read -r context
        text=${context#*'"RawBody":"'}
        text=${text%%'"'*}
        sleep "0.$text"
        echo "$text""#;
    let setting = Setting::with(open(), shell(script, &[]));
    let mut gateway = setting.gateway();
    let texts = ["40", "30", "20", "10", "05"];
    setting.say(&texts.map(alice));
    assert_eq!(gateway.until_texts(&setting, texts.len()), to("111", &texts));
}

#[test]
fn a_conversation_of_its_own_is_that_of_a_person_and_that_of_each_group() {
    let script = r#"
        read -r context
        case "$context" in *'"ChatType":"direct"'*) until [ -e "$1" ]; do sleep 0.02; done ;; esac
        echo done"#;
    let setting = Setting::new();
    let gate = setting.path("gate");
    setting.configure(&config(open(), json!({ "agent": shell(script, &[gate.to_str().unwrap()]) })));
    let mut gateway = setting.gateway();
    let in_group = |group: &str| zalouser::simulator::Line::group(group, "111", "Alice", "hello");
    setting.say(&[alice("hello"), in_group("5001"), in_group("5002")]);
    let mut threads: Vec<_> =
        gateway.until_texts(&setting, 2).into_iter().map(|(thread, _)| thread).collect();
    threads.sort();
    assert_eq!(threads, ["5001", "5002"]);
    std::fs::write(gate, "").unwrap();
    gateway.until_texts(&setting, 3);
}
