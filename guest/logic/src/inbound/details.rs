//! What else than who wrote it where is told of a message.

use std::borrow::Cow;

use zalouser_tolerant::json::{Json, Key, Record};
use zalouser_tolerant::message::Message;

use crate::effect::{Media, Quote};
use crate::label::{label, one_line};

/// The most pieces of media that are taken from a message; `zca` stores 16 at most.
const MEDIA: usize = 64;

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

/// Whether a message has neither text nor media.
pub(crate) fn is_blank(message: &Message<'_>) -> bool {
    message.content.is_empty() && media(&mut message.fields.clone()).is_empty()
}

impl<'a> Details<'a> {
    /// Takes them out of `message`, which has them once.
    pub(crate) fn of(message: &mut Message<'a>) -> Self {
        let (fields, metadata) = (&mut message.fields, &mut message.metadata);
        let names = [Key::SenderName, Key::SenderDisplayName];
        let sender_name = metadata.first(&names, Json::text).or_else(|| fields.first(&names, Json::text));
        let quote = fields.take(Key::Quote).record().or_else(|| metadata.take(Key::Quote).record());
        let mut quote = quote.unwrap_or_default();
        let mentions = fields.take(Key::Mentions).list().into_iter();
        Self {
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
