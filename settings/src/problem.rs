//! Something wrong with a document.

use std::fmt;

use serde_json::Value;

use crate::shown::{escaped, json};
use crate::spelling::nearest;

/// The most characters of a value that a problem shows.
const FOUND_LIMIT: usize = 80;

/// Something wrong with a document, or with one value or key in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is, as `channels.zalouser.dmPolicy`; empty when the document as a whole is meant.
    pub path: String,
    /// The value found there, as JSON, cut to 80 characters; none when no value is to blame, as
    /// for a key that is unknown.
    pub found: Option<String>,
    /// What is wrong, without the path and the value: a sentence's end, in lower case.
    pub problem: String,
    /// What is allowed there: values or keys, of which some may be the document's own; what a terminal
    /// obeys is escaped. Empty when that is not a list.
    pub allowed: Vec<String>,
    /// The member of `allowed` that was probably meant.
    pub suggestion: Option<String>,
}

impl Problem {
    /// A problem with what stands, or does not stand, at `path`. `problem` ends a sentence that
    /// begins with the path or the value.
    pub fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            found: None,
            problem: problem.into(),
            allowed: Vec::new(),
            suggestion: None,
        }
    }

    /// The same, blaming `value`.
    #[must_use]
    pub fn found(mut self, value: &Value) -> Self {
        self.found = Some(cut(json(value)));
        self
    }

    /// The same, saying what is allowed, and which of it somebody who wrote `written` probably
    /// meant.
    #[must_use]
    pub fn allowing<'a>(mut self, allowed: impl IntoIterator<Item = &'a str>, written: &str) -> Self {
        self.allowed = allowed.into_iter().map(escaped).collect();
        self.suggestion = nearest(written, self.allowed.iter().map(String::as_str)).map(str::to_owned);
        self
    }
}

impl fmt::Display for Problem {
    /// One line, as `channels.zalouser.dmPolicy: "opne" is not a policy; allowed: pairing,
    /// allowlist, open, disabled; did you mean "open"?`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.path.is_empty() { "the file" } else { &self.path })?;
        if let Some(found) = &self.found {
            write!(f, ": {found}")?;
        }
        write!(f, " {}", self.problem)?;
        if !self.allowed.is_empty() {
            write!(f, "; allowed: {}", self.allowed.join(", "))?;
        }
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean {suggestion:?}?")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// Ends a text that is too long with an ellipsis.
fn cut(mut text: String) -> String {
    if text.chars().nth(FOUND_LIMIT).is_some() {
        let end = text.char_indices().nth(FOUND_LIMIT - 1).map_or(0, |(at, _)| at);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_is_one_line() {
        let policies = ["pairing", "allowlist", "open", "disabled"];
        for (problem, line) in [
            (
                Problem::new("channels.zalouser.dmPolicy", "is not a policy")
                    .found(&json!("opne"))
                    .allowing(policies, "opne"),
                "channels.zalouser.dmPolicy: \"opne\" is not a policy; \
                 allowed: pairing, allowlist, open, disabled; did you mean \"open\"?",
            ),
            (
                Problem::new("a.b", "is not a known key").allowing(["colour"], "b"),
                "a.b is not a known key; allowed: colour",
            ),
            (Problem::new("a.b", "is missing"), "a.b is missing"),
            (Problem::new("", "is not an object").found(&json!([])), "the file: [] is not an object"),
            (Problem::new("a", "is not a number").found(&json!("x\ny")), "a: \"x\\ny\" is not a number"),
            (
                Problem::new("a", "is none").allowing(["w#\0\n"], "work"),
                "a is none; allowed: w#\\u0000\\u000a",
            ),
        ] {
            assert_eq!(problem.to_string(), line);
        }
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let found = |length: usize| Problem::new("", "").found(&json!("ọ".repeat(length))).found.unwrap();
        assert_eq!(found(78), format!("\"{}\"", "ọ".repeat(78)), "80 characters with its quotes");
        assert_eq!(found(79), format!("\"{}…", "ọ".repeat(78)), "80 characters with its ellipsis");
    }
}
