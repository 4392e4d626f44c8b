//! How the accounts of a gateway are, as far as its events tell.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::{Event, Refusal, What};
use crate::decision::{Decision, one_line};
use crate::sandbox::Incident;
use crate::sandbox::bindings::inbound::{DropReason, Effect, ListenerEvent};
use crate::zca::identity::Identity;

/// How much of an error is kept, in bytes.
const ERROR_MAX: usize = 500;

/// A point in time, in milliseconds since the Unix epoch.
pub type Moment = u64;

/// How all accounts of a gateway are, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Status(pub BTreeMap<String, AccountStatus>);

/// How one account is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AccountStatus {
    /// The profile of `zca` that it was started with.
    pub profile: String,
    /// Whose account it is, if `zca` said so at the start.
    pub identity: Option<Identity>,
    /// What its listener does.
    pub listener: ListenerState,
    /// How often a listener was started after the first one.
    pub restarts: u64,
    /// When the listener last printed something that could be read, a heartbeat or a message.
    pub last_sign_at: Option<Moment>,
    /// How the last listener ended that has ended.
    pub last_end: Option<Remark>,
    /// When somebody last wrote, whether or not that was let through.
    pub last_inbound_at: Option<Moment>,
    /// When something was last sent.
    pub last_outbound_at: Option<Moment>,
    /// How many messages that were let through are being answered or wait for that, with what the guest sends of its
    /// own accord.
    pub waiting: u64,
    /// How many messages had which outcome for which reason.
    pub counts: BTreeMap<String, BTreeMap<String, u64>>,
    /// Until when its component is left alone that failed too often, or was.
    pub quarantined_until: Option<Moment>,
    /// What keeps the journal from being written, so that messages are refused.
    pub journal_trouble: Option<String>,
    /// What went wrong last.
    pub last_error: Option<Remark>,
    /// What the listener that runs now complained of last.
    #[serde(skip)]
    complaint: Option<String>,
}

/// What a listener does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ListenerState {
    /// It is about to be started.
    #[default]
    Starting,
    /// Its account could not be started.
    NotStarted,
    /// Its account was told to stop.
    Stopped,
    /// It runs.
    Running {
        /// Its process id.
        pid: i32,
        /// Since when.
        since: Moment,
    },
    /// It ended and is started again.
    Waiting {
        /// When that will be.
        until: Moment,
    },
}

/// Something that was said at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remark {
    /// When.
    pub at: Moment,
    /// What, in one line.
    pub text: String,
}

impl Remark {
    fn new(at: Moment, text: &str) -> Self {
        let mut text = one_line(text);
        text.truncate(text.floor_char_boundary(ERROR_MAX));
        Self { at, text }
    }
}

impl Status {
    /// Takes in what happened at `now`.
    pub fn apply(&mut self, event: &Event, now: Moment) {
        let account = self.0.entry(event.account.clone()).or_default();
        match &event.what {
            What::Starting { profile } => account.profile.clone_from(profile),
            What::NotStarted(reason) => {
                account.listener = ListenerState::NotStarted;
                account.fail(now, reason);
            }
            What::Stopped => account.listener = ListenerState::Stopped,
            What::Identified(identity) => account.identity = Some(identity.clone()),
            What::Listening { pid } => account.listen(*pid, now),
            What::Complained(line) => account.complaint = Some(line.clone()),
            What::ListenerEnded { reason, recycling, restart_in } => {
                account.listener = match u64::try_from(restart_in.as_millis()).unwrap_or(u64::MAX) {
                    0 => ListenerState::Starting,
                    wait => ListenerState::Waiting { until: now.saturating_add(wait) },
                };
                account.end(now, reason, *recycling);
            }
            What::Decided(effect) => account.decide(effect, now),
            What::GuestFailed(incident) => account.suffer(incident, now),
            What::Took { .. } => {}
            What::Refused { refusal, .. } => {
                account.finish("refused", refusal.name());
                if *refusal != Refusal::Duplicate {
                    account.fail(now, &format!("a message was dropped: {refusal}"));
                }
            }
            What::Resumed { count } => {
                let count = u64::try_from(*count).unwrap_or(u64::MAX);
                account.waiting = account.waiting.saturating_add(count);
            }
            What::Withdrawn => account.finish("answer", "withdrawn"),
            What::HandedOut => account.waiting = account.waiting.saturating_sub(1),
            What::Journal { trouble } => {
                account.journal_trouble.clone_from(trouble);
                account.fail_if(now, trouble.as_deref());
            }
            What::Retrying { failure, .. } => {
                account.count("answer", "tried-again");
                account.fail(now, failure);
            }
            What::Uncertain { failure, .. } => {
                account.finish("answer", "uncertain");
                account.fail(now, failure);
            }
            What::Sent { .. } => account.last_outbound_at = Some(now),
            // The loss itself was told.
            What::Answered { sent, failure, .. } => {
                account.finish("answer", if failure.is_some() { "failed" } else { sent_or(*sent, "silent") });
                account.fail_if(now, failure.as_deref());
            }
            What::Acted { failure, .. } => {
                account.finish("action", if failure.is_some() { "failed" } else { "sent" });
                account.fail_if(now, failure.as_deref());
            }
            What::Offered { code, failure, .. } => {
                let sent = usize::from(code.is_some());
                account.finish("offer", if failure.is_some() { "failed" } else { sent_or(sent, "repeated") });
                account.fail_if(now, failure.as_deref());
            }
        }
    }
}

fn sent_or(sent: usize, nothing: &'static str) -> &'static str {
    if sent > 0 { "sent" } else { nothing }
}

impl AccountStatus {
    fn listen(&mut self, pid: i32, now: Moment) {
        if self.last_end.is_some() {
            self.restarts = self.restarts.saturating_add(1);
        }
        self.listener = ListenerState::Running { pid, since: now };
        self.complaint = None;
    }

    fn end(&mut self, now: Moment, reason: &str, recycling: bool) {
        let reason = match self.complaint.take() {
            Some(complaint) => format!("{reason}; before that it said: {complaint}"),
            None => reason.to_owned(),
        };
        self.last_end = Some(Remark::new(now, &reason));
        if !recycling {
            self.fail(now, &reason);
        }
    }

    fn decide(&mut self, effect: &Effect, now: Moment) {
        self.last_sign_at = Some(now);
        if let Effect::Lifecycle(ListenerEvent::Error(reason)) = effect {
            self.fail(now, reason);
        }
        let Some(decision) = Decision::of(effect) else { return };
        self.count(decision.outcome, decision.reason);
        if is_inbound(effect) {
            self.last_inbound_at = Some(now);
        }
        if matches!(effect, Effect::Deliver(_) | Effect::Pair(_) | Effect::Act(_)) {
            self.waiting = self.waiting.saturating_add(1);
        }
    }

    fn suffer(&mut self, incident: &Incident, now: Moment) {
        self.fail(now, &incident.to_string());
        for _ in incident.dead_letters() {
            self.count("lost", "component-failed");
        }
        if let Incident::Confined { pause, .. } = incident {
            let pause = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            self.quarantined_until = Some(now.saturating_add(pause));
        }
    }

    /// One of those that wait is done with.
    fn finish(&mut self, outcome: &str, reason: &str) {
        self.waiting = self.waiting.saturating_sub(1);
        self.count(outcome, reason);
    }

    fn count(&mut self, outcome: &str, reason: &str) {
        let counts = self.counts.entry(outcome.to_owned()).or_default();
        let count = counts.entry(reason.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    fn fail(&mut self, now: Moment, reason: &str) {
        self.last_error = Some(Remark::new(now, reason));
    }

    fn fail_if(&mut self, now: Moment, reason: Option<&str>) {
        if let Some(reason) = reason {
            self.fail(now, reason);
        }
    }
}

/// Whether somebody wrote something to the account.
fn is_inbound(effect: &Effect) -> bool {
    use DropReason::{Blank, LineTooLong, Malformed, OwnMessage, SenderMissing};
    match effect {
        Effect::Deliver(_) | Effect::Pair(_) => true,
        Effect::Drop(dropped) => {
            !matches!(dropped.reason, Blank | LineTooLong | Malformed | OwnMessage | SenderMissing)
        }
        Effect::Lifecycle(_) | Effect::Log(_) | Effect::Act(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::sandbox::bindings::inbound::{Dropped, PairingRequest};
    use crate::sandbox::bindings::types::{ChatKind, Command, TextMessage, Thread};

    /// The account after these events, one a millisecond from 1 on.
    fn after(events: impl IntoIterator<Item = What>) -> AccountStatus {
        let mut status = Status::default();
        for (what, now) in events.into_iter().zip(1..) {
            status.apply(&Event { account: "a".to_owned(), what }, now);
        }
        status.0.remove("a").expect("something happened")
    }

    fn thread() -> Thread {
        Thread { id: "1".to_owned(), kind: ChatKind::Direct }
    }

    fn request() -> PairingRequest {
        PairingRequest {
            thread: thread(),
            account_id: "a".to_owned(),
            sender_id: "1".to_owned(),
            sender_name: String::new(),
            message_id: "m".to_owned(),
        }
    }

    fn dropped(reason: DropReason) -> What {
        What::Decided(Arc::new(Effect::Drop(Dropped {
            reason,
            thread: None,
            sender_id: None,
            message_id: None,
            remembered: None,
            detail: None,
        })))
    }

    fn ended(reason: &str, recycling: bool) -> What {
        let restart_in = Duration::from_secs(1);
        What::ListenerEnded { reason: reason.to_owned(), recycling, restart_in }
    }

    #[test]
    fn a_listener_that_ends_is_waited_for_and_counted_when_it_is_back() {
        let life =
            [What::Listening { pid: 7 }, What::Complained("why".to_owned()), ended("exit code 1", false)];
        let account = after(life.clone());
        assert_eq!(account.listener, ListenerState::Waiting { until: 1_003 });
        let end = Remark { at: 3, text: "exit code 1; before that it said: why".to_owned() };
        assert_eq!((account.last_end.as_ref(), account.last_error.as_ref()), (Some(&end), Some(&end)));
        assert_eq!(account.restarts, 0);

        let account = after(life.into_iter().chain([What::Listening { pid: 8 }]));
        assert_eq!((account.listener, account.restarts), (ListenerState::Running { pid: 8, since: 4 }, 1));
    }

    #[test]
    fn a_listener_that_only_grew_old_is_no_error() {
        let account = after([What::Listening { pid: 7 }, ended("exit code 75", true)]);
        assert_eq!(account.last_error, None);
        assert!(account.last_end.is_some());
    }

    #[test]
    fn what_was_let_through_waits_until_it_is_done_with() {
        let pair = || What::Decided(Arc::new(Effect::Pair(request())));
        let done = What::Offered { request: request(), code: None, failure: Some("no way".to_owned()) };
        let account = after([
            pair(),
            pair(),
            done,
            What::Refused { thread: thread(), refusal: Refusal::ConversationFull },
        ]);
        assert_eq!(account.waiting, 0);
        assert_eq!(account.counts["pair"]["not-paired"], 2);
        assert_eq!(account.counts["offer"]["failed"], 1);
        assert_eq!(account.counts["refused"]["conversation-full"], 1);
        assert_eq!(after([pair()]).waiting, 1);
        assert_eq!(after([pair(), What::HandedOut]).waiting, 0);
    }

    #[test]
    fn an_answer_was_sent_or_silent_or_failed() {
        let answered = |sent, failure: Option<&str>| {
            let failure = failure.map(str::to_owned);
            after([What::Answered { thread: thread(), sent, failure }])
        };
        for (sent, failure, name) in [(2, None, "sent"), (0, None, "silent"), (1, Some("x"), "failed")] {
            let account = answered(sent, failure);
            assert_eq!(account.counts["answer"][name], 1, "{name}");
            assert_eq!(account.last_error.map(|it| it.text).as_deref(), failure, "{name}");
        }
    }

    #[test]
    fn what_the_guest_does_by_itself_is_counted_and_waits_until_it_is_done() {
        let command = || Command::SendText(TextMessage { thread: thread(), text: "closed".to_owned() });
        let acts = What::Decided(Arc::new(Effect::Act(command())));
        let acted =
            |failure: Option<&str>| What::Acted { command: command(), failure: failure.map(str::to_owned) };
        assert_eq!(after([acts.clone()]).waiting, 1);
        let account = after([acts, What::Resumed { count: 1 }, acted(None), acted(Some("refused"))]);
        assert_eq!(account.counts["act"]["send.text"], 1);
        assert_eq!((account.counts["action"]["sent"], account.counts["action"]["failed"]), (1, 1));
        assert_eq!((account.waiting, account.last_inbound_at), (0, None));
        assert_eq!(account.last_error.map(|it| it.text).as_deref(), Some("refused"));
    }

    #[test]
    fn only_what_somebody_wrote_is_inbound() {
        let cases = [
            (dropped(DropReason::SenderNotAllowed), Some(1)),
            (dropped(DropReason::OwnMessage), None),
            (dropped(DropReason::SenderMissing), None),
            (What::Decided(Arc::new(Effect::Lifecycle(ListenerEvent::Heartbeat))), None),
        ];
        for (what, expected) in cases {
            let account = after([what.clone()]);
            assert_eq!(account.last_inbound_at, expected, "{what:?}");
            assert_eq!(account.last_sign_at, Some(1), "{what:?}");
        }
    }

    #[test]
    fn a_component_that_is_left_alone_is_told_with_the_lines_that_it_cost() {
        let confined =
            Incident::Confined { component: "x".into(), pause: Duration::from_secs(5), unable: None };
        let overflow = Incident::Overflow { component: "x".into(), lines: vec![b"\n".to_vec(); 2] };
        let account = after([confined, overflow].map(|it| What::GuestFailed(Arc::new(it))));
        assert_eq!(account.quarantined_until, Some(5_001));
        assert_eq!(account.counts["lost"]["component-failed"], 2);
        assert_eq!(account.last_error.map(|error| error.at), Some(2));
    }

    #[test]
    fn what_is_kept_of_an_error_is_one_short_line() {
        let account = after([What::NotStarted("é\u{1b}\n".repeat(1_000))]);
        let text = account.last_error.expect("it is one").text;
        assert!(text.len() <= ERROR_MAX && !text.contains(char::is_control), "{text:?}");
    }
}
