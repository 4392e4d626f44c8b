//! Faults of `zca listen`: of the process, and of what it prints.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{Stage, alice, answered, asleep, bob, ends_well, full, memory_stayed, open, peak_kib, texts_to};

/// A line as short as a message's can be, from `seq`, which puts the number into the place of `%.0f`.
const SHORT: &str = r#"{"threadId":"THREAD","msgId":"9%.0f","content":"x","metadata":{"isGroup":false}}"#;

/// How many lines make a flood.
fn flood() -> u32 {
    if full() { 200_000 } else { 20_000 }
}

#[test]
fn a_flood_of_lines_does_not_fill_the_memory_nor_keep_anybody_from_an_answer() {
    let strangers = json!({ "dmPolicy": "allowlist", "allowFrom": ["222"] });
    let heartbeat = r#"{"kind":"lifecycle","event":"heartbeat","timestamp":%.0f}"#;
    let lines = [
        ("of strangers", flood(), strangers, SHORT.replace("THREAD", "111")),
        // Each that is dropped is told, which takes its time.
        ("of one who is let in", 20_000, open(), SHORT.replace("THREAD", "111")),
        ("of words", flood(), open(), "Listening... %.0f".to_owned()),
        ("of heartbeats", flood(), open(), heartbeat.to_owned()),
    ];
    for (what, count, channel, line) in lines {
        let cases = format!("*\" listen --raw \"*) once flood && seq -f '{line}' {count} ;;");
        let stage = Stage::new(channel, json!({ "agent": { "kind": "echo" } }), &cases);
        let setting = &stage.setting;
        let begin = Instant::now();
        let mut gateway = stage.gateway();
        setting.say(&[bob("behind the flood")]);
        gateway.until_logged("listening");
        let before = peak_kib(&gateway);
        answered(&mut gateway, setting, "222", &["behind the flood"]);
        println!("{count} lines {what}: answered after {:.1} s", begin.elapsed().as_secs_f32());
        memory_stayed(&gateway, before, 48 << 10);
        setting.say(&[bob("after")]);
        answered(&mut gateway, setting, "222", &["behind the flood", "after"]);
        let log = gateway.log();
        println!("its log has {} lines and {} bytes", log.lines().count(), log.len());
        gateway.signal(Signal::TERM);
    }
}

#[test]
fn a_line_of_100_mb_is_left_out_and_not_kept() {
    let cases = r#"*" listen --raw "*) once line && head -c 100000000 /dev/zero | tr '\0' a && echo ;;"#;
    let stage = Stage::echo(cases);
    let mut gateway = stage.gateway();
    gateway.until_logged("listening");
    let before = peak_kib(&gateway);
    stage.setting.say(&[alice("behind the line")]);
    answered(&mut gateway, &stage.setting, "111", &["behind the line"]);
    memory_stayed(&gateway, before, 24 << 10);
    ends_well(gateway, &stage.setting);
}

#[test]
fn characters_that_are_cut_at_every_byte_arrive_whole() {
    let stage = Stage::echo(r#"*" listen --raw "*) once cut && dd bs=1 status=none if="$0.lines" ;;"#);
    let texts = ["xin chào, Nguyễn Thị Ánh", "👩‍👩‍👧‍👦 \u{10ffff} ế"];
    let lines: String = texts
        .iter()
        .zip(1..)
        .map(|(text, id)| alice(text).ids(id.to_string(), "").to_json() + "\n")
        .collect();
    fs::write(format!("{}.lines", stage.zca), lines).unwrap();
    let mut gateway = stage.gateway();
    answered(&mut gateway, &stage.setting, "111", &texts);
    ends_well(gateway, &stage.setting);
}

#[test]
fn half_a_line_dies_with_its_listener_and_spoils_nothing() {
    let whole = alice("whole, but without an end").ids("1", "").to_json();
    let half = bob("half").ids("2", "").to_json();
    let cases = r#"*" listen --raw "*)
        once whole && cat "$0.whole" && exit 9
        once half && cat "$0.half" && kill -KILL $$ ;;"#;
    let stage = Stage::echo(cases);
    fs::write(format!("{}.whole", stage.zca), &whole).unwrap();
    fs::write(format!("{}.half", stage.zca), &half[..half.len() / 2]).unwrap();
    let mut gateway = stage.gateway();
    answered(&mut gateway, &stage.setting, "111", &["whole, but without an end"]);
    stage.setting.say(&[bob("after")]);
    answered(&mut gateway, &stage.setting, "222", &["after"]);
    let log = ends_well(gateway, &stage.setting);
    assert!(log.contains("exit code 9") && log.contains("exit code 137"), "{log}");
    assert_eq!(texts_to(&stage.setting, "111").len(), 1);
}

#[test]
fn complaints_without_end_hold_up_neither_messages_nor_the_log() {
    let stage = Stage::echo(r#"*" listen --raw "*) once yes && yes 'Listener error: no' >&2 & ;;"#);
    let begin = Instant::now();
    let mut gateway = stage.gateway();
    gateway.until_logged("WARN zca: Listener error: no");
    let before = peak_kib(&gateway);
    for text in ["one", "two", "three"] {
        stage.setting.say(&[alice(text)]);
        gateway
            .until("the answer", || texts_to(&stage.setting, "111").contains(&text.to_owned()).then_some(()));
    }
    answered(&mut gateway, &stage.setting, "111", &["one", "two", "three"]);
    memory_stayed(&gateway, before, 16 << 10);
    let told = gateway.log().matches("WARN zca: ").count();
    let windows = usize::try_from(begin.elapsed().as_secs() / 10).unwrap() + 2;
    println!("{told} complaints were logged");
    assert!(told <= 50 * windows, "{told} complaints were logged");
    ends_well(gateway, &stage.setting);
}

#[test]
fn an_exit_at_once_and_again_and_again_is_outlived_without_a_tight_loop() {
    // The second wait is twice the first; of one that only grew old, the first is none.
    let cases = [(0, 2), (1, 2), (75, 1), (143, 2)];
    let run = |(code, _)| {
        let cases = format!(
            "*\" listen --raw \"*) echo >>\"$0.starts\"; once first && exit {code}; once second && exit {code} ;;"
        );
        let stage = Stage::echo(&cases);
        stage.setting.say(&[alice("hello")]);
        let gateway = stage.gateway();
        (stage, gateway)
    };
    let running: Vec<_> = cases.iter().copied().map(run).collect();
    for ((code, waits), (stage, mut gateway)) in cases.into_iter().zip(running) {
        answered(&mut gateway, &stage.setting, "111", &["hello"]);
        let starts = fs::read_to_string(format!("{}.starts", stage.zca)).unwrap();
        assert_eq!(starts.lines().count(), 3, "exit code {code}");
        let log = ends_well(gateway, &stage.setting);
        assert_eq!(log.matches(&format!("exit code {code}; next start in")).count(), waits, "{log}");
    }
}

#[test]
fn a_program_that_may_no_longer_be_run_is_named_and_found_again() {
    let cases = r#"*" listen --raw "*) once gone && chmod 644 "$0" && exit 1 ;;"#;
    let stage = Stage::echo(cases);
    let mut gateway = stage.gateway();
    stage.setting.say(&[alice("meanwhile")]);
    gateway.until_logged("may not be executed: make it executable");
    fs::set_permissions(&stage.zca, Permissions::from_mode(0o755)).unwrap();
    answered(&mut gateway, &stage.setting, "111", &["meanwhile"]);
    ends_well(gateway, &stage.setting);
}

#[test]
fn a_grandchild_that_keeps_the_pipe_open_delays_the_next_listener_by_no_more_than_the_grace() {
    // The first stays in the process group and ends with it. The second left it, which a daemon would.
    let cases = r#"*" listen --raw "*)
        once child && { (trap '' TERM HUP; echo; exec sleep 600) & exit 1; }
        once daemon && { setsid sh -c 'echo $$ >"$1"; exec sleep 600' sh "$0.pid" &
            until [ -s "$0.pid" ]; do sleep 0.02; done; exit 1; } ;;"#;
    let stage = Stage::echo(cases);
    stage.setting.say(&[alice("hello")]);
    let mut gateway = stage.gateway();
    answered(&mut gateway, &stage.setting, "111", &["hello"]);
    let daemon = fs::read_to_string(format!("{}.pid", stage.zca)).unwrap();
    assert_eq!(asleep(&stage.setting), 1, "what stays in the group is killed with it");
    kill_process(Pid::from_raw(daemon.trim().parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    ends_well(gateway, &stage.setting);
}
