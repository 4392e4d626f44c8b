//! Faults of the other calls of `zca`: its version, its questions and its sends.

use serde_json::json;
use zalouser::simulator::Line;

use super::{Stage, alice, answered, asleep, bob, ends_well, memory_stayed, open, peak_kib, texts_to};
use crate::setting::shell;

#[test]
fn a_send_that_takes_too_long_is_unknown_and_not_repeated_and_delays_nobody_else() {
    // One hangs for ever. The other one is asked to end after half a minute, and sends all the same.
    let cases = r#"
        *" msg send -- 111 "*) once never && { trap '' TERM; while :; do sleep 600; done; } ;;
        *" msg send -- 333 "*) once late && { trap '' TERM; sleep 30.5; trap - TERM; } ;;"#;
    let stage = Stage::echo(cases);
    let setting = &stage.setting;
    let carol = |text: &str| Line::direct("333", "Carol", text);
    let mut gateway = stage.gateway();
    setting.say(&[alice("never"), carol("late"), bob("meanwhile")]);
    answered(&mut gateway, setting, "222", &["meanwhile"]);
    assert_eq!(setting.texts().len(), 1, "the others are still being sent");
    for thread in ["111", "333"] {
        gateway.until_line(&["whether the message arrived is unknown", &format!("thread=\"{thread}\"")]);
    }
    setting.say(&[alice("next"), carol("next")]);
    answered(&mut gateway, setting, "111", &["next"]);
    gateway.until("the answer", || texts_to(setting, "333").contains(&"next".to_owned()).then_some(()));
    let late = texts_to(setting, "333").iter().filter(|text| *text == "late").count();
    println!("the message whose send was cut off arrived {late} times");
    assert!(late <= 1, "{:?}", setting.texts());
    ends_well(gateway, setting);
}

#[test]
fn a_grandchild_that_keeps_the_pipe_of_a_send_open_does_not_hold_up_the_next() {
    let cases = r#"*" msg send "*) once child && { "$real" "$@"; sleep 600 & exit 0; } ;;"#;
    let stage = Stage::echo(cases);
    let mut gateway = stage.gateway();
    stage.setting.say(&[alice("one"), alice("two")]);
    answered(&mut gateway, &stage.setting, "111", &["one", "two"]);
    assert_eq!(asleep(&stage.setting), 0, "it ends with its parent");
    ends_well(gateway, &stage.setting);
}

#[test]
fn a_call_that_prints_100_mb_does_not_fill_the_memory() {
    let cases = r#"
        --version) echo 0.1.58; exec head -c 100000000 /dev/urandom ;;
        *" me info "*) head -c 100000000 /dev/zero >&2 ;;
        *" msg send "*) once flood && head -c 100000000 /dev/zero ;;"#;
    let stage = Stage::echo(cases);
    let mut gateway = stage.gateway();
    let before = peak_kib(&gateway);
    stage.setting.say(&[alice("one"), alice("two")]);
    answered(&mut gateway, &stage.setting, "111", &["one", "two"]);
    memory_stayed(&gateway, before, 80 << 10);
    let log = ends_well(gateway, &stage.setting);
    assert_eq!(log.matches("bytes more than are kept").count(), 3, "{log}");
}

#[test]
fn a_version_that_is_garbage_or_never_told_keeps_no_account_from_running() {
    let never = r"--version) exec sleep 600 ;;";
    let garbage =
        r#"--version) printf '\377\376\000'; for i in 1 2 3; do printf '[[[[{"a":'; done; exit 0 ;;"#;
    for cases in [never, garbage] {
        let stage = Stage::echo(cases);
        let mut gateway = stage.gateway();
        stage.setting.say(&[alice("hello")]);
        answered(&mut gateway, &stage.setting, "111", &["hello"]);
        ends_well(gateway, &stage.setting);
    }
}

#[test]
fn answers_to_questions_that_are_garbage_cost_the_names_and_nothing_else() {
    let garbage = r#"head -c 2000000 /dev/zero | tr '\0' '['; printf '\377\376\000{"userId":'; exit 0"#;
    let cases = format!("*\" me info \"*) {garbage} ;;\n*\" friend list \"*) {garbage} ;;");
    let channel = json!({ "dmPolicy": "allowlist", "allowFrom": ["Somebody", "111"] });
    let stage = Stage::new(channel, json!({ "agent": { "kind": "echo" } }), &cases);
    let mut gateway = stage.gateway();
    stage.setting.say(&[alice("hello")]);
    answered(&mut gateway, &stage.setting, "111", &["hello"]);
    ends_well(gateway, &stage.setting);
}

#[test]
fn a_send_that_claims_success_and_sent_nothing_is_told() {
    let script = r#"
        read -r context
        case "$context" in
            *'"RawBody":"picture"'*) echo '{"mediaUrls":["https://example.invalid/a.jpg"]}' ;;
            *) echo fine ;;
        esac"#;
    let cases = r#"*" msg image "*) exit 0 ;;"#;
    let stage = Stage::new(open(), json!({ "agent": shell(script, &[]) }), cases);
    let mut gateway = stage.gateway();
    stage.setting.say(&[alice("picture"), alice("next")]);
    gateway.until_logged("zca sent nothing and did not say why");
    answered(&mut gateway, &stage.setting, "111", &["fine"]);
    ends_well(gateway, &stage.setting);
}
