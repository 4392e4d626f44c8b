//! Prints what happens on the stage, so that it reads like a chat with remarks.

use anstream::println;
use anstyle::{AnsiColor, Style};

use super::stage::{PEOPLE, name_of};
use crate::decision::{Decision, one_line};
use crate::gateway::{Event, What};
use crate::sandbox::bindings::types::{ChatKind, Command, Thread};

const SCENE: Style = Style::new().bold();
const PERSON: Style = AnsiColor::Cyan.on_default();
const BOT: Style = AnsiColor::Green.on_default();
const GUEST: Style = AnsiColor::Yellow.on_default();
const QUIET: Style = Style::new().dimmed();

/// How many lines of a long message are shown.
const LINES: usize = 8;

/// The heading of a scene.
pub(super) fn scene(number: usize, title: &str) {
    println!("\n{SCENE}{number}. {title}{SCENE:#}");
}

/// What a person writes.
pub(super) fn said(who: &str, group: Option<&str>, text: &str) {
    let place = group.map(|group| format!(" in group {group}")).unwrap_or_default();
    println!("   {PERSON}{who}{place}:{PERSON:#} {}", one_line(text));
}

/// A remark of the narrator.
pub(super) fn remark(text: &str) {
    println!("   {QUIET}{text}{QUIET:#}");
}

/// What the gateway did.
pub(super) fn event(event: &Event) {
    match &event.what {
        What::Decided(effect) => {
            let Some(decision) = Decision::of(effect) else { return };
            let detail = decision.detail.map(|detail| one_line(&detail.to_string()));
            let detail = detail.map(|detail| format!(" — {detail}")).unwrap_or_default();
            println!("   {GUEST}guest decides: {} ({}){GUEST:#}{detail}", decision.outcome, decision.reason);
        }
        What::Sent { command, .. } => sent(command),
        What::Answered { failure: Some(failure), .. }
        | What::Acted { failure: Some(failure), .. }
        | What::Offered { failure: Some(failure), .. } => {
            remark(&format!("failed: {}", one_line(failure)));
        }
        _ => {}
    }
}

fn sent(command: &Command) {
    let (thread, text) = match command {
        Command::SendText(message) => (&message.thread, message.text.as_str()),
        Command::SendMedia(message) => (&message.thread, message.source.as_str()),
        Command::SendLink(message) => (&message.thread, message.url.as_str()),
        _ => return,
    };
    let units = text.encode_utf16().count();
    println!("   {BOT}bot to {}:{BOT:#} {QUIET}({units} UTF-16 units){QUIET:#}", place(thread));
    let lines: Vec<_> = text.lines().collect();
    let shown = if lines.len() > LINES + 2 { LINES } else { lines.len() };
    let (head, rest) = lines.split_at(shown);
    for line in head {
        println!("     │ {}", one_line(line));
    }
    if let Some((last, hidden)) = rest.split_last() {
        println!("     │ {QUIET}… {} lines …{QUIET:#}", hidden.len());
        println!("     │ {}", one_line(last));
    }
}

fn place(thread: &Thread) -> String {
    match thread.kind {
        ChatKind::Direct => name_of(&thread.id).to_owned(),
        ChatKind::Group => format!("group {}", thread.id),
    }
}

/// Who can speak in the demo, as a sentence.
pub(super) fn people() -> String {
    PEOPLE.map(|(id, name)| format!("{name} ({id})")).join(", ")
}
