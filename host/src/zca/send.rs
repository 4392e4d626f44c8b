//! One message on its way to Zalo, with the detours that two known refusals ask for.

use super::profile::Profile;
use super::program::Zca;
use super::receipt::{Receipt, SendError, delivered, outcome};
use crate::sandbox::bindings::types::{ChatKind, Command, MediaKind, MediaMessage, Outcome, TextMessage};

/// How openzca begins to refuse a group text that mentions a name which several members have. It does so
/// before it sends anything.
const AMBIGUOUS_MENTION: &str = "Ambiguous mention";

/// How openzca begins to refuse to send a video while a listener runs for the profile.
const LISTENER_RUNS: &str = "Active listener owner detected";

/// Whether `command` is one of those that send.
pub fn sends(command: &Command) -> bool {
    matches!(command, Command::SendText(_) | Command::SendMedia(_) | Command::SendLink(_))
}

/// Carries out any command and tells what became of it.
pub async fn carry_out(zca: &Zca, profile: &Profile, command: &Command) -> Outcome {
    if sends(command) { outcome(send(zca, profile, command).await) } else { zca.call(profile, command).await }
}

/// Carries out `command`, one of those that send.
///
/// A group text with an ambiguous mention is tried once more with its mentions taken apart. A video that
/// cannot be sent beside the running listener goes through that listener as a file, and its caption follows
/// as a text.
///
/// # Errors
///
/// When it was not sent, not wholly sent, or nobody knows.
pub async fn send(zca: &Zca, profile: &Profile, command: &Command) -> Result<Receipt, SendError> {
    match command {
        Command::SendText(text) => send_text(zca, profile, text).await,
        Command::SendMedia(media) if media.kind == MediaKind::Video => send_video(zca, profile, media).await,
        _ => attempt(zca, profile, command).await,
    }
}

async fn attempt(zca: &Zca, profile: &Profile, command: &Command) -> Result<Receipt, SendError> {
    delivered(command, &zca.call(profile, command).await)
}

async fn send_text(zca: &Zca, profile: &Profile, text: &TextMessage) -> Result<Receipt, SendError> {
    match attempt(zca, profile, &Command::SendText(text.clone())).await {
        Err(error) if text.thread.kind == ChatKind::Group && refused(&error, AMBIGUOUS_MENTION) => {
            let text = TextMessage { text: without_mentions(&text.text), ..text.clone() };
            attempt(zca, profile, &Command::SendText(text)).await
        }
        result => result,
    }
}

async fn send_video(zca: &Zca, profile: &Profile, video: &MediaMessage) -> Result<Receipt, SendError> {
    match attempt(zca, profile, &Command::SendMedia(video.clone())).await {
        Err(error) if refused(&error, LISTENER_RUNS) => {}
        result => return result,
    }
    let file = MediaMessage { kind: MediaKind::File, caption: None, ..video.clone() };
    let mut sent = attempt(zca, profile, &Command::SendMedia(file)).await?;
    if let Some(caption) = video.caption.as_ref().filter(|caption| !caption.trim().is_empty()) {
        let text = TextMessage { thread: video.thread.clone(), text: caption.clone() };
        match send_text(zca, profile, &text).await {
            Ok(receipt) => sent.message_ids.extend(receipt.message_ids),
            Err(cause) => return Err(SendError::CaptionLost { sent, cause: Box::new(cause) }),
        }
    }
    Ok(sent)
}

fn refused(error: &SendError, beginning: &str) -> bool {
    matches!(error, SendError::Failed { reason, .. } if reason.starts_with(beginning))
}

/// `text` with an invisible word joiner behind every `@` that may begin a mention. Inside a word or a path,
/// as in an address, it cannot. A text of full length grows past what one message holds; openzca then sends
/// two.
fn without_mentions(text: &str) -> String {
    let mut broken = String::with_capacity(text.len());
    let mut previous = ' ';
    for character in text.chars() {
        broken.push(character);
        if character == '@' && !previous.is_alphanumeric() && previous != '/' {
            broken.push('\u{2060}');
        }
        previous = character;
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::super::fake::script;
    use super::*;
    use crate::sandbox::bindings::types::Thread;

    fn group() -> Thread {
        Thread { id: "5001".to_owned(), kind: ChatKind::Group }
    }

    fn text(text: &str) -> Command {
        Command::SendText(TextMessage { thread: group(), text: text.to_owned() })
    }

    fn video(caption: &str) -> Command {
        Command::SendMedia(MediaMessage {
            thread: group(),
            kind: MediaKind::Video,
            source: "/srv/a.mp4".to_owned(),
            caption: Some(caption.to_owned()),
        })
    }

    async fn sent(body: &str, command: &Command) -> Result<Vec<String>, SendError> {
        send(&script(body), &Profile::new("work"), command).await.map(|receipt| receipt.message_ids)
    }

    /// Refuses a text with the mention `@Alice`, and takes any other.
    const TWO_ALICES: &str = r#"
        case "$*" in
            *@Alice*) echo 'Error: Ambiguous mention "@Alice": matched multiple group members.' >&2; exit 1 ;;
            *) echo "{ message: { msgId: 7 }, attachment: [] }" ;;
        esac"#;

    #[test]
    fn only_what_may_be_a_mention_is_taken_apart() {
        let cases = [
            ("@Alice and **@Bob**", "@\u{2060}Alice and **@\u{2060}Bob**"),
            ("a@b.vn https://a/@b", "a@b.vn https://a/@b"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_mentions(text), expected);
        }
    }

    #[tokio::test]
    async fn an_ambiguous_mention_is_sent_as_plain_words() {
        assert_eq!(sent(TWO_ALICES, &text("hi @Alice")).await, Ok(vec!["7".to_owned()]));
    }

    #[tokio::test]
    async fn a_second_refusal_is_final() {
        let always = "echo 'Error: Ambiguous mention \"@x\"' >&2; exit 1";
        let reason = "Ambiguous mention \"@x\"".to_owned();
        assert_eq!(sent(always, &text("@x")).await, Err(SendError::Failed { code: 1, reason }));
    }

    #[tokio::test]
    async fn a_video_goes_through_the_running_listener() {
        let body = r#"
            case "$4" in
                video) echo 'Error: Active listener owner detected for profile "work" (pid 9)' >&2; exit 1 ;;
                upload) echo "{ message: null, attachment: [ { msgId: 8 } ] }" ;;
                send) [ "$8" = "- caption" ] && echo "{ message: { msgId: 9 } }" ;;
            esac"#;
        assert_eq!(sent(body, &video("- caption")).await, Ok(vec!["8".to_owned(), "9".to_owned()]));
    }

    #[tokio::test]
    async fn a_caption_that_was_lost_leaves_the_video_sent() {
        let body = r#"
            case "$4" in
                video) echo 'Error: Active listener owner detected' >&2; exit 1 ;;
                upload) echo "{ msgId: 8 }" ;;
                send) echo 'Error: no' >&2; exit 1 ;;
            esac"#;
        let lost = SendError::CaptionLost {
            sent: Receipt { message_ids: vec!["8".to_owned()] },
            cause: Box::new(SendError::Failed { code: 1, reason: "no".to_owned() }),
        };
        assert_eq!(sent(body, &video("caption")).await, Err(lost));
    }
}
