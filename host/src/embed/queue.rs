//! The messages of one account that nobody has taken yet.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::Stream;

use super::inbound::Inbound;

/// What waits to be taken. It is bounded by how many messages the gateway has answered at a time.
#[derive(Default)]
pub(super) struct Queue(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    messages: VecDeque<Inbound>,
    wakers: Vec<Waker>,
    closed: bool,
}

impl Queue {
    /// Puts a message behind those that wait. One for a closed queue is dropped, and with it handed back.
    pub(super) fn push(&self, message: Inbound) {
        let mut waiting = self.open();
        if waiting.closed {
            drop(waiting);
            return drop(message);
        }
        waiting.messages.push_back(message);
        wake(waiting);
    }

    /// Ends all streams. What waits is handed back.
    pub(super) fn close(&self) {
        let mut waiting = self.open();
        waiting.closed = true;
        let returned = std::mem::take(&mut waiting.messages);
        wake(waiting);
        drop(returned);
    }

    fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Inbound>> {
        let mut waiting = self.open();
        match waiting.messages.pop_front() {
            Some(message) => Poll::Ready(Some(message)),
            None if waiting.closed => Poll::Ready(None),
            None => {
                if !waiting.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
                    waiting.wakers.push(context.waker().clone());
                }
                Poll::Pending
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes all who wait: one who has gone meanwhile must not be the only one.
fn wake(mut waiting: MutexGuard<'_, Waiting>) {
    let wakers = std::mem::take(&mut waiting.wakers);
    drop(waiting);
    wakers.into_iter().for_each(Waker::wake);
}

/// The messages that an account lets through, as a [`Stream`]. It ends when the account is stopped.
///
/// Dropping it loses nothing: what it has not given waits for the next one. Several of one account share its messages,
/// each of which is given once.
#[must_use = "messages wait until they are taken"]
pub struct Messages(pub(super) Arc<Queue>);

impl Messages {
    /// The next message; none once the account is stopped. Cancel-safe: a future that is dropped has taken nothing.
    pub async fn next(&mut self) -> Option<Inbound> {
        poll_fn(|context| self.0.poll_next(context)).await
    }
}

impl Stream for Messages {
    type Item = Inbound;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Inbound>> {
        self.0.poll_next(context)
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").finish_non_exhaustive()
    }
}
