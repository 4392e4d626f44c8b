//! A configuration that changes under a gateway that runs.

use rustix::process::Signal;
use serde_json::json;
use zalouser::sandbox::bindings::inbound::Effect;
use zalouser::sandbox::{Limits, Monitor, Sandbox};
use zalouser::simulator::ListenEvent;

use super::{alice, bob, echo, open, to};
use crate::component::built_for_wasi;
use crate::setting::{Running, Setting, config};

/// What the log says of an account that goes by another configuration.
const RENEWED: &str = "goes on by the new configuration";

/// How many listeners there were.
fn listeners(setting: &Setting) -> usize {
    let listens = setting.simulator.listens().unwrap();
    listens.iter().filter(|listen| listen.event == ListenEvent::Start).count()
}

/// Waits until the log has said this so often.
fn until_logged_times(gateway: &mut Running, part: &str, times: usize) {
    gateway.until_log(&format!("{part:?}, {times} times"), |log| log.matches(part).count() >= times);
}

/// A gateway that lets Alice in, and has answered her.
fn gateway(setting: &Setting) -> Running {
    setting.configure(&config(
        json!({ "dmPolicy": "allowlist", "allowFrom": ["111"] }),
        json!({ "agent": echo() }),
    ));
    let mut gateway = setting.gateway();
    setting.say(&[alice("before")]);
    gateway.until_texts(setting, 1);
    gateway
}

#[test]
fn a_changed_policy_holds_for_the_next_message_and_the_listener_goes_on() {
    let setting = Setting::new();
    let mut gateway = gateway(&setting);
    setting.configure(&config(open(), json!({ "agent": echo() })));
    gateway.until_logged(RENEWED);
    setting.say(&[bob("after")]);
    let texts = gateway.until_texts(&setting, 2);
    assert_eq!(texts, [to("111", &["before"]), to("222", &["after"])].concat());
    assert_eq!(listeners(&setting), 1);
}

#[test]
fn a_broken_file_leaves_the_old_one_in_force_until_it_is_mended() {
    let setting = Setting::new();
    let mut gateway = gateway(&setting);
    setting.write_config("{ channels: { zalouser: { dmPolicy: 'opne' } } }");
    gateway.until_line(&["opne", "the configuration of before stays in force"]);
    setting.say(&[bob("no"), alice("still")]);
    assert_eq!(gateway.until_texts(&setting, 2), to("111", &["before", "still"]));
    setting.configure(&config(open(), json!({ "agent": echo() })));
    gateway.until_logged(RENEWED);
    setting.say(&[bob("yes")]);
    assert_eq!(gateway.until_texts(&setting, 3).last(), to("222", &["yes"]).last());
}

#[test]
fn a_hangup_reads_the_file_again_and_leaves_alone_what_did_not_change() {
    let setting = Setting::new();
    let mut gateway = gateway(&setting);
    gateway.signal(Signal::HUP);
    gateway.until_logged("the configuration was read again");
    setting.say(&[alice("after")]);
    assert_eq!(gateway.until_texts(&setting, 2), to("111", &["before", "after"]));
    assert!(!gateway.log().contains(RENEWED), "{}", gateway.log());
}

#[test]
fn an_account_that_is_switched_off_stops_and_one_that_is_switched_on_starts() {
    let setting = Setting::new();
    let mut gateway = gateway(&setting);
    let switched = |enabled: bool| {
        let channel = json!({ "dmPolicy": "open", "enabled": enabled });
        setting.configure(&config(channel, json!({ "agent": echo() })));
    };
    switched(false);
    gateway.until_logged("wants it to stop");
    setting.say(&[alice("meanwhile")]);
    switched(true);
    until_logged_times(&mut gateway, "listening", 2);
    setting.say(&[bob("after")]);
    gateway.until("the answer", || setting.texts().contains(&to("222", &["after"])[0]).then_some(()));
    assert_eq!(listeners(&setting), 2);
}

#[test]
fn a_component_that_is_enabled_takes_over_at_once_and_one_that_was_changed_does_not() {
    let setting = Setting::new();
    let file = setting.write("office-hours.wasm", built_for_wasi("office-hours"));
    setting.run(&["plugins", "install", &file]).succeeded();
    let mut gateway = gateway(&setting);
    setting.run(&["plugins", "enable", "office-hours"]).succeeded();
    gateway.until_line(&[RENEWED, "office-hours"]);
    setting.run(&["plugins", "disable", "office-hours"]).succeeded();
    until_logged_times(&mut gateway, RENEWED, 2);

    setting.write_state("zalouser/plugins/office-hours/component.wasm", "something else");
    setting.run(&["config", "set", "plugins.entries.zalouser.config.component", "office-hours"]);
    gateway.until_line(&["office-hours", "it goes on as before"]);
    setting.say(&[alice("after")]);
    assert_eq!(gateway.until_texts(&setting, 2), to("111", &["before", "after"]));
    assert_eq!(listeners(&setting), 1);
}

#[tokio::test]
async fn a_line_that_was_half_read_is_judged_by_the_one_that_takes_over() {
    let sandbox = Sandbox::new(Limits::default(), None).unwrap();
    let component = sandbox.load_shipped().unwrap();
    let account = crate::hostile::account("default").await;
    let start = || Monitor::start(component.clone(), account.clone(), Vec::new());
    let (mut first, mut second) = (start().await.unwrap(), start().await.unwrap());
    let line = alice("whole").ids("1", "2").at(1).to_json() + "\n";
    let (begin, end) = line.as_bytes().split_at(20);
    assert_eq!(first.push(begin, 1).await.effects, []);
    second.take_over(&mut first).await.unwrap();
    let effects = second.push(end, 2).await.effects;
    let [Effect::Deliver(message)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(message.raw_body, "whole");
}
