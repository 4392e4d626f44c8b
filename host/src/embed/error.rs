//! What can go wrong for a gateway that uses the library.

use std::path::PathBuf;

use zalouser_settings::Problem;

use crate::gateway;
use crate::grants::Refusal;
use crate::journal::JournalError;
use crate::sandbox;
use crate::zca;

/// Why a channel was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// What the configuration says is wrong.
    #[error("the configuration is wrong: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Config(Vec<Problem>),
    /// The component's file cannot be read.
    #[error("the component {path} cannot be read: {problem}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// The engine does not start, or the component does not fit or fails.
    #[error(transparent)]
    Sandbox(#[from] sandbox::Error),
    /// The channel's database cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The folder cannot be used.
    #[error("the folder {path} cannot be used: {problem}", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        problem: String,
    },
}

/// Why an account was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration has no such account.
    #[error("there is no account {account:?}; there is: {}", known.join(", "))]
    Unknown {
        /// What was asked for.
        account: String,
        /// All that there are.
        known: Vec<String>,
    },
    /// It cannot run: `zca` does not work, nobody is logged in, somebody else listens, or its component fails.
    #[error(transparent)]
    Gateway(#[from] gateway::StartError),
    /// It ended while it was started.
    #[error("account {0} ended while it was started")]
    Ended(String),
}

/// Why something was not sent, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The component may not do that. [`Refusal::key`] is the key of its grants that would have to hold
    /// [`Refusal::value`].
    #[error("{refusal}")]
    Refused {
        /// What refused it.
        refusal: Box<Refusal>,
        /// What was sent before.
        before: Undelivered,
    },
    /// The component failed, and nothing was sent.
    #[error(transparent)]
    Component(#[from] sandbox::Error),
    /// `zca` did not send a part.
    #[error("{problem}")]
    Failed {
        /// Why.
        problem: String,
        /// What was sent before.
        before: Undelivered,
    },
    /// Nobody knows whether a part was sent: sending it again may send it twice.
    #[error("{problem}")]
    Unknown {
        /// Why.
        problem: String,
        /// What certainly was sent.
        before: Undelivered,
    },
    /// The runtime is shutting down.
    #[error("the runtime ended while a message was sent; whether it arrived is unknown")]
    Ended,
}

/// How far a message got that takes several parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undelivered {
    /// Zalo's ids of what was sent, as far as they are known.
    pub message_ids: Vec<String>,
    /// How many parts were sent.
    pub sent: usize,
    /// How many there are.
    pub parts: usize,
}

impl SendError {
    /// Sorts what `zca` says of a part.
    pub(super) fn of(error: &zca::receipt::SendError, before: Undelivered) -> Self {
        let problem = error.to_string();
        if is_unknown(error) { Self::Unknown { problem, before } } else { Self::Failed { problem, before } }
    }
}

fn is_unknown(error: &zca::receipt::SendError) -> bool {
    use zca::receipt::SendError;
    match error {
        SendError::TimedOut => true,
        // It was killed, maybe after it had sent.
        SendError::Failed { code, .. } => !(0..=127).contains(code),
        SendError::CaptionLost { cause, .. } => is_unknown(cause),
        SendError::NotStarted(_) | SendError::NothingSent => false,
    }
}

/// Why a directory was not listed.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The component may not do that.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The component failed.
    #[error(transparent)]
    Component(#[from] sandbox::Error),
    /// `zca` did not list it, or not so that the component understands it.
    #[error("{0}")]
    Failed(String),
}
