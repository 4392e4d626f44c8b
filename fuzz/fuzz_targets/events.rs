//! The reader of listen events: any line comes to at most a few effects, which are fit to be shown, and to
//! the same ones whether its sender is heard for the first time or again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zalouser_fuzz::{account, check};
use zalouser_logic::effect::Effect;
use zalouser_logic::inbound::Monitor;

fuzz_target!(|data: &[u8]| {
    let line: Vec<u8> = data.iter().copied().filter(|byte| *byte != b'\n').chain([b'\n']).collect();
    let mut monitor = Monitor::new(account(), Vec::new());
    let first = monitor.push(&line, 0);
    first.iter().for_each(check);
    let decisions = first.iter().filter(|effect| !matches!(effect, Effect::Log(_))).count();
    assert!(decisions <= 1, "{first:?}");
    assert_eq!(monitor.finish(0), [], "the line has an end");
    // A line that follows is none the worse for it.
    let plain =
        br#"{"threadId":"111","msgId":"plain","content":"hi","metadata":{"isGroup":false,"fromId":"111"}}"#;
    let next = monitor.push(&[&plain[..], b"\n"].concat(), 0);
    let delivered =
        next.iter().any(|effect| matches!(effect, Effect::Deliver(message) if message.raw_body == "hi"));
    assert!(delivered || own(&first) || line.windows(5).any(|window| window == b"plain"), "{next:?}");
});

/// Whether the line told the account that 111 is itself.
fn own(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Deliver(_) | Effect::Pair(_) | Effect::Drop(_)))
}
