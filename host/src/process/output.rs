//! What is kept of what a program prints.

use std::collections::VecDeque;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::Notify;

/// How much is read from a pipe at once, in bytes: what a pipe holds on Linux.
pub(crate) const READ_SIZE: usize = 64 * 1024;

/// How much of an output is kept, in bytes, and what happens when there is more. It is read to its end in any
/// case, as nothing that a program prints, not even its last words, may block it or break its pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The beginning; the rest is thrown away.
    Beginning(usize),
    /// The end; what came before is thrown away.
    End(usize),
    /// The whole. A program that prints more is stopped, and the beginning kept.
    All(usize),
}

/// One output of a program.
pub(super) struct Output {
    keep: Keep,
    kept: VecDeque<u8>,
    discarded: usize,
}

impl Output {
    pub(super) fn new(keep: Keep) -> Self {
        Self { keep, kept: VecDeque::new(), discarded: 0 }
    }

    /// Reads `pipe` to its end. Tells `flood` when there is more than there may be.
    pub(super) async fn fill(&mut self, mut pipe: impl AsyncRead + Unpin, flood: &Notify) {
        let mut chunk = Vec::with_capacity(READ_SIZE);
        // A pipe that cannot be read any more has ended.
        while pipe.read_buf(&mut chunk).await.is_ok_and(|count| count > 0) {
            self.take(&chunk);
            chunk.clear();
            if self.is_flood() {
                flood.notify_one();
            }
        }
    }

    fn take(&mut self, chunk: &[u8]) {
        self.kept.extend(chunk);
        let (Keep::Beginning(limit) | Keep::End(limit) | Keep::All(limit)) = self.keep;
        let excess = self.kept.len().saturating_sub(limit);
        match self.keep {
            Keep::End(_) => drop(self.kept.drain(..excess)),
            Keep::Beginning(_) | Keep::All(_) => self.kept.truncate(limit),
        }
        self.discarded = self.discarded.saturating_add(excess);
    }

    /// Whether the program is to be stopped for what it printed.
    pub(super) fn is_flood(&self) -> bool {
        matches!(self.keep, Keep::All(_)) && self.discarded > 0
    }

    /// How many bytes were thrown away.
    pub(super) fn discarded(&self) -> usize {
        self.discarded
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.kept.into()
    }
}
