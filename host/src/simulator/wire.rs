//! The JSON of a line of `zca listen --raw`: the same fields, in the same order.

use serde::Serialize;

use super::lines::{Line, Media, MediaKind, Mention, Quote};

/// A message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireLine<'a> {
    thread_id: &'a str,
    target_id: &'a str,
    conversation_id: &'a str,
    msg_id: &'a str,
    cli_msg_id: &'a str,
    content: String,
    r#type: u8,
    timestamp: u64,
    msg_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    quote: Option<WireQuote<'a>>,
    #[serde(flatten)]
    attachments: Attachments<'a>,
    metadata: Metadata<'a>,
    chat_type: &'a str,
    sender_id: &'a str,
    sender_name: &'a str,
    sender_display_name: &'a str,
    to_id: &'a str,
    ts: String,
}

/// What is said of a message once more; a direct one's sender has no `senderName` here.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    is_group: bool,
    chat_type: &'a str,
    thread_id: &'a str,
    target_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_name: Option<&'a str>,
    sender_display_name: &'a str,
    sender_id: &'a str,
    from_id: &'a str,
    to_id: &'a str,
    msg_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    quote: Option<WireQuote<'a>>,
    timestamp: u64,
    #[serde(flatten)]
    attachments: Attachments<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mention_count: Option<usize>,
}

/// The message that is answered.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct WireQuote<'a> {
    owner_id: &'a str,
    sender_name: &'a str,
    msg: &'a str,
    attach: &'a str,
    ts: u64,
    cli_msg_id: &'a str,
    global_msg_id: &'a str,
    cli_msg_type: u8,
}

/// What comes with the text. Of each list of files the first is also said alone.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Attachments<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    media_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media_paths: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media_urls: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media_types: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_kind: Option<MediaKind>,
    #[serde(skip_serializing_if = "<[Mention]>::is_empty")]
    mentions: &'a [Mention],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mention_ids: Vec<&'a str>,
}

impl<'a> WireLine<'a> {
    /// A message with its ids and its time in milliseconds since the Unix epoch.
    pub(super) fn of(line: &'a Line, msg_id: &'a str, cli_msg_id: &'a str, time_ms: u64) -> Self {
        let is_group = line.group_id.is_some();
        let thread_id = line.group_id.as_ref().unwrap_or(&line.sender_id);
        let to_id = line.group_id.as_ref().unwrap_or(&line.own_id);
        let chat_type = if is_group { "group" } else { "user" };
        let quote = line.quote.as_ref().map(WireQuote::of);
        let attachments = Attachments::of(line);
        let timestamp = time_ms / 1000;
        let metadata = Metadata {
            is_group,
            chat_type,
            thread_id,
            target_id: thread_id,
            sender_name: is_group.then_some(line.sender_name.as_str()),
            sender_display_name: &line.sender_name,
            sender_id: &line.sender_id,
            from_id: &line.sender_id,
            to_id,
            msg_type: line.kind,
            quote,
            timestamp,
            attachments: attachments.clone(),
            mention_count: Some(line.mentions.len()).filter(|count| *count > 0),
        };
        Self {
            thread_id,
            target_id: thread_id,
            conversation_id: thread_id,
            msg_id,
            cli_msg_id,
            content: line.content(),
            r#type: is_group.into(),
            timestamp,
            msg_type: line.kind,
            quote,
            attachments,
            metadata,
            chat_type,
            sender_id: &line.sender_id,
            sender_name: &line.sender_name,
            sender_display_name: &line.sender_name,
            to_id,
            ts: time_ms.to_string(),
        }
    }
}

impl<'a> WireQuote<'a> {
    fn of(quote: &'a Quote) -> Self {
        Self {
            owner_id: &quote.owner_id,
            sender_name: &quote.sender_name,
            msg: &quote.text,
            attach: "",
            ts: quote.time_ms,
            cli_msg_id: &quote.cli_msg_id,
            global_msg_id: &quote.msg_id,
            cli_msg_type: 1,
        }
    }
}

impl<'a> Attachments<'a> {
    fn of(line: &'a Line) -> Self {
        let all = |part: fn(&Media) -> Option<&str>| -> Vec<&'a str> {
            line.media.iter().filter_map(part).collect()
        };
        let media_paths = all(|media| media.path.as_deref());
        let media_urls = all(|media| media.url.as_deref());
        let media_types = all(|media| media.mime.as_deref());
        Self {
            media_path: media_paths.first().copied(),
            media_paths,
            media_url: media_urls.first().copied(),
            media_urls,
            media_type: media_types.first().copied(),
            media_types,
            media_kind: line.media_kind,
            mentions: &line.mentions,
            mention_ids: line.mentions.iter().map(|mention| mention.uid.as_str()).collect(),
        }
    }
}
