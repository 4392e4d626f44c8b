//! One line of the log: what it says, and for whom.

use clap::ValueEnum;
use serde_json::{Map, Value};

use crate::decision::one_line;

/// How much an entry matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Level {
    /// For somebody who looks for a fault
    Debug,
    /// For the record
    Info,
    /// Something is probably not as it was meant
    #[value(alias = "warning")]
    Warn,
    /// Something does not work
    Error,
}

/// Which entries are wanted.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// The least that they matter.
    pub(super) level: Level,
    /// The id of the account that they concern, in lower case; none for all of them.
    pub(super) account: Option<String>,
}

impl Filter {
    /// Whether a line is wanted. One that is no entry is wanted by those who want everything.
    pub(super) fn accepts(&self, line: &str) -> bool {
        let everything = self.level == Level::Debug && self.account.is_none();
        everything
            || serde_json::from_str::<Map<String, Value>>(line).is_ok_and(|entry| {
                let level = text(&entry, "level").and_then(|level| Level::from_str(level, true).ok());
                let account = text(&entry, "account").map(str::to_lowercase);
                level.is_some_and(|level| level >= self.level)
                    && (self.account.is_none() || self.account == account)
            })
    }
}

/// An entry for people: time, level, account, message and what else is in it. A line that is no entry
/// is shown as it is. Neither has control characters.
pub(super) fn readable(line: &str) -> String {
    let Ok(mut entry) = serde_json::from_str::<Map<String, Value>>(line) else { return one_line(line) };
    let mut take = |name: &str| match entry.remove(name) {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let (time, level, account, message) =
        (take("timestamp"), take("level"), take("account"), take("message"));
    let mut shown = format!("{} {level:>5}", seconds(&time));
    for text in [account, message].iter().filter(|text| !text.is_empty()) {
        shown.push(' ');
        shown.push_str(text);
    }
    for (name, value) in entry {
        shown.push_str(&format!(" {name}={value}"));
    }
    one_line(&shown)
}

/// A time without the fractions of its second: `2026-11-21T22:01:38Z`.
fn seconds(time: &str) -> String {
    time.parse::<jiff::Timestamp>().map_or_else(
        |_| time.to_owned(),
        |time| {
            format!(
                "{:.0}",
                time.round(
                    jiff::TimestampRound::new().smallest(jiff::Unit::Second).mode(jiff::RoundMode::Trunc)
                )
                .unwrap_or(time)
            )
        },
    )
}

fn text<'a>(entry: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    entry.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_shown_on_one_harmless_line() {
        let line = r#"{"timestamp":"2026-11-21T22:01:38.999999Z","level":"WARN","message":"a\u001b[2J\nb","account":"work","pid":7}"#;
        assert_eq!(readable(line), "2026-11-21T22:01:38Z  WARN work a\u{fffd}[2J⏎b pid=7");
        assert_eq!(readable("\u{9b}2J, no entry"), "\u{fffd}2J, no entry");
        assert_eq!(readable("{}"), "      ");
    }

    #[test]
    fn a_filter_lets_through_what_matters_enough_to_whom_it_concerns() {
        let entry = r#"{"level":"WARN","account":"Work"}"#;
        let cases = [
            (Level::Debug, None, entry, true),
            (Level::Warn, None, entry, true),
            (Level::Error, None, entry, false),
            (Level::Debug, Some("work"), entry, true),
            (Level::Debug, Some("home"), entry, false),
            (Level::Debug, Some("work"), r#"{"level":"ERROR"}"#, false),
            (Level::Debug, None, "no entry", true),
            (Level::Info, None, "no entry", false),
        ];
        for (level, account, line, expected) in cases {
            let filter = Filter { level, account: account.map(str::to_owned) };
            assert_eq!(filter.accepts(line), expected, "{filter:?} {line}");
        }
    }
}
