//! Puts together what the agent is given of a message that is let through.

use std::borrow::Cow;

use zalouser_tolerant::message::Message;

use super::details::Details;
use super::envelope::Envelope;
use crate::command::ChatKind;
use crate::effect::{Admission, HistoryEntry, InboundMessage};
use crate::label::bracketed;

/// The name of the channel in addresses.
const CHANNEL: &str = "zalouser";

/// What stands around the messages that precede the one that is let through.
const HISTORY_BEGINS: &str = "[Written in this group before, and not to you:]";
const HISTORY_ENDS: &str = "[Written to you:]";

/// Room for a usual header, in bytes.
const HEADER: usize = 96;

/// What was found out about a message, besides what it says itself.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    /// Who wrote it.
    pub(crate) sender_id: Cow<'a, str>,
    /// What else is told of it.
    pub(crate) details: Details<'a>,
    /// Why it is let through.
    pub(crate) admission: Admission,
    /// Its text, trimmed; empty if it has only media.
    pub(crate) text: String,
    /// Its text without the account's mention.
    pub(crate) command_body: String,
    /// Whether commands in it are to be obeyed.
    pub(crate) command_authorized: bool,
    /// Whether it speaks to the account, in a group.
    pub(crate) was_mentioned: Option<bool>,
}

/// Where a message belongs in the gateway, and how it is presented.
#[derive(Debug)]
pub(crate) struct Setting<'a> {
    /// The id of the account.
    pub(crate) account_id: &'a str,
    /// The conversation's name.
    pub(crate) session_key: String,
    /// How messages are introduced.
    pub(crate) envelope: &'a Envelope,
    /// What goes in front of every text.
    pub(crate) prefix: Option<&'a str>,
    /// How long the conversation was silent, in milliseconds.
    pub(crate) elapsed: Option<u64>,
    /// What precedes the message.
    pub(crate) history: Vec<HistoryEntry>,
}

/// Builds what the agent is given.
pub(crate) fn present(message: Message<'_>, findings: Findings<'_>, setting: Setting<'_>) -> InboundMessage {
    let label = label(&message, &findings);
    let body = body(&message, &findings, &setting, &label);
    let thread = &message.thread_id;
    let from = match message.kind {
        ChatKind::Direct => [CHANNEL, ":", &findings.sender_id].concat(),
        ChatKind::Group => [CHANNEL, ":group:", thread].concat(),
    };
    let message_id = message.id().into_owned();
    let details = findings.details;
    let full_id = message.zalo_id.as_ref().zip(details.client_id.as_ref());
    InboundMessage {
        admission: findings.admission,
        account_id: setting.account_id.to_owned(),
        session_key: setting.session_key,
        sender_id: findings.sender_id.into_owned(),
        body,
        raw_body: findings.text,
        command_body: findings.command_body,
        from,
        to: [CHANNEL, ":", thread].concat(),
        conversation_label: label,
        command_authorized: findings.command_authorized,
        was_mentioned: findings.was_mentioned,
        history: setting.history,
        thread: message.thread(),
        sender_name: details.sender_name.into_owned(),
        group_subject: message.group_name.map(Cow::into_owned),
        message_id,
        message_id_full: full_id.map(|(id, client_id)| [&**id, ":", client_id].concat()),
        zalo_id: message.zalo_id.map(Cow::into_owned),
        client_id: details.client_id.map(Cow::into_owned),
        timestamp: details.timestamp,
        reply_to: details.quote,
        media: details.media,
    }
}

/// What stands for the text of a message where it is to be read: `text`, or what its media are.
pub(crate) fn readable<'a>(details: &Details<'_>, text: &'a str) -> &'a str {
    if text.is_empty() { details.placeholder } else { text }
}

/// What the conversation is called.
fn label(message: &Message<'_>, findings: &Findings<'_>) -> String {
    match message.kind {
        ChatKind::Group => ["group:", &message.thread_id].concat(),
        ChatKind::Direct => match bracketed(&findings.details.sender_name) {
            name if name.is_empty() => ["user:", &findings.sender_id].concat(),
            name => name.into_owned(),
        },
    }
}

fn body(message: &Message<'_>, findings: &Findings<'_>, setting: &Setting<'_>, label: &str) -> String {
    let text = readable(&findings.details, &findings.text);
    let mut body = String::with_capacity(HEADER + text.len());
    precede(&mut body, &setting.history, setting.envelope);
    setting.envelope.introduce(&mut body, label, setting.elapsed, findings.details.timestamp);
    body.push(' ');
    if let Some(prefix) = setting.prefix.filter(|prefix| !prefix.is_empty()) {
        body.push_str(prefix);
        if !prefix.ends_with(char::is_whitespace) {
            body.push(' ');
        }
    }
    body.push_str(text);
    if message.kind == ChatKind::Group {
        let signature = signature(&findings.details.sender_name, &findings.sender_id);
        if !text.contains(&signature) {
            body.push('\n');
            body.push_str(&signature);
        }
    }
    body
}

/// Tells who wrote a message in a group.
fn signature(name: &str, id: &str) -> String {
    match bracketed(name) {
        name if name.is_empty() => ["[from: ", id, "]"].concat(),
        name => ["[from: ", &name, " (", id, ")]"].concat(),
    }
}

/// Puts the messages that precede the one that is let through into its body, one paragraph each.
fn precede(body: &mut String, history: &[HistoryEntry], envelope: &Envelope) {
    if history.is_empty() {
        return;
    }
    body.push_str(HISTORY_BEGINS);
    for entry in history {
        body.push('\n');
        envelope.introduce(body, &entry.sender, None, entry.timestamp);
        body.push(' ');
        // Indented, so that only the first line of an entry can look like one.
        body.push_str(&entry.body.replace('\n', "\n  "));
    }
    body.push('\n');
    body.push_str(HISTORY_ENDS);
    body.push('\n');
}
