//! Tells whether a message speaks to the account, and takes the account's mention out of its text.

use std::borrow::Cow;
use std::iter;
use std::ops::Range;
use std::str::CharIndices;

use regex_lite::{Regex, RegexBuilder};
use zalouser_settings::lower_case_of;

use super::details::{Details, Mention};
use crate::sorted::sorted;

/// What of a text speaks to the account, besides a mention.
#[derive(Debug)]
pub(crate) struct Patterns(Vec<Regex>);

impl Patterns {
    /// Compiles `patterns`; one that is not valid is left out.
    pub(crate) fn new(patterns: &[String]) -> Self {
        let compile =
            |pattern: &String| RegexBuilder::new(&lower(pattern)).case_insensitive(true).build().ok();
        Self(patterns.iter().filter_map(compile).collect())
    }

    fn find_in(&self, text: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let text = lower(text);
        self.0.iter().any(|pattern| pattern.is_match(&text))
    }
}

/// Whether a message with this text speaks to the account: it mentions it, answers it, or fits one of `patterns`.
pub(crate) fn speaks_to(
    text: &str,
    details: &Details<'_>,
    own_id: Option<&str>,
    patterns: &Patterns,
) -> bool {
    let mentions = |own_id: &str| details.mentions.iter().any(|mention| mention.user_id == own_id);
    let answers = |own_id: &str| details.quoted_id.as_deref() == Some(own_id);
    own_id.is_some_and(|own_id| mentions(own_id) || answers(own_id)) || patterns.find_in(text)
}

/// `text` without those of its `mentions` that are of the account, and none if there are none. Where
/// one was, white space on both sides of it becomes that on its left.
pub(crate) fn without_own(text: &str, mentions: &[Mention<'_>], own_id: &str) -> Option<String> {
    let spans = own_spans(text, mentions, own_id);
    if spans.is_empty() {
        return None;
    }
    let ends = spans.iter().map(|span| span.end);
    let starts = spans.iter().map(|span| span.start);
    let mut kept = String::with_capacity(text.len());
    for (start, end) in iter::once(0).chain(ends).zip(starts.chain([text.len()])) {
        let piece = text.get(start..end).unwrap_or_default();
        let joins = kept.ends_with(char::is_whitespace);
        kept.push_str(if joins { piece.trim_start() } else { piece });
    }
    Some(kept)
}

/// Where in `text` the account is mentioned, in bytes. A mention that overlaps another one, lies
/// outside of the text or says that something else stands there is left alone.
fn own_spans(text: &str, mentions: &[Mention<'_>], own_id: &str) -> Vec<Range<usize>> {
    let own = mentions.iter().filter(|mention| mention.user_id == own_id);
    let spans = sorted(own.filter_map(|mention| Some((mention.span?, mention.text.as_deref()))).collect());
    let mut cursor = Cursor { chars: text.char_indices(), units: 0, byte: 0 };
    let bytes = spans.into_iter().filter_map(|((start, end), expected)| {
        let span = cursor.seek(start)?..cursor.seek(end)?;
        let found = text.get(span.clone())?;
        (!found.is_empty() && expected.is_none_or(|expected| expected == found)).then_some(span)
    });
    bytes.collect()
}

/// Walks a text once, forwards.
struct Cursor<'a> {
    chars: CharIndices<'a>,
    /// How many UTF-16 code units lie behind.
    units: u64,
    /// How many bytes lie behind.
    byte: usize,
}

impl Cursor<'_> {
    /// Where the UTF-16 code unit `target` begins; none for one that lies behind, after the end, or
    /// within a character.
    fn seek(&mut self, target: u64) -> Option<usize> {
        while self.units < target {
            let (_, char) = self.chars.next()?;
            self.units += if char.len_utf16() == 2 { 2 } else { 1 };
            self.byte = self.chars.offset();
        }
        (self.units == target).then_some(self.byte)
    }
}

/// `text` with letters outside of ASCII in lower case, as the patterns know no other case than
/// ASCII's. ASCII is left alone: in a pattern, `\S` and `\s` differ.
fn lower(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    let mut lower = String::with_capacity(text.len());
    for char in text.chars() {
        lower.push(if char.is_ascii() { char } else { lower_case_of(char) });
    }
    lower.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command_body(text: &str, mentions: &[(u64, u64, Option<&'static str>)]) -> Option<String> {
        let mentions = mentions.iter().map(|(start, len, text)| Mention {
            user_id: "999".into(),
            span: Some((*start, start + len)),
            text: text.map(Into::into),
        });
        let body = without_own(text, &mentions.collect::<Vec<_>>(), "999");
        body.map(|body| body.trim().to_owned())
    }

    #[test]
    fn the_own_mention_is_cut_with_one_of_the_spaces_around_it() {
        for (text, mentions, body) in [
            ("@Bot /new", &[(0, 4, None)][..], "/new"),
            ("😀 @Bot hi", &[(3, 4, Some("@Bot"))], "😀 hi"),
            ("hi @Bot, you", &[(3, 4, None)], "hi , you"),
            ("@Bot @Bot hi", &[(5, 4, None), (0, 4, None)], "hi"),
            ("a @Bot", &[(2, 4, None)], "a"),
        ] {
            assert_eq!(command_body(text, mentions).as_deref(), Some(body), "{text}");
        }
    }

    #[test]
    fn a_mention_that_does_not_fit_the_text_cuts_nothing() {
        for mention in
            [(1, 4, Some("@Bot")), (0, 99, None), (1, 2, None), (9, 0, None), (u64::MAX - 1, 1, None)]
        {
            assert_eq!(command_body("😀@Bot hi", &[mention]), None, "{mention:?}");
        }
    }

    #[test]
    fn patterns_know_no_case_in_vietnamese_either() {
        let patterns = Patterns::new(&["trợ LÝ".into(), "(".into(), r"^\S+\s!".into()]);
        assert!(patterns.find_in("ơi TRỢ lý"));
        assert!(patterns.find_in("Ấy !"));
        assert!(!patterns.find_in("trở lý"));
    }
}
