//! What can go wrong with a guest.

use wasmtime::Trap;

use super::limits::Limit;

/// Why a component did not load, or a call into a guest did not come back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine itself could not be set up.
    #[error("the sandbox cannot be set up: {0}")]
    Engine(String),
    /// The bytes are not a component that this host can load.
    #[error("the component cannot be loaded: {0}")]
    Load(String),
    /// The guest went beyond a limit. Its instance is gone.
    #[error("the guest ran out of {limit} in `{call}`")]
    Limit {
        /// The function that was called.
        call: &'static str,
        /// What it ran out of.
        limit: Limit,
    },
    /// The guest trapped, or answered what the contract does not allow. Its instance is gone.
    #[error("the guest failed in `{call}`: {reason}")]
    Trap {
        /// The function that was called.
        call: &'static str,
        /// What the engine says of it.
        reason: String,
    },
}

impl Error {
    /// Sorts a failed call by its trap, and by what was refused to the guest before.
    pub(super) fn of_call(call: &'static str, err: &wasmtime::Error, refused: Option<Limit>) -> Self {
        let trap = err.downcast_ref::<Trap>();
        match (trap, refused) {
            (Some(Trap::Interrupt), _) => Self::Limit { call, limit: Limit::Time },
            (_, Some(limit)) => Self::Limit { call, limit },
            (Some(trap), None) => Self::Trap { call, reason: trap.to_string() },
            (None, None) => Self::Trap { call, reason: err.root_cause().to_string() },
        }
    }
}
