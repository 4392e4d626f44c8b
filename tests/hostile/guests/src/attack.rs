//! What it does to its host.

use std::hint::black_box;
use std::mem;
use std::process;
use std::thread::sleep;
use std::time::Duration;

use crate::bindings::exports::zalouser::plugin::{inbound, types};
use crate::{Monitor, log, message, probe, text};

/// The name of the attack that a text asks for.
pub(crate) fn named(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("attack:")?;
    after.split(|char: char| !char.is_ascii_lowercase() && char != '-').next()
}

pub(crate) fn push(name: &str) -> Vec<inbound::Effect> {
    match name {
        "spin" => spin(),
        "allocate" => loop {
            black_box(vec![1_u8; 1 << 16]);
        },
        "memory" => {
            let mut hoard = Vec::new();
            loop {
                hoard.push(black_box(Vec::<u8>::with_capacity(1 << 20)));
            }
        }
        "recursion" => vec![log(dive(1).to_string())],
        "frames" => vec![log(pile(1).to_string())],
        "trap" => trap(),
        "exit" => process::exit(1),
        "sleep" => {
            sleep(Duration::from_secs(3_600));
            Vec::new()
        }
        "handles" => (0..2_000).map(|_| leaked_monitor()).collect(),
        "text" => vec![log("x".repeat(20 << 20))],
        "ill-formed" => vec![log(ill_formed())],
        "effects" => vec![inbound::Effect::Lifecycle(inbound::ListenerEvent::Heartbeat); 10_001],
        "million" => vec![inbound::Effect::Lifecycle(inbound::ListenerEvent::Heartbeat); 1_000_000],
        "messages" => ["first", "second"].map(|it| inbound::Effect::Deliver(message("", it))).to_vec(),
        "acts" => vec![inbound::Effect::Act(types::Command::ListFriends); 100],
        // What the agent says to that asks for an attack in a plan.
        "reply-spin" => vec![inbound::Effect::Deliver(message("", "attack:spin"))],
        "reply-other-thread" => vec![inbound::Effect::Deliver(message("", "attack:other-thread"))],
        "forge" => vec![log(format!("one\nERROR account=other forged\u{1b}[2J{}", "x".repeat(1 << 20)))],
        "probe" => probe::all().into_iter().map(log).collect(),
        _ => vec![log(format!("there is no attack {name:?}"))],
    }
}

pub(crate) fn plan(name: &str, thread: types::Thread) -> Vec<types::Command> {
    let other = |id: &str| types::Thread { id: id.to_owned(), kind: types::ChatKind::Direct };
    match name {
        "spin" => spin(),
        "trap" => trap(),
        "sends" => vec![text(thread, "x"); 10_001],
        "million" => vec![types::Command::ListFriends; 200_000],
        "other-thread" => vec![text(other("666"), "hello")],
        "flags" => {
            ["-x", "--profile", "--profile=other", "-", "--"].map(|it| text(thread.clone(), it)).to_vec()
        }
        "flag-thread" => vec![text(other("--profile"), "hello")],
        "file" => vec![types::Command::SendMedia(types::MediaMessage {
            thread,
            kind: types::MediaKind::File,
            source: "/etc/passwd".to_owned(),
            caption: None,
        })],
        "inside" => vec![types::Command::SendLink(types::LinkMessage {
            thread,
            url: "http://169.254.169.254/latest/meta-data".to_owned(),
        })],
        "directory" => vec![types::Command::ListFriends],
        // Those of which only the answer is at fault.
        "lie" | "no-json" | "conclude-trap" => vec![text(thread, "hello")],
        _ => Vec::new(),
    }
}

pub(crate) fn trap() -> ! {
    panic!("on purpose")
}

fn spin<T>() -> Vec<T> {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Calls itself without using the memory in which a guest keeps what has an address.
fn dive(depth: u64) -> u64 {
    if black_box(depth) == u64::MAX { depth } else { dive(depth + 1) + 1 }
}

/// Calls itself and uses that memory.
fn pile(depth: u64) -> u64 {
    let frame = black_box([depth; 512]);
    if depth == u64::MAX { depth } else { pile(depth + 1) + frame[0] }
}

/// A handle that nobody will ever give back.
fn leaked_monitor() -> inbound::Effect {
    mem::forget(inbound::Monitor::new(Monitor::of(String::new())));
    inbound::Effect::Lifecycle(inbound::ListenerEvent::Heartbeat)
}

fn ill_formed() -> String {
    // SAFETY: there is none. Nothing in here looks at it before it is handed to the host.
    unsafe { String::from_utf8_unchecked(vec![b'a', 0xff, 0xfe]) }
}
