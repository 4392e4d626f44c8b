//! What can go wrong with a guest.

use std::sync::Arc;

use wasmtime::Trap;
use wasmtime::component::ResourceTableError;
use wasmtime_wasi::I32Exit;

use super::component::Component;
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
    #[error("component {component} ran out of {limit} in `{call}`")]
    Limit {
        /// The component that the guest was made of.
        component: Arc<str>,
        /// The function that was called.
        call: &'static str,
        /// What it ran out of.
        limit: Limit,
    },
    /// The guest trapped, or answered what the contract does not allow. Its instance is gone.
    #[error("component {component} failed in `{call}`: {reason}")]
    Trap {
        /// The component that the guest was made of.
        component: Arc<str>,
        /// The function that was called.
        call: &'static str,
        /// What the engine says of it.
        reason: String,
    },
}

impl Error {
    /// What the guest ran out of, if that was it.
    pub fn limit(&self) -> Option<Limit> {
        match self {
            Self::Limit { limit, .. } => Some(*limit),
            Self::Engine(_) | Self::Load(_) | Self::Trap { .. } => None,
        }
    }

    /// An answer that is ill-formed, or that the host knows to be untrue.
    pub fn of_answer(component: &Component, call: &'static str, reason: &str) -> Self {
        Self::Trap { component: Arc::clone(component.name()), call, reason: reason.to_owned() }
    }

    /// Sorts a failed call by its trap, and by what was refused to the guest in it.
    pub(super) fn of_call(
        component: &Arc<str>,
        call: &'static str,
        err: &wasmtime::Error,
        refused: Option<Limit>,
    ) -> Self {
        let component = Arc::clone(component);
        match limit(err, refused) {
            Some(limit) => Self::Limit { component, call, limit },
            None => Self::Trap { component, call, reason: reason(err) },
        }
    }
}

fn limit(err: &wasmtime::Error, refused: Option<Limit>) -> Option<Limit> {
    match err.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => return Some(Limit::Time),
        Some(Trap::StackOverflow) => return Some(Limit::Stack),
        _ => {}
    }
    if matches!(err.downcast_ref(), Some(ResourceTableError::Full)) {
        return Some(Limit::Handles);
    }
    // The engine keeps the types of these to itself. The hostile components show that they still read so.
    let text = err.root_cause().to_string();
    let told = [
        ("fuel allocated for hostcalls has been exhausted", Limit::Returned),
        ("store handle limit exceeded", Limit::Handles),
        ("resource limit exceeded", Limit::Instances),
    ];
    let told = told.into_iter().find_map(|(part, limit)| text.contains(part).then_some(limit));
    told.or(refused)
}

fn reason(err: &wasmtime::Error) -> String {
    if let Some(trap) = err.downcast_ref::<Trap>() {
        return trap.to_string();
    }
    match err.downcast_ref::<I32Exit>() {
        Some(I32Exit(code)) => format!("it ended itself with exit code {code}"),
        None => err.root_cause().to_string(),
    }
}
