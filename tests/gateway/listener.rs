//! The listener is kept alive, and what it prints is neither lost nor heard twice.

use std::fs;

use serde_json::json;
use zalouser::simulator::{Faults, HelpFault, Listen, ListenEvent, ListenFault};

use super::{alice, echo, open, to};
use crate::setting::{Running, Setting, config};

/// A setting whose first listener suffers a fault once it has printed what there is.
fn setting(fault: ListenFault) -> Setting {
    let setting = Setting::new();
    setting.configure(&config(open(), json!({ "agent": echo(), "heartbeatSeconds": 1 })));
    setting.simulator.set_faults(&Faults { listen: vec![fault], ..Faults::default() }).unwrap();
    setting
}

fn starts(setting: &Setting) -> Vec<Listen> {
    let mut listens = setting.simulator.listens().unwrap();
    listens.retain(|listen| listen.event == ListenEvent::Start);
    listens
}

/// Writes to a first listener until `over`, in between, and to the one that follows: each message has to be
/// answered once.
fn bridge(setting: &Setting, over: impl FnOnce(&mut Running)) -> Running {
    setting.say(&[alice("to the first")]);
    let mut gateway = setting.gateway();
    gateway.until_texts(setting, 1);
    over(&mut gateway);
    setting.say(&[alice("to nobody")]);
    gateway.until("the second listener", || (starts(setting).len() == 2).then_some(()));
    setting.say(&[alice("to the second")]);
    let texts = gateway.until_texts(setting, 3);
    assert_eq!(texts, to("111", &["to the first", "to nobody", "to the second"]));
    gateway
}

/// Lets the first listener end with this code, and gives what the gateway logged.
fn log_of_exit(code: u8) -> String {
    let setting = setting(ListenFault { exit: Some(code), ..ListenFault::default() });
    let gateway = bridge(&setting, |gateway| {
        gateway.until("the end of the first listener", || {
            let listens = setting.simulator.listens().unwrap();
            listens.iter().any(|listen| listen.event == ListenEvent::Exit { code }).then_some(())
        });
    });
    gateway.log()
}

#[test]
fn a_listener_that_ended_with_exit_code_0_is_started_again() {
    assert!(log_of_exit(0).contains("ended with exit code 0; next start in"));
}

#[test]
fn a_listener_that_ended_with_exit_code_1_is_started_again() {
    assert!(log_of_exit(1).contains("ended with exit code 1; next start in"));
}

#[test]
fn a_listener_that_grew_old_is_exchanged_at_once_and_without_a_warning() {
    let log = log_of_exit(75);
    assert!(log.contains("the listener is exchanged for a fresh one"), "{log}");
    assert!(!log.contains("next start in"), "{log}");
    assert!(!log.contains("WARN"), "{log}");
}

#[test]
fn a_listener_that_gives_no_sign_of_life_is_replaced() {
    let setting = setting(ListenFault { silent: true, ..ListenFault::default() });
    let gateway = bridge(&setting, |_| {});
    assert!(gateway.log().contains("the listener gave no sign of life"), "{}", gateway.log());
}

#[test]
fn a_listener_that_does_not_end_when_asked_is_killed() {
    let setting = setting(ListenFault { silent: true, ignore_term: true, ..ListenFault::default() });
    drop(bridge(&setting, |_| {}));
    let listens = setting.simulator.listens().unwrap();
    let first = listens[0].pid;
    let ends = listens.iter().filter(|listen| listen.pid == first && listen.event != ListenEvent::Start);
    assert_eq!(ends.count(), 0, "one that is killed leaves no trace of its end: {listens:?}");
}

#[test]
fn a_zca_that_is_away_for_a_while_is_found_again() {
    let setting = setting(ListenFault { exit: Some(1), ..ListenFault::default() });
    let program = setting.simulator.program().to_owned();
    let away = setting.path("away");
    let gateway = bridge(&setting, |gateway| {
        fs::rename(&program, &away).unwrap();
        gateway.until_logged("was not found");
        fs::rename(&away, &program).unwrap();
    });
    assert!(gateway.log().contains("next try in"), "{}", gateway.log());
}

#[test]
fn what_a_listener_complains_of_is_logged_line_by_line() {
    let complaint = "Listener error: one\nWarning: two";
    let setting = setting(ListenFault { stderr: Some(complaint.to_owned()), ..ListenFault::default() });
    let mut gateway = setting.gateway();
    gateway.until_logged("WARN zca: Listener error: one account=");
    gateway.until_logged("WARN zca: Warning: two account=");
}

#[test]
fn a_listener_is_supervised_where_this_zca_can_be() {
    for (supervised, expected) in [
        (true, &["listen", "--raw", "--supervised", "--heartbeat-ms", "1000"][..]),
        (false, &["listen", "-r", "-k"]),
    ] {
        let setting = setting(ListenFault::default());
        let help = HelpFault { supervised };
        setting.simulator.set_faults(&Faults { help, ..Faults::default() }).unwrap();
        let mut gateway = setting.gateway();
        setting.say(&[alice("hello")]);
        assert_eq!(gateway.until_texts(&setting, 1), to("111", &["hello"]));
        let argv = starts(&setting).remove(0).argv;
        assert_eq!(argv[..2], ["--profile", "default"]);
        assert_eq!(argv[2..], *expected);
    }
}
