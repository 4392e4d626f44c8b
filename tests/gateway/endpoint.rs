//! `gateway run --metrics`: what it serves, and to whom.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};
use zalouser::simulator::World;

use super::{alice, bob, echo, open};
use crate::setting::{Running, Setting, config};

/// A gateway that serves at a port of its own, and its address.
fn serving(setting: &Setting) -> (Running, String) {
    let mut gateway = setting.start(setting.command(&["gateway", "run", "--verbose", "--metrics", "0"]));
    gateway.until_logged("metrics are at http://");
    let log = gateway.log();
    let (_, address) = log.split_once("metrics are at http://").unwrap();
    let address = address.split('/').next().unwrap().to_owned();
    (gateway, address)
}

/// The status code and the body of an answer.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("it has a body");
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[test]
fn counts_and_times_are_served_while_it_runs() {
    let setting = Setting::with(json!({ "allowFrom": ["111"] }), echo());
    let (mut gateway, address) = serving(&setting);
    setting.say(&[alice("one"), bob("let me in"), alice("two")]);
    gateway.until_texts(&setting, 3);
    assert_eq!(get(&address, "/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(get(&address, "/nothing").0, 404);
    let text = gateway.until("the counts", || {
        let (code, text) = get(&address, "/metrics");
        assert_eq!(code, 200, "{text}");
        text.contains("zalouser_replies_total{account=\"default\",outcome=\"sent\"} 2").then_some(text)
    });
    for line in [
        "zalouser_messages_total{account=\"default\",outcome=\"deliver\",reason=\"sender-allowed\"} 2",
        "zalouser_messages_total{account=\"default\",outcome=\"pair\",reason=\"not-paired\"} 1",
        "zalouser_sent_total{account=\"default\",kind=\"text\"} 3",
        "zalouser_send_seconds_count{account=\"default\",outcome=\"ok\"} 3",
        "zalouser_agent_seconds_count{account=\"default\",outcome=\"ok\"} 2",
        "zalouser_listener_up{account=\"default\"} 1",
        "# EOF",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is missing in\n{text}");
    }
}

#[test]
fn ready_is_a_gateway_whose_accounts_listen_or_say_why_not() {
    let setting = Setting::new();
    let work = setting.simulator.with_profile("work").unwrap();
    work.set_world(&World { logged_in: false, ..World::default() }).unwrap();
    let mut channel = open();
    channel["accounts"] = json!({ "default": {}, "work": {} });
    setting.configure(&config(channel, json!({ "agent": echo() })));
    let (mut gateway, address) = serving(&setting);
    let readiness = gateway.until("readiness", || match get(&address, "/readyz") {
        (200, body) => Some(serde_json::from_str::<Value>(&body).unwrap()),
        (code, _) => {
            assert_eq!(code, 503);
            None
        }
    });
    assert_eq!(readiness["ready"], true);
    assert_eq!(readiness["accounts"]["default"], json!({ "state": "listens" }));
    assert_eq!(readiness["accounts"]["work"]["state"], "hindered");
    let reason = readiness["accounts"]["work"]["reason"].as_str().unwrap();
    assert!(reason.contains("account work is not logged in"), "{reason}");
}

#[test]
fn only_this_machine_is_served_unless_that_is_asked_for() {
    let setting = Setting::with(open(), echo());
    let refused = setting.run(&["gateway", "run", "--metrics", "0.0.0.0:0"]);
    assert_eq!(refused.code(), 2, "{refused:?}");
    assert!(refused.stderr.contains("--metrics-allow-remote"), "{refused:?}");
    assert_eq!(setting.simulator.calls().unwrap(), [], "nothing was started");

    let arguments = ["gateway", "run", "--metrics", "0.0.0.0:0", "--metrics-allow-remote"];
    setting.start(setting.command(&arguments)).until_logged("metrics are at http://0.0.0.0:");
}

#[test]
fn an_address_that_is_taken_is_named() {
    let setting = Setting::with(open(), echo());
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    let complaint = setting.run(&["gateway", "run", "--metrics", &taken]).complaint();
    assert!(complaint.contains(&format!("--metrics {taken}: the address cannot be taken")), "{complaint}");
}
