//! The sending of a message's parts, and how far it got.

use std::cell::Cell;
use std::pin::pin;

use crate::sandbox::bindings::types::Command;
use crate::zca::profile::Profile;
use crate::zca::program::Zca;
use crate::zca::receipt::{Receipt, SendError};
use crate::zca::send::send;

/// How far the sending of a message got.
pub(super) struct Delivery {
    /// What was to be sent, in order.
    pub(super) commands: Vec<Command>,
    /// Of the first of these, what became of them.
    pub(super) sent: Vec<Receipt>,
    /// What ended it early.
    pub(super) failure: Option<Failure>,
}

/// Why not everything was sent.
pub(super) struct Failure {
    /// Which of the commands failed, counted from 0. It is among those sent only if a part of it was.
    pub(super) index: usize,
    pub(super) cause: Cause,
}

/// What went wrong with one command.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cause {
    #[error(transparent)]
    Send(SendError),
    #[error("interrupted before it was sent")]
    InterruptedBefore,
    #[error("interrupted while it was being sent: whether it arrived is unknown")]
    InterruptedWithin,
}

impl Cause {
    /// Whether it may have arrived all the same.
    pub(super) fn is_unknown(&self) -> bool {
        match self {
            Self::Send(SendError::CaptionLost { cause, .. }) => **cause == SendError::TimedOut,
            Self::Send(error) => *error == SendError::TimedOut,
            Self::InterruptedBefore => false,
            Self::InterruptedWithin => true,
        }
    }
}

impl Delivery {
    /// How many commands were not tried.
    pub(super) fn not_tried(&self) -> usize {
        self.failure.as_ref().map_or(0, |failure| self.commands.len().saturating_sub(failure.index + 1))
    }
}

/// Carries out `commands` in order, until one fails or `interrupted` is done. `progress` is told how
/// many of how many were sent.
pub(super) async fn deliver(
    zca: &Zca,
    profile: &Profile,
    commands: Vec<Command>,
    interrupted: impl Future<Output = ()>,
    mut progress: impl FnMut(usize, usize),
) -> Delivery {
    let mut interrupted = pin!(interrupted);
    let mut sent = Vec::new();
    let mut failure = None;
    for (index, command) in commands.iter().enumerate() {
        let begun = Cell::new(false);
        let sending = async {
            begun.set(true);
            send(zca, profile, command).await.map_err(Cause::Send)
        };
        let result = tokio::select! {
            biased;
            () = &mut interrupted => Err(match begun.get() {
                true => Cause::InterruptedWithin,
                false => Cause::InterruptedBefore,
            }),
            result = sending => result,
        };
        match result {
            Ok(receipt) => sent.push(receipt),
            Err(cause) => {
                if let Cause::Send(SendError::CaptionLost { sent: video, .. }) = &cause {
                    sent.push(video.clone());
                }
                failure = Some(Failure { index, cause });
                break;
            }
        }
        progress(sent.len(), commands.len());
    }
    Delivery { commands, sent, failure }
}
