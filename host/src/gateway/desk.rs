//! Takes care of what was admitted for one account.
//!
//! While the first of a conversation's messages is being tried again, the others of that conversation wait, so that
//! they are answered in their order. With the default settings that ends after less than five minutes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::act;
use super::event::What;
use super::lanes;
use super::pairing;
use super::registry::Clerk;
use super::reply::{Course, Replies};
use crate::clock;
use crate::journal::{Begun, EntryId, Journal, Work};
use crate::sandbox::bindings::config::Account;

/// What it takes to work for one account.
pub(super) struct Desk {
    pub(super) account: Arc<Account>,
    pub(super) clerk: Clerk,
    pub(super) replies: Arc<Replies>,
    pub(super) journal: Journal,
}

impl lanes::Desk for Desk {
    async fn handle(self: Arc<Self>, entry: EntryId) {
        let mut changes = self.journal.changes();
        loop {
            changes.mark_unchanged();
            let Course::Later(at) = self.attempt(entry).await else { return };
            let pause = Duration::from_millis(at.saturating_sub(clock::now_ms()));
            tokio::select! {
                () = self.replies.stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                // Somebody may want it to be tried at once.
                () = changed(&mut changes) => {}
            }
        }
    }
}

impl Desk {
    /// Does what can be done about an entry now. What is not begun when the gateway stops is left for the next one.
    async fn attempt(&self, entry: EntryId) -> Course {
        let replies = &self.replies;
        // Taken before the entry is read, so that few are in memory at a time.
        let permit = tokio::select! {
            biased;
            () = replies.stop.cancelled() => return Course::Done,
            permit = replies.agent_calls.acquire() => permit,
        };
        let mut task = match replies.record.begin(entry).await {
            Begun::Task(task) => *task,
            Begun::NotYet(at) => return Course::Later(at),
            Begun::Gone => {
                replies.events.tell(&self.account.id, What::Withdrawn);
                return Course::Done;
            }
        };
        match task.work {
            Some(Work::Pairing(request)) => {
                drop(permit);
                pairing::offer(self, entry, *request).await;
                return Course::Done;
            }
            Some(Work::Act(command)) => {
                drop(permit);
                act::act(self, entry, *command, task.planned).await;
                return Course::Done;
            }
            _ => {}
        }
        if !task.planned
            && let Some(course) = replies.compose(&self.account, entry, &task).await
        {
            return course;
        }
        task.work = None;
        drop(permit);
        replies.send(&self.account, entry, &task).await
    }
}

/// Waits for a change that another process made to the journal.
async fn changed(changes: &mut watch::Receiver<u64>) {
    if changes.changed().await.is_err() {
        // The journal is closed, and nobody changes it any more.
        std::future::pending().await
    }
}
