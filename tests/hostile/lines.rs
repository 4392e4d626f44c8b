//! What becomes of the lines over which guests fail, and of those that follow.

use zalouser::sandbox::{Incident, Limit, Pushed};

use super::{HOSTILE, NAME, NOW, line, monitor, texts};

/// What went wrong, each in one word, with what was run out of.
fn incidents(pushed: &Pushed) -> Vec<(&'static str, Option<Limit>)> {
    let word = |incident: &Incident| match incident {
        Incident::Recovered(_) => "recovered",
        Incident::GivenUp { tries: 3, .. } => "given up",
        Incident::GivenUp { .. } => "given up after another number of tries",
        Incident::Confined { .. } => "confined",
        Incident::Overflow { .. } => "overflow",
    };
    pushed.incidents.iter().map(|incident| (word(incident), incident.limit())).collect()
}

fn dead_letters(pushed: &Pushed) -> Vec<&[u8]> {
    pushed.incidents.iter().flat_map(Incident::dead_letters).map(Vec::as_slice).collect()
}

#[tokio::test]
async fn a_poisonous_message_is_given_up_after_three_tries_and_the_next_has_a_fresh_guest() {
    for (attack, limit) in [
        ("trap", None),
        ("exit", None),
        ("ill-formed", None),
        ("spin", Some(Limit::Time)),
        ("allocate", Some(Limit::Time)),
        ("memory", Some(Limit::Memory)),
        ("recursion", Some(Limit::Stack)),
        ("text", Some(Limit::Returned)),
        ("effects", Some(Limit::Effects)),
        ("messages", Some(Limit::Messages)),
        ("acts", Some(Limit::Messages)),
    ] {
        let mut monitor = monitor(&HOSTILE, "work").await;
        let pushed = monitor.push((line("a") + &line("b")).as_bytes(), NOW).await;
        assert_eq!(texts(&pushed.effects), ["1: a", "2: b"], "{attack}");

        let poison = line(&format!("attack:{attack}"));
        let pushed = monitor.push(poison.as_bytes(), NOW).await;
        assert!(pushed.effects.is_empty(), "{attack}: {pushed:?}");
        assert_eq!(incidents(&pushed), [("given up", limit)], "{attack}: one line in the log");
        assert_eq!(dead_letters(&pushed), [poison.as_bytes()], "{attack}");
        let told = pushed.incidents[0].to_string();
        assert!(told.contains(NAME) && !told.contains('\n'), "{attack}: {told}");

        let pushed = monitor.push(line("c").as_bytes(), NOW).await;
        assert_eq!(texts(&pushed.effects), ["1: c"], "{attack}: the guest is a fresh one");
        assert!(pushed.incidents.is_empty(), "{attack}: {pushed:?}");
    }
}

#[tokio::test]
async fn what_arrives_together_with_a_poisonous_message_is_judged() {
    let mut monitor = monitor(&HOSTILE, "work").await;
    let poison = line("attack:trap");
    let (beginning, end) = poison.split_at(20);
    let pushed = monitor.push((line("a") + beginning).as_bytes(), NOW).await;
    assert_eq!(texts(&pushed.effects), ["1: a"]);
    let pushed = monitor.push((end.to_owned() + &line("b") + "{\"content\":\"in two").as_bytes(), NOW).await;
    assert_eq!(texts(&pushed.effects), ["1: b"]);
    assert_eq!(dead_letters(&pushed), [poison.as_bytes()]);
    let pushed = monitor.push(b" parts\"}\n", NOW).await;
    assert_eq!(texts(&pushed.effects), ["2: in two parts"]);
}

#[tokio::test]
async fn a_component_that_fails_over_three_messages_is_left_alone_and_what_arrives_is_kept() {
    let mut monitor = monitor(&HOSTILE, "work").await;
    let poison = line("attack:trap");
    let pushed = monitor.push((poison.repeat(3) + &line("after")).as_bytes(), NOW).await;
    let given_up = ("given up", None);
    assert_eq!(incidents(&pushed), [given_up, given_up, given_up, ("confined", None)]);
    assert_eq!(texts(&pushed.effects), Vec::<&str>::new(), "what follows has to wait");
    let until = monitor.confined_until().expect("it is left alone");

    let pushed = monitor.push(line("later").as_bytes(), NOW).await;
    assert!(pushed.effects.is_empty() && pushed.incidents.is_empty(), "{pushed:?}");
    tokio::time::sleep_until(until.into()).await;
    let pushed = monitor.resume(NOW).await;
    assert_eq!(texts(&pushed.effects), ["1: after", "2: later"]);
    assert_eq!(monitor.confined_until(), None);
}

#[tokio::test]
async fn what_does_not_fit_while_a_component_is_left_alone_is_a_dead_letter() {
    let mut monitor = monitor(&HOSTILE, "attack:every-line").await;
    monitor.push(line("x").repeat(3).as_bytes(), NOW).await;
    assert!(monitor.confined_until().is_some());
    // 4 MiB are kept.
    let long = line(&"x".repeat(700_000));
    let mut lost = Vec::new();
    for _ in 0..7 {
        let pushed = monitor.push(long.as_bytes(), NOW).await;
        lost.extend(dead_letters(&pushed).iter().map(|line| line.len()));
    }
    assert_eq!(lost, [long.len(); 2], "five of that length fit");
}

#[tokio::test]
async fn a_guest_that_fails_over_the_paired_senders_costs_no_message() {
    let mut monitor = monitor(&HOSTILE, "work").await;
    let pushed = monitor.set_paired(vec!["attack:trap".to_owned()]).await;
    assert_eq!(incidents(&pushed), [("recovered", None)]);
    // No guest can be made that knows them.
    let pushed = monitor.push(line("a").as_bytes(), NOW).await;
    assert_eq!((texts(&pushed.effects), incidents(&pushed)), (vec![], vec![("confined", None)]));
    assert_eq!(dead_letters(&pushed), Vec::<&[u8]>::new());
    let until = monitor.confined_until().expect("it is left alone");
    monitor.set_paired(Vec::new()).await;
    tokio::time::sleep_until(until.into()).await;
    assert_eq!(texts(&monitor.resume(NOW).await.effects), ["1: a"]);
}

#[tokio::test]
async fn a_line_without_an_end_is_tried_when_the_listener_ends() {
    let mut monitor = monitor(&HOSTILE, "attack:every-line").await;
    let half = b"{\"content\":\"half";
    let pushed = monitor.push(half, NOW).await;
    assert_eq!(incidents(&pushed), [("recovered", None)], "nothing is given up yet");
    let pushed = monitor.finish(NOW).await;
    assert_eq!(dead_letters(&pushed), [[half.as_slice(), b"\n"].concat()]);
}
