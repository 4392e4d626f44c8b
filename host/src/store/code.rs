//! Pairing codes.

use rand::seq::IndexedRandom;

/// How many characters a code has; OpenClaw's number.
const LENGTH: usize = 8;

/// OpenClaw's alphabet: without 0, O, 1 and I, which people confuse.
const ALPHABET: [char; 32] = [
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', '2', '3', '4', '5', '6', '7', '8', '9',
];

/// Draws a code from a cryptographic generator, so that nobody can foretell a code and have an owner approve it
/// for somebody else.
pub(super) fn random() -> String {
    let mut rng = rand::rng();
    std::iter::repeat_with(|| ALPHABET.choose(&mut rng)).flatten().take(LENGTH).collect()
}

/// How a person's spelling of a code is compared: without spaces around it, in capitals.
pub(super) fn canonical(typed: &str) -> String {
    typed.trim().to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_eight_characters_that_cannot_be_confused() {
        for code in std::iter::repeat_with(random).take(1_000) {
            assert_eq!(code.len(), 8, "{code}");
            let fits = |c: char| "ABCDEFGHJKLMNPQRSTUVWXYZ23456789".contains(c);
            assert!(code.chars().all(fits), "{code}");
        }
    }
}
