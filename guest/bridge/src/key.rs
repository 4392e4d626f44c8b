//! Names sends, so that one which is asked for again is not carried out again.

use sha2::{Digest, Sha256};

/// What the sends of one call are called.
#[derive(Clone, Debug)]
pub struct Key {
    gateway: &'static str,
    call: Sha256,
}

impl Key {
    /// For how long the same call means the same messages, in milliseconds: as long as a call may take, so that a
    /// gateway which makes it again sends nothing twice, and somebody who says the same a minute later is heard.
    const SAME_CALL: u64 = 60_000;

    /// That of a call which was made at `now`, in milliseconds since the Unix epoch, with these texts.
    pub fn of_call<'a>(
        gateway: &'static str,
        now: u64,
        texts: impl IntoIterator<Item = Option<&'a str>>,
    ) -> Self {
        let call = Sha256::new_with_prefix((now / Self::SAME_CALL).to_le_bytes());
        Self { gateway, call: texts.into_iter().fold(call, |call, text| with_text(call, text)) }
    }

    /// The key of what is sent in this place of the call.
    pub fn of_place(&self, place: usize) -> String {
        let place = u64::try_from(place).unwrap_or(u64::MAX);
        let call = self.call.clone().chain_update(place.to_le_bytes());
        format!("{}:{:x}", self.gateway, call.finalize())
    }
}

fn with_text(call: Sha256, text: Option<&str>) -> Sha256 {
    let text = text.unwrap_or_default();
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    // With its length, so that no two calls are written alike.
    call.chain_update(length.to_le_bytes()).chain_update(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    fn key(now: u64, texts: &[&str]) -> String {
        Key::of_call("g", now, texts.iter().map(|text| Some(*text))).of_place(0)
    }

    #[test]
    fn the_same_call_in_the_same_minute_has_the_same_key_and_no_other_has() {
        let first = key(7 * MINUTE, &["ab", "c"]);
        assert_eq!(key(8 * MINUTE - 1, &["ab", "c"]), first);
        for other in [key(8 * MINUTE, &["ab", "c"]), key(7 * MINUTE, &["a", "bc"]), key(7 * MINUTE, &["abc"])]
        {
            assert_ne!(other, first);
        }
        let call = Key::of_call("g", 0, [None]);
        assert_ne!(call.of_place(0), call.of_place(1));
    }

    #[test]
    fn a_key_is_short_enough_for_the_bridge() {
        assert!(key(u64::MAX, &["x"; 100]).len() <= 128);
    }
}
