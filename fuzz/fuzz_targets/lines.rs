//! The line framer: where the listener's output is cut changes nothing, and a line is a line whoever is
//! before it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zalouser_fuzz::{account, check, inflate};
use zalouser_logic::effect::{DropReport, Effect};
use zalouser_logic::inbound::Monitor;

/// The longest line that is read, by the WIT package.
const LINE_LIMIT: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((&size, rest)) = data.split_first() else { return };
    let stream = inflate(rest);
    let whole = effects([stream.as_slice()]);
    whole.iter().for_each(check);
    // Pieces of a few bytes only where that does not take for ever.
    let size = if stream.len() > 64 << 10 { (usize::from(size) + 1) << 10 } else { usize::from(size) + 1 };
    assert_eq!(whole, effects(stream.chunks(size)), "cut at every {size} bytes");
    // In lines that are no longer than they may be, the stream is the sum of its lines.
    let lines: Vec<_> = stream.split(|byte| *byte == b'\n').collect();
    let long = lines.iter().filter(|line| line.len() > LINE_LIMIT).count();
    let told = whole.iter().filter(|effect| is_too_long(effect)).count();
    assert_eq!(long, told, "lines that are too long");
});

fn effects<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Effect> {
    let mut monitor = Monitor::new(account(), Vec::new());
    let mut effects: Vec<_> =
        pieces.into_iter().flat_map(|piece| monitor.push(piece, 0, DropReport::Origin)).collect();
    effects.extend(monitor.push(b"\n", 0, DropReport::Origin));
    effects
}

fn is_too_long(effect: &Effect) -> bool {
    use zalouser_logic::effect::DropReason::LineTooLong;
    matches!(effect, Effect::Drop(dropped) if dropped.reason == LineTooLong)
}
