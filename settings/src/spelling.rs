//! What somebody probably meant.

use strsim::osa_distance;

use crate::lower::lower_case;

/// A longer word is nobody's slip, and comparing takes time by its length.
const WORD_LIMIT: usize = 64;

/// The word of `allowed` that is probably meant by `written`: the nearest one, without regard to
/// case, if at most a third of its letters are wrong, missing, or swapped.
pub fn nearest<'a>(written: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = written.chars().count();
    if length > WORD_LIMIT {
        return None;
    }
    let written = lower_case(written);
    let distances = allowed.into_iter().map(|word| (osa_distance(&written, &lower_case(word)), word));
    distances
        .filter(|(distance, word)| distance * 3 <= length.max(word.chars().count()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_word_is_meant() {
        for (written, meant) in [
            ("opne", Some("open")),
            ("PAIRING", Some("pairing")),
            ("allow_list", Some("allowlist")),
            ("disable", Some("disabled")),
            ("closed", None),
            ("on", None),
            ("", None),
        ] {
            let policies = ["pairing", "allowlist", "open", "disabled"];
            assert_eq!(nearest(written, policies), meant, "{written:?}");
        }
    }

    #[test]
    fn the_first_of_equally_near_words_is_meant() {
        assert_eq!(nearest("home3", ["home1", "home2"]), Some("home1"));
    }

    #[test]
    fn a_word_of_unreasonable_length_is_not_compared() {
        let long = "a".repeat(65);
        assert_eq!(nearest(&long, [long.as_str()]), None);
    }
}
