//! What a send came to: the ids of the messages, or why there are none.

use std::collections::BTreeSet;

use thiserror::Error;

use super::plain::plain;
use crate::sandbox::bindings::types::{Command, ExitStatus, Outcome};

/// The most of `zca`'s own words that an error repeats, in bytes.
const REASON_MAX: usize = 400;

/// The longest id that is believed to be one. Zalo's have up to 20 digits.
const ID_MAX: usize = 64;

/// What was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Zalo's ids of the messages, in the order in which they were sent. Empty when `zca` did not say:
    /// the closed zca-cli need not.
    pub message_ids: Vec<String>,
}

/// Why something was not sent, or perhaps not.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// `zca` never ran; the text says why. Nothing was sent.
    #[error("{0}")]
    NotStarted(String),
    /// `zca` took too long and was stopped. Nobody knows whether it had sent by then, so sending again may
    /// send twice.
    #[error("zca took too long and was stopped: whether the message arrived is unknown")]
    TimedOut,
    /// `zca` refused or failed. Nothing was sent.
    #[error("zca failed with exit code {code}: {reason}")]
    Failed {
        /// Its exit code, or 128 and the number of the signal that ended it.
        code: i32,
        /// What it said, as one line.
        reason: String,
    },
    /// `zca` ended as if all were well and printed nothing. It does so for a file that is not what its kind
    /// says, and then has sent nothing.
    #[error("zca sent nothing and did not say why: the file may not be of the kind that it was sent as")]
    NothingSent,
    /// A video had to be sent without its caption, and the caption after it was not sent.
    #[error("the video was sent but its caption was not: {cause}")]
    CaptionLost {
        /// What was sent.
        sent: Receipt,
        /// What became of the caption.
        cause: Box<SendError>,
    },
}

/// Reads from its outcome whether `command`, one of those that send, did send.
///
/// # Errors
///
/// When it did not, and when that is unknown.
pub fn delivered(command: &Command, outcome: &Outcome) -> Result<Receipt, SendError> {
    match &outcome.status {
        ExitStatus::Exited(0) => {
            if matches!(command, Command::SendMedia(_)) && outcome.stdout.trim().is_empty() {
                return Err(SendError::NothingSent);
            }
            Ok(Receipt { message_ids: message_ids(&outcome.stdout) })
        }
        ExitStatus::Exited(code) => Err(SendError::Failed { code: *code, reason: reason(outcome) }),
        ExitStatus::TimedOut => Err(SendError::TimedOut),
        ExitStatus::NotStarted(reason) | ExitStatus::Refused(reason) => {
            Err(SendError::NotStarted(reason.clone()))
        }
    }
}

/// What became of a command that sends, as a guest is told it.
pub fn outcome(sent: Result<Receipt, SendError>) -> Outcome {
    let (status, stderr) = match &sent {
        // A guest takes what delivered nothing for a failure, whatever its exit code.
        Ok(_) | Err(SendError::NothingSent) => (ExitStatus::Exited(0), String::new()),
        Err(SendError::NotStarted(reason)) => (ExitStatus::NotStarted(reason.clone()), String::new()),
        Err(SendError::TimedOut) => (ExitStatus::TimedOut, String::new()),
        Err(SendError::Failed { code, reason }) => (ExitStatus::Exited(*code), reason.clone()),
        Err(error @ SendError::CaptionLost { cause, .. }) => match **cause {
            SendError::TimedOut => (ExitStatus::TimedOut, error.to_string()),
            _ => (ExitStatus::Exited(1), error.to_string()),
        },
    };
    let delivered = match sent {
        Ok(receipt) | Err(SendError::CaptionLost { sent: receipt, .. }) => Some(receipt.message_ids),
        Err(_) => None,
    };
    Outcome { status, stdout: String::new(), stderr, delivered }
}

/// Why a command failed, as one line without escapes.
///
/// Of what it said, an error is a line that says so; what may follow it is help on how to call `zca`, and what
/// precedes it are warnings.
pub fn reason(outcome: &Outcome) -> String {
    match &outcome.status {
        ExitStatus::TimedOut => return "zca did not answer in time".to_owned(),
        ExitStatus::NotStarted(reason) | ExitStatus::Refused(reason) => return reason.clone(),
        ExitStatus::Exited(_) => {}
    }
    for text in [&outcome.stderr, &outcome.stdout] {
        let mut found = None;
        let mut is_error = false;
        for line in text.lines().map(|line| plain(line, REASON_MAX)).filter(|line| !line.is_empty()) {
            match error_text(&line) {
                Some(error) => (found, is_error) = (Some(error.to_owned()), true),
                None if !is_error => found = Some(line),
                None => {}
            }
        }
        if let Some(reason) = found {
            return reason;
        }
    }
    "it did not say why".to_owned()
}

fn error_text(line: &str) -> Option<&str> {
    let (word, text) = line.split_once(':')?;
    let text = text.trim();
    (word.eq_ignore_ascii_case("error") && !text.is_empty()).then_some(text)
}

/// The ids in what a send printed, each once.
///
/// openzca prints objects in JavaScript's notation or as a table, both with `msgId`; zca-cli a sentence with
/// `message id`, or the bare id. A text that was sent in several parts names the last part's id first and
/// then all of them in order, hence the last place of each counts.
fn message_ids(stdout: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut column = None;
    let mut before = ("", "");
    for line in stdout.lines() {
        if line.contains(CELL_BORDER) {
            let mut cells = line.split(CELL_BORDER).map(|cell| cell.trim().trim_matches(['\'', '"']));
            match column {
                None => column = cells.position(|cell| cell == "msgId"),
                Some(column) => ids.extend(cells.nth(column).filter(|cell| is_id(cell))),
            }
            continue;
        }
        for word in line.split(|character| !is_id_character(character)).filter(|word| !word.is_empty()) {
            if announces_id(before) && is_id(word) {
                ids.push(word);
            }
            before = (before.1, word);
        }
    }
    let whole = stdout.trim();
    if ids.is_empty() && is_id(whole) {
        ids.push(whole);
    }
    let mut seen = BTreeSet::new();
    let mut ids: Vec<String> =
        ids.into_iter().rev().filter(|id| seen.insert(*id)).map(str::to_owned).collect();
    ids.reverse();
    ids
}

/// What openzca's tables have between two cells.
const CELL_BORDER: char = '│';

fn announces_id((first, second): (&str, &str)) -> bool {
    let is = |word: &str, name: &str| word.eq_ignore_ascii_case(name);
    ["msgId", "messageId", "message_id"].iter().any(|name| is(second, name))
        || (is(first, "message") && is(second, "id"))
}

/// Words that stand where an id might, such as `null` or `sent`, have no digit.
fn is_id(word: &str) -> bool {
    word.len() <= ID_MAX
        && word.chars().all(is_id_character)
        && word.contains(|digit: char| digit.is_ascii_digit())
}

fn is_id_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::bindings::types::{ChatKind, MediaKind, MediaMessage, TextMessage, Thread};

    fn outcome(code: i32, stdout: &str, stderr: &str) -> Outcome {
        let status = ExitStatus::Exited(code);
        Outcome { status, stdout: stdout.to_owned(), stderr: stderr.to_owned(), delivered: None }
    }

    fn thread() -> Thread {
        Thread { id: "111".to_owned(), kind: ChatKind::Direct }
    }

    fn text() -> Command {
        Command::SendText(TextMessage { thread: thread(), text: "x".to_owned() })
    }

    fn image() -> Command {
        let source = "/srv/b.pdf".to_owned();
        Command::SendMedia(MediaMessage { thread: thread(), kind: MediaKind::Image, source, caption: None })
    }

    #[test]
    fn ids_are_read_from_every_style_of_output() {
        let chunked = "{\n  chunked: true,\n  chunkCount: 2,\n  msgId: '7543210000002',\n  response: [\n    \
                       { message: { msgId: 7543210000001 }, attachment: [] },\n    \
                       { message: { msgId: 7543210000002 }, attachment: [] }\n  ]\n}\n";
        let table = "┌─────────┬─────────────────┐\n│ (index) │ msgId           │\n\
                     ├─────────┼─────────────────┤\n│ 0       │ '9543210000001' │\n│ 1       │ 9543210000002   │\n\
                     └─────────┴─────────────────┘\n";
        let cases: &[(&str, &[&str])] = &[
            ("{ message: { msgId: 7543210000001 }, attachment: [] }\n", &["7543210000001"]),
            ("{ message: null, attachment: [ { msgId: 8543210000001 } ] }\n", &["8543210000001"]),
            ("{ msgId: '9643210000001' }\n", &["9643210000001"]),
            ("{\n  \"msgId\": \"12\",\n  \"cliMsgId\": \"13\"\n}", &["12"]),
            (chunked, &["7543210000001", "7543210000002"]),
            (table, &["9543210000001", "9543210000002"]),
            ("Sent. Message ID: abc-12\n", &["abc-12"]),
            ("message_id 12", &["12"]),
            ("7543210000001\n", &["7543210000001"]),
            ("{ message: { msgId: null }, attachment: [] }", &[]),
            ("{ status: 0 }", &[]),
            ("Sent\n", &[]),
            ("", &[]),
        ];
        for (stdout, expected) in cases {
            let receipt = delivered(&text(), &outcome(0, stdout, "")).expect("exit code 0");
            assert_eq!(receipt.message_ids, *expected, "{stdout:?}");
        }
    }

    #[test]
    fn media_without_a_receipt_was_not_sent() {
        assert_eq!(delivered(&image(), &outcome(0, " \n", "")), Err(SendError::NothingSent));
        assert_eq!(delivered(&text(), &outcome(0, "", "")), Ok(Receipt::default()));
    }

    #[test]
    fn what_was_stopped_may_have_sent() {
        let outcome = Outcome { status: ExitStatus::TimedOut, ..outcome(0, "{ msgId: 1 }", "") };
        assert_eq!(delivered(&text(), &outcome), Err(SendError::TimedOut));
    }

    #[test]
    fn a_guest_is_told_what_arrived() {
        let receipt = || Receipt { message_ids: vec!["8".to_owned()] };
        let failed = || SendError::Failed { code: 2, reason: "no".to_owned() };
        let ids = || Some(vec!["8".to_owned()]);
        for (sent, status, delivered, told) in [
            (Ok(receipt()), ExitStatus::Exited(0), ids(), ""),
            (Ok(Receipt::default()), ExitStatus::Exited(0), Some(Vec::new()), ""),
            (Err(SendError::NothingSent), ExitStatus::Exited(0), None, ""),
            (Err(SendError::TimedOut), ExitStatus::TimedOut, None, ""),
            (Err(failed()), ExitStatus::Exited(2), None, "no"),
            (
                Err(SendError::CaptionLost { sent: receipt(), cause: Box::new(failed()) }),
                ExitStatus::Exited(1),
                ids(),
                "its caption was not",
            ),
        ] {
            let found = super::outcome(sent.clone());
            assert_eq!((&found.status, &found.delivered), (&status, &delivered), "{sent:?}");
            assert!(found.stderr.contains(told), "{found:?}");
        }
    }

    #[test]
    fn a_reason_is_the_line_that_says_it() {
        let cases = [
            ("", "Error: Đăng nhập thất bại\n", "Đăng nhập thất bại"),
            ("", "error: unknown option '-x'\n\nUsage: zca msg send\n", "unknown option '-x'"),
            ("", "Warning: slow\n\u{1b}[31mError: fetch failed\u{1b}[0m\n\n", "fetch failed"),
            ("", "at a\nat b\n\n", "at b"),
            ("{ ok: false }\n", " \n", "{ ok: false }"),
            ("", "", "it did not say why"),
        ];
        for (stdout, stderr, reason) in cases {
            let error = SendError::Failed { code: 1, reason: reason.to_owned() };
            assert_eq!(delivered(&text(), &outcome(1, stdout, stderr)), Err(error), "{stderr:?}");
        }
    }

    #[test]
    fn what_did_not_end_by_itself_is_its_own_reason() {
        let reason_of = |status| reason(&Outcome { status, ..outcome(0, "", "Warning: slow") });
        assert_eq!(reason_of(ExitStatus::TimedOut), "zca did not answer in time");
        assert_eq!(reason_of(ExitStatus::NotStarted("no zca".to_owned())), "no zca");
    }

    #[test]
    fn a_reason_is_bounded() {
        assert_eq!(reason(&outcome(1, "", &"x".repeat(REASON_MAX + 1))).len(), REASON_MAX);
    }
}
