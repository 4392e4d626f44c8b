//! The real program with a hostile component for one of two accounts.

use serde_json::{Value, json};
use zalouser::simulator::{Line, Simulator};

use super::NAME;
use crate::component::built_for_wasi;
use crate::setting::{Running, Setting, config};

/// A gateway with an account `home` that the shipped component judges, and `work`, which is the attacker's.
struct World {
    setting: Setting,
    home: Simulator,
    work: Simulator,
}

impl World {
    fn new(limits: Value) -> Self {
        let setting = Setting::new();
        configure(&setting, json!({ "work": NAME }), limits);
        let file = setting.write("hostile.wasm", built_for_wasi("zalouser-hostile"));
        setting.run(&["plugins", "install", &file, "--name", NAME]).succeeded();
        let home = setting.simulator.with_profile("home").unwrap();
        let work = setting.simulator.with_profile("work").unwrap();
        Self { setting, home, work }
    }

    /// Takes the account `work` away from the attacker.
    fn judge_by_shipped(&self) {
        configure(&self.setting, json!({}), json!({}));
    }
}

fn configure(setting: &Setting, components: Value, limits: Value) {
    let accounts = json!({ "home": {}, "work": {} });
    let grants = json!({
        "commands": ["send.text"], "accounts": ["work"], "profiles": ["work"], "threads": ["user:111"],
    });
    let settings = json!({
        "agent": { "kind": "echo" }, "components": components, "grants": { NAME: grants }, "limits": limits,
    });
    setting.configure(&config(json!({ "dmPolicy": "open", "accounts": accounts }), settings));
}

fn say(to: &Simulator, text: &str) {
    to.say(&Line::direct("111", "Alice", text)).unwrap();
}

fn until_sent(gateway: &mut Running, by: &Simulator, text: &str) {
    gateway.until(text, || {
        by.sent().unwrap().iter().any(|sent| sent.text.as_deref() == Some(text)).then_some(())
    });
}

/// The lines of the log that have all these parts.
fn logged(gateway: &Running, parts: &[&str]) -> Vec<String> {
    let log = gateway.log();
    let with_all = |line: &&str| parts.iter().all(|part| line.contains(part));
    log.lines().filter(with_all).map(str::to_owned).collect()
}

#[test]
fn an_attack_costs_its_account_one_message_and_the_operator_one_line() {
    let world = World::new(json!({}));
    let mut gateway = world.setting.gateway();
    for (attack, call, limit) in [
        ("trap", "monitor.push", "unreachable"),
        ("spin", "monitor.push", "execution time"),
        ("memory", "monitor.push", "memory"),
        ("effects", "monitor.push", "effects"),
        ("reply-spin", "outbound.plan", "execution time"),
    ] {
        say(&world.work, &format!("attack:{attack}"));
        let (others, next) = (format!("home after {attack}"), format!("work after {attack}"));
        say(&world.home, &others);
        say(&world.work, &next);
        until_sent(&mut gateway, &world.home, &others);
        // What is second in a guest is first in a fresh one, unless the attack was none to it.
        let next = if attack.starts_with("reply") { next } else { format!("1: {next}") };
        gateway.until(&next, || {
            let sent = world.work.sent().unwrap();
            sent.iter()
                .any(|sent| sent.text.as_deref().is_some_and(|text| text.ends_with(&next)))
                .then_some(())
        });
        let lines = logged(&gateway, &["work", NAME, call, limit]);
        assert_eq!(lines.len(), 1, "{attack}: {}", gateway.log());
    }
    assert_eq!(logged(&gateway, &["home", NAME]), Vec::<String>::new());
}

#[test]
fn a_component_that_always_fails_is_left_alone_and_shown() {
    let world = World::new(json!({}));
    let mut gateway = world.setting.gateway();
    for _ in 0..3 {
        say(&world.work, "attack:trap");
    }
    gateway.until_logged("is left alone for 5 s");
    assert_eq!(logged(&gateway, &["work", NAME, "tries"]).len(), 3, "{}", gateway.log());
    let status = gateway.until("the status", || {
        let status = world.setting.run(&["channels", "status", "--json"]);
        let status: Value = serde_json::from_str(&status.stdout).unwrap();
        let accounts = status["accounts"].as_array().unwrap();
        let work = accounts.iter().find(|account| account["accountId"] == "work").unwrap().clone();
        work["counts"]["lost"]["component-failed"].is_u64().then_some(work)
    });
    assert_eq!(status["counts"]["lost"]["component-failed"], 3, "{status}");
    say(&world.work, "later");
    until_sent(&mut gateway, &world.work, "1: later");
}

#[test]
fn what_a_component_says_cannot_forge_a_log() {
    let world = World::new(json!({}));
    let mut gateway = world.setting.gateway();
    say(&world.work, "attack:forge");
    gateway.until_logged("forged");
    let lines = logged(&gateway, &["forged"]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("one") && lines[0].len() < 3_000, "{lines:?}");
    assert!(!lines[0].contains('\u{1b}'), "{lines:?}");
}

#[test]
fn nothing_is_sent_where_it_was_not_granted() {
    let world = World::new(json!({}));
    let mut gateway = world.setting.gateway();
    say(&world.work, "attack:reply-other-thread");
    gateway.until_logged("send to user:666");
    assert!(world.work.sent().unwrap().is_empty());
}

#[test]
fn a_message_that_no_guest_takes_is_a_dead_letter_of_its_account() {
    let world = World::new(json!({}));
    let mut gateway = world.setting.gateway();
    say(&world.work, "attack:trap");
    gateway.until_line(&["after 3 tries", "is given up", "account=\"work\""]);
    let letter = gateway.until("the dead letter", || {
        let listing = world.setting.run(&["queue", "list", "--dead", "--json"]).succeeded();
        let listing: Value = serde_json::from_str(&listing).unwrap();
        listing["entries"].as_array().unwrap().first().cloned()
    });
    assert_eq!((&letter["account"], &letter["kind"]), (&json!("work"), &json!("line")), "{letter}");
    assert!(letter["reason"].as_str().unwrap().contains("monitor.push"), "{letter}");
}

#[test]
fn a_line_that_was_given_up_is_judged_again_when_the_operator_says_so() {
    let world = World::new(json!({}));
    let mut gateway = world.setting.gateway();
    say(&world.work, "attack:trap");
    let dead = |gateway: &mut Running| {
        gateway.until("the dead letter", || {
            let listing = world.setting.run(&["queue", "list", "--dead", "--json"]).succeeded();
            let listing: Value = serde_json::from_str(&listing).unwrap();
            listing["entries"].as_array().unwrap().first().map(|entry| entry["id"].to_string())
        })
    };
    let id = dead(&mut gateway);
    world.setting.run(&["queue", "retry", &id]).succeeded();
    gateway.until_logged("the line that led to it stays a dead letter");
    assert_eq!(dead(&mut gateway), id);

    // The shipped component has nothing against it.
    world.judge_by_shipped();
    gateway.until_logged("the account goes on by the new configuration");
    world.setting.run(&["queue", "retry", &id]).succeeded();
    until_sent(&mut gateway, &world.work, "attack:trap");
}

#[test]
fn what_arrives_while_a_component_is_left_alone_is_judged_after_a_restart() {
    let world = World::new(json!({}));
    let mut gateway = world.setting.gateway();
    for _ in 0..3 {
        say(&world.work, "attack:trap");
    }
    gateway.until_logged("is left alone for");
    say(&world.work, "kept");
    gateway.until_logged("kept until the component is tried again");
    gateway.stop().succeeded();
    assert_eq!(world.work.sent().unwrap(), []);

    let mut gateway = world.setting.gateway();
    gateway.until("the answer", || {
        let sent = world.work.sent().unwrap();
        sent.iter().any(|sent| sent.text.as_deref().is_some_and(|text| text.ends_with("kept"))).then_some(())
    });
    gateway.stop().succeeded();
    assert_eq!(world.work.sent().unwrap().len(), 1, "it is answered once");
}
