//! Takes out the words by which an agent says that it has nothing to say.

/// What an agent answers when no answer is wanted.
const TOKENS: [&str; 2] = ["NO_REPLY", "HEARTBEAT_OK"];

/// `text` without the tokens that stand alone at its beginning or its end, marked up or not, and
/// the white space around them. Without such a token it stays as it is.
pub(super) fn without_tokens(text: &str) -> &str {
    let mut rest = text;
    while let Some(before) = without_last(rest.trim_end()) {
        rest = before;
    }
    while let Some(after) = without_first(rest.trim_start()) {
        rest = after;
    }
    rest
}

fn without_last(text: &str) -> Option<&str> {
    let (before, word) = text.rsplit_once(char::is_whitespace).unwrap_or(("", text));
    is_token(word).then(|| before.trim_end())
}

fn without_first(text: &str) -> Option<&str> {
    let (word, after) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    is_token(word).then(|| after.trim_start())
}

fn is_token(word: &str) -> bool {
    TOKENS.contains(&word.trim_matches(['*', '`', '_', '.', '!', '"']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_at_either_end_is_taken_out() {
        for (text, expected) in [
            ("NO_REPLY", ""),
            (" **HEARTBEAT_OK**\n", ""),
            ("`NO_REPLY`. HEARTBEAT_OK NO_REPLY", ""),
            ("All well.\n\nHEARTBEAT_OK", "All well."),
            ("HEARTBEAT_OK\n  All well. ", "All well. "),
        ] {
            assert_eq!(without_tokens(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_token_within_the_text_or_within_a_word_stays() {
        for text in ["say NO_REPLY to it", "NO_REPLYING", " a \n", "no_reply", ""] {
            assert_eq!(without_tokens(text), text);
        }
    }
}
