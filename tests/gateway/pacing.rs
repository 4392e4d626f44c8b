//! An account that has sent enough waits, and nobody else with it.

use rustix::process::Signal;
use serde_json::json;
use zalouser::simulator::World;

use super::{alice, echo, open, to};
use crate::setting::{Setting, config};

#[test]
fn an_account_that_has_sent_enough_waits_alone() {
    let setting = Setting::new();
    let work = setting.simulator.with_profile("work").unwrap();
    work.set_world(&World::default()).unwrap();
    let mut channel = open();
    channel["accounts"] = json!({ "default": {}, "work": {} });
    let pacing = json!({ "sendsPerMinute": 1, "burst": 2 });
    setting.configure(&config(channel, json!({ "agent": echo(), "pacing": pacing })));
    let mut gateway = setting.gateway();
    setting.say(&["one", "two", "three"].map(alice));
    assert_eq!(gateway.until_texts(&setting, 2), to("111", &["one", "two"]));
    for text in ["four", "five"] {
        work.say(&alice(text)).unwrap();
    }
    gateway.until("the other account's answers", || (work.sent().unwrap().len() == 2).then_some(()));
    assert_eq!(setting.texts(), to("111", &["one", "two"]), "the third is not due for a minute");
    // It would wait for the third, which it has begun to send.
    gateway.signal(Signal::KILL);
    gateway.finish();
}
