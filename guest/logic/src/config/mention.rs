//! The patterns that tell whether a message speaks to the account.

use regex_lite::{Regex, RegexBuilder};

/// The most bytes that a compiled pattern may take. A pattern of a few names takes a few hundred;
/// one such as `(\w{100}){100}` would slow down every message.
const SIZE_LIMIT: usize = 64 * 1_024;

/// Compiles a pattern of `messages.groupChat.mentionPatterns`, to be matched anywhere in a text
/// without regard to the case of its ASCII letters. Every pattern in a loaded account compiles.
///
/// # Errors
///
/// It is not a regular expression, uses what takes more than linear time, as look-around and
/// back-references do, or takes more than 64 KiB.
pub fn mention_pattern(pattern: &str) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).size_limit(SIZE_LIMIT).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_anywhere_without_regard_to_case() {
        let pattern = mention_pattern(r"@?\bbot\b").unwrap();
        for (text, matches) in [("hey @Bot!", true), ("BOT", true), ("robot", false)] {
            assert_eq!(pattern.is_match(text), matches, "{text:?}");
        }
    }

    #[test]
    fn a_pattern_that_is_invalid_or_too_large_is_refused() {
        for pattern in ["(", r"(?=bot)", r"(bot)\1", r"(\w{100}){100}"] {
            assert!(mention_pattern(pattern).is_err(), "{pattern:?}");
        }
    }
}
