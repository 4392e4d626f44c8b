//! The attackers in the real program, let in by an operator who trusted them.

use serde_json::{Value, json};
use zalouser::simulator::Line;

use super::NAME;
use crate::component::built_for_wasi;
use crate::setting::{Setting, config, shell};

/// A setting in which the hostile component judges, and may send texts to Alice alone.
fn setting(agent: Value) -> Setting {
    let setting = Setting::new();
    let file = setting.write("hostile.wasm", built_for_wasi("zalouser-hostile"));
    setting.run(&["plugins", "install", &file]).succeeded();
    let grants =
        json!({ "commands": ["send.text"], "accounts": ["*"], "profiles": ["*"], "threads": ["user:111"] });
    let settings = json!({ "agent": agent, "component": NAME, "grants": { NAME: grants } });
    setting.configure(&config(json!({ "dmPolicy": "open" }), settings));
    setting
}

fn alice(text: &str) -> Line {
    Line::direct("111", "Alice", text)
}

fn dead_letters(setting: &Setting) -> Vec<Value> {
    let listing = setting.run(&["queue", "list", "--dead", "--json"]).succeeded();
    let listing: Value = serde_json::from_str(&listing).unwrap();
    listing["entries"].as_array().unwrap().clone()
}

#[test]
fn a_poisonous_message_is_a_dead_letter_after_three_tries_and_the_next_one_is_answered() {
    for (attack, said) in
        [("attack:trap", "failed in `monitor.push`"), ("attack:spin", "ran out of execution time")]
    {
        let setting = setting(json!({ "kind": "echo" }));
        let mut gateway = setting.gateway();
        setting.say(&[alice(attack), alice("fine")]);
        let texts = gateway.until_texts(&setting, 1);
        assert_eq!(
            texts,
            [("111".to_owned(), "1: fine".to_owned())],
            "{attack}: a fresh guest counts from one"
        );
        let log = gateway.log();
        let incidents: Vec<_> =
            log.lines().filter(|line| line.contains(&format!("component {NAME}"))).collect();
        let [incident] = incidents.as_slice() else { panic!("{attack}: one line, not\n{log}") };
        for part in [said, "after 3 tries", "account=\"default\""] {
            assert!(incident.contains(part), "{attack}: {part:?} is missing in {incident}");
        }
        let letters = dead_letters(&setting);
        assert_eq!(letters.len(), 1, "{attack}: {letters:?}");
        assert_eq!(letters[0]["kind"], json!("line"), "{attack}");
        assert!(letters[0]["reason"].as_str().unwrap().contains(said), "{attack}: {}", letters[0]);
    }
}

#[test]
fn what_was_not_granted_is_not_sent_and_the_log_says_what_would_allow_it() {
    let setting = setting(shell("cat >/dev/null; echo attack:other-thread", &[]));
    let mut gateway = setting.gateway();
    setting.say(&[alice("hello")]);
    gateway.until_line(&["hostile may not send to user:666", "grants.hostile.threads", "\"user:666\""]);
    assert_eq!(setting.texts(), []);
    assert_eq!(dead_letters(&setting).len(), 1);
}
