//! Reads what a command printed: JSON, which may have other lines and colours around it, or why it
//! failed.

use std::borrow::Cow;

use crate::command::{ExitStatus, Outcome};
use crate::label::excerpt;

/// After this many lines that look like the beginning of JSON and are not, the search ends, so that
/// it takes linear time on whatever was printed.
const ATTEMPTS: usize = 16;

/// The longest reason for a failure that is repeated, in bytes.
const REASON_LIMIT: usize = 500;

/// What a command printed, or in one line why it failed.
pub(crate) fn answer(outcome: &Outcome) -> Result<&str, String> {
    let why = match &outcome.status {
        ExitStatus::Exited(0) => return Ok(&outcome.stdout),
        ExitStatus::Exited(code) => format!("it exited with {code}"),
        ExitStatus::TimedOut => "it took too long".into(),
        ExitStatus::NotStarted(why) | ExitStatus::Refused(why) => why.clone(),
    };
    let complaint = without_colours(&outcome.stderr);
    Err(excerpt(reason(&complaint).unwrap_or(&why), REASON_LIMIT))
}

/// What the first line of `complaint` says that calls itself an error, else its last line. Before an
/// error there may be warnings, and behind it help on how to call the command.
fn reason(complaint: &str) -> Option<&str> {
    let lines = || complaint.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines().find_map(|line| {
        let (word, text) = line.split_once(':')?;
        (word.eq_ignore_ascii_case("error") && !text.trim().is_empty()).then(|| text.trim())
    });
    error.or_else(|| lines().next_back())
}

/// What `parse` makes of the JSON in `printed`: of the part from a line that begins with a brace or a
/// bracket to the end, the first for which it makes anything.
pub(crate) fn json_in<T>(printed: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    let plain = without_colours(printed);
    let mut begin = 0;
    let lines = plain.split_inclusive('\n').map(|line| {
        let line_begin = begin;
        begin += line.len();
        (line_begin, line.trim_start())
    });
    let beginnings = lines.filter(|(_, line)| line.starts_with(['{', '['])).take(ATTEMPTS);
    beginnings
        .map(|(begin, _)| begin)
        .collect::<Vec<_>>()
        .into_iter()
        .find_map(|begin| parse(plain.get(begin..)?))
}

/// `text` without the escape sequences that colour a terminal.
fn without_colours(text: &str) -> Cow<'_, str> {
    let mut parts = text.split("\x1b[");
    let Some(first) = parts.next().filter(|first| first.len() < text.len()) else { return text.into() };
    let mut plain = first.to_owned();
    for part in parts {
        let after = part.find(|char| matches!(char, '\x40'..='\x7e')).and_then(|end| part.get(end + 1..));
        plain.push_str(after.unwrap_or_default());
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number_in(printed: &str) -> Option<u32> {
        json_in(printed, |json| serde_json::from_str::<[u32; 1]>(json).ok().map(|[number]| number))
    }

    #[test]
    fn json_is_found_behind_banners_and_within_colours() {
        for printed in ["[7]\n", "Logging in\n[warn] slow\n  [7]", "\x1b[32m[\x1b[1;33m7\x1b[0m]\n"] {
            assert_eq!(number_in(printed), Some(7), "{printed:?}");
        }
    }

    #[test]
    fn what_is_not_json_to_the_end_is_not_found() {
        for printed in ["", "7", "[7]\nbye", "a [7]"] {
            assert_eq!(number_in(printed), None, "{printed:?}");
        }
    }
}
