//! The journal on a real disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rusqlite::StatementStatus;
use serde_json::json;

use super::*;
use crate::sandbox::bindings::inbound::{Admission as Why, HistoryEntry, InboundMessage};
use crate::sandbox::bindings::types::{ChatKind, TextMessage, Thread};

/// A place for a journal.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("zalouser/journal.sqlite")
    }

    fn open(&self) -> (Journal, Recovered) {
        Journal::open(&self.path(), &JournalSettings::default()).unwrap()
    }

    fn queue(&self) -> Queue {
        Queue::open(&self.path()).unwrap().unwrap()
    }

    /// The states of all that is not done with.
    fn states(&self) -> Vec<&'static str> {
        self.queue().list(None, false).unwrap().iter().map(|item| item.state.name()).collect()
    }
}

fn direct() -> Thread {
    Thread { id: "111".to_owned(), kind: ChatKind::Direct }
}

fn group() -> Thread {
    Thread { id: "5001".to_owned(), kind: ChatKind::Group }
}

/// A message with this id of Zalo's, if any, in a direct chat.
fn message(zalo_id: Option<&str>) -> InboundMessage {
    InboundMessage {
        thread: direct(),
        admission: Why::DmOpen,
        account_id: "default".to_owned(),
        session_key: "s".to_owned(),
        sender_id: "111".to_owned(),
        sender_name: "Alice".to_owned(),
        body: "hi".to_owned(),
        raw_body: "hi".to_owned(),
        command_body: "hi".to_owned(),
        from: "zalouser:111".to_owned(),
        to: "zalouser:111".to_owned(),
        conversation_label: "Alice".to_owned(),
        group_subject: None,
        command_authorized: false,
        was_mentioned: None,
        message_id: zalo_id.unwrap_or("1763751000").to_owned(),
        message_id_full: None,
        zalo_id: zalo_id.map(str::to_owned),
        client_id: None,
        timestamp: None,
        reply_to: None,
        media: vec![],
        history: vec![],
    }
}

async fn admit(journal: &Journal, message: &InboundMessage) -> Admitted {
    journal.admit(Admission::message(message.clone())).unwrap().await.unwrap()
}

async fn admitted(journal: &Journal, message: &InboundMessage) -> EntryId {
    match admit(journal, message).await {
        Admitted::New(id) => id,
        Admitted::Duplicate(id) => panic!("it is {id}"),
    }
}

async fn begun(journal: &Journal, id: EntryId) -> Task {
    match journal.begin(id).await.unwrap() {
        Begun::Task(task) => *task,
        other => panic!("{other:?}"),
    }
}

fn redelivered(task: &Task) -> bool {
    match &task.work {
        Some(Work::Message(context)) => context.redelivered,
        other => panic!("{other:?}"),
    }
}

async fn waiting(journal: &Journal, account: &str) -> Vec<(EntryId, Thread)> {
    journal.waiting(account).await.unwrap().entries
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<Command> {
    let text = |text: &str| Command::SendText(TextMessage { thread: direct(), text: text.to_owned() });
    texts.into_iter().map(text).collect()
}

async fn places(journal: &Journal, id: EntryId) -> Vec<u32> {
    journal.unsent(id).await.unwrap().0.into_iter().map(|chunk| chunk.place).collect()
}

#[tokio::test]
async fn what_was_begun_is_begun_again_after_a_crash_and_says_so() {
    let place = Place::new();
    let (journal, _) = place.open();
    let id = admitted(&journal, &message(Some("1"))).await;
    let waits = admitted(&journal, &message(Some("2"))).await;
    assert!(!redelivered(&begun(&journal, id).await));
    assert_eq!(place.states(), ["running", "received"]);
    drop(journal);
    let (journal, recovered) = reopened(&place).await;
    assert_eq!(recovered, Recovered { waiting: 2, ..Recovered::default() });
    assert_eq!(waiting(&journal, "default").await, [(id, direct()), (waits, direct())]);
    assert_eq!(waiting(&journal, "other").await, []);
    let again = begun(&journal, id).await;
    assert_eq!((redelivered(&again), again.message_id.as_str()), (true, "1"));
    assert!(!redelivered(&begun(&journal, waits).await), "nobody was given it before");
    journal.rest(id, Rest::Answered).await.unwrap();
    assert!(matches!(journal.begin(id).await.unwrap(), Begun::Gone));
}

/// Opens the journal again as soon as whoever had it open is gone.
async fn reopened(place: &Place) -> (Journal, Recovered) {
    loop {
        match Journal::open(&place.path(), &JournalSettings::default()) {
            Err(JournalError::Held { .. }) => tokio::task::yield_now().await,
            opened => return opened.unwrap(),
        }
    }
}

#[tokio::test]
async fn the_same_message_is_the_same_by_either_id() {
    let with = |zalo: Option<&str>, client: Option<&str>| InboundMessage {
        client_id: client.map(str::to_owned),
        ..message(zalo)
    };
    let first = with(Some("1"), Some("c"));
    let cases = [
        (with(Some("1"), None), true, "the id of Zalo's"),
        (with(Some("1"), Some("d")), true, "the id of Zalo's is enough"),
        (with(None, Some("c")), true, "the sender's id, sender and text"),
        (with(Some("2"), Some("c")), true, "the sender's id is enough"),
        (with(None, None), false, "a time in place of an id means nothing"),
        (with(Some("2"), None), false, "another id"),
        (InboundMessage { raw_body: "ho".to_owned(), ..with(None, Some("c")) }, false, "another text"),
        (InboundMessage { sender_id: "222".to_owned(), ..with(None, Some("c")) }, false, "another sender"),
        (InboundMessage { account_id: "b".to_owned(), ..first.clone() }, false, "another account"),
    ];
    for (second, is_same, why) in cases {
        let place = Place::new();
        let (journal, _) = place.open();
        let id = admitted(&journal, &first).await;
        let found = admit(&journal, &second).await;
        assert_eq!(found == Admitted::Duplicate(id), is_same, "{why}: {found:?}");
        journal.rest(id, Rest::Answered).await.unwrap();
        assert_eq!(admit(&journal, &first).await, Admitted::Duplicate(id), "answered is remembered, too");
    }
}

#[tokio::test]
async fn a_reply_goes_on_behind_what_was_sent_and_stops_at_what_may_have_been() {
    let place = Place::new();
    let (journal, _) = place.open();
    let [clean, torn] =
        [admitted(&journal, &message(Some("1"))).await, admitted(&journal, &message(Some("2"))).await];
    for id in [clean, torn] {
        begun(&journal, id).await;
        journal.plan(id, &texts(["a", "b", "c"]), false).await.unwrap();
        journal.mark(id, 0, ChunkState::Sending, None).await.unwrap();
        journal.mark(id, 0, ChunkState::Sent, None).await.unwrap();
    }
    journal.mark(torn, 1, ChunkState::Sending, None).await.unwrap();
    drop(journal);
    let (journal, recovered) = reopened(&place).await;
    assert_eq!((recovered.waiting, recovered.unknown), (1, 1));
    let task = begun(&journal, clean).await;
    assert!(task.planned && task.work.is_none(), "the agent is not asked again");
    assert_eq!(places(&journal, clean).await, [1, 2]);
    journal.mark(clean, 1, ChunkState::Sent, None).await.unwrap();
    journal.sent_last(clean, 2).await.unwrap();

    assert!(matches!(journal.begin(torn).await.unwrap(), Begun::Gone), "not by itself");
    let item = place.queue().list(None, true).unwrap().remove(0);
    assert_eq!((item.id, item.state), (torn, State::Unknown));
    let chunks: Vec<_> = item.chunks.iter().map(|chunk| chunk.state.name()).collect();
    assert_eq!(chunks, ["sent", "unknown", "planned"]);
    place.queue().retry(torn, true, true).unwrap();
    begun(&journal, torn).await;
    assert_eq!(places(&journal, torn).await, [2], "without the one that may have arrived");
}

#[tokio::test]
async fn an_unknown_part_is_sent_again_only_when_the_operator_says_so() {
    let place = Place::new();
    let (journal, _) = place.open();
    let id = admitted(&journal, &message(Some("1"))).await;
    begun(&journal, id).await;
    journal.plan(id, &texts(["a"]), false).await.unwrap();
    journal.mark(id, 0, ChunkState::Unknown, Some("too slow")).await.unwrap();
    journal.rest(id, Rest::Unknown("too slow".to_owned())).await.unwrap();
    assert!(matches!(journal.begin(id).await.unwrap(), Begun::Gone));
    place.queue().retry(id, false, true).unwrap();
    begun(&journal, id).await;
    assert_eq!(places(&journal, id).await, [0]);
}

#[tokio::test]
async fn a_failed_message_waits_for_its_time_unless_the_clock_is_set_back() {
    let place = Place::new();
    let (journal, _) = place.open();
    let id = admitted(&journal, &message(Some("1"))).await;
    begun(&journal, id).await;
    let soon = crate::clock::now_ms() + 100_000;
    journal.rest(id, Rest::RetryAt(soon, "no".to_owned())).await.unwrap();
    match journal.begin(id).await.unwrap() {
        Begun::NotYet(at) => assert_eq!(at, soon),
        other => panic!("{other:?}"),
    }
    let far = soon + 1_000_000_000;
    journal.rest(id, Rest::RetryAt(far, "no".to_owned())).await.unwrap();
    let task = begun(&journal, id).await;
    assert_eq!((task.failures, redelivered(&task)), (2, true));
}

#[tokio::test]
async fn a_dead_letter_can_be_tried_again_or_given_up() {
    let place = Place::new();
    let (journal, _) = place.open();
    let id = admitted(&journal, &message(Some("1"))).await;
    begun(&journal, id).await;
    journal.rest(id, Rest::RetryAt(0, "no".to_owned())).await.unwrap();
    begun(&journal, id).await;
    let mut queue = place.queue();
    assert!(matches!(queue.give_up(id, true), Err(QueueError::Running(_))));
    journal.rest(id, Rest::Dead("never".to_owned())).await.unwrap();
    let item = queue.list(Some("DEFAULT"), true).unwrap().remove(0);
    assert_eq!((item.failures, item.reason.as_deref()), (2, Some("never")));
    let dead = Depths { dead: 1, ..Depths::default() };
    assert_eq!(queue.depths().unwrap()["default"], dead);

    let mut changes = journal.changes();
    changes.mark_unchanged();
    queue.retry(id, false, true).unwrap();
    changes.changed().await.unwrap();
    assert_eq!(waiting(&journal, "default").await, [(id, direct())]);
    assert_eq!(begun(&journal, id).await.failures, 0, "it has all its tries again");
    journal.rest(id, Rest::Dead("never".to_owned())).await.unwrap();

    queue.give_up(id, true).unwrap();
    assert!(matches!(queue.give_up(id, true), Err(QueueError::Missing(_))));
    assert_eq!(admit(&journal, &message(Some("1"))).await, Admitted::Duplicate(id), "it is still recognised");
}

#[tokio::test]
async fn a_line_is_buried_as_it_came() {
    let place = Place::new();
    let (journal, _) = place.open();
    let line = b"{\xff\0".to_vec();
    let buried = journal.bury_line("default", line.clone(), "it \n failed").unwrap().await.unwrap();
    let Admitted::New(id) = buried else { panic!("{buried:?}") };
    let item = place.queue().list(None, true).unwrap().remove(0);
    assert_eq!((item.id, item.kind, item.state), (id, Kind::Line, State::Dead));
    assert_eq!(item.reason.as_deref(), Some("it ⏎ failed"));
    assert_eq!(waiting(&journal, "default").await, []);
    place.queue().retry(id, false, true).unwrap();
    assert_eq!(journal.waiting("default").await.unwrap().lines, [(id, line)]);
}

#[tokio::test]
async fn what_groups_said_is_kept_until_a_message_is_let_through() {
    let place = Place::new();
    let (journal, _) = place.open();
    let said = |thread: &str, body: &str| Remembered {
        thread_id: thread.to_owned(),
        message: serde_json::from_value(
            json!({ "message_id": "1", "sender": "Bob", "body": body, "timestamp": null }),
        )
        .unwrap(),
    };
    let all = [said("5001", "a"), said("5002", "b"), said("5001", "c"), said("5001", "d")];
    journal.remember("default", 2, &all);
    journal.close().await;
    let (journal, _) = reopened(&place).await;
    assert_eq!(journal.recall("default").await.unwrap(), all[1..], "the last two of each");
    admitted(&journal, &InboundMessage { thread: group(), ..message(Some("1")) }).await;
    assert_eq!(journal.recall("default").await.unwrap(), all[1..2]);
    let HistoryEntry { body, .. } = &all[1].message;
    assert_eq!(body, "b");
}

#[tokio::test]
async fn a_second_gateway_is_told_who_has_it() {
    let place = Place::new();
    let (_journal, _) = place.open();
    let refused = Journal::open(&place.path(), &JournalSettings::default()).unwrap_err();
    assert_eq!(refused, JournalError::Held { pid: Some(std::process::id()), path: place.path() });
}

#[tokio::test]
async fn nobody_else_can_read_it() {
    let place = Place::new();
    let (journal, _) = place.open();
    admitted(&journal, &message(Some("1"))).await;
    let folder = place.path().parent().unwrap().to_owned();
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
    }
}

#[test]
fn a_newer_journal_is_left_alone() {
    let place = Place::new();
    drop(schema::open(&place.path()).unwrap());
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    connection.pragma_update(None, "user_version", schema::VERSION + 1).unwrap();
    drop(connection);
    let before = fs::read(place.path()).unwrap();
    let newer = JournalError::Newer { path: place.path(), found: schema::VERSION + 1 };
    assert_eq!(Journal::open(&place.path(), &JournalSettings::default()).unwrap_err(), newer);
    assert_eq!(Queue::open(&place.path()).unwrap_err(), newer);
    assert_eq!(fs::read(place.path()).unwrap(), before);
}

#[tokio::test]
async fn a_damaged_journal_is_set_aside_and_a_new_one_begun() {
    let place = Place::new();
    fs::create_dir_all(place.path().parent().unwrap()).unwrap();
    let garbage = "not a database, ".repeat(1_000);
    fs::write(place.path(), &garbage).unwrap();
    assert!(Queue::look(&place.path()).is_err());
    let (journal, recovered) = place.open();
    let aside = recovered.set_aside.unwrap();
    assert_eq!(fs::read_to_string(&aside).unwrap(), garbage);
    assert!(
        aside.file_name().unwrap().to_str().unwrap().starts_with("journal.sqlite.corrupt-20"),
        "{aside:?}"
    );
    admitted(&journal, &message(Some("1"))).await;
}

#[tokio::test]
async fn a_full_disk_refuses_what_is_new_and_keeps_what_is_there() {
    let place = Place::new();
    let (journal, _) = place.open();
    let first = admitted(&journal, &message(Some("1"))).await;
    let pragma = |text: &'static str| journal.ask(move |tables| tables.connection.execute_batch(text));
    pragma("PRAGMA query_only = ON").await.unwrap();
    let refused = journal.admit(Admission::message(message(Some("2")))).unwrap().await.unwrap_err();
    assert!(matches!(refused, JournalError::Unusable { .. }), "{refused:?}");
    let mut trouble = journal.trouble();
    // The next connection has no such pragma, which stands for a disk that has room again.
    trouble.wait_for(Option::is_none).await.unwrap();
    assert_eq!(waiting(&journal, "default").await, [(first, direct())]);
    admitted(&journal, &message(Some("2"))).await;
}

#[tokio::test]
async fn a_thing_that_cannot_be_done_does_not_keep_others_from_being_done() {
    let place = Place::new();
    let (journal, _) = place.open();
    let id = admitted(&journal, &message(Some("1"))).await;
    journal.ask(|tables| tables.connection.execute_batch("UPDATE entry SET body = x'00'")).await.unwrap();
    let broken = journal.begin(id);
    let fine = journal.admit(Admission::message(message(Some("2")))).unwrap();
    assert!(matches!(broken.await, Err(JournalError::Refused(_))));
    assert!(matches!(fine.await, Ok(Admitted::New(_))));
}

#[tokio::test]
async fn what_waits_to_be_written_is_bounded() {
    let place = Place::new();
    let (journal, _) = place.open();
    // As long as the writer has this to do, it writes nothing else.
    let (finish, unfinished) = std::sync::mpsc::channel::<()>();
    let busy = journal.ask(move |_| Ok(unfinished.recv().is_err()));
    let large = InboundMessage { body: "x".repeat(1 << 20), ..message(None) };
    let mut doing = Vec::new();
    let behind = loop {
        match journal.admit(Admission::message(large.clone())) {
            Ok(one) => doing.push(one),
            Err(error) => break error,
        }
    };
    assert_eq!(behind, JournalError::Behind);
    assert!(doing.len() <= UNWRITTEN >> 20, "{}", doing.len());
    drop(finish);
    assert_eq!(busy.await, Ok(true));
    for one in doing {
        assert!(matches!(one.await, Ok(Admitted::New(_))));
    }
    journal.admit(Admission::message(large)).unwrap().await.unwrap();
}

#[tokio::test]
async fn the_journal_forgets_what_is_old() {
    let place = Place::new();
    let (journal, _) = place.open();
    let mut ids = Vec::new();
    for number in ["1", "2", "3"] {
        ids.push(admitted(&journal, &message(Some(number))).await);
    }
    let unknown = ids[0];
    journal.rest(unknown, Rest::Unknown("?".to_owned())).await.unwrap();
    journal.rest(ids[1], Rest::Answered).await.unwrap();
    let day = 24 * 3_600_000;
    let tidy = move |days: i64| {
        journal.ask(move |tables| {
            tables.tidy(Duration::from_hours(24), writer::now() + days * day)?;
            tables.sql("SELECT count(*) FROM entry")?.query_row([], |row| row.get::<_, i64>(0))
        })
    };
    assert_eq!(tidy(0).await, Ok(3));
    assert_eq!(place.states(), ["unknown", "received"]);
    assert_eq!(tidy(2).await, Ok(3));
    assert_eq!(place.states(), ["received"], "its time is over");
    assert_eq!(tidy(31).await, Ok(2), "the answered one is forgotten");
    assert_eq!(tidy(40).await, Ok(1), "and so is the one that was given up; what waits stays");
}

#[test]
fn tidying_takes_no_more_steps_the_more_messages_wait() {
    let steps = |waiting: i64| {
        let place = Place::new();
        let connection = schema::open(&place.path()).unwrap();
        let mut tables = Tables::of(&connection);
        for _ in 0..waiting {
            tables.admit(&tables::unjudged("default", b"{}".to_vec()), 0).unwrap();
        }
        tables.statements.clear();
        tables.tidy(Duration::ZERO, 1).unwrap();
        let steps = tables.statements.values().map(|done| done.get_status(StatementStatus::VmStep));
        steps.sum::<i32>()
    };
    assert_eq!(steps(1), steps(1_000));
}
