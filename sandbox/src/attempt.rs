//! Calls that depend on nothing that a guest remembers, and so can be made again in another one.

use super::component::Component;
use super::error::Error;
use super::guest::Guest;

/// How many guests in turn have a call made, or a line given, before it is given up.
pub(super) const TRIES: usize = 3;

/// Makes a call in the guest of an [`Attempts`], again in a fresh one after a failure, and gives what came of it.
#[macro_export]
macro_rules! attempt {
    ($attempts:expr, |$guest:ident| $call:expr) => {{
        let attempts: &mut $crate::Attempts<'_> = $attempts;
        loop {
            match attempts.guest().await {
                Ok($guest) => {
                    let result = $call.await;
                    if let Some(result) = attempts.judge(result) {
                        break result;
                    }
                }
                Err(error) => break Err(error),
            }
        }
    }};
}

/// Calls on behalf of one account, one after the other.
pub struct Attempts<'a> {
    component: &'a Component,
    account: &'a str,
    guest: Option<Guest>,
    /// How the guests failed that had the call before, at last.
    failed: Option<Error>,
    tries: usize,
}

impl<'a> Attempts<'a> {
    /// Calls in `guest` as long as that lives, and then, or without one, in fresh ones.
    pub fn new(component: &'a Component, account: &'a str, guest: Option<Guest>) -> Self {
        Self { component, account, guest, failed: None, tries: 0 }
    }

    /// The guest for the next try.
    pub async fn guest(&mut self) -> Result<&mut Guest, Error> {
        let guest = match self.guest.take() {
            Some(guest) => guest,
            None => self.component.instantiate().await?,
        };
        Ok(self.guest.insert(guest))
    }

    /// Whether a try was the last one; a failure that the next guest does not share is logged.
    pub fn judge<T>(&mut self, result: Result<T, Error>) -> Option<Result<T, Error>> {
        self.tries += 1;
        match result {
            Ok(value) => {
                if let Some(error) = self.failed.take() {
                    let limit = error.limit().map(tracing::field::display);
                    tracing::error!(account = self.account, limit, "{error}; a fresh guest went on");
                }
                self.tries = 0;
                Some(Ok(value))
            }
            Err(error) => {
                self.guest = None;
                if self.tries >= TRIES {
                    return Some(Err(error));
                }
                self.failed = Some(error);
                None
            }
        }
    }

    /// The guest that is left, if the last call went well.
    pub fn into_guest(self) -> Option<Guest> {
        self.guest
    }
}
