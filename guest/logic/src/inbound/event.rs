//! Reads one line of `zca listen`. Only structured fields count: what a person types is content,
//! whatever it looks like.

use std::borrow::Cow;

use serde::Deserialize;

use super::surrogate;
use crate::command::{ChatKind, Thread};
use crate::effect::{ListenerEvent, Media, Quote};
use crate::label::{excerpt, one_line};
use crate::tolerant::{Flag, List, Record, Scalar};

/// The most mentions of a message that are looked at.
const MENTIONS: usize = 256;

/// The most pieces of media that are taken from a message; `zca` stores 16 at most.
const MEDIA: usize = 64;

/// The longest text that is taken from a line that is not a message, in bytes.
const EXCERPT: usize = 200;

/// What `zca` calls a group in a message's `type`.
const GROUP_TYPE: u64 = 1;

/// What a line says.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// Nothing.
    Blank,
    /// Something for a person to read.
    Banner(String),
    /// How the listener is.
    Lifecycle(ListenerEvent),
    /// Something of the listener that is of a kind unknown here.
    Unknown(String),
    /// A message was written.
    Message(Box<Message<'a>>),
    /// It ought to be one of these and is none; the text says why.
    Malformed(String),
}

/// A message as `zca` tells of it.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    /// Where it was written.
    pub(crate) thread: Thread,
    /// Who wrote it, if that is known.
    pub(crate) sender_id: Option<Cow<'a, str>>,
    /// What the sender is called, on one line; empty when unknown.
    pub(crate) sender_name: String,
    /// What the group is called, on one line.
    pub(crate) group_name: Option<String>,
    /// To whom it was written: in a direct chat the account itself.
    pub(crate) recipient_id: Option<Cow<'a, str>>,
    /// The text, not trimmed.
    pub(crate) content: Cow<'a, str>,
    /// Zalo's id, else the time as `zca` printed it, else the sender's own id of it, else empty.
    pub(crate) id: String,
    /// Zalo's id and the sender's own, joined by a colon, if both are known.
    pub(crate) full_id: Option<String>,
    /// When, in milliseconds since the Unix epoch.
    pub(crate) timestamp: Option<u64>,
    /// Who is mentioned.
    pub(crate) mentions: Vec<Mention<'a>>,
    /// Who wrote the message that this one answers.
    pub(crate) quoted_id: Option<Cow<'a, str>>,
    /// What it answers.
    pub(crate) quote: Option<Quote>,
    /// What came with it.
    pub(crate) media: Vec<Media>,
    /// What stands for the text of a message that has only media.
    pub(crate) placeholder: &'static str,
}

/// A mention in the text of a message.
#[derive(Debug)]
pub(crate) struct Mention<'a> {
    /// Who is mentioned.
    pub(crate) user_id: Cow<'a, str>,
    /// Where it begins and ends in the text, in UTF-16 code units.
    pub(crate) span: Option<(u64, u64)>,
    /// What stands there.
    pub(crate) text: Option<Cow<'a, str>>,
}

impl<'a> Event<'a> {
    /// Reads `line`; mends it first into `mended` if that is needed.
    pub(crate) fn read(line: &'a str, mended: &'a mut String) -> Self {
        let line = line.trim();
        if line.is_empty() {
            return Self::Blank;
        }
        if !line.starts_with('{') {
            return Self::Banner(excerpt(line, EXCERPT));
        }
        let fields = match serde_json::from_str::<Fields<'a>>(line) {
            Ok(fields) => Ok(fields),
            Err(error) => match surrogate::mend(line) {
                Some(json) => {
                    *mended = json;
                    serde_json::from_str(mended)
                }
                None => Err(error),
            },
        };
        match fields {
            Ok(fields) => fields.into_event(),
            Err(error) => Self::Malformed(excerpt(&error.to_string(), EXCERPT)),
        }
    }
}

/// The fields of a line that are of interest, under `zca`'s names.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Fields<'a> {
    #[serde(borrow)]
    kind: Scalar<'a>,
    event: Scalar<'a>,
    #[serde(rename = "session_id")]
    session_id: Scalar<'a>,
    message: Scalar<'a>,
    code: Scalar<'a>,
    reason: Scalar<'a>,
    thread_id: Scalar<'a>,
    msg_id: Scalar<'a>,
    cli_msg_id: Scalar<'a>,
    content: Scalar<'a>,
    #[serde(rename = "type")]
    chat_type: Scalar<'a>,
    timestamp: Scalar<'a>,
    ts: Scalar<'a>,
    sender_id: Scalar<'a>,
    sender_name: Scalar<'a>,
    sender_display_name: Scalar<'a>,
    to_id: Scalar<'a>,
    metadata: Record<Metadata<'a>>,
    mentions: List<Record<MentionFields<'a>>, MENTIONS>,
    quote: Record<QuoteFields<'a>>,
    media_path: Scalar<'a>,
    media_paths: List<Scalar<'a>, MEDIA>,
    media_url: Scalar<'a>,
    media_urls: List<Scalar<'a>, MEDIA>,
    media_type: Scalar<'a>,
    media_types: List<Scalar<'a>, MEDIA>,
    media_kind: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata<'a> {
    is_group: Flag,
    #[serde(borrow)]
    from_id: Scalar<'a>,
    sender_id: Scalar<'a>,
    sender_name: Scalar<'a>,
    sender_display_name: Scalar<'a>,
    thread_name: Scalar<'a>,
    to_id: Scalar<'a>,
    quote: Record<QuoteFields<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MentionFields<'a> {
    #[serde(borrow)]
    uid: Scalar<'a>,
    pos: Scalar<'a>,
    len: Scalar<'a>,
    text: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct QuoteFields<'a> {
    #[serde(borrow)]
    owner_id: Scalar<'a>,
    sender_name: Scalar<'a>,
    msg: Scalar<'a>,
    global_msg_id: Scalar<'a>,
    cli_msg_id: Scalar<'a>,
}

impl<'a> Fields<'a> {
    fn into_event(self) -> Event<'a> {
        if matches!(&self.kind, Scalar::Text(kind) if kind == "lifecycle") {
            return self.into_lifecycle();
        }
        match self.into_message() {
            Some(message) => Event::Message(Box::new(message)),
            None => Event::Malformed("it has no threadId".into()),
        }
    }

    fn into_lifecycle(self) -> Event<'a> {
        let said = |parts: [Scalar<'a>; 2]| {
            let parts: Vec<_> = parts.into_iter().filter_map(Scalar::text).collect();
            excerpt(&parts.join(" "), EXCERPT)
        };
        let event = self.event.text().unwrap_or_default();
        Event::Lifecycle(match &*event {
            "session_id" => ListenerEvent::Session(said([self.session_id, Scalar::Absent])),
            "connected" => ListenerEvent::Connected,
            "heartbeat" => ListenerEvent::Heartbeat,
            "error" => ListenerEvent::Error(said([self.code, self.message])),
            "closed" => ListenerEvent::Closed(said([self.code, self.reason])),
            _ => return Event::Unknown(excerpt(&event, EXCERPT)),
        })
    }

    fn into_message(self) -> Option<Message<'a>> {
        let thread_id = self.thread_id.id()?.into_owned();
        let metadata = self.metadata.0.unwrap_or_default();
        let is_group = metadata.is_group.0.unwrap_or_else(|| self.chat_type.whole() == Some(GROUP_TYPE));
        let kind = if is_group { ChatKind::Group } else { ChatKind::Direct };
        let sender_id = first([metadata.from_id, metadata.sender_id, self.sender_id], Scalar::id)
            .or_else(|| (kind == ChatKind::Direct).then(|| thread_id.clone().into()));
        let sender_name = first(
            [metadata.sender_name, metadata.sender_display_name, self.sender_name, self.sender_display_name],
            Scalar::text,
        );
        let timestamp = milliseconds(&self.ts, &self.timestamp);
        let (id, own_id) = (self.msg_id.id(), self.cli_msg_id.id());
        let full_id = id.as_ref().zip(own_id.as_ref()).map(|(id, own_id)| format!("{id}:{own_id}"));
        let seconds = || self.timestamp.id().filter(|seconds| seconds != "0");
        let quote = self.quote.0.or(metadata.quote.0).unwrap_or_default();
        Some(Message {
            thread: Thread { id: thread_id, kind },
            sender_id,
            sender_name: sender_name.map_or_else(String::new, |name| one_line(&name).into_owned()),
            group_name: metadata.thread_name.text().map(|name| one_line(&name).into_owned()),
            recipient_id: first([metadata.to_id, self.to_id], Scalar::id),
            content: self.content.text().unwrap_or_default(),
            id: id.or_else(seconds).or(own_id).map_or_else(String::new, Cow::into_owned),
            full_id,
            timestamp,
            mentions: self.mentions.0.into_iter().filter_map(|mention| mention.0?.into_mention()).collect(),
            quoted_id: quote.owner_id.clone().id(),
            quote: quote.into_quote(),
            media: media([
                plural(self.media_paths, self.media_path),
                plural(self.media_urls, self.media_url),
                plural(self.media_types, self.media_type),
            ]),
            placeholder: placeholder(self.media_kind),
        })
    }
}

impl<'a> MentionFields<'a> {
    fn into_mention(self) -> Option<Mention<'a>> {
        let span = self.pos.whole().zip(self.len.whole());
        Some(Mention {
            user_id: self.uid.id()?,
            span: span.and_then(|(start, len)| Some((start, start.checked_add(len)?))),
            text: self.text.text(),
        })
    }
}

impl QuoteFields<'_> {
    fn into_quote(self) -> Option<Quote> {
        let id = first([self.global_msg_id, self.cli_msg_id], Scalar::id).map(Cow::into_owned);
        let body = self.msg.text().map(Cow::into_owned);
        let sender_name = self.sender_name.text().map(|name| one_line(&name).into_owned());
        (id.is_some() || body.is_some()).then(|| Quote { id, body: body.unwrap_or_default(), sender_name })
    }
}

/// The first of `fields` that holds something.
fn first<'a, const N: usize>(
    fields: [Scalar<'a>; N],
    take: impl Fn(Scalar<'a>) -> Option<Cow<'a, str>>,
) -> Option<Cow<'a, str>> {
    fields.into_iter().find_map(take)
}

/// The time of a message: `ts` is in milliseconds, `timestamp` in seconds, and 0 is none.
fn milliseconds(ts: &Scalar<'_>, timestamp: &Scalar<'_>) -> Option<u64> {
    let given = ts.whole().filter(|time| *time > 0);
    given.or_else(|| timestamp.whole().filter(|time| *time > 0)?.checked_mul(1_000))
}

fn plural<'a>(all: List<Scalar<'a>, MEDIA>, one: Scalar<'a>) -> Vec<Scalar<'a>> {
    if !all.0.is_empty() {
        return all.0;
    }
    if one == Scalar::Absent { Vec::new() } else { vec![one] }
}

/// Puts together what stands at the same place in the lists of paths, URLs and types.
fn media([paths, urls, mimes]: [Vec<Scalar<'_>>; 3]) -> Vec<Media> {
    let count = paths.len().max(urls.len());
    let mut rows = [paths.into_iter(), urls.into_iter(), mimes.into_iter()];
    let pieces = (0..count).filter_map(|_| {
        let [path, url, mime] =
            rows.each_mut().map(|row| row.next().and_then(Scalar::text).map(Cow::into_owned));
        (path.is_some() || url.is_some()).then_some(Media { path, url, mime })
    });
    pieces.collect()
}

fn placeholder(kind: Scalar<'_>) -> &'static str {
    match kind.text().as_deref() {
        Some("image") => "<media:image>",
        Some("video") => "<media:video>",
        Some("audio") => "<media:audio>",
        _ => "<media:file>",
    }
}
