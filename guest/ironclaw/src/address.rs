//! Where the bridge is.
//!
//! A tool gets no settings from IronClaw, so its address is part of it: `zalouser plugins export` writes it over the
//! blanks in [`SLOT`]. The manifest names the same address, and IronClaw lets the tool reach no other.

use std::hint::black_box;

/// What the slot begins with. The exporter finds it in the component by that, so it occurs once.
const MARK: &str = "zalouser-bridge-address:";

/// The mark, and blanks for an address.
static SLOT: [u8; 256] = slot();

const fn slot() -> [u8; 256] {
    let mut slot = [b' '; 256];
    let mark = MARK.as_bytes();
    let mut at = 0;
    while at < mark.len() {
        slot[at] = mark[at];
        at += 1;
    }
    slot
}

/// The address of the bridge, such as `https://zalo.example.org`, without a slash at its end. None in a component that
/// was not exported.
pub(crate) fn bridge() -> Option<&'static str> {
    // What is in the file, not what the compiler knows to be in the source.
    let slot = std::str::from_utf8(black_box(&SLOT)).ok()?;
    let address = slot.get(MARK.len()..)?.trim();
    Some(address).filter(|address| !address.is_empty())
}
