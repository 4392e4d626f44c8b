//! The conversation that the demo plays by itself.

use anyhow::Context;

use super::stage::{BARGAINS, BOT, Stage, WORK_CHAT, Watcher, name_of};
use super::transcript;
use crate::gateway::{Event, What};
use crate::sandbox::bindings::inbound::Effect;
use crate::simulator::Line;

const LAN: &str = "111";
const MALLORY: &str = "666";

/// More than a line of the listener may have.
const TOO_LONG: usize = 2 << 20;

pub(super) async fn play(stage: &Stage) -> anyhow::Result<()> {
    transcript::remark(&format!(
        "A real gateway, a guest in WebAssembly, and a simulated Zalo with {}.",
        transcript::people()
    ));
    transcript::remark(
        "Direct chats need pairing; of the groups only 5001 is let in; the agent is a program.",
    );
    let mut watcher = stage.watch();

    transcript::scene(1, "A stranger writes, and is offered a code");
    let events = say(stage, &mut watcher, LAN, None, "Xin chào! Is this the bot?").await?;
    let code = events.iter().find_map(offered_code).context("no code was offered")?;

    transcript::scene(2, "The owner approves it");
    transcript::remark(&format!("$ zalouser pairing approve {code}"));
    let approved = stage.approve(&code).await?.context("the code was not found")?;
    transcript::remark(&format!("approved {} ({approved})", name_of(&approved)));

    transcript::scene(3, "Now the stranger is answered; a long answer comes in parts");
    say(stage, &mut watcher, LAN, None, "Please send me your recipe for phở").await?;

    transcript::scene(4, "A group that no rule lets in is refused");
    say(stage, &mut watcher, MALLORY, Some(BARGAINS), "@Bot hello everybody").await?;

    transcript::scene(5, "In a group that is let in, a stranger speaks but does not command");
    say(stage, &mut watcher, MALLORY, Some(WORK_CHAT), "/new").await?;
    say(stage, &mut watcher, MALLORY, Some(WORK_CHAT), "--profile=owner is only a text").await?;

    transcript::scene(6, "A poisonous message changes nothing");
    poison(stage, &mut watcher).await?;
    say(stage, &mut watcher, LAN, None, "Are you still there?").await?;

    transcript::remark("\n   The end. To speak yourself: zalouser demo --interactive");
    Ok(())
}

/// Has somebody write, and shows what comes of it until the gateway is done with it.
pub(super) async fn say(
    stage: &Stage,
    watcher: &mut Watcher,
    sender: &str,
    group: Option<&str>,
    text: &str,
) -> anyhow::Result<Vec<Event>> {
    transcript::said(name_of(sender), group, text);
    let line = match group {
        Some(group) => Line::group(group, sender, name_of(sender), text),
        None => Line::direct(sender, name_of(sender), text),
    };
    stage.simulator.say(&line.to(BOT))?;
    let events = watcher.until("the gateway to be done with a message", is_done).await?;
    events.iter().for_each(transcript::event);
    Ok(events)
}

/// Bytes that are meant to break the reader: no JSON, nesting without end, a line without end.
async fn poison(stage: &Stage, watcher: &mut Watcher) -> anyhow::Result<()> {
    let nested = format!("{{\"threadId\":{}\n", "[".repeat(10_000));
    let endless = format!("{{\"threadId\":\"{}\"}}\n", "9".repeat(TOO_LONG));
    let poisons: [(&str, &[u8]); 3] = [
        ("half a message with ill-formed UTF-8", b"{\"threadId\":\"1\",\"content\":\"\xff\xfe\n"),
        ("ten thousand brackets", nested.as_bytes()),
        ("a line of 2 MiB", endless.as_bytes()),
    ];
    for (what, bytes) in poisons {
        transcript::said(name_of(MALLORY), None, &format!("({what})"));
        stage.simulator.say_raw(bytes)?;
        let events = watcher.until("the poison to be dropped", is_done).await?;
        events.iter().for_each(transcript::event);
    }
    Ok(())
}

/// Whether the gateway has nothing more to do for a message.
fn is_done(event: &Event) -> bool {
    match &event.what {
        What::Answered { .. } | What::Offered { .. } => true,
        What::Decided(effect) => matches!(**effect, Effect::Drop(_)),
        _ => false,
    }
}

fn offered_code(event: &Event) -> Option<String> {
    match &event.what {
        What::Offered { code, .. } => code.clone(),
        _ => None,
    }
}
