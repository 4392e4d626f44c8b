//! The journal as those see it who must not go on before it has taken something.

use std::time::Duration;

use crate::journal::{Begun, Chunk, ChunkState, Doing, EntryId, Journal, JournalError, Rest};
use crate::sandbox::bindings::types::Command;

/// How soon the journal is asked again that could not take something.
const PAUSE: Duration = Duration::from_secs(1);

/// A journal that is asked until it takes what it is told: a full disk stops the work on what was admitted, and
/// loses none of it.
#[derive(Clone)]
pub(super) struct Record(Journal);

impl Record {
    pub(super) fn new(journal: Journal) -> Self {
        Self(journal)
    }

    /// Begins an entry. What the journal cannot read is gone.
    pub(super) async fn begin(&self, entry: EntryId) -> Begun {
        insist(|| self.0.begin(entry)).await.unwrap_or(Begun::Gone)
    }

    /// Notes the commands of a reply.
    pub(super) async fn plan(&self, entry: EntryId, commands: &[Command], kept: bool) {
        insist(|| self.0.plan(entry, commands, kept)).await;
    }

    /// Notes further commands of a reply; false when that cannot be noted any more.
    pub(super) async fn append(&self, entry: EntryId, commands: &[Command]) -> bool {
        insist(|| self.0.append(entry, commands)).await.is_some()
    }

    /// What is to be sent of a reply, and how many parts it has in all.
    pub(super) async fn unsent(&self, entry: EntryId) -> (Vec<Chunk>, usize) {
        insist(|| self.0.unsent(entry)).await.unwrap_or_default()
    }

    /// Notes what becomes of a part of a reply; false when that cannot be noted any more.
    pub(super) async fn mark(
        &self,
        entry: EntryId,
        place: u32,
        state: ChunkState,
        note: Option<&str>,
    ) -> bool {
        insist(|| self.0.mark(entry, place, state, note)).await.is_some()
    }

    /// Notes that the last part of a reply was sent.
    pub(super) async fn sent_last(&self, entry: EntryId, place: u32) {
        insist(|| self.0.sent_last(entry, place)).await;
    }

    /// Notes how an entry came to rest.
    pub(super) async fn rest(&self, entry: EntryId, rest: Rest) {
        insist(|| self.0.rest(entry, rest.clone())).await;
    }
}

/// Asks until it is done. None when it never will be: the journal is closed, or cannot do this one thing.
async fn insist<T>(ask: impl Fn() -> Doing<T>) -> Option<T> {
    loop {
        match ask().await {
            Ok(done) => return Some(done),
            Err(JournalError::Closed | JournalError::Refused(_)) => return None,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
