//! A request to the writer, and what whoever asked has of it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::error::JournalError;
use super::tables::Tables;
use super::writer::Request;

/// Something that the journal is doing. It is on disk when this is done, and is done whether or not this is
/// waited for.
pub struct Doing<T>(oneshot::Receiver<Answer<T>>);

/// What the writer tells whoever asked.
struct Answer<T> {
    result: Result<T, JournalError>,
    /// What was asked goes back, to be dropped on the thread that made it: on another, giving back its memory is
    /// dear.
    _asked: Box<dyn Send>,
}

impl<T> Future for Doing<T> {
    type Output = Result<T, JournalError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(context)
            .map(|told| told.map_or(Err(JournalError::Closed), |answer| answer.result))
    }
}

impl<T> fmt::Debug for Doing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doing").finish_non_exhaustive()
    }
}

/// A request with whoever waits for its result.
pub(super) struct Asked<T, F> {
    run: F,
    result: Option<T>,
    answer: Option<oneshot::Sender<Answer<T>>>,
    is_lazy: bool,
    /// Its part of what may wait to be written.
    room: Option<OwnedSemaphorePermit>,
}

impl<T, F> Asked<T, F> {
    /// A request to `run` this, with its part of what may wait to be written.
    pub(super) fn new(room: Option<OwnedSemaphorePermit>, run: F) -> (Self, Doing<T>) {
        let (answer, told) = oneshot::channel();
        (Self { run, result: None, answer: Some(answer), is_lazy: false, room }, Doing(told))
    }

    /// The same, of which nobody waits for the end.
    pub(super) fn lazy(room: OwnedSemaphorePermit, run: F) -> Self {
        Self { is_lazy: true, ..Self::new(Some(room), run).0 }
    }
}

impl<T, F> Request for Asked<T, F>
where
    T: Send + 'static,
    F: FnMut(&mut Tables<'_>) -> rusqlite::Result<T> + Send + 'static,
{
    fn run(&mut self, tables: &mut Tables<'_>) -> rusqlite::Result<()> {
        self.result = Some((self.run)(tables)?);
        Ok(())
    }

    fn is_lazy(&self) -> bool {
        self.is_lazy
    }

    fn answer(mut self: Box<Self>, outcome: Result<(), JournalError>) {
        let Some(answer) = self.answer.take() else { return };
        self.room = None;
        let result = outcome.and_then(|()| self.result.take().ok_or(JournalError::Closed));
        // Whoever asked may have gone.
        let _ = answer.send(Answer { result, _asked: self });
    }
}
