//! What an agent is given of a message, under the names that agents of this channel know.

use serde::{Deserialize, Serialize};

use crate::sandbox::bindings::inbound::{HistoryEntry, InboundMessage, Media, Quote};
use crate::sandbox::bindings::types::ChatKind;

/// A message as an agent gets it. Its JSON has the names of OpenClaw's own context; what is not known
/// is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Context {
    /// The message as the agent is to read it: introduced, prefixed, with what preceded it.
    pub body: String,
    /// What the sender wrote.
    pub raw_body: String,
    /// What the sender wrote, without the mention that addressed it to the account.
    pub command_body: String,
    /// The address of the sender, as `zalouser:<id>` or `zalouser:group:<id>`.
    pub from: String,
    /// The address for the reply, as `zalouser:<thread>`.
    pub to: String,
    /// The conversation's name in the gateway, the same for both directions.
    pub session_key: String,
    /// The id of the account that received it.
    pub account_id: String,
    /// Whether one person or a group is spoken with.
    pub chat_type: ChatType,
    /// What the conversation is called.
    pub conversation_label: String,
    /// What the sender is called; empty when unknown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sender_name: String,
    /// Who wrote it.
    pub sender_id: String,
    /// Whether a control command in it is to be obeyed.
    pub command_authorized: bool,
    /// Always `zalouser`.
    pub provider: Channel,
    /// Always `zalouser`.
    pub surface: Channel,
    /// Zalo's id of the message, or its time where it has none.
    pub message_sid: String,
    /// Always `zalouser`.
    pub originating_channel: Channel,
    /// The same as `to`.
    pub originating_to: String,
    /// When it was sent, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    /// The group's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_subject: Option<String>,
    /// Whether it speaks to the account; none in a direct chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was_mentioned: Option<bool>,
    /// The id of the message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to_id: Option<String>,
    /// The text of the message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to_body: Option<String>,
    /// Who wrote the message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to_sender: Option<String>,
    /// Where each piece of media is on this machine's disk. The three media lists have one member a
    /// piece, in the same order, which is empty where nothing is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media_paths: Vec<String>,
    /// Where each piece of media can be fetched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media_urls: Vec<String>,
    /// The MIME type of each piece of media.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media_types: Vec<String>,
    /// Whether it was handed over before, and what became of that is not known or was a failure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redelivered: bool,
    /// The message's id and the sender's own id of it, joined by a colon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_sid_full: Option<String>,
    /// What was written before it in the group and went unanswered, oldest first. Already in `body`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inbound_history: Vec<PastMessage>,
}

/// The channel's id, as gateways of the OpenClaw family know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A personal account on Zalo.
    Zalouser,
}

/// Whether one person or a group is spoken with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatType {
    /// A conversation with one person.
    Direct,
    /// A group chat.
    Group,
}

/// A message of a group that went unanswered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PastMessage {
    /// Who wrote it: a name, or the id of one who has none.
    pub sender: String,
    /// What it said.
    pub body: String,
    /// When, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    /// Zalo's id of it.
    pub message_id: String,
}

impl Context {
    /// The context of a message that the guest let through.
    pub fn of(message: InboundMessage) -> Self {
        let (reply_to_id, reply_to_body, reply_to_sender) = match message.reply_to {
            Some(Quote { id, body, sender_name }) => (id, Some(body), sender_name),
            None => (None, None, None),
        };
        let known = |text: Option<String>| text.unwrap_or_default();
        let places = |Media { path, url, mime }| (known(path), (known(url), known(mime)));
        let (media_paths, (media_urls, media_types)) = message.media.into_iter().map(places).unzip();
        Self {
            body: message.body,
            raw_body: message.raw_body,
            command_body: message.command_body,
            from: message.from,
            to: message.to.clone(),
            session_key: message.session_key,
            account_id: message.account_id,
            chat_type: ChatType::of(message.thread.kind),
            conversation_label: message.conversation_label,
            sender_name: message.sender_name,
            sender_id: message.sender_id,
            command_authorized: message.command_authorized,
            provider: Channel::Zalouser,
            surface: Channel::Zalouser,
            message_sid: message.message_id,
            originating_channel: Channel::Zalouser,
            originating_to: message.to,
            timestamp: message.timestamp,
            group_subject: message.group_subject,
            was_mentioned: message.was_mentioned,
            reply_to_id,
            reply_to_body,
            reply_to_sender,
            media_paths,
            media_urls,
            media_types,
            redelivered: false,
            message_sid_full: message.message_id_full,
            inbound_history: message.history.into_iter().map(PastMessage::of).collect(),
        }
    }
}

impl ChatType {
    fn of(kind: ChatKind) -> Self {
        match kind {
            ChatKind::Direct => Self::Direct,
            ChatKind::Group => Self::Group,
        }
    }
}

impl PastMessage {
    fn of(HistoryEntry { message_id, sender, body, timestamp }: HistoryEntry) -> Self {
        Self { sender, body, timestamp, message_id }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::bindings::inbound::Admission;
    use crate::sandbox::bindings::types::Thread;

    fn direct_message() -> InboundMessage {
        InboundMessage {
            thread: Thread { id: "111".to_owned(), kind: ChatKind::Direct },
            admission: Admission::SenderAllowed,
            account_id: "default".to_owned(),
            session_key: "agent:main:zalouser:direct:111".to_owned(),
            sender_id: "111".to_owned(),
            sender_name: String::new(),
            body: "[Zalo Personal user:111] /hi".to_owned(),
            raw_body: "@bot /hi".to_owned(),
            command_body: "/hi".to_owned(),
            from: "zalouser:111".to_owned(),
            to: "zalouser:111".to_owned(),
            conversation_label: "user:111".to_owned(),
            group_subject: None,
            command_authorized: true,
            was_mentioned: None,
            message_id: "m1".to_owned(),
            message_id_full: None,
            zalo_id: None,
            client_id: None,
            timestamp: None,
            reply_to: None,
            media: vec![],
            history: vec![],
        }
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let context = Context::of(direct_message());
        let expected = json!({
            "Body": "[Zalo Personal user:111] /hi", "RawBody": "@bot /hi", "CommandBody": "/hi",
            "From": "zalouser:111", "To": "zalouser:111",
            "SessionKey": "agent:main:zalouser:direct:111", "AccountId": "default",
            "ChatType": "direct", "ConversationLabel": "user:111", "SenderId": "111",
            "CommandAuthorized": true, "Provider": "zalouser", "Surface": "zalouser",
            "MessageSid": "m1", "OriginatingChannel": "zalouser", "OriginatingTo": "zalouser:111",
        });
        assert_eq!(serde_json::to_value(&context).unwrap(), expected);
        assert_eq!(serde_json::from_value::<Context>(expected).unwrap(), context);
    }

    #[test]
    fn everything_known_is_there_and_media_lists_are_aligned() {
        let some = |text: &str| Some(text.to_owned());
        let message = InboundMessage {
            thread: Thread { id: "9".to_owned(), kind: ChatKind::Group },
            from: "zalouser:group:9".to_owned(),
            to: "zalouser:9".to_owned(),
            sender_name: "Ánh".to_owned(),
            group_subject: some("Họ Nhà"),
            was_mentioned: Some(false),
            message_id_full: some("m1:c1"),
            timestamp: Some(1_763_751_000_000),
            reply_to: Some(Quote { id: some("q1"), body: "before".to_owned(), sender_name: some("Bob") }),
            media: vec![
                Media { path: some("/tmp/a.jpg"), url: None, mime: some("image/jpeg") },
                Media { path: None, url: some("https://z/b"), mime: None },
            ],
            history: vec![HistoryEntry {
                message_id: "m0".to_owned(),
                sender: "Bob".to_owned(),
                body: "earlier".to_owned(),
                timestamp: Some(1),
            }],
            ..direct_message()
        };
        let context = serde_json::to_value(Context::of(message)).unwrap();
        let cases = [
            ("ChatType", json!("group")),
            ("OriginatingTo", json!("zalouser:9")),
            ("SenderName", json!("Ánh")),
            ("GroupSubject", json!("Họ Nhà")),
            ("WasMentioned", json!(false)),
            ("MessageSidFull", json!("m1:c1")),
            ("Timestamp", json!(1_763_751_000_000_u64)),
            ("ReplyToId", json!("q1")),
            ("ReplyToBody", json!("before")),
            ("ReplyToSender", json!("Bob")),
            ("MediaPaths", json!(["/tmp/a.jpg", ""])),
            ("MediaUrls", json!(["", "https://z/b"])),
            ("MediaTypes", json!(["image/jpeg", ""])),
            (
                "InboundHistory",
                json!([{"sender": "Bob", "body": "earlier", "timestamp": 1, "messageId": "m0"}]),
            ),
        ];
        for (name, expected) in cases {
            assert_eq!(context[name], expected, "{name}");
        }
    }
}
