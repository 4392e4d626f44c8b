//! A gateway that is killed takes with it what it has started.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{alice, listener, open};
use crate::setting::{Running, Setting, config, eventually, is_gone, shell};

/// An agent that does not answer, and leaves its own id and that of a child in a file of this name.
fn setting(pids: &str) -> Setting {
    let setting = Setting::new();
    let path = setting.path(pids);
    let script = "sleep 600 & echo $$ $! >\"$1.new\"; mv \"$1.new\" \"$1\"; wait";
    let agent = shell(script, &[path.to_str().unwrap()]);
    // So that the listener does not find out by itself that nobody reads.
    setting.configure(&config(open(), json!({ "agent": agent, "heartbeatSeconds": 600 })));
    setting
}

/// Waits until the agent works, and gives the ids of its processes and of the listener.
fn working(setting: &Setting, gateway: &mut Running, pids: &str) -> Vec<i32> {
    setting.say(&[alice("hello")]);
    let agent = gateway.until("the agent's start", || fs::read_to_string(setting.path(pids)).ok());
    let mut processes: Vec<i32> = agent.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(processes.len(), 2, "{agent}");
    processes.push(listener(setting).expect("it listens"));
    processes
}

/// The watchdog of a gateway.
fn watchdog(gateway: &Running) -> Option<i32> {
    let children = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid: i32 = entry.unwrap().file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse::<u32>().ok()?;
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
        (parent == gateway.id() && line.split('\0').nth(1) == Some("watchdog")).then_some(pid)
    });
    children.last()
}

#[test]
fn nothing_outlives_a_gateway_that_is_killed() {
    let setting = setting("pids");
    let mut gateway = setting.gateway();
    let mut processes = working(&setting, &mut gateway, "pids");
    processes.push(watchdog(&gateway).expect("it has one"));
    gateway.signal(Signal::KILL);
    gateway.finish();
    processes.into_iter().for_each(is_gone);
    setting.nothing_is_left();
}

#[test]
fn a_watchdog_that_is_killed_is_replaced() {
    let setting = setting("pids");
    let mut gateway = setting.gateway();
    gateway.until_logged("listening");
    let first = watchdog(&gateway).expect("it has one");
    kill_process(Pid::from_raw(first).unwrap(), Signal::KILL).unwrap();
    let processes = working(&setting, &mut gateway, "pids");
    let second = eventually("another watchdog", || watchdog(&gateway).filter(|pid| *pid != first));
    gateway.signal(Signal::KILL);
    gateway.finish();
    processes.into_iter().chain([second]).for_each(is_gone);
}

#[test]
fn a_watchdog_outlasts_what_a_service_manager_sends_and_ends_with_the_gateway() {
    let setting = setting("pids");
    let mut gateway = setting.gateway();
    gateway.until_logged("listening");
    let watchdog = watchdog(&gateway).expect("it has one");
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        kill_process(Pid::from_raw(watchdog).unwrap(), signal).unwrap();
    }
    let processes = working(&setting, &mut gateway, "pids");
    gateway.signal(Signal::KILL);
    gateway.finish();
    processes.into_iter().chain([watchdog]).for_each(is_gone);
}
