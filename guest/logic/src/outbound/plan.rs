//! Turns a reply into the commands that send it.

use zalouser_chunks::chunk;

use super::{Reply, media, prefix, silence, tables};
use crate::account::{ChunkMode, ReplyFormat, TEXT_LIMIT};
use crate::command::{Command, Thread};

/// The commands that send `reply`, in order; none when there is nothing to send.
///
/// The text is the caption of the first piece of media if that takes one and the text fits in one
/// message. A text that is too long follows the media; one for media that take no caption precedes
/// them.
pub fn plan(format: &ReplyFormat, reply: &Reply) -> Vec<Command> {
    let limit = format.text_chunk_limit.clamp(1, TEXT_LIMIT);
    // No program can be given a NUL, and what is around it is worth sending.
    let text = reply.text.replace('\0', "");
    let text = tables::convert_tables(silence::without_tokens(&text), format.tables);
    let text = prefix::prefixed(text.into_owned(), format, reply.model.as_ref());
    let sources = reply.media.iter().map(|source| source.trim()).filter(|source| !source.is_empty());
    let media = sources.map(|source| (media::kind_of(source), source)).collect::<Vec<_>>();
    let captioned = media.first().is_some_and(|(kind, _)| kind.takes_caption());

    let chunks = |mode| chunk(&text, limit, mode);
    let mut caption = None;
    let texts = match captioned.then(|| chunks(ChunkMode::Length)) {
        Some(whole) if whole.len() <= 1 => {
            caption = whole.into_iter().next();
            Vec::new()
        }
        _ => texts(&reply.thread, chunks(format.chunk_mode)),
    };
    let media = media.into_iter().map(|(kind, source)| Command::SendMedia {
        thread: reply.thread.clone(),
        kind,
        source: source.to_owned(),
        caption: caption.take(),
    });
    if captioned { media.chain(texts).collect() } else { texts.into_iter().chain(media).collect() }
}

/// A command for each of `chunks`.
pub(super) fn texts(thread: &Thread, chunks: Vec<String>) -> Vec<Command> {
    chunks.into_iter().map(|text| Command::SendText { thread: thread.clone(), text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::TableStyle;
    use crate::command::{ChatKind, MediaKind};

    fn thread() -> Thread {
        Thread { id: "5001".into(), kind: ChatKind::Group }
    }

    /// The plan for a reply, a line a command.
    fn planned(format: &ReplyFormat, text: &str, media: &[&str]) -> Vec<String> {
        let media = media.iter().map(|source| (*source).to_owned()).collect();
        let reply = Reply { thread: thread(), text: text.into(), media, model: None };
        plan(format, &reply).into_iter().map(summary).collect()
    }

    fn summary(command: Command) -> String {
        match command {
            Command::SendText { thread: to, text } if to == thread() => format!("text {text}"),
            Command::SendMedia { thread: to, kind, source, caption } if to == thread() => {
                let kind = match kind {
                    MediaKind::Image => "image",
                    MediaKind::Video => "video",
                    MediaKind::Voice => "voice",
                    MediaKind::File => "file",
                };
                caption.map_or(format!("{kind} {source}"), |caption| format!("{kind} {source} {caption}"))
            }
            other => panic!("not for the thread: {other:?}"),
        }
    }

    fn limited(text_chunk_limit: u32) -> ReplyFormat {
        ReplyFormat { text_chunk_limit, ..ReplyFormat::default() }
    }

    #[test]
    fn a_caption_is_the_whole_text_or_nothing() {
        for (text, media, expected) in [
            ("a b", &[][..], &["text a b"][..]),
            ("a b", &["/x.png"], &["image /x.png a b"]),
            ("a b", &["/x.mp4", "/y.png", " "], &["video /x.mp4 a b", "image /y.png"]),
            ("a b", &["/x.mp3", "/y.png"], &["text a b", "voice /x.mp3", "image /y.png"]),
            ("a b", &["/x.pdf"], &["text a b", "file /x.pdf"]),
            ("aa bb", &["/x.png", "/y.png"], &["image /x.png", "image /y.png", "text aa", "text bb"]),
            ("", &["/x.png"], &["image /x.png"]),
            (" \n", &["\t"], &[]),
            ("a\0b", &[], &["text ab"]),
            ("\0", &[], &[]),
        ] {
            assert_eq!(planned(&limited(4), text, media), expected, "{text:?} {media:?}");
        }
    }

    #[test]
    fn a_caption_is_not_cut_at_its_paragraphs() {
        let format = ReplyFormat { chunk_mode: ChunkMode::Newline, ..limited(9) };
        assert_eq!(planned(&format, "a\n\nb", &["/x.png"]), ["image /x.png a\n\nb"]);
        assert_eq!(planned(&format, "a\n\nb", &[]), ["text a", "text b"]);
    }

    #[test]
    fn a_reply_of_tokens_alone_is_no_message() {
        let format = ReplyFormat { response_prefix: Some("[x]".into()), ..ReplyFormat::default() };
        assert_eq!(planned(&format, "NO_REPLY", &[]), [""; 0]);
        assert_eq!(planned(&format, "HEARTBEAT_OK", &["/x.png"]), ["image /x.png"]);
    }

    #[test]
    fn the_limit_counts_the_prefix_and_the_converted_table() {
        let prefix = Some("[x]".to_owned());
        let format = ReplyFormat { response_prefix: prefix, tables: TableStyle::Bullets, ..limited(12) };
        assert_eq!(planned(&format, "| a |\n|---|\n| 1 |\n| 2 |", &[]), ["text [x] • a: 1", "text • a: 2"]);
    }

    #[test]
    fn no_limit_is_beyond_what_zalo_takes() {
        let lengths = |limit| planned(&limited(limit), &"a".repeat(2_001), &[]).len();
        assert_eq!((lengths(9_999), lengths(0)), (2, 2_001));
    }
}
