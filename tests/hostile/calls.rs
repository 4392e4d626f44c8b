//! What one call may cost.

use std::time::Duration;

use zalouser::sandbox::bindings::inbound::{DropReport, Effect};
use zalouser::sandbox::bindings::outbound::Reply;
use zalouser::sandbox::bindings::types::{ChatKind, Thread};
use zalouser::sandbox::{Error, Limit, Limits, Sandbox};

use super::{HOSTILE, NAME, NOW, account, guest, line};
use crate::component::built_for_wasi;
use crate::setting::compiled;

/// What an attack in `monitor.push` comes to.
async fn pushed(attack: &str) -> Result<Vec<Effect>, Error> {
    let (mut guest, monitor) = guest(&HOSTILE).await;
    let result =
        guest.push(monitor, line(&format!("attack:{attack}")).as_bytes(), NOW, DropReport::Origin).await;
    if result.is_err() {
        let again = guest.push(monitor, line("hello").as_bytes(), NOW, DropReport::Origin).await;
        assert!(again.is_err(), "{attack}: a guest that failed is not called again");
    }
    result
}

#[tokio::test]
async fn a_call_that_goes_beyond_a_limit_ends_there_and_says_which_it_was() {
    for (attack, expected) in [
        ("spin", Limit::Time),
        ("allocate", Limit::Time),
        ("memory", Limit::Memory),
        ("million", Limit::Memory),
        ("recursion", Limit::Stack),
        ("handles", Limit::Handles),
        ("text", Limit::Returned),
        ("effects", Limit::Effects),
    ] {
        let error = pushed(attack).await.expect_err(attack);
        assert_eq!(error.limit(), Some(expected), "{attack}: {error}");
        let told = error.to_string();
        for part in [NAME, &expected.to_string(), "monitor.push"] {
            assert!(told.contains(part), "{attack}: {part} is missing in: {told}");
        }
    }
}

#[tokio::test]
async fn a_call_that_traps_ends_there() {
    for (attack, reason) in [
        ("trap", "unreachable"),
        // The part of its memory that it keeps for this is full before the host's stack is.
        ("frames", "out of bounds"),
        ("exit", "exit code 1"),
        ("ill-formed", "utf-8"),
    ] {
        let error = pushed(attack).await.expect_err(attack);
        assert_eq!(error.limit(), None, "{attack}: {error}");
        assert!(error.to_string().contains(reason), "{attack}: {error}");
    }
}

#[tokio::test]
async fn a_guest_that_lets_its_host_wait_is_given_up() {
    // Long enough for calls that do not wait, on a busy machine too.
    let limits = Limits { call_deadline: Duration::from_secs(2), ..Limits::default() };
    let sandbox = Sandbox::new(limits, Some(&compiled())).unwrap();
    let component = sandbox.load(&built_for_wasi("zalouser-hostile")).unwrap();
    let (mut guest, monitor) = guest(&component).await;
    let error =
        guest.push(monitor, line("attack:sleep").as_bytes(), NOW, DropReport::Origin).await.unwrap_err();
    assert_eq!(error.limit(), Some(Limit::Deadline), "{error}");
}

#[tokio::test]
async fn what_a_call_may_hand_over_is_counted_anew_each_time() {
    let (mut guest, monitor) = guest(&HOSTILE).await;
    let long = "x".repeat(1 << 20);
    // 8 MiB are the limit of one call.
    for call in 0..20 {
        let pushed = guest.push(monitor, line(&long).as_bytes(), NOW, DropReport::Origin).await;
        assert!(pushed.is_ok(), "call {call}: {pushed:?}");
    }
}

#[tokio::test]
async fn a_plan_is_bounded_like_a_decision() {
    let format = account("a").await.replies;
    for (attack, expected) in [
        ("spin", Some(Limit::Time)),
        ("sends", Some(Limit::Effects)),
        // Refused before they are read: read they would take some 20 MB.
        ("million", Some(Limit::Returned)),
        ("trap", None),
    ] {
        let (mut guest, _) = guest(&HOSTILE).await;
        let thread = Thread { id: "111".to_owned(), kind: ChatKind::Direct };
        let text = format!("attack:{attack}");
        let reply = Reply { thread, text, media: Vec::new(), model: None };
        let error = guest.plan(&format, &reply).await.expect_err(attack);
        assert_eq!(error.limit(), expected, "{attack}: {error}");
        assert!(error.to_string().contains("outbound.plan"), "{error}");
    }
}
