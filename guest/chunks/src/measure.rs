//! Measures text in UTF-16 code units and finds where it may be cut.

use super::cluster;

/// How many UTF-16 code units begin with this byte of UTF-8: the first of a character counts, and that of a surrogate
/// pair counts twice.
pub(super) fn units_at(byte: u8) -> usize {
    usize::from(byte & 0xC0 != 0x80) + usize::from(byte >= 0xF0)
}

/// How many UTF-16 code units `text` takes.
pub(super) fn units(text: &str) -> usize {
    text.bytes().map(units_at).sum()
}

/// The position that is `room` UTF-16 code units after `from`, or the last one before that which
/// is not inside a character; at most the end of `text`.
pub(super) fn advance(text: &str, from: usize, room: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    if rest.len() <= room {
        return text.len();
    }
    if rest.as_bytes().get(..room).is_some_and(<[u8]>::is_ascii) {
        return from + room;
    }
    let mut used = 0;
    let over = rest.bytes().position(|byte| {
        used += units_at(byte);
        used > room
    });
    over.map_or(text.len(), |at| from + at)
}

/// The last position up to `at` that is not inside a grapheme cluster; `from`, which must not be
/// inside one either, if there is none after it.
pub(super) fn cluster_floor(text: &str, from: usize, at: usize) -> usize {
    if is_plain_boundary(text, at) {
        return at;
    }
    // A cluster is told from its beginning only, so look from the nearest certain one.
    let mut known = at;
    while known > from && !is_plain_boundary(text, known) {
        known -= 1;
    }
    // Whether `at` is a boundary depends on the character after it, and on none further on.
    let after = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let span = text.get(known..at + after).unwrap_or_default();
    let starts = cluster::starts(span).map(|offset| known + offset);
    starts.take_while(|start| *start <= at).last().unwrap_or(known)
}

/// Whether the white space character at `at` is a grapheme cluster of its own.
pub(super) fn stands_alone(text: &str, at: usize) -> bool {
    let (before, rest) = text.split_at_checked(at).unwrap_or_default();
    let mut chars = rest.chars();
    let len = chars.next().map_or(0, char::len_utf8);
    let ahead = chars.next().map_or(0, char::len_utf8);
    let behind = before.chars().next_back().map_or(0, char::len_utf8);
    is_boundary(text, at - behind, at, at + len) && is_boundary(text, at, at + len, at + len + ahead)
}

/// Whether there is a boundary at `at` between the character from `from` and the one up to `to`.
fn is_boundary(text: &str, from: usize, at: usize, to: usize) -> bool {
    let pair = text.get(from..to).unwrap_or_default();
    is_plain_boundary(text, at) || cluster::starts(pair).any(|start| start == at - from)
}

/// Whether `at` lies between two ASCII characters that do not belong together, or at an end.
fn is_plain_boundary(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    match (at.checked_sub(1).and_then(|before| bytes.get(before)), bytes.get(at)) {
        (Some(before), Some(after)) => {
            before.is_ascii() && after.is_ascii() && (*before, *after) != (b'\r', b'\n')
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;

    #[test]
    fn a_surrogate_pair_counts_as_two_and_is_not_entered() {
        assert_eq!(units("a😀"), 3);
        assert_eq!(advance("a😀b", 0, 2), 1);
        assert_eq!(advance("a😀b", 0, 3), 5);
    }

    #[test]
    fn the_floor_is_never_inside_a_cluster() {
        for text in ["ab", "a\r\nb", "e\u{301}x", "🇻🇳🇻🇳🇻🇳", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "क्षि क्षि"]
        {
            let starts: Vec<_> = text.grapheme_indices(true).map(|(at, _)| at).collect();
            for (at, _) in text.char_indices() {
                let expected = starts.iter().rfind(|start| **start <= at);
                assert_eq!(Some(&cluster_floor(text, 0, at)), expected, "{text:?} at {at}");
            }
        }
    }

    #[test]
    fn white_space_with_a_mark_does_not_stand_alone() {
        assert!(stands_alone("é ñ", 2));
        assert!(!stands_alone("a \u{301}b", 1));
        assert!(!stands_alone("\u{600} b", 2));
    }
}
