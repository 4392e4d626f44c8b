//! Hands what was let through to the journal, and what the journal has taken to the lanes.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use super::desk::Desk;
use super::event::{Refusal, What};
use super::lanes::{Full, Lanes, Place};
use crate::journal::{Admission, Admitted, Doing, EntryId, JournalError, Waiting, Work};
use crate::sandbox::bindings::types::{ChatKind, Thread};

/// How many strangers of an account may wait to be offered a code. Three have one at a time, so that most of them hear
/// at once that they wait; those beyond are offered one when they write again, and take no place of a message.
const OFFERS: usize = 64;

/// What an account has given to the journal and has not heard of yet. How much that is, is bounded by the lanes'
/// places and by the journal.
pub(super) struct Intake {
    desk: Arc<Desk>,
    lanes: Lanes<Desk>,
    /// Places for strangers.
    offers: Arc<Semaphore>,
    submitted: VecDeque<Submitted>,
    changes: watch::Receiver<u64>,
    /// The list of what waits in the journal, once it was asked for.
    waiting: Option<Doing<Waiting>>,
}

struct Submitted {
    place: Place<Desk>,
    thread: Thread,
    message_id: String,
    /// Whether the agent is to answer it.
    is_message: bool,
    admitted: Doing<Admitted>,
}

impl Intake {
    /// Begins with what waits in the journal.
    pub(super) fn new(desk: Arc<Desk>, lanes: Lanes<Desk>) -> Self {
        let changes = desk.journal.changes();
        let waiting = Some(desk.journal.waiting(&desk.account.id));
        let offers = Arc::new(Semaphore::new(OFFERS));
        Self { desk, lanes, offers, submitted: VecDeque::new(), changes, waiting }
    }

    /// Works by another desk for the same account from now on.
    pub(super) fn renew(&mut self, desk: Arc<Desk>) {
        self.desk = desk;
    }

    /// Gives something to the journal. What cannot be admitted is dropped, and told to those who watch.
    pub(super) fn admit(&mut self, admission: Admission) {
        let (thread, message_id) = (admission.thread.clone(), admission.message_id.clone());
        let is_message = matches!(admission.work, Work::Message(_));
        let offer = match admission.work {
            Work::Pairing(_) => match Arc::clone(&self.offers).try_acquire_owned() {
                Ok(permit) => Some(permit),
                Err(_) => return self.refuse(thread, &message_id, Refusal::OffersFull),
            },
            _ => None,
        };
        let place = match self.lanes.keep_place(&lane(&self.desk.account.id, &thread), offer) {
            Ok(place) => place,
            Err(Full::Lane) => return self.refuse(thread, &message_id, Refusal::ConversationFull),
            Err(Full::All) => return self.refuse(thread, &message_id, Refusal::QueueFull),
        };
        match self.desk.journal.admit(admission) {
            Ok(admitted) => {
                self.submitted.push_back(Submitted { place, thread, message_id, is_message, admitted });
            }
            Err(error) => self.refuse(thread, &message_id, Refusal::of(&error)),
        }
    }

    /// Waits until the journal has taken something or somebody changed it, and acts on that. Gives the lines that
    /// are to be judged again. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Vec<(EntryId, Vec<u8>)> {
        tokio::select! {
            biased;
            (submitted, admitted) = first(&mut self.submitted) => self.settle(submitted, admitted),
            waiting = listed(&mut self.waiting) => {
                self.waiting = None;
                // Without an answer there will be a change once there can be one.
                let Waiting { entries, lines } = waiting.unwrap_or_default();
                self.resume(entries);
                return lines;
            }
            changed = self.changes.changed() => match changed {
                Ok(()) => self.list(),
                // The journal is closed; there is nothing to wait for.
                Err(_) => pending().await,
            },
        }
        Vec::new()
    }

    /// Asks the journal what waits.
    pub(super) fn list(&mut self) {
        self.waiting = Some(self.desk.journal.waiting(&self.desk.account.id));
    }

    fn settle(&self, submitted: Submitted, admitted: Result<Admitted, JournalError>) {
        let Submitted { place, thread, message_id, is_message, .. } = submitted;
        match admitted {
            Ok(Admitted::New(entry)) => place.submit(entry, Arc::clone(&self.desk)),
            Ok(Admitted::Duplicate(entry)) => {
                let account = &self.desk.account.id;
                tracing::debug!(account, message_id, %entry, "a message came twice and is dropped");
                self.tell_refused(thread, Refusal::Duplicate);
            }
            // A gateway that stops tells its last words elsewhere.
            Err(JournalError::Closed) => {}
            Err(error) => {
                let what = if is_message { "a message" } else { "a stranger's message" };
                tracing::error!(account = self.desk.account.id, message_id, "{what} is lost: {error}");
                self.tell_refused(thread, Refusal::of(&error));
            }
        }
    }

    /// Puts what waits in the journal into the lanes, unless it is there.
    fn resume(&self, waiting: Vec<(EntryId, Thread)>) {
        let account = &self.desk.account.id;
        let submit = |(entry, thread): &(EntryId, Thread)| {
            self.lanes.submit(&lane(account, thread), *entry, Arc::clone(&self.desk))
        };
        let count = waiting.iter().filter(|found| submit(found)).count();
        if count > 0 {
            tracing::info!(account, "{count} messages that wait in the journal are taken up");
            self.desk.replies.events.tell(account, What::Resumed { count });
        }
    }

    fn refuse(&self, thread: Thread, message_id: &str, refusal: Refusal) {
        let account = &self.desk.account.id;
        match refusal {
            // A flood of strangers is not to flood the log, too; it is counted.
            Refusal::OffersFull => {
                tracing::debug!(
                    account,
                    thread = thread.id,
                    message_id,
                    "a stranger is not answered: {refusal}"
                );
            }
            _ => tracing::error!(account, thread = thread.id, message_id, "a message was dropped: {refusal}"),
        }
        self.tell_refused(thread, refusal);
    }

    fn tell_refused(&self, thread: Thread, refusal: Refusal) {
        self.desk.replies.events.tell(&self.desk.account.id, What::Refused { thread, refusal });
    }
}

/// Messages of one thread of one account are handled in order.
fn lane(account: &str, thread: &Thread) -> String {
    let kind = match thread.kind {
        ChatKind::Direct => "direct",
        ChatKind::Group => "group",
    };
    format!("{account}:{kind}:{}", thread.id)
}

/// Waits for the journal's word on the first of these.
async fn first(submitted: &mut VecDeque<Submitted>) -> (Submitted, Result<Admitted, JournalError>) {
    let Some(first) = submitted.front_mut() else { return pending().await };
    let admitted = (&mut first.admitted).await;
    match submitted.pop_front() {
        Some(first) => (first, admitted),
        None => pending().await,
    }
}

async fn listed<T>(listing: &mut Option<Doing<T>>) -> Result<T, JournalError> {
    match listing {
        Some(listing) => listing.await,
        None => pending().await,
    }
}
