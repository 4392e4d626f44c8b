use std::cell::RefCell;
use std::collections::VecDeque;

use serde_json::Value;
use zalouser_logic::command::{ChatKind, Thread};

use super::*;
use crate::{Happened, Kind, ListenerState, Unreached};

/// Answers what it was told to, and keeps what it was asked.
struct Scripted {
    answers: RefCell<VecDeque<Result<Answer, Unreached>>>,
    asked: RefCell<Vec<(Method, String, Value)>>,
}

impl Transport for Scripted {
    fn address(&self) -> &str {
        "http://127.0.0.1:8787"
    }

    fn exchange(&self, method: Method, path: &str, body: Option<&[u8]>) -> Result<Answer, Unreached> {
        let body = body.map(|body| serde_json::from_slice(body).unwrap()).unwrap_or_default();
        self.asked.borrow_mut().push((method, path.to_owned(), body));
        self.answers.borrow_mut().pop_front().unwrap()
    }
}

fn bridge(answers: impl IntoIterator<Item = Result<Answer, Unreached>>) -> Bridge<Scripted> {
    Bridge(Scripted { answers: RefCell::new(answers.into_iter().collect()), asked: RefCell::default() })
}

fn answer(status: u16, body: &Value) -> Result<Answer, Unreached> {
    Ok(Answer { status, body: body.to_string().into_bytes() })
}

fn delivered() -> Result<Answer, Unreached> {
    let done = json!({ "status": "exited", "code": 0, "stdout": "", "stderr": "", "delivered": ["1"] });
    answer(200, &done)
}

fn gone(sent: bool) -> Result<Answer, Unreached> {
    Err(Unreached { kind: Kind::Unavailable, why: "gone".to_owned(), hint: None, sent })
}

fn texts(count: usize) -> Vec<Command> {
    let thread = Thread { id: "111".to_owned(), kind: ChatKind::Direct };
    (0..count).map(|at| Command::SendText { thread: thread.clone(), text: at.to_string() }).collect()
}

fn statuses(outcomes: &[Outcome]) -> Vec<ExitStatus> {
    outcomes.iter().map(|outcome| outcome.status.clone()).collect()
}

#[test]
fn events_of_every_kind_are_read() {
    let told = json!({
        "events": [
            { "seq": 1, "at": 5, "kind": "listener", "state": "started" },
            { "seq": 2, "at": 6, "kind": "line", "line": "{}", "decision": null },
            { "seq": 3, "at": 7, "kind": "weather", "is": "fine" },
        ],
        "next": 3,
        "lost": 2,
    });
    let bridge = bridge([answer(200, &told)]);
    let events = bridge.events("a b/c", Some(9), 7).unwrap();
    assert_eq!((events.next, events.lost), (3, 2));
    let [started, line, other] = &events.events[..] else { panic!("{events:?}") };
    assert_eq!(started.happened, Happened::Listener(ListenerState::Started));
    assert_eq!((line.seq, line.at, &line.happened), (2, 6, &Happened::Line("{}".to_owned())));
    assert_eq!(other.happened, Happened::Other);
    let asked = &bridge.0.asked.borrow()[0];
    assert_eq!(asked.1, "/v1/accounts/a%20b%2Fc/events?wait=0&limit=7&after=9");
}

#[test]
fn every_send_has_its_key_and_what_only_reads_has_none() {
    let bridge = bridge([delivered(), delivered()]);
    bridge.carry_out_all("a", &[texts(1), vec![Command::ListFriends]].concat(), |at| at.to_string()).unwrap();
    let asked = bridge.0.asked.borrow();
    let keys: Vec<_> = asked.iter().map(|(_, _, order)| order.get("key").cloned()).collect();
    assert_eq!(keys, [Some(json!("0")), None]);
    assert_eq!(asked[0].2["command"], json!({ "command": "send.text", "thread": "user:111", "text": "0" }));
}

#[test]
fn the_first_part_that_fails_is_the_last_that_is_asked_for() {
    let refused = json!({ "error": { "code": "busy", "message": "busy" } });
    let failed = json!({ "status": "exited", "code": 1, "stdout": "", "stderr": "no", "delivered": null });
    for (second, status) in [
        (answer(200, &failed), ExitStatus::Exited(1)),
        (gone(true), ExitStatus::TimedOut),
        (answer(409, &refused), ExitStatus::TimedOut),
    ] {
        let bridge = bridge([delivered(), second]);
        let outcomes = bridge.carry_out_all("a", &texts(3), |at| at.to_string()).unwrap();
        assert_eq!(statuses(&outcomes), [ExitStatus::Exited(0), status]);
    }
    let bridge = bridge([delivered(), answer(429, &refused)]);
    let outcomes = bridge.carry_out_all("a", &texts(3), |at| at.to_string()).unwrap();
    assert!(matches!(&outcomes[1].status, ExitStatus::NotStarted(why) if why.contains("busy")));
}

#[test]
fn a_bridge_that_took_nothing_is_a_failure() {
    let failure = bridge([gone(false)]).carry_out_all("a", &texts(2), |at| at.to_string()).unwrap_err();
    assert!(failure.message.contains("zalouser bridge --listen"), "{}", failure.message);
    let failure = bridge([gone(true)]).carry_out_all("a", &[Command::ListFriends], |at| at.to_string());
    assert_eq!(failure.unwrap_err().kind, Kind::Unavailable, "reading again does no harm");
}
