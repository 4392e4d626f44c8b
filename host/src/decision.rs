//! What the guest decided about a message, in words.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::gateway::context::Context;
use crate::grants::{self, Capability};
use crate::sandbox::bindings::inbound::{Admission, DropReason, Dropped, Effect};
use crate::sandbox::bindings::types::{ChatKind, Command, Thread};

/// The outcome of what the guest does of its own accord.
const ACT: &str = "act";

/// What became of one message and why, as `replay`, the demo and the log tell it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision<'a> {
    /// `deliver`, `pair`, `drop` or `act`.
    pub outcome: &'static str,
    /// The typed reason under its name in the WIT package; `not-paired` for `pair`, and what is to be
    /// granted for `act`.
    pub reason: &'static str,
    /// Where it was written, if that could be read; where it goes for `act`.
    pub thread: Option<&'a Thread>,
    /// Who wrote it, if that could be read.
    pub sender_id: Option<&'a str>,
    /// Its id, if that could be read.
    pub message_id: Option<&'a str>,
    /// The reason of a drop with the ids concerned, in words.
    pub detail: Option<Detail<'a>>,
    /// What it says, if it was let through or is to be sent.
    pub text: Option<&'a str>,
}

impl<'a> Decision<'a> {
    /// The decision in an effect; none for one that is not about a message.
    pub fn of(effect: &'a Effect) -> Option<Self> {
        match effect {
            Effect::Deliver(message) => Some(Self {
                outcome: "deliver",
                reason: admission(message.admission),
                thread: Some(&message.thread),
                sender_id: Some(&message.sender_id),
                message_id: Some(&message.message_id),
                detail: None,
                text: Some(&message.raw_body),
            }),
            Effect::Pair(request) => Some(Self {
                outcome: "pair",
                reason: "not-paired",
                thread: Some(&request.thread),
                sender_id: Some(&request.sender_id),
                message_id: Some(&request.message_id),
                detail: None,
                text: None,
            }),
            Effect::Drop(dropped) => Some(Self {
                outcome: "drop",
                reason: drop_reason(dropped.reason),
                thread: dropped.thread.as_ref(),
                sender_id: dropped.sender_id.as_deref(),
                message_id: dropped.message_id.as_deref(),
                detail: Some(Detail(dropped)),
                text: None,
            }),
            Effect::Act(command) => Some(Self {
                outcome: ACT,
                reason: Capability::of(command).name(),
                thread: grants::recipient(command),
                sender_id: None,
                message_id: None,
                detail: None,
                text: content(command),
            }),
            Effect::Lifecycle(_) | Effect::Log(_) => None,
        }
    }
}

/// A decision as JSON, in which `replay --json` and the bridge tell it.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    outcome: &'static str,
    reason: &'static str,
    account: &'a str,
    #[serde(rename = "senderId")]
    sender_id: Option<&'a str>,
    #[serde(rename = "messageId")]
    message_id: Option<&'a str>,
    detail: Option<String>,
    context: Option<Context>,
    /// What the guest does of its own accord.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a Command>,
}

impl<'a> Record<'a> {
    /// What the guest of `account` decided in an effect; none for one that is not about a message.
    pub fn of(account: &'a str, effect: &'a Effect) -> Option<Self> {
        let Decision { outcome, reason, sender_id, message_id, detail, .. } = Decision::of(effect)?;
        let context = match effect {
            Effect::Deliver(message) => Some(Context::of(message.clone())),
            _ => None,
        };
        let command = match effect {
            Effect::Act(command) => Some(command),
            _ => None,
        };
        let detail = detail.map(|detail| detail.to_string());
        Some(Self { outcome, reason, account, sender_id, message_id, detail, context, command })
    }
}

impl fmt::Display for Decision<'_> {
    /// One line without an end, aligned with others.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<8}{:<26}", self.outcome, self.reason)?;
        if let Some(id) = self.message_id {
            write!(f, "{id}  ")?;
        }
        match (self.thread, self.sender_id) {
            (Some(thread), _) if self.outcome == ACT => match thread.kind {
                ChatKind::Direct => write!(f, "to {}", thread.id)?,
                ChatKind::Group => write!(f, "to group {}", thread.id)?,
            },
            (Some(thread), sender) if thread.kind == ChatKind::Group => {
                write!(f, "group {} from {}", thread.id, sender.unwrap_or("nobody"))?;
            }
            (_, Some(sender)) => write!(f, "from {sender}")?,
            _ => {}
        }
        let detail = || self.detail.map(|detail| detail.to_string().into());
        let Some(said) = self.text.map(Cow::Borrowed).or_else(detail) else { return Ok(()) };
        let told = self.thread.is_some() || self.sender_id.is_some();
        write!(f, "{}{}", if told { ": " } else { "" }, one_line(&said))
    }
}

/// Why a message was dropped, with the ids concerned. Where the reference logs a drop, it says the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detail<'a>(&'a Dropped);

impl fmt::Display for Detail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dropped { reason, detail, thread, sender_id, .. } = self.0;
        let thread = thread.as_ref().map_or("nowhere", |thread| &thread.id);
        let sender = sender_id.as_deref().unwrap_or("nobody");
        match (detail, reason) {
            (Some(detail), _) => f.write_str(detail),
            (_, DropReason::Blank) => {
                write!(f, "zalouser: drop message in {thread} (neither text nor media)")
            }
            (_, DropReason::Malformed) => f.write_str("zalouser: drop malformed line"),
            (_, DropReason::LineTooLong) => f.write_str("zalouser: drop line of more than 1 MiB"),
            (_, DropReason::SenderMissing) => {
                write!(f, "zalouser: drop message in {thread} (missing senderId)")
            }
            (_, DropReason::OwnMessage) => {
                write!(f, "zalouser: drop message in {thread} (written by the account itself)")
            }
            (_, DropReason::DmDisabled) => {
                write!(f, "Blocked zalouser DM from {sender} (dmPolicy=disabled)")
            }
            (_, DropReason::SenderNotAllowed) => {
                write!(f, "Blocked unauthorized zalouser sender {sender} (dmPolicy=allowlist)")
            }
            (_, DropReason::GroupDisabled) => {
                write!(f, "zalouser: drop group {thread} (groupPolicy=disabled)")
            }
            (_, DropReason::GroupClosed | DropReason::GroupNotAllowed) => {
                write!(f, "zalouser: drop group {thread} (not allowlisted)")
            }
            (_, DropReason::GroupSenderNotAllowed) => {
                write!(f, "zalouser: drop group {thread} sender {sender} (not in groupAllowFrom)")
            }
            (_, DropReason::CommandNotAuthorized) => {
                write!(f, "zalouser: drop control command from unauthorized sender {sender}")
            }
            (_, DropReason::NotMentioned) => write!(
                f,
                "zalouser: drop group {thread} (no mention; \
                 channels.zalouser.groups[\"{thread}\"].requireMention=false answers every message)"
            ),
            (_, DropReason::Declined) => f.write_str("the component has a rule against it"),
        }
    }
}

/// What a command sends.
fn content(command: &Command) -> Option<&str> {
    match command {
        Command::SendText(message) => Some(&message.text),
        Command::SendMedia(message) => Some(&message.source),
        Command::SendLink(message) => Some(&message.url),
        _ => None,
    }
}

/// A stranger's text as something that a terminal can show: control characters would let it write
/// over other lines.
pub fn one_line(text: &str) -> String {
    let printable = |char: char| match char {
        '\n' => '⏎',
        char if char.is_control() => '\u{fffd}',
        char => char,
    };
    text.chars().map(printable).collect()
}

/// The beginning of a stranger's text, at most `max` bytes of it, as one line that a terminal can show.
pub fn excerpt(text: &str, max: usize) -> String {
    let end = text.floor_char_boundary(max);
    match text.get(..end) {
        Some(beginning) if end < text.len() => one_line(beginning) + "…",
        _ => one_line(text),
    }
}

/// The name of an admission in the WIT package.
pub fn admission(admission: Admission) -> &'static str {
    match admission {
        Admission::SenderAllowed => "sender-allowed",
        Admission::SenderPaired => "sender-paired",
        Admission::DmOpen => "dm-open",
        Admission::GroupAllowed => "group-allowed",
        Admission::GroupOpen => "group-open",
    }
}

/// The name of a reason to drop in the WIT package.
pub fn drop_reason(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Blank => "blank",
        DropReason::Malformed => "malformed",
        DropReason::LineTooLong => "line-too-long",
        DropReason::SenderMissing => "sender-missing",
        DropReason::OwnMessage => "own-message",
        DropReason::DmDisabled => "dm-disabled",
        DropReason::SenderNotAllowed => "sender-not-allowed",
        DropReason::GroupDisabled => "group-disabled",
        DropReason::GroupClosed => "group-closed",
        DropReason::GroupNotAllowed => "group-not-allowed",
        DropReason::GroupSenderNotAllowed => "group-sender-not-allowed",
        DropReason::CommandNotAuthorized => "command-not-authorized",
        DropReason::NotMentioned => "not-mentioned",
        DropReason::Declined => "declined",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(reason: DropReason, detail: Option<&str>) -> String {
        let thread = Some(Thread { id: "5001".to_owned(), kind: ChatKind::Group });
        let (sender_id, detail) = (Some("222".to_owned()), detail.map(str::to_owned));
        Detail(&Dropped { reason, detail, thread, sender_id, message_id: None, remembered: None }).to_string()
    }

    #[test]
    fn what_is_told_of_a_drop_names_the_ids_and_the_mend() {
        for (reason, part) in [
            (DropReason::NotMentioned, r#"channels.zalouser.groups["5001"].requireMention=false"#),
            (DropReason::GroupSenderNotAllowed, "group 5001 sender 222 (not in groupAllowFrom)"),
            (DropReason::SenderNotAllowed, "sender 222 (dmPolicy=allowlist)"),
            (DropReason::OwnMessage, "written by the account itself"),
        ] {
            let told = told(reason, None);
            assert!(told.contains(part), "{reason:?}: {told}");
        }
    }

    #[test]
    fn what_a_component_says_itself_is_told_instead() {
        assert_eq!(told(DropReason::Declined, Some("outside office hours")), "outside office hours");
        assert_eq!(told(DropReason::Blank, Some("an empty sticker")), "an empty sticker");
    }
}
