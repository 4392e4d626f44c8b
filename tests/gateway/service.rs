//! A gateway under a service manager as systemd is one: sd_notify(3), with a socket of the test's own.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{alice, echo, listener, open, to};
use crate::setting::{Running, Setting, config, shell};

/// A gateway, and the socket at which it tells how it is. It is to give a sign of life within a second.
fn managed(setting: &Setting) -> (Running, UnixDatagram) {
    let path = setting.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    // Whoever gets nothing for that long fails.
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut command = setting.command(&["gateway", "run", "--verbose"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "1000000").env_remove("WATCHDOG_PID");
    (setting.start(command), socket)
}

/// Waits until this is told, and gives all that was told until then.
fn until(socket: &UnixDatagram, line: &str) -> Vec<String> {
    let mut told = Vec::new();
    let mut bytes = [0; 4_096];
    loop {
        let count =
            socket.recv(&mut bytes).unwrap_or_else(|err| panic!("{line} is not told: {err}; {told:?}"));
        let text = std::str::from_utf8(&bytes[..count]).unwrap();
        told.extend(text.lines().map(str::to_owned));
        if told.iter().any(|it| it == line) {
            return told;
        }
    }
}

#[test]
fn the_manager_hears_that_it_is_ready_that_it_lives_and_that_it_stops() {
    let setting = Setting::with(open(), echo());
    let (gateway, socket) = managed(&setting);
    let before = until(&socket, "READY=1");
    assert!(!before.contains(&"STATUS=the account listens".to_owned()), "not before it is: {before:?}");
    until(&socket, "STATUS=the account listens");
    until(&socket, "WATCHDOG=1");
    until(&socket, "WATCHDOG=1");
    gateway.signal(Signal::TERM);
    until(&socket, "STOPPING=1");
    assert_eq!(gateway.finish().code(), 0);
}

#[test]
fn a_listener_that_ends_is_told_and_makes_nothing_ready_twice() {
    let setting = Setting::with(open(), echo());
    let (mut gateway, socket) = managed(&setting);
    until(&socket, "STATUS=the account listens");
    let listener = gateway.until("the listener", || listener(&setting));
    kill_process(Pid::from_raw(listener).unwrap(), Signal::KILL).unwrap();
    let told =
        until(&socket, "STATUS=0 of 1 accounts listen; default: the listener ended with exit code 137");
    let again = until(&socket, "STATUS=the account listens");
    assert!(told.iter().chain(&again).all(|line| line != "READY=1"), "{told:?} {again:?}");
}

#[test]
fn what_the_manager_is_told_is_told_by_the_gateway_alone() {
    let setting = Setting::new();
    let agent = shell("echo \"${NOTIFY_SOCKET-none} ${WATCHDOG_USEC-none}\"", &[]);
    setting.configure(&config(open(), json!({ "agent": agent })));
    let (mut gateway, _socket) = managed(&setting);
    setting.say(&[alice("what do you see?")]);
    assert_eq!(gateway.until_texts(&setting, 1), to("111", &["none none"]));
}
