//! A wall clock that jumps, forth and back. What measures time spans does not.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use zalouser::simulator::Line;

use super::{Stage, alice, answered, bob, echo, ends_well, leave_out, open, texts_to};
use crate::setting::Setting;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// A clock that can be moved.
struct Clock {
    offset: PathBuf,
    library: PathBuf,
}

impl Clock {
    /// None without a C compiler.
    fn new(setting: &Setting) -> Option<Self> {
        let clock = Self { offset: setting.path("offset"), library: setting.path("clock.so") };
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/faults/clock.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).arg(&clock.library).arg(source);
        compiler.status().is_ok_and(|status| status.success()).then_some(())?;
        fs::write(&clock.offset, 0_i64.to_ne_bytes()).unwrap();
        Some(clock)
    }

    fn moved(&self, mut command: Command) -> Command {
        command.env("LD_PRELOAD", &self.library).env("CLOCK_OFFSET", &self.offset);
        command
    }

    /// Moves the clock to that many seconds from where it really is, at once and for all.
    fn jump(&self, seconds: i64) {
        // In place: the processes have it mapped.
        OpenOptions::new().write(true).open(&self.offset).unwrap().write_all(&seconds.to_ne_bytes()).unwrap();
    }
}

#[test]
fn messages_are_answered_whatever_the_clock_says() {
    let settings =
        json!({ "agent": echo(), "heartbeatSeconds": 1, "grants": { "zalouser": { "sendsPerMinute": 3 } } });
    let stage = Stage::new(open(), settings, "");
    let setting = &stage.setting;
    let Some(clock) = Clock::new(setting) else { return leave_out("a jump of the clock", "there is no cc") };
    let mut gateway = setting.start(clock.moved(stage.command()));
    let mut sent = Vec::new();
    // Each jump is past the minute for which sends count, so that no more than one of them does.
    for (offset, text) in
        [(0, "now"), (DAY, "tomorrow"), (-DAY, "yesterday"), (-9_000 * DAY, "long ago"), (0, "now again")]
    {
        clock.jump(offset);
        setting.say(&[alice(text)]);
        sent.push(text);
        answered(&mut gateway, setting, "111", &sent);
    }
    let log = ends_well(gateway, setting);
    assert!(!log.contains("gave no sign of life"), "{log}");
}

#[test]
fn sends_before_a_jump_back_count_for_a_minute_and_not_until_the_clock_is_there_again() {
    let settings = json!({ "agent": echo(), "grants": { "zalouser": { "sendsPerMinute": 2 } } });
    let stage = Stage::new(open(), settings, "");
    let setting = &stage.setting;
    let Some(clock) = Clock::new(setting) else { return leave_out("a jump of the clock", "there is no cc") };
    let mut gateway = setting.start(clock.moved(stage.command()));
    setting.say(&[alice("one"), alice("two")]);
    answered(&mut gateway, setting, "111", &["one", "two"]);
    clock.jump(-DAY);
    setting.say(&[bob("too many")]);
    gateway.until_logged("sendsPerMinute");
    clock.jump(-DAY + 120);
    setting.say(&[Line::direct("333", "Carol", "three")]);
    answered(&mut gateway, setting, "333", &["three"]);
    ends_well(gateway, setting);
}

#[test]
fn a_code_is_good_for_an_hour_by_the_clock_and_a_jump_back_loses_nobody() {
    let stage = Stage::new(json!({}), json!({ "agent": echo() }), "");
    let setting = &stage.setting;
    let Some(clock) = Clock::new(setting) else { return leave_out("a jump of the clock", "there is no cc") };
    let mut gateway = setting.start(clock.moved(stage.command()));
    let mut code = |count: usize| {
        setting.say(&[alice("hello")]);
        let notice = gateway.until("the code", || texts_to(setting, "111").get(count - 1).cloned());
        let (_, rest) = notice.split_once("zalouser pairing approve ").unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    };
    let approve =
        |code: &str| setting.start(clock.moved(setting.command(&["pairing", "approve", code]))).finish();
    let first = code(1);
    clock.jump(2 * HOUR);
    assert_eq!(approve(&first).code(), 1, "it is too old");
    let second = code(2);
    assert_ne!(first, second);
    clock.jump(-DAY);
    approve(&second).succeeded();
    setting.say(&[alice("thanks")]);
    gateway.until("the answer", || texts_to(setting, "111").contains(&"thanks".to_owned()).then_some(()));
    ends_well(gateway, setting);
}
