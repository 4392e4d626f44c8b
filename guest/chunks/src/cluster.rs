//! Finds what a reader takes for one character: Unicode's extended grapheme clusters.
//!
//! The crate `unicode-segmentation` would do; but its table names every Korean syllable, which can be told by
//! counting, and is a twentieth of the guest, which has a limit. The tests hold this against it.

use super::cluster_table::ROWS;

/// What matters of a character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Class {
    #[default]
    Other,
    CarriageReturn,
    LineFeed,
    Control,
    /// It belongs to what is before it, and does not end an Indic conjunct.
    Extend,
    /// The same, but that it ends one.
    ExtendAndPart,
    /// The same, and it makes a conjunct of the consonants on both sides of it.
    Link,
    Joiner,
    Pictograph,
    Consonant,
    /// A letter, or syllable, of Korean: leading, vowel, trailing, or a syllable without or with a trailing one.
    Leading,
    Vowel,
    Trailing,
    OpenSyllable,
    ClosedSyllable,
    Prepend,
    Flag,
    Spacing,
}

use Class::*;

impl Class {
    /// The classes in the table, by their numbers there.
    pub(super) const LISTED: [Self; 13] = [
        Control,
        Extend,
        ExtendAndPart,
        Link,
        Joiner,
        Pictograph,
        Consonant,
        Leading,
        Vowel,
        Trailing,
        Prepend,
        Flag,
        Spacing,
    ];

    fn of(char: char) -> Self {
        match char {
            '\r' => return CarriageReturn,
            '\n' => return LineFeed,
            ' '..='~' => return Other,
            '\u{ac00}'..='\u{d7a3}' if (u32::from(char) - 0xac00).is_multiple_of(28) => return OpenSyllable,
            '\u{ac00}'..='\u{d7a3}' => return ClosedSyllable,
            _ => {}
        }
        let code = u32::from(char);
        let after = ROWS.partition_point(|row| row >> 11 <= code);
        let row = after.checked_sub(1).and_then(|place| ROWS.get(place));
        let row = row.filter(|row| code - (**row >> 11) <= (**row >> 4 & 0x7f));
        let listed = row.and_then(|row| usize::try_from(row & 0xf).ok());
        listed.and_then(|place| Self::LISTED.get(place)).copied().unwrap_or_default()
    }
}

/// Where in `text` its clusters begin, in bytes.
pub(super) fn starts(text: &str) -> impl Iterator<Item = usize> {
    let mut before: Option<Before> = None;
    text.char_indices().filter_map(move |(at, char)| {
        let class = Class::of(char);
        let parted = before.is_none_or(|before| before.is_parted_from(class));
        before = Some(before.unwrap_or_default().followed_by(class));
        parted.then_some(at)
    })
}

/// What matters of the text before a character.
#[derive(Clone, Copy, Default)]
struct Before {
    last: Class,
    conjunct: Chain,
    pictograph: Chain,
    /// Whether it ends in an odd number of flags' letters.
    is_half_flag: bool,
}

/// How far something is that may go on over several characters.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Chain {
    #[default]
    None,
    Begun,
    /// Another one, if it comes next, belongs to it.
    Linked,
}

impl Before {
    /// Whether a character of the class `next` begins a cluster after it; the numbers are those of Unicode's
    /// rules.
    fn is_parted_from(self, next: Class) -> bool {
        let belongs = match (self.last, next) {
            // 3 to 5.
            (CarriageReturn, LineFeed) => true,
            (Control | CarriageReturn | LineFeed, _) | (_, Control | CarriageReturn | LineFeed) => false,
            // 6 to 8.
            (Leading, Leading | Vowel | OpenSyllable | ClosedSyllable)
            | (OpenSyllable | Vowel, Vowel | Trailing)
            | (ClosedSyllable | Trailing, Trailing) => true,
            // 9 to 9b.
            (_, Extend | ExtendAndPart | Link | Joiner | Spacing) | (Prepend, _) => true,
            // 9c to 13.
            (_, Consonant) => self.conjunct == Chain::Linked,
            (Joiner, Pictograph) => self.pictograph == Chain::Linked,
            (Flag, Flag) => self.is_half_flag,
            _ => false,
        };
        !belongs
    }

    fn followed_by(self, next: Class) -> Self {
        let conjunct = match next {
            Consonant => Chain::Begun,
            Link if self.conjunct != Chain::None => Chain::Linked,
            Extend | Joiner => self.conjunct,
            _ => Chain::None,
        };
        let pictograph = match (next, self.pictograph) {
            (Pictograph, _) => Chain::Begun,
            (Extend | ExtendAndPart | Link, Chain::Begun) => Chain::Begun,
            (Joiner, Chain::Begun) => Chain::Linked,
            _ => Chain::None,
        };
        let is_half_flag = next == Flag && !self.is_half_flag;
        Self { last: next, conjunct, pictograph, is_half_flag }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;

    /// One character of each class.
    const EACH: &str =
        "a\r\n\u{7f}\u{300}\u{200c}\u{94d}\u{200d}😀क\u{1100}\u{1161}\u{11a8}가각\u{600}🇻\u{903}";

    #[track_caller]
    fn check(text: &str) {
        let expected: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
        assert_eq!(starts(text).collect::<Vec<_>>(), expected, "{text:?}");
    }

    #[test]
    fn every_character_is_of_its_class() {
        // In the planes between, nothing is assigned.
        for char in ('\0'..='\u{3ffff}').chain('\u{e0000}'..='\u{e1000}') {
            for (before, after) in [
                ("a", "a"),
                ("क\u{94d}", "\u{94d}क"),
                ("क", "क"),
                ("😀\u{200d}", "\u{200d}😀"),
                ("😀", "\u{200d}😀"),
                ("\u{1100}", "\u{1161}"),
                ("\u{1161}", "\u{11a8}"),
                ("\u{11a8}", "\u{1100}"),
                ("🇻", "🇻"),
            ] {
                check(&format!("{before}{char}{after}"));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn any_text_is_parted_as_unicode_says(
            chars in prop::collection::vec(prop::sample::select(EACH.chars().collect::<Vec<_>>()), 0..12),
        ) {
            check(&chars.into_iter().collect::<String>());
        }
    }
}
