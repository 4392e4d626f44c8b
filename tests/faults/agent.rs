//! Faults of the agent.

use serde_json::json;

use super::{Stage, alice, answered, asleep, bob, ends_well, memory_stayed, open, peak_kib};
use crate::setting::shell;

/// A stage with this agent, which has one second for an answer.
fn stage(script: &str) -> Stage {
    let mut agent = shell(script, &[]);
    agent["timeoutSeconds"] = json!(1);
    Stage::new(open(), json!({ "agent": agent }), "")
}

#[test]
fn one_that_prints_100_mb_is_stopped_and_the_memory_stays() {
    let script = r#"
        read -r context
        case "$context" in
            *'"RawBody":"flood"'*) exec head -c 100000000 /dev/zero ;;
            *'"RawBody":"complain"'*) head -c 100000000 /dev/zero >&2; printf '\nwhy\n' >&2; exit 3 ;;
            *) echo fine ;;
        esac"#;
    let mut agent = shell(script, &[]);
    agent["timeoutSeconds"] = json!(60);
    let stage = Stage::new(open(), json!({ "agent": agent }), "");
    let mut gateway = stage.gateway();
    stage.setting.say(&[bob("before")]);
    answered(&mut gateway, &stage.setting, "222", &["fine"]);
    let before = peak_kib(&gateway);
    stage.setting.say(&[alice("flood"), alice("complain"), alice("next")]);
    gateway.until_logged("longer than 1048576 bytes");
    gateway.until_logged("it said: why");
    answered(&mut gateway, &stage.setting, "111", &["fine"]);
    memory_stayed(&gateway, before, 16 << 10);
    ends_well(gateway, &stage.setting);
}

#[test]
fn ill_formed_text_arrives_with_replacements() {
    let stage = stage(r"printf 'a\377\303b \355\240\200'");
    let mut gateway = stage.gateway();
    stage.setting.say(&[alice("hello")]);
    answered(&mut gateway, &stage.setting, "111", &["a\u{fffd}\u{fffd}b \u{fffd}\u{fffd}\u{fffd}"]);
    ends_well(gateway, &stage.setting);
}

#[test]
fn one_that_hangs_with_its_children_is_killed_while_others_are_answered() {
    let script = r#"
        read -r context
        case "$context" in
            *'"RawBody":"hang"'*) trap '' TERM HUP; while :; do sleep 600; done ;;
            *) echo fine ;;
        esac"#;
    let stage = stage(script);
    let mut gateway = stage.gateway();
    stage.setting.say(&[alice("hang"), alice("next"), bob("meanwhile")]);
    answered(&mut gateway, &stage.setting, "222", &["fine"]);
    assert!(!gateway.log().contains("did not answer within"), "she is still waited for");
    gateway.until_logged("did not answer within 1 s");
    answered(&mut gateway, &stage.setting, "111", &["fine"]);
    assert_eq!(asleep(&stage.setting), 0);
    ends_well(gateway, &stage.setting);
}

#[test]
fn one_that_answered_and_does_not_end_has_not_answered() {
    let script = r#"
        read -r context
        case "$context" in
            *'"RawBody":"linger"'*) echo 'half an answer'; exec sleep 600 ;;
            *'"RawBody":"daemon"'*) echo 'an answer'; sleep 600 & ;;
            *) echo fine ;;
        esac"#;
    let stage = stage(script);
    let mut gateway = stage.gateway();
    stage.setting.say(&[alice("linger"), alice("daemon"), alice("next")]);
    answered(&mut gateway, &stage.setting, "111", &["an answer", "fine"]);
    assert_eq!(asleep(&stage.setting), 0, "what it left behind is killed");
    ends_well(gateway, &stage.setting);
}
