//! Reads one line of `zca listen`. Only structured fields count: what a person types is content,
//! whatever it looks like.

use zalouser_tolerant::json::{Json, Key, Record, read};
use zalouser_tolerant::message::Message;

use super::surrogate;
use crate::effect::ListenerEvent;
use crate::label::{excerpt, label};

/// The most mentions of a message that are looked at.
const MENTIONS: usize = 256;

/// The longest text that is taken from a line that is not a message, in bytes.
const EXCERPT: usize = 200;

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

impl<'a> Event<'a> {
    /// Reads `line`; mends it first into `mended` if that is needed.
    pub(crate) fn read(line: &'a str, mended: &'a mut String) -> Self {
        // To trim a line takes longer than to see that there is nothing to trim.
        let line = if matches!(line.as_bytes(), [b'{', .., b'}']) { line } else { line.trim() };
        match line.as_bytes() {
            [] => return Self::Blank,
            [b'{', ..] => {}
            _ => return Self::Banner(excerpt(line, EXCERPT)),
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
            Some(mut message) => {
                message.group_name = message.group_name.map(label);
                Self::Message(message)
            }
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
