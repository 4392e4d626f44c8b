//! Reads one line of `zca listen`. Only structured fields count: what a person types is content,
//! whatever it looks like.

use std::borrow::Cow;

use super::surrogate;
use crate::command::{ChatKind, Thread};
use crate::effect::{ListenerEvent, Media, Quote};
use crate::label::{excerpt, one_line};
use zalouser_tolerant::{Json, Key, Record, read};

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

/// A message as `zca` tells of it, as far as it matters for who is let through. Most go no further, and what is
/// left of them is not looked at.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    /// Where it was written.
    pub(crate) thread: Thread,
    /// Who wrote it, if that is known.
    pub(crate) sender_id: Option<Cow<'a, str>>,
    /// What the group is called, on one line.
    pub(crate) group_name: Option<Cow<'a, str>>,
    /// To whom it was written: in a direct chat the account itself.
    pub(crate) recipient_id: Option<Cow<'a, str>>,
    /// The text, not trimmed.
    pub(crate) content: Cow<'a, str>,
    /// Zalo's id, if it is known.
    pub(crate) zalo_id: Option<Cow<'a, str>>,
    fields: Record<'a>,
    metadata: Record<'a>,
}

/// What else `zca` tells of a message.
#[derive(Debug)]
pub(crate) struct Details<'a> {
    /// What the sender is called, on one line; empty when unknown.
    pub(crate) sender_name: Cow<'a, str>,
    /// The sender's own id of it, if that is known.
    pub(crate) client_id: Option<Cow<'a, str>>,
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
        // White space around JSON is part of it.
        if !line.trim_start().starts_with('{') {
            let line = line.trim();
            return if line.is_empty() { Self::Blank } else { Self::Banner(excerpt(line, EXCERPT)) };
        }
        let json = match read(line, MENTIONS) {
            Ok(json) => Ok(json),
            Err(error) => match surrogate::mend(line) {
                Some(json) => {
                    *mended = json;
                    read(mended, MENTIONS)
                }
                None => Err(error),
            },
        };
        match json {
            Ok(json) => Self::of(json.record().unwrap_or_default()),
            Err(error) => Self::Malformed(excerpt(&error.to_string(), EXCERPT)),
        }
    }

    fn of(mut fields: Record<'a>) -> Self {
        if matches!(fields.take(Key::Kind), Json::Text(kind) if kind == "lifecycle") {
            return Self::of_lifecycle(fields);
        }
        match Message::of(fields) {
            Some(message) => Self::Message(Box::new(message)),
            None => Self::Malformed("it has no threadId".into()),
        }
    }

    fn of_lifecycle(mut fields: Record<'a>) -> Self {
        let event = fields.take(Key::Event).text().unwrap_or_default();
        let mut said = |keys: &[Key]| {
            let parts: Vec<_> = keys.iter().filter_map(|key| fields.take(*key).text()).collect();
            excerpt(&parts.join(" "), EXCERPT)
        };
        Self::Lifecycle(match &*event {
            "session_id" => ListenerEvent::Session(said(&[Key::SessionId])),
            "connected" => ListenerEvent::Connected,
            "heartbeat" => ListenerEvent::Heartbeat,
            "error" => ListenerEvent::Error(said(&[Key::Code, Key::Message])),
            "closed" => ListenerEvent::Closed(said(&[Key::Code, Key::Reason])),
            _ => return Self::Unknown(excerpt(&event, EXCERPT)),
        })
    }
}

impl<'a> Message<'a> {
    fn of(mut fields: Record<'a>) -> Option<Self> {
        let thread_id = fields.take(Key::ThreadId).id()?.into_owned();
        let mut metadata = fields.take(Key::Metadata).record().unwrap_or_default();
        let is_group = metadata.take(Key::IsGroup).flag();
        let is_group = is_group.unwrap_or_else(|| fields.take(Key::Type).whole() == Some(GROUP_TYPE));
        let kind = if is_group { ChatKind::Group } else { ChatKind::Direct };
        let sender_id = metadata.first(&[Key::FromId, Key::SenderId], Json::id);
        let sender_id = sender_id
            .or_else(|| fields.take(Key::SenderId).id())
            .or_else(|| (kind == ChatKind::Direct).then(|| thread_id.clone().into()));
        Some(Message {
            thread: Thread { id: thread_id, kind },
            sender_id,
            group_name: metadata.take(Key::ThreadName).text().map(label),
            recipient_id: metadata.take(Key::ToId).id().or_else(|| fields.take(Key::ToId).id()),
            content: fields.take(Key::Content).text().unwrap_or_default(),
            zalo_id: fields.take(Key::MsgId).id(),
            fields,
            metadata,
        })
    }

    /// Zalo's id, else the time as `zca` printed it, else the sender's own id of it, else empty.
    pub(crate) fn id(&self) -> Cow<'a, str> {
        let seconds = || self.fields.get(Key::Timestamp).id().filter(|seconds| seconds != "0");
        let own_id = || self.fields.get(Key::CliMsgId).id();
        self.zalo_id.clone().or_else(seconds).or_else(own_id).unwrap_or_default()
    }

    /// Whether it has neither text nor media.
    pub(crate) fn is_blank(&self) -> bool {
        self.content.trim().is_empty() && media(&mut self.fields.clone()).is_empty()
    }

    /// What else is told of it. A second time, that is nothing.
    pub(crate) fn details(&mut self) -> Details<'a> {
        let (fields, metadata) = (&mut self.fields, &mut self.metadata);
        let names = [Key::SenderName, Key::SenderDisplayName];
        let sender_name = metadata.first(&names, Json::text).or_else(|| fields.first(&names, Json::text));
        let quote = fields.take(Key::Quote).record().or_else(|| metadata.take(Key::Quote).record());
        let mut quote = quote.unwrap_or_default();
        let mentions = fields.take(Key::Mentions).list().into_iter();
        Details {
            sender_name: sender_name.map(label).unwrap_or_default(),
            client_id: fields.get(Key::CliMsgId).id(),
            timestamp: milliseconds(&fields.take(Key::Ts), &fields.get(Key::Timestamp)),
            mentions: mentions.filter_map(|mention| Mention::of(mention.record()?)).collect(),
            quoted_id: quote.take(Key::OwnerId).id(),
            quote: quote_of(quote),
            media: media(fields),
            placeholder: placeholder(fields.take(Key::MediaKind)),
        }
    }
}

impl<'a> Mention<'a> {
    fn of(mut fields: Record<'a>) -> Option<Self> {
        let span = fields.take(Key::Pos).whole().zip(fields.take(Key::Len).whole());
        Some(Self {
            user_id: fields.take(Key::Uid).id()?,
            span: span.and_then(|(start, len)| Some((start, start.checked_add(len)?))),
            text: fields.take(Key::Text).text(),
        })
    }
}

/// A name on one line.
fn label(name: Cow<'_, str>) -> Cow<'_, str> {
    match name {
        Cow::Borrowed(name) => one_line(name),
        Cow::Owned(name) => one_line(&name).into_owned().into(),
    }
}

fn quote_of(mut fields: Record<'_>) -> Option<Quote> {
    let id = fields.first(&[Key::GlobalMsgId, Key::CliMsgId], Json::id).map(Cow::into_owned);
    let body = fields.take(Key::Msg).text().map(Cow::into_owned);
    let sender_name = fields.take(Key::SenderName).text().map(|name| one_line(&name).into_owned());
    (id.is_some() || body.is_some()).then(|| Quote { id, body: body.unwrap_or_default(), sender_name })
}

/// The time of a message: `ts` is in milliseconds, `timestamp` in seconds, and 0 is none.
fn milliseconds(ts: &Json<'_>, timestamp: &Json<'_>) -> Option<u64> {
    let given = ts.whole().filter(|time| *time > 0);
    given.or_else(|| timestamp.whole().filter(|time| *time > 0)?.checked_mul(1_000))
}

fn plural<'a>(fields: &mut Record<'a>, all: Key, one: Key) -> Vec<Json<'a>> {
    let mut list = fields.take(all).list();
    list.truncate(MEDIA);
    if list.is_empty() {
        list.extend(Some(fields.take(one)).filter(|one| *one != Json::Absent));
    }
    list
}

/// Puts together what stands at the same place in the lists of paths, URLs and types.
fn media(fields: &mut Record<'_>) -> Vec<Media> {
    let paths = plural(fields, Key::MediaPaths, Key::MediaPath);
    let urls = plural(fields, Key::MediaUrls, Key::MediaUrl);
    let mimes = plural(fields, Key::MediaTypes, Key::MediaType);
    let count = paths.len().max(urls.len());
    let mut rows = [paths.into_iter(), urls.into_iter(), mimes.into_iter()];
    let pieces = (0..count).filter_map(|_| {
        let [path, url, mime] =
            rows.each_mut().map(|row| row.next().and_then(Json::text).map(Cow::into_owned));
        (path.is_some() || url.is_some()).then_some(Media { path, url, mime })
    });
    pieces.collect()
}

fn placeholder(kind: Json<'_>) -> &'static str {
    match kind.text().as_deref() {
        Some("image") => "<media:image>",
        Some("video") => "<media:video>",
        Some("audio") => "<media:audio>",
        _ => "<media:file>",
    }
}
