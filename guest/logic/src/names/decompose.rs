//! Takes letters and their accents apart, as Unicode's normalization form D does.
//!
//! The crate `icu_normalizer` would do; but it is made for other forms, too, and is 56 kB of the guest,
//! which has a limit. The test holds the table against it, character by character.

use super::table::{FAR, IDEOGRAPHS, MARKS, MORE_IDEOGRAPHS, NEAR};
use crate::sorted::sorted;

/// Below it, no character decomposes or is a mark.
const FIRST: char = '\u{c0}';

const HANGUL: u32 = 0xac00;
const HANGUL_COUNT: u32 = 11_172;

/// `text` with every character decomposed, and the marks on each in the order of their classes.
pub(super) fn decompose(text: &str) -> String {
    let mut decomposed = Decomposed { text: String::with_capacity(text.len()), marks: Vec::new() };
    for char in text.chars() {
        decomposed.push(char);
    }
    decomposed.place_marks();
    decomposed.text
}

struct Decomposed {
    text: String,
    /// The marks on the last character, each with its class and its place among them.
    marks: Vec<(u8, usize, char)>,
}

impl Decomposed {
    /// Adds `char`, or what it stands for. No character stands for more than four.
    fn push(&mut self, char: char) {
        if let Some((first, second)) = step(char) {
            self.push(first);
            if let Some(second) = second {
                self.push(second);
            }
            return;
        }
        match class(char) {
            0 => {
                self.place_marks();
                self.text.push(char);
            }
            class => self.marks.push((class, self.marks.len(), char)),
        }
    }

    fn place_marks(&mut self) {
        if self.marks.len() > 1 {
            self.marks = sorted(std::mem::take(&mut self.marks));
        }
        self.text.extend(self.marks.drain(..).map(|(_, _, char)| char));
    }
}

/// The one or two characters that `char` stands for, if it stands for others.
fn step(char: char) -> Option<(char, Option<char>)> {
    if char < FIRST {
        return None;
    }
    let code = u32::from(char);
    let decoded = |first: u32, second: u32| {
        Some((char::from_u32(first)?, char::from_u32(second).filter(|second| *second != '\0')))
    };
    let ideograph = |from: u32, ideographs: &str| {
        let place = usize::try_from(code - from).ok()?;
        ideographs
            .chars()
            .nth(place)
            .filter(|ideograph| *ideograph != char)
            .map(|ideograph| (ideograph, None))
    };
    match code {
        HANGUL..=0xd7a3 => syllable(code - HANGUL).and_then(|(first, second)| decoded(first, second)),
        0xf900..=0xfad9 => ideograph(0xf900, IDEOGRAPHS),
        0x2_f800..=0x2_fa1d => ideograph(0x2_f800, MORE_IDEOGRAPHS),
        0x1_0000.. => {
            let place = FAR.binary_search_by_key(&code, |[known, ..]| *known).ok()?;
            FAR.get(place).and_then(|[_, first, second]| decoded(*first, *second))
        }
        _ => {
            let place = NEAR.binary_search_by_key(&code, |[known, ..]| u32::from(*known)).ok()?;
            NEAR.get(place).and_then(|[_, first, second]| decoded(u32::from(*first), u32::from(*second)))
        }
    }
}

/// A Korean syllable is two letters, or a syllable of two and a third letter.
fn syllable(index: u32) -> Option<(u32, u32)> {
    if index >= HANGUL_COUNT {
        return None;
    }
    Some(match index % 28 {
        0 => (0x1100 + index / 588, 0x1161 + index % 588 / 28),
        last => (HANGUL + index - last, 0x11a7 + last),
    })
}

/// The combining class of a mark; 0 of what starts a character of its own.
fn class(char: char) -> u8 {
    if char < FIRST {
        return 0;
    }
    let code = u32::from(char);
    let after = MARKS.partition_point(|marks| marks >> 11 <= code);
    let marks = after.checked_sub(1).and_then(|place| MARKS.get(place));
    let covers = |marks: &&u32| code - (**marks >> 11) <= (**marks >> 8 & 7);
    let class = marks.filter(covers).map_or(0, |marks| marks & 0xff);
    u8::try_from(class).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use icu_normalizer::DecomposingNormalizerBorrowed;
    use proptest::prelude::*;

    use super::*;

    fn expected(text: &str) -> String {
        DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned()
    }

    #[test]
    fn every_character_is_decomposed_and_placed_as_unicode_says() {
        for char in '\0'..=char::MAX {
            // Marks of a lower and of a higher class than any letter's, on both sides.
            for text in [format!("{char}"), format!("a\u{345}\u{315}{char}\u{334}\u{316}b")] {
                assert_eq!(decompose(&text), expected(&text), "{char:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_decomposed_as_unicode_says(text in "[\u{41}-\u{44}\u{c0}-\u{e0}\u{300}-\u{370}\u{1e00}-\u{1ef9}]*") {
            prop_assert_eq!(decompose(&text), expected(&text));
        }
    }

    #[test]
    fn any_number_of_marks_takes_time_in_proportion() {
        let marks = "\u{345}\u{301}\u{323}\u{334}".repeat(100_000);
        assert_eq!(decompose(&marks), expected(&marks));
    }
}
