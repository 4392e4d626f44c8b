//! `msg`: messages that arrive on Zalo, or do not.

use super::Exit;
use super::args::Invocation;
use super::commands::Message;
use super::inspect::Inspected;
use super::state::{Profile, Sent, SentKind};

/// How many UTF-16 code units of a text go into one message. That openzca also cuts at an estimated
/// size of the request is left out.
const CHUNK: usize = 2000;

/// Endings of what Zalo takes for a picture.
const PICTURES: [&str; 5] = ["jpg", "jpeg", "png", "webp", "gif"];

/// A call that sends.
struct Sending<'a> {
    call: &'a Invocation,
    profile: &'a Profile,
    argv: &'a [String],
    thread_id: &'a str,
    /// What comes beside the thread: a text, a link, a file or a sticker. Empty when it was left out.
    subject: &'a str,
}

/// What is in a message.
#[derive(Default)]
struct Content<'a> {
    text: Option<&'a str>,
    caption: Option<&'a str>,
    url: Option<&'a str>,
}

/// Sends what a call asks for and tells what it prints.
pub(super) fn send(
    message: Message,
    call: &Invocation,
    profile: &Profile,
    argv: &[String],
) -> Result<String, Exit> {
    profile.require_login()?;
    // An upload names the file first, unless `--url` names it.
    let file_first = message == Message::Upload && !call.options.has("--url");
    let (thread, subject) = if file_first { (1, 0) } else { (0, 1) };
    let (thread_id, subject) = (call.operand(thread), call.operand(subject));
    if thread_id.is_empty() {
        return Err(Exit::failure("Error: threadId is required."));
    }
    let sending = Sending { call, profile, argv, thread_id, subject };
    match message {
        Message::Text => sending.text(),
        Message::Image => sending.image(),
        Message::Video => sending.video(),
        Message::Voice => Ok(table(&sending.media(SentKind::Voice)?)),
        Message::Upload => Ok(attachments(&sending.media(SentKind::Upload)?)),
        Message::Link => sending.card(SentKind::Link),
        Message::Sticker => sending.card(SentKind::Sticker),
        Message::Typing => Ok("{ status: 0 }\n".to_owned()),
    }
}

impl Sending<'_> {
    fn text(&self) -> Result<String, Exit> {
        if let Some(name) = self.ambiguous_mention()? {
            let reason = "matched multiple group members.";
            return Err(Exit::failure(format!("Error: Ambiguous mention \"@{name}\": {reason}")));
        }
        let mut ids = Vec::new();
        for chunk in chunks(self.subject) {
            ids.push(self.deliver(SentKind::Text, Content { text: Some(chunk), ..Content::default() })?);
        }
        let receipt = |id: &u64| {
            let message = Inspected::Record(vec![("msgId", Inspected::Number(*id))]);
            Inspected::Record(vec![("message", message), ("attachment", Inspected::List(Vec::new()))])
        };
        let receipts: Vec<Inspected> = ids.iter().map(receipt).collect();
        let output = match (receipts.as_slice(), ids.last()) {
            ([_, _, ..], Some(last)) => Inspected::Record(vec![
                ("chunked", Inspected::True),
                ("chunkCount", Inspected::Number(ids.len() as u64)),
                ("msgId", Inspected::text(last.to_string())),
                ("response", Inspected::List(receipts)),
            ]),
            _ => receipts.into_iter().next().unwrap_or(Inspected::Null),
        };
        Ok(format!("{output}\n"))
    }

    /// Waits, as the real one, for the end of an upload of what is no picture, and ends without a word.
    fn image(&self) -> Result<String, Exit> {
        if self.sources().iter().any(|source| !is_picture(source)) {
            return Ok(String::new());
        }
        Ok(attachments(&self.media(SentKind::Image)?))
    }

    fn video(&self) -> Result<String, Exit> {
        if self.profile.has_listener()? {
            let name = self.profile.name();
            let reason = "video upload IPC is unavailable.";
            return Err(Exit::failure(format!(
                "Error: Active listener owner detected for profile \"{name}\"; {reason}"
            )));
        }
        Ok(attachments(&self.media(SentKind::Video)?))
    }

    fn card(&self, kind: SentKind) -> Result<String, Exit> {
        let id = self.deliver(kind, Content { url: Some(self.subject), ..Content::default() })?;
        Ok(format!("{}\n", Inspected::Record(vec![("msgId", Inspected::text(id.to_string()))])))
    }

    /// Sends each file as a message of its own, the first with the caption, and tells their ids.
    fn media(&self, kind: SentKind) -> Result<Vec<u64>, Exit> {
        let sources = self.sources();
        if sources.is_empty() {
            return Err(Exit::failure("Error: Provide a file or --url."));
        }
        let mut caption = self.call.options.value("--message");
        let mut ids = Vec::new();
        for source in sources {
            let content = Content { url: Some(source), caption: caption.take(), text: None };
            ids.push(self.deliver(kind, content)?);
        }
        Ok(ids)
    }

    /// The files: the one that is an argument as it is, those that are options cut at commas.
    fn sources(&self) -> Vec<&str> {
        let file = Some(self.subject).filter(|file| !file.is_empty());
        let urls = self.call.options.values("--url").flat_map(|urls| urls.split(','));
        file.into_iter().chain(urls.map(str::trim).filter(|url| !url.is_empty())).collect()
    }

    /// The name that a text for a group mentions and that two of its members have.
    fn ambiguous_mention(&self) -> Result<Option<String>, Exit> {
        let world = self.profile.world()?;
        let Some(group) = world.group(self.thread_id).filter(|_| self.is_for_group()) else {
            return Ok(None);
        };
        let mut names: Vec<&str> = group.members.iter().map(|member| member.display_name.as_str()).collect();
        names.sort_unstable();
        let twice = names.array_windows().filter(|[name, next]| name == next).map(|[name, _]| *name);
        Ok(twice.into_iter().find(|name| mentions(self.subject, name)).map(str::to_owned))
    }

    fn is_for_group(&self) -> bool {
        self.call.options.has("--group")
    }

    fn deliver(&self, kind: SentKind, content: Content<'_>) -> Result<u64, Exit> {
        let first_id = match kind {
            SentKind::Text => 7_543_210_000_001,
            SentKind::Image | SentKind::Video | SentKind::Upload => 8_543_210_000_001,
            SentKind::Voice => 9_543_210_000_001,
            SentKind::Link | SentKind::Sticker => 9_643_210_000_001,
        };
        let sent = Sent {
            time_ms: 0,
            argv: self.argv.to_vec(),
            kind,
            thread_id: self.thread_id.to_owned(),
            group: self.is_for_group(),
            text: content.text.map(str::to_owned),
            caption: content.caption.map(str::to_owned),
            url: content.url.map(str::to_owned),
            msg_id: 0,
        };
        Ok(self.profile.deliver(first_id, sent)?)
    }
}

/// Whether a text has `@` and this name in it, as words of their own.
fn mentions(text: &str, name: &str) -> bool {
    let mention = format!("@{name}");
    text.match_indices(&mention).any(|(start, _)| {
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        let after = text.get(start + mention.len()..).and_then(|after| after.chars().next());
        before.is_none_or(char::is_whitespace) && after.is_none_or(|next| !next.is_alphanumeric())
    })
}

/// Whether a file or a URL is a picture; one without an ending counts as one, as only its bytes tell.
fn is_picture(source: &str) -> bool {
    let path = source.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.') {
        Some((_, ending)) => PICTURES.iter().any(|picture| picture.eq_ignore_ascii_case(ending)),
        None => true,
    }
}

/// Cuts a text into messages.
fn chunks(text: &str) -> Vec<&str> {
    let mut chunks = Vec::new();
    let mut rest = text;
    loop {
        let mut units = 0;
        let end = rest.char_indices().find(|(_, letter)| {
            units += letter.len_utf16();
            units > CHUNK
        });
        let Some((chunk, tail)) = end.and_then(|(end, _)| rest.split_at_checked(end)) else { break };
        chunks.push(chunk);
        rest = tail;
    }
    chunks.push(rest);
    chunks
}

fn attachments(ids: &[u64]) -> String {
    let list = ids.iter().map(|id| Inspected::Record(vec![("msgId", Inspected::Number(*id))])).collect();
    let output = Inspected::Record(vec![("message", Inspected::Null), ("attachment", Inspected::List(list))]);
    format!("{output}\n")
}

/// Prints ids as Node's `console.table` does.
fn table(ids: &[u64]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
    let width = ids.iter().map(String::len).max().unwrap_or(0).max("msgId".len());
    let (index, line) = ("─".repeat("(index)".len() + 2), "─".repeat(width + 2));
    let rows: String =
        ids.iter().enumerate().map(|(row, id)| format!("│ {row:<7} │ {id:<width$} │\n")).collect();
    format!("┌{index}┬{line}┐\n│ (index) │ {:<width$} │\n├{index}┼{line}┤\n{rows}└{index}┴{line}┘\n", "msgId")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_holds_two_thousand_code_units() {
        assert_eq!(chunks(""), [""]);
        assert_eq!(chunks(&"x".repeat(2000)).len(), 1);
        let wide = format!("x{}", "😀".repeat(1000));
        let lengths: Vec<usize> = chunks(&wide).iter().map(|chunk| chunk.encode_utf16().count()).collect();
        assert_eq!(lengths, [1999, 2], "a surrogate pair stays whole");
    }

    #[test]
    fn a_mention_is_a_word_of_its_own() {
        for (text, expected) in [
            ("hi @Alice", true),
            ("@Alice, hi", true),
            ("@Alicent", false),
            ("me@Alice", false),
            ("Alice", false),
        ] {
            assert_eq!(mentions(text, "Alice"), expected, "{text}");
        }
    }

    #[test]
    fn only_the_ending_tells_a_picture() {
        for (source, expected) in [
            ("/a/b.PNG", true),
            ("https://e.org/a.jpg?size=1.pdf", true),
            ("https://e.org/200", true),
            ("/a.png/b.pdf", false),
            ("film.mp4", false),
        ] {
            assert_eq!(is_picture(source), expected, "{source}");
        }
    }
}
