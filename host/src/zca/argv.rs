//! What `zca` is called with for each command.

use super::profile::Profile;
use crate::sandbox::bindings::types::{ChatKind, Command, MediaKind, MediaMessage, Thread};

/// The arguments that make `zca` carry out `command` for `profile`, without the program's own name.
///
/// The profile comes first, then options, then `--` and what is not an option. `zca` reads its options
/// wherever they stand before a `--`, so that without one a text such as `--profile=x` would be obeyed
/// instead of sent. A caption of a kind that takes none is left out.
pub fn argv(profile: &Profile, command: &Command) -> Vec<String> {
    match command {
        Command::SendText(text) => {
            Line::message(profile, "send", &text.thread).positional(&text.thread.id).positional(&text.text)
        }
        Command::SendMedia(media) => media_line(profile, media),
        Command::SendLink(link) => {
            Line::message(profile, "link", &link.thread).positional(&link.thread.id).positional(&link.url)
        }
        Command::ListFriends => Line::new(profile, ["friend", "list"]).option("-j"),
        Command::ListGroups => Line::new(profile, ["group", "list"]).option("-j"),
        Command::ListMembers(group) => {
            Line::new(profile, ["group", "members"]).option("-j").positional(group)
        }
        Command::WhoAmI => Line::new(profile, ["me", "info"]).option("-j"),
        // It knows no `-j`; its exit code is the answer.
        Command::SessionStatus => Line::new(profile, ["auth", "status"]),
    }
    .finish()
}

/// Arguments in the making: options can be added after positionals and still come before them.
struct Line {
    options: Vec<String>,
    positionals: Vec<String>,
}

impl Line {
    fn new(profile: &Profile, subcommand: [&str; 2]) -> Self {
        let [family, verb] = subcommand;
        let options = ["--profile", profile.as_str(), family, verb].map(str::to_owned).into();
        Self { options, positionals: Vec::new() }
    }

    fn message(profile: &Profile, verb: &str, thread: &Thread) -> Self {
        let line = Self::new(profile, ["msg", verb]);
        match thread.kind {
            ChatKind::Direct => line,
            ChatKind::Group => line.option("-g"),
        }
    }

    fn option(mut self, option: impl Into<String>) -> Self {
        self.options.push(option.into());
        self
    }

    fn positional(mut self, positional: impl Into<String>) -> Self {
        self.positionals.push(positional.into());
        self
    }

    fn finish(mut self) -> Vec<String> {
        if !self.positionals.is_empty() {
            self.options.push("--".to_owned());
            self.options.append(&mut self.positionals);
        }
        self.options
    }
}

fn media_line(profile: &Profile, media: &MediaMessage) -> Line {
    let verb = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Voice => "voice",
        MediaKind::File => return upload_line(profile, media),
    };
    let mut line = Line::message(profile, verb, &media.thread);
    if matches!(media.kind, MediaKind::Image | MediaKind::Video) {
        line = caption(line, media.caption.as_deref().unwrap_or_default());
    }
    // What follows `-u` is split at commas; a positional is taken whole, a URL too.
    if is_url(&media.source) && !media.source.contains(',') {
        line.option("-u").option(&media.source).positional(&media.thread.id)
    } else {
        line.positional(&media.thread.id).positional(&media.source)
    }
}

/// `upload` takes a path before the thread, and a URL only behind `-u`, where a comma has to be escaped.
fn upload_line(profile: &Profile, media: &MediaMessage) -> Line {
    let line = Line::message(profile, "upload", &media.thread);
    if is_url(&media.source) {
        line.option("-u").option(media.source.replace(',', "%2C")).positional(&media.thread.id)
    } else {
        line.positional(&media.source).positional(&media.thread.id)
    }
}

/// A caption that begins with a dash is attached to its option: as an argument of its own, `zca` would look
/// there for options of its root command before it gives it to `-m`. The short name is the only one that
/// both programs are known to have, and detached the only form that both are known to take, so the other
/// captions stay detached.
fn caption(line: Line, caption: &str) -> Line {
    if caption.trim().is_empty() {
        line
    } else if caption.starts_with('-') {
        line.option(format!("-m{caption}"))
    } else {
        line.option("-m").option(caption)
    }
}

fn is_url(source: &str) -> bool {
    let scheme = source.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::bindings::types::{LinkMessage, TextMessage};

    fn thread(kind: ChatKind) -> Thread {
        Thread { id: "111".to_owned(), kind }
    }

    fn check(command: &Command, expected: &[&str]) {
        assert_eq!(argv(&Profile::new("work"), command), expected, "{command:?}");
    }

    fn media(chat: ChatKind, kind: MediaKind, source: &str, caption: Option<&str>) -> Command {
        Command::SendMedia(MediaMessage {
            thread: thread(chat),
            kind,
            source: source.to_owned(),
            caption: caption.map(str::to_owned),
        })
    }

    #[test]
    fn a_question_is_asked_for_the_profile() {
        check(&Command::ListFriends, &["--profile", "work", "friend", "list", "-j"]);
        check(&Command::ListGroups, &["--profile", "work", "group", "list", "-j"]);
        check(&Command::WhoAmI, &["--profile", "work", "me", "info", "-j"]);
        check(&Command::SessionStatus, &["--profile", "work", "auth", "status"]);
        check(
            &Command::ListMembers("-5001".to_owned()),
            &["--profile", "work", "group", "members", "-j", "--", "-5001"],
        );
    }

    #[test]
    fn a_text_is_only_a_text() {
        for text in ["hello", "-p", "--profile=x", "- item", "--", "-g", "-5", "a\nb"] {
            let command =
                |kind| Command::SendText(TextMessage { thread: thread(kind), text: text.to_owned() });
            check(&command(ChatKind::Direct), &["--profile", "work", "msg", "send", "--", "111", text]);
            check(&command(ChatKind::Group), &["--profile", "work", "msg", "send", "-g", "--", "111", text]);
        }
    }

    #[test]
    fn a_link_is_positional() {
        let link =
            |kind| Command::SendLink(LinkMessage { thread: thread(kind), url: "https://a/b".to_owned() });
        check(&link(ChatKind::Direct), &["--profile", "work", "msg", "link", "--", "111", "https://a/b"]);
        check(
            &link(ChatKind::Group),
            &["--profile", "work", "msg", "link", "-g", "--", "111", "https://a/b"],
        );
    }

    #[test]
    fn a_source_is_neither_split_nor_taken_for_an_option() {
        use ChatKind::{Direct, Group};
        use MediaKind::{File, Image, Video, Voice};
        let cases: &[(ChatKind, MediaKind, &str, &[&str])] = &[
            (Direct, Image, "https://a/b.png", &["image", "-u", "https://a/b.png", "--", "111"]),
            (Group, Image, "HTTPS://a/b.png", &["image", "-g", "-u", "HTTPS://a/b.png", "--", "111"]),
            (Direct, Image, "https://a/b,c.png", &["image", "--", "111", "https://a/b,c.png"]),
            (Direct, Image, "/srv/a,b.png", &["image", "--", "111", "/srv/a,b.png"]),
            (Group, Video, "/srv/a.mp4", &["video", "-g", "--", "111", "/srv/a.mp4"]),
            (Direct, Video, "http://a/b.mp4", &["video", "-u", "http://a/b.mp4", "--", "111"]),
            (Direct, Voice, "https://a/b.mp3", &["voice", "-u", "https://a/b.mp3", "--", "111"]),
            (Direct, Voice, "/srv/-a.mp3", &["voice", "--", "111", "/srv/-a.mp3"]),
            (Direct, File, "https://a/b.pdf", &["upload", "-u", "https://a/b.pdf", "--", "111"]),
            (Group, File, "https://a/b,c", &["upload", "-g", "-u", "https://a/b%2Cc", "--", "111"]),
            (Group, File, "/srv/a,b.pdf", &["upload", "-g", "--", "/srv/a,b.pdf", "111"]),
        ];
        for (chat, kind, source, tail) in cases {
            let expected = [&["--profile", "work", "msg"], *tail].concat();
            check(&media(*chat, *kind, source, None), &expected);
        }
    }

    #[test]
    fn a_caption_reaches_only_the_kinds_that_take_one() {
        let (url, tail) = ("https://a/b", &["-u", "https://a/b", "--", "111"][..]);
        let cases: &[(MediaKind, &str, &[&str])] = &[
            (MediaKind::Image, "two words", &["image", "-m", "two words"]),
            (MediaKind::Video, "two words", &["video", "-m", "two words"]),
            (MediaKind::Image, "--profile=x", &["image", "-m--profile=x"]),
            (MediaKind::Image, "-p", &["image", "-m-p"]),
            (MediaKind::Image, "--", &["image", "-m--"]),
            (MediaKind::Image, " ", &["image"]),
            (MediaKind::Voice, "words", &["voice"]),
            (MediaKind::File, "words", &["upload"]),
        ];
        for (kind, caption, middle) in cases {
            let expected = [&["--profile", "work", "msg"], *middle, tail].concat();
            check(&media(ChatKind::Direct, *kind, url, Some(caption)), &expected);
        }
    }
}
