//! The host's readers of what `zca` prints: receipts, reasons, the account, the session, what it supports.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zalouser::sandbox::bindings::types::{
    ChatKind, Command, ExitStatus, MediaKind, MediaMessage, Outcome, TextMessage, Thread,
};
use zalouser::zca::identity::Identity;
use zalouser::zca::probe::Support;
use zalouser::zca::receipt::{SendError, delivered, outcome, reason};
use zalouser::zca::session::Session;

fuzz_target!(|data: &[u8]| {
    let Some((status, stdout, stderr)) = zalouser_fuzz::outputs(data) else { return };
    let status = match status % 4 {
        0 => ExitStatus::Exited(0),
        1 => ExitStatus::Exited(1),
        2 => ExitStatus::TimedOut,
        _ => ExitStatus::Exited(137),
    };
    let printed = Outcome { status, stdout: stdout.to_owned(), stderr: stderr.to_owned(), delivered: None };
    let thread = Thread { id: "111".to_owned(), kind: ChatKind::Direct };
    let text = Command::SendText(TextMessage { thread: thread.clone(), text: "hi".to_owned() });
    let source = "https://example.invalid/a.jpg".to_owned();
    let media = Command::SendMedia(MediaMessage { thread, kind: MediaKind::Image, source, caption: None });
    for command in [text, media] {
        let sent = delivered(&command, &printed);
        match &sent {
            Ok(receipt) => {
                assert_eq!(printed.status, ExitStatus::Exited(0));
                let ids = &receipt.message_ids;
                assert!(ids.iter().all(|id| stdout.contains(id.as_str()) && id.len() <= 64), "{ids:?}");
                assert!((1..ids.len()).all(|index| !ids[index..].contains(&ids[index - 1])), "{ids:?}");
            }
            Err(SendError::NothingSent) => assert!(stdout.trim().is_empty()),
            Err(_) => assert_ne!(printed.status, ExitStatus::Exited(0)),
        }
        assert_eq!(outcome(sent.clone()).delivered.is_some(), sent.is_ok());
    }
    let why = reason(&printed);
    assert!(!why.is_empty() && why.len() <= 400 && !why.contains(|c: char| c.is_control()), "{why:?}");
    if let Ok(identity) = Identity::of(&printed) {
        let shown = identity.to_string();
        assert!(!identity.user_id.is_empty() && !shown.contains(|c: char| c.is_control()), "{shown:?}");
    }
    assert_eq!(Session::of(&printed) == Session::Holds, printed.status == ExitStatus::Exited(0));
    if let Some(version) = Support::of(&printed, &printed).and_then(|support| support.version) {
        assert!(version.len() <= 64 && !version.contains(|c: char| c.is_control()), "{version:?}");
    }
});
