//! The reader of listen events: any line comes to at most a few effects, which are fit to be shown, and to
//! the same ones whether its sender is heard for the first time or again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zalouser_fuzz::{account, check};
use zalouser_logic::effect::{DropReport, Effect};
use zalouser_logic::inbound::Monitor;

fuzz_target!(|data: &[u8]| {
    let line: Vec<u8> = data.iter().copied().filter(|byte| *byte != b'\n').chain([b'\n']).collect();
    let mut monitor = Monitor::new(account(), Vec::new());
    let first = monitor.push(&line, 0, DropReport::Origin);
    first.iter().for_each(check);
    let decisions = first.iter().filter(|effect| !matches!(effect, Effect::Log(_))).count();
    assert!(decisions <= 1, "{first:?}");
    assert_eq!(monitor.push(b"\n", 0, DropReport::Origin), [], "the line has an end");
    // A line that follows is none the worse for it.
    let plain =
        br#"{"threadId":"111","msgId":"plain","content":"hi","metadata":{"isGroup":false,"fromId":"111"}}"#;
    let next = monitor.push(&[&plain[..], b"\n"].concat(), 0, DropReport::Origin);
    let delivered =
        next.iter().any(|effect| matches!(effect, Effect::Deliver(message) if message.raw_body == "hi"));
    // Unless the line may say, in whatever way, that 111 is the account itself, or that this is nothing new.
    let has = |part: &[u8]| line.windows(part.len()).any(|it| it == part);
    assert!(delivered || [&b"111"[..], b"plain", b"\\"].into_iter().any(has), "{next:?}");
});
