//! Sends what the peer has to say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use tokio::sync::Mutex;

use super::listening::Listening;
use super::protocol::{Code, Deliver, Delivered, Model};
use super::session::{Acting, broken, target};
use super::wire::Failure;
use crate::clock;
use crate::gateway::{Events, Outlet, Sent, What};
use crate::sandbox::bindings::config::ReplyFormat;
use crate::sandbox::bindings::outbound::{ModelInfo, Reply};
use crate::sandbox::bindings::types::{Command, Thread};
use crate::zca::receipt::SendError;
use crate::zca::send::send;

/// How many conversations with something to be sent are remembered before those are forgotten that have
/// nothing.
const REMEMBERED: usize = 1_024;

/// The turns of conversations: what goes into one is sent one message after the other.
#[derive(Default)]
pub(super) struct Turns(StdMutex<BTreeMap<String, Arc<Mutex<()>>>>);

impl Turns {
    fn of(&self, account: &str, thread: &Thread) -> Arc<Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= REMEMBERED {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry(format!("{account} {}", target(thread))).or_default())
    }
}

/// Carries out `deliver`.
pub(super) async fn deliver(
    acting: &Acting,
    turns: &Turns,
    listening: &Listening,
    params: Deliver,
) -> Result<Delivered, Failure> {
    let mut guest = acting.guest().await?;
    let thread = acting.thread(&mut guest, &params.to).await?;
    // The prefix marks what an agent answers.
    let is_answer = params.entry.is_some();
    let format = ReplyFormat {
        response_prefix: acting.account.replies.response_prefix.clone().filter(|_| is_answer),
        ..acting.account.replies.clone()
    };
    let outlet = params.entry.and_then(|entry| listening.entries.outlet(&entry));
    let reply = Reply {
        thread: thread.clone(),
        text: params.text,
        media: params.media,
        model: params.model.map(model),
    };
    if let Some(outlet) = outlet.filter(|outlet| *outlet.thread() == thread) {
        return answer(&outlet, reply).await;
    }
    let commands = guest.plan(&format, &reply).await.map_err(broken)?;
    drop(guest);
    let turn = turns.of(&acting.account.id, &thread);
    let _turn = turn.lock().await;
    carry_out(acting, &listening.events, commands, target(&thread)).await
}

/// Sends a part of the answer to a message that is being answered.
async fn answer(outlet: &Outlet, reply: Reply) -> Result<Delivered, Failure> {
    let to = target(outlet.thread());
    let Sent { message_ids, sent, parts, failure, unknown, .. } = outlet.send_reply(reply).await;
    let delivered = Delivered { to, message_ids, sent, parts, unknown };
    match failure {
        None => Ok(delivered),
        Some(problem) => Err(failed(problem, delivered)),
    }
}

/// Carries out commands in order, up to the first that fails.
async fn carry_out(
    acting: &Acting,
    events: &Events,
    commands: Vec<Command>,
    to: String,
) -> Result<Delivered, Failure> {
    let mut delivered = Delivered { to, parts: commands.len(), ..Delivered::default() };
    for command in commands {
        let granted = acting.plugin.gate.check(&acting.account, command, clock::now_ms());
        let granted = match granted {
            Ok(granted) => granted,
            Err(refusal) => return Err(failed(refusal.to_string(), delivered)),
        };
        match send(&acting.session.zca, &acting.profile, granted.command()).await {
            Ok(receipt) => {
                delivered.message_ids.extend(receipt.message_ids.iter().cloned());
                delivered.sent += 1;
                events.tell(&acting.account.id, What::Sent { command: granted.into_command(), receipt });
            }
            Err(err) => {
                delivered.unknown = matches!(err, SendError::TimedOut);
                if let SendError::CaptionLost { sent, .. } = &err {
                    delivered.message_ids.extend(sent.message_ids.iter().cloned());
                }
                return Err(failed(err.to_string(), delivered));
            }
        }
    }
    Ok(delivered)
}

fn failed(problem: String, delivered: Delivered) -> Failure {
    let Delivered { sent, parts, .. } = delivered;
    let problem = match (sent, parts) {
        (0, 0 | 1) => problem,
        _ => format!("{problem}; {sent} of {parts} parts were delivered before"),
    };
    Failure::new(Code::NotDelivered, problem).with_data(delivered)
}

fn model(model: Model) -> ModelInfo {
    ModelInfo { provider: model.provider, model: model.model, thinking_level: model.thinking_level }
}
