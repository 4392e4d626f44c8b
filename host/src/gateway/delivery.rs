//! Sends the parts of a reply, one after the other, with a note in the journal before and after each.

use super::event::{Step, What};
use super::reply::{Failure, Replies};
use crate::journal::{Chunk, ChunkState, EntryId, Rest};
use crate::sandbox::bindings::config::Account;
use crate::zca::profile::Profile;
use crate::zca::receipt::{Receipt, SendError};
use crate::zca::send::send;

/// The exit codes of a program that ended by itself; what is beyond them tells of a signal.
const EXIT_CODES: std::ops::RangeInclusive<i32> = 0..=127;

/// How far a reply got.
pub(super) struct Delivered {
    /// How many parts were sent now.
    pub(super) sent: usize,
    /// How many were sent before.
    pub(super) before: usize,
    /// How many there are.
    pub(super) total: usize,
    /// Zalo's ids of the messages that were sent now, as far as they are known.
    pub(super) message_ids: Vec<String>,
    /// Why no more were sent.
    pub(super) end: End,
}

/// Why no more of a reply is sent.
pub(super) enum End {
    /// All of it was.
    Complete,
    /// A part was not sent.
    Failed(Failure),
    /// Nobody knows whether a part was sent; the text says why.
    Unknown(String),
}

/// What a failed send means for the part that was to be sent.
enum Fate {
    NotSent {
        is_retryable: bool,
    },
    Unknown,
    /// It was, but not all that belongs to it.
    Sent,
}

impl Fate {
    fn of(error: &SendError) -> Self {
        match error {
            SendError::NotStarted(_) => Self::NotSent { is_retryable: true },
            SendError::NothingSent => Self::NotSent { is_retryable: false },
            // Whoever killed it may have done so after it had sent.
            SendError::Failed { code, .. } if !EXIT_CODES.contains(code) => Self::Unknown,
            SendError::Failed { .. } => Self::NotSent { is_retryable: true },
            SendError::TimedOut => Self::Unknown,
            SendError::CaptionLost { cause, .. } => match Self::of(cause) {
                Self::Unknown => Self::Unknown,
                Self::NotSent { .. } | Self::Sent => Self::Sent,
            },
        }
    }
}

impl Replies {
    /// Carries out what is left of the commands of `entry` in order, up to the first that fails. With `settles`,
    /// the entry is answered when the last was carried out.
    pub(super) async fn deliver(&self, account: &Account, entry: EntryId, settles: bool) -> Delivered {
        let (chunks, total) = self.record.unsent(entry).await;
        let (before, count) = (total.saturating_sub(chunks.len()), chunks.len());
        if count == 0 && settles {
            self.record.rest(entry, Rest::Answered).await;
        }
        let mut delivered = Delivered { sent: 0, before, total, message_ids: Vec::new(), end: End::Complete };
        for chunk in chunks {
            let settles = settles && delivered.sent + 1 == count;
            match self.send_chunk(account, entry, chunk, settles).await {
                Ok(receipt) => delivered.message_ids.extend(receipt.message_ids),
                Err(end) => return Delivered { end, ..delivered },
            }
            delivered.sent += 1;
        }
        delivered
    }

    async fn send_chunk(
        &self,
        account: &Account,
        entry: EntryId,
        chunk: Chunk,
        settles: bool,
    ) -> Result<Receipt, End> {
        let Chunk { place, command } = chunk;
        let granted = match self.gate.check(account, command, self.clock.now_ms()) {
            Ok(granted) => granted,
            Err(refusal) => {
                let reason = refusal.to_string();
                self.record.mark(entry, place, ChunkState::Failed, Some(&reason)).await;
                let refusal = Some(Box::new(refusal));
                return Err(End::Failed(Failure { refusal, ..Failure::lasting(reason) }));
            }
        };
        let _turn = self.pacers.turn(&account.id).await;
        if !self.record.mark(entry, place, ChunkState::Sending, None).await {
            return Err(End::Failed(Failure::lasting("the journal is closed".to_owned())));
        }
        let profile = Profile::new(&account.profile);
        let sending = send(&self.zca, &profile, granted.command());
        let error = match self.timed(account, Step::Send, sending).await {
            Ok(receipt) => {
                if settles {
                    self.record.sent_last(entry, place).await;
                } else {
                    self.record.mark(entry, place, ChunkState::Sent, None).await;
                }
                let told = What::Sent { command: granted.into_command(), receipt: receipt.clone() };
                self.events.tell(&account.id, told);
                return Ok(receipt);
            }
            Err(error) => error,
        };
        let reason = error.to_string();
        let (state, end) = match Fate::of(&error) {
            Fate::Unknown => (ChunkState::Unknown, End::Unknown(reason.clone())),
            Fate::Sent => (ChunkState::Sent, End::Failed(Failure::lasting(reason.clone()))),
            Fate::NotSent { is_retryable } => (
                ChunkState::Failed,
                End::Failed(Failure { is_retryable, ..Failure::lasting(reason.clone()) }),
            ),
        };
        self.record.mark(entry, place, state, Some(&reason)).await;
        Err(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_certainly_was_not_sent_may_be_sent_again() {
        let failed = |code| SendError::Failed { code, reason: String::new() };
        let lost = |cause| SendError::CaptionLost { sent: Receipt::default(), cause: Box::new(cause) };
        let cases = [
            (SendError::NotStarted(String::new()), "not sent, again"),
            (failed(1), "not sent, again"),
            (failed(127), "not sent, again"),
            (SendError::NothingSent, "not sent"),
            (failed(137), "unknown"),
            (failed(-1), "unknown"),
            (SendError::TimedOut, "unknown"),
            (lost(failed(1)), "sent"),
            (lost(SendError::TimedOut), "unknown"),
        ];
        for (error, expected) in cases {
            let fate = match Fate::of(&error) {
                Fate::NotSent { is_retryable: true } => "not sent, again",
                Fate::NotSent { is_retryable: false } => "not sent",
                Fate::Unknown => "unknown",
                Fate::Sent => "sent",
            };
            assert_eq!(fate, expected, "{error:?}");
        }
    }
}
