//! A gateway that is told to end does so soon, and leaves nothing behind.

use std::fs;

use rustix::process::Signal;
use serde_json::json;
use zalouser::simulator::{CallFault, Faults, ListenFault};

use super::{alice, echo, open, to};
use crate::setting::{Running, Setting, config, is_gone, shell};

fn listening(setting: &Setting) -> Running {
    let mut gateway = setting.gateway();
    setting.say(&[alice("hello")]);
    assert_eq!(gateway.until_texts(setting, 1), to("111", &["hello"]));
    gateway
}

#[test]
fn either_signal_ends_it_with_success_and_without_a_child_left() {
    for signal in [Signal::TERM, Signal::INT] {
        let setting = Setting::with(open(), echo());
        let gateway = listening(&setting);
        gateway.signal(signal);
        let finished = gateway.finish();
        assert_eq!(finished.status.code(), Some(0), "{signal:?}: {finished:?}");
        assert_eq!(finished.stdout, "", "what is said goes into the log");
        setting.nothing_is_left();
    }
}

#[test]
fn a_listener_that_does_not_end_when_asked_is_killed() {
    let setting = Setting::with(open(), echo());
    let stubborn = ListenFault { ignore_term: true, ..ListenFault::default() };
    setting.simulator.set_faults(&Faults { listen: vec![stubborn], ..Faults::default() }).unwrap();
    let finished = listening(&setting).stop();
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    setting.nothing_is_left();
}

#[test]
fn an_agent_that_works_for_ever_is_killed() {
    let setting = Setting::new();
    let pid = setting.path("pid");
    let agent = shell("echo $$ >\"$1.new\"; mv \"$1.new\" \"$1\"; exec sleep 600", &[pid.to_str().unwrap()]);
    setting.configure(&config(open(), json!({ "agent": agent })));
    let mut gateway = setting.gateway();
    setting.say(&[alice("hello")]);
    let pid = gateway.until("the agent's start", || fs::read_to_string(&pid).ok());
    let finished = gateway.stop();
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    is_gone(pid.trim().parse().unwrap());
    setting.nothing_is_left();
}

#[test]
fn it_ends_while_it_waits_for_zca_to_answer() {
    let setting = Setting::with(open(), echo());
    let stuck = CallFault {
        matching: Some("status".to_owned()),
        hang: true,
        ignore_term: true,
        ..CallFault::default()
    };
    setting.simulator.set_faults(&Faults { query: vec![stuck], ..Faults::default() }).unwrap();
    let mut gateway = setting.gateway();
    gateway.until("the question", || {
        let calls = setting.simulator.calls().unwrap();
        calls.into_iter().find(|call| call.argv.contains(&"status".to_owned()))
    });
    let finished = gateway.stop();
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    setting.nothing_is_left();
}

#[test]
fn answers_that_are_under_way_are_still_sent() {
    let setting = Setting::new();
    let (started, gate) = (setting.path("started"), setting.path("gate"));
    let script = "echo >\"$1\"; until [ -e \"$2\" ]; do sleep 0.02; done; echo late";
    let agent = shell(script, &[started.to_str().unwrap(), gate.to_str().unwrap()]);
    setting.configure(&config(open(), json!({ "agent": agent })));
    let mut gateway = setting.gateway();
    setting.say(&[alice("hello")]);
    gateway.until("the agent's start", || started.exists().then_some(()));
    gateway.signal(Signal::TERM);
    gateway.until_logged("stopping");
    fs::write(gate, "").unwrap();
    assert_eq!(gateway.finish().status.code(), Some(0));
    assert_eq!(setting.texts(), to("111", &["late"]));
}
