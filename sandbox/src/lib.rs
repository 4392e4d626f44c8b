//! The sandbox: the engine, its limits, and the guests that run in it.

mod attempt;
#[expect(missing_docs, reason = "generated; the WIT package describes each item")]
pub mod bindings;
mod component;
mod contract;
mod denial;
mod engine;
mod error;
mod guest;
mod incident;
mod limits;
mod live;
mod monitor;
pub mod private_folder;
mod quarantine;
mod recollection;
mod runtime;

pub use attempt::Attempts;
pub use component::{Component, Inspection};
pub use contract::WORLD;
pub use engine::Sandbox;
pub use error::Error;
pub use guest::{Guest, MonitorHandle};
pub use incident::Incident;
pub use limits::{Limit, Limits, TICK};
pub use monitor::{Monitor, Pushed};
pub use runtime::runtime;

/// The component that is part of this program.
pub use zalouser_guests::CHANNEL as SHIPPED;

/// What the operator calls it.
pub const SHIPPED_NAME: &str = "zalouser";
