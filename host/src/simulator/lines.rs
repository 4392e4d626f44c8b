//! Lines as `zca listen --raw` prints them, one message each.

use serde::Serialize;

use super::wire::WireLine;

/// The id of the built-in world's account.
const OWN_ID: &str = "999";

/// How many characters of a quoted text are repeated in the answer's.
const QUOTED: usize = 220;

/// A message that somebody writes to the account.
///
/// What is not said is made up: a text has no media, and a line that [`Simulator::say`] is given without
/// an id or a time gets both.
///
/// [`Simulator::say`]: super::Simulator::say
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub(super) sender_id: String,
    pub(super) sender_name: String,
    pub(super) group_id: Option<String>,
    pub(super) own_id: String,
    pub(super) text: String,
    pub(super) ids: Option<(String, String)>,
    pub(super) time_ms: Option<u64>,
    pub(super) kind: &'static str,
    pub(super) quote: Option<Quote>,
    pub(super) media_kind: Option<MediaKind>,
    pub(super) media: Vec<Media>,
    pub(super) mentions: Vec<Mention>,
}

/// The message that a message answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// Who wrote it.
    pub owner_id: String,
    /// What they are called.
    pub sender_name: String,
    /// What it says.
    pub text: String,
    /// When, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Its id.
    pub msg_id: String,
    /// Its sender's own id of it.
    pub cli_msg_id: String,
}

/// A file that comes with a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// Where Zalo has it.
    pub url: Option<String>,
    /// Where `zca` stored it.
    pub path: Option<String>,
    /// Its MIME type; only a stored file has one.
    pub mime: Option<String>,
}

/// What the files of a message are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum MediaKind {
    Image,
    Video,
    Audio,
    File,
}

/// A word of the text that is somebody's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Mention {
    pub(super) uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pos: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) len: Option<usize>,
    pub(super) r#type: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
}

impl Line {
    /// A text in a direct chat.
    pub fn direct(
        sender_id: impl Into<String>,
        sender_name: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            sender_id: sender_id.into(),
            sender_name: sender_name.into(),
            group_id: None,
            own_id: OWN_ID.to_owned(),
            text: text.into(),
            ids: None,
            time_ms: None,
            kind: "webchat",
            quote: None,
            media_kind: None,
            media: Vec::new(),
            mentions: Vec::new(),
        }
    }

    /// A text in a group.
    pub fn group(
        group_id: impl Into<String>,
        sender_id: impl Into<String>,
        sender_name: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self { group_id: Some(group_id.into()), ..Self::direct(sender_id, sender_name, text) }
    }

    /// To this account instead of 999.
    #[must_use]
    pub fn to(self, own_id: impl Into<String>) -> Self {
        Self { own_id: own_id.into(), ..self }
    }

    /// With this id, and this one of the sender's own.
    #[must_use]
    pub fn ids(self, msg_id: impl Into<String>, cli_msg_id: impl Into<String>) -> Self {
        Self { ids: Some((msg_id.into(), cli_msg_id.into())), ..self }
    }

    /// Written at this time, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn at(self, time_ms: u64) -> Self {
        Self { time_ms: Some(time_ms), ..self }
    }

    /// Answering another message.
    #[must_use]
    pub fn quoting(self, quote: Quote) -> Self {
        Self { quote: Some(quote), ..self }
    }

    /// Mentioning somebody: `word` is the part of the text that does, as `@Bot`.
    #[must_use]
    pub fn mentioning(mut self, user_id: impl Into<String>, word: &str) -> Self {
        let before = self.text.split(word).next().unwrap_or_default();
        self.mentions.push(Mention {
            uid: user_id.into(),
            pos: Some(before.encode_utf16().count()),
            len: Some(word.encode_utf16().count()),
            r#type: 0,
            text: Some(word.to_owned()),
        });
        self
    }

    /// With files; the text is their caption.
    #[must_use]
    pub fn with_media(self, kind: MediaKind, media: Vec<Media>) -> Self {
        let name = match kind {
            MediaKind::Image => "chat.photo",
            MediaKind::Video => "chat.video.msg",
            MediaKind::Audio => "chat.voice",
            MediaKind::File => "share.file",
        };
        Self { kind: name, media_kind: Some(kind), media, ..self }
    }

    /// A shared link; the text is its title.
    #[must_use]
    pub fn with_link(self, url: impl Into<String>) -> Self {
        let media = vec![Media { url: Some(url.into()), ..Media::default() }];
        Self { kind: "chat.recommended", media_kind: Some(MediaKind::File), media, ..self }
    }

    /// A sticker instead of a text. openzca takes its number for a mention.
    #[must_use]
    pub fn with_sticker(self, number: u32) -> Self {
        let mention = Mention { uid: number.to_string(), pos: None, len: None, r#type: 7, text: None };
        Self {
            kind: "chat.sticker",
            media_kind: Some(MediaKind::Image),
            text: "<non-text:chat.sticker>".to_owned(),
            mentions: vec![mention],
            ..self
        }
    }

    /// The line, without its end. A message that has no id or no time yet gets those of number 1.
    pub fn to_json(&self) -> String {
        self.to_numbered_json(1, 1_700_000_000_000)
    }

    /// The line of message `number`, written at `now_ms` unless it says otherwise.
    pub(super) fn to_numbered_json(&self, number: u64, now_ms: u64) -> String {
        let time_ms = self.time_ms.unwrap_or(now_ms);
        let (msg_id, cli_msg_id) = self.ids.clone().unwrap_or_else(|| {
            (7_000_000_000_000_u64.saturating_add(number).to_string(), time_ms.to_string())
        });
        // Texts and numbers can always be written as JSON.
        serde_json::to_string(&WireLine::of(self, &msg_id, &cli_msg_id, time_ms)).unwrap_or_default()
    }

    /// The text with what openzca writes before and behind it.
    pub(super) fn content(&self) -> String {
        let mut lines = Vec::new();
        let count = self.media.len();
        if let (1, Some(only)) = (count, self.media.first()) {
            lines.push(format!("[media attached: {}]", self.show(only)));
        } else if count > 1 {
            lines.push(format!("[media attached: {count} files]"));
            let files = self.media.iter().zip(1..);
            lines.extend(
                files.map(|(media, index)| format!("[media attached {index}/{count}: {}]", self.show(media))),
            );
        }
        if !self.text.is_empty() {
            lines.push(self.text.clone());
        }
        if let Some(quote) = &self.quote {
            let text: String = quote.text.chars().take(QUOTED).collect();
            lines.push(format!("[reply context: {}: {text}]", quote.sender_name));
        }
        lines.join("\n")
    }

    fn show(&self, media: &Media) -> String {
        let kind = match self.media_kind {
            Some(MediaKind::Image) => Some("image/*"),
            Some(MediaKind::Video) => Some("video/*"),
            Some(MediaKind::Audio) => Some("audio/*"),
            _ => None,
        };
        let mime = media.mime.as_deref().or(kind).map_or_else(String::new, |mime| format!(" ({mime})"));
        match (&media.path, &media.url) {
            (Some(path), Some(url)) => format!("{path}{mime} | {url}"),
            (Some(place), None) | (None, Some(place)) => format!("{place}{mime}"),
            (None, None) => mime,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What openzca printed for the messages that these tests build.
    fn recorded() -> Vec<String> {
        let entries: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../../tests/vectors/zca-recorded.json")).unwrap();
        let listen =
            entries.iter().find(|entry| entry["note"] == "listen until the connection closes with 1006");
        let stdout = listen.unwrap()["stdout"].as_str().unwrap();
        stdout.lines().filter(|line| line.starts_with('{')).map(str::to_owned).collect()
    }

    fn url(url: &str) -> Media {
        Media { url: Some(url.to_owned()), ..Media::default() }
    }

    fn numbered(line: Line, number: u64) -> String {
        let (msg_id, cli_msg_id) = (7000 + number, 1_700_000_000_000 + number);
        line.ids(msg_id.to_string(), cli_msg_id.to_string()).at(1_700_000_000_000 + number * 1000).to_json()
    }

    #[test]
    fn a_line_is_what_openzca_prints_for_such_a_message() {
        let quote = Quote {
            owner_id: "999".to_owned(),
            sender_name: "Bot".to_owned(),
            text: "earlier".to_owned(),
            time_ms: 1_699_999_999_000,
            msg_id: "6999".to_owned(),
            cli_msg_id: "1699".to_owned(),
        };
        let photos = [
            "https://example.invalid/t.jpg",
            "https://example.invalid/p.jpg",
            "https://example.invalid/hd.jpg",
        ];
        let built = [
            numbered(Line::direct("111", "Alice", "xin chào"), 1),
            numbered(
                Line::group("5001", "222", "Bob", "@Bot hi").mentioning("999", "@Bot").quoting(quote),
                2,
            ),
            numbered(Line::direct("111", "Alice", "").with_sticker(23), 4),
            numbered(Line::group("5001", "222", "Bob", "line one\nline two 😀"), 7),
            numbered(
                Line::direct("111", "Alice", "caption here")
                    .with_media(MediaKind::Image, photos.map(url).to_vec()),
                3,
            ),
            numbered(Line::group("5001", "222", "Bob", "A page").with_link("https://example.com/page"), 5),
            numbered(
                Line::direct("111", "Alice", "doc.pdf")
                    .with_media(MediaKind::File, vec![url("https://example.invalid/doc.pdf")]),
                6,
            ),
        ];
        assert_eq!(built.to_vec(), recorded());
    }

    #[test]
    fn a_stored_file_is_named_with_its_type_and_origin() {
        let stored = Media {
            path: Some("/m/a.jpg".to_owned()),
            mime: Some("image/jpeg".to_owned()),
            ..url("https://e.org/a")
        };
        let line: serde_json::Value = serde_json::from_str(
            &Line::direct("1", "A", "").with_media(MediaKind::Image, vec![stored]).to_json(),
        )
        .unwrap();
        assert_eq!(line["content"], "[media attached: /m/a.jpg (image/jpeg) | https://e.org/a]");
        assert_eq!(line["mediaPath"], "/m/a.jpg");
        assert_eq!(line["metadata"]["mediaTypes"], serde_json::json!(["image/jpeg"]));
    }

    #[test]
    fn a_mention_is_counted_in_utf_16() {
        let line = Line::group("1", "2", "B", "😀 @Bot").mentioning("999", "@Bot");
        assert_eq!((line.mentions[0].pos, line.mentions[0].len), (Some(3), Some(4)));
    }
}
