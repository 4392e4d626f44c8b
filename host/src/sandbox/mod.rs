//! The sandbox: the engine, its limits, and the guests that run in it.

#[expect(missing_docs, reason = "generated; the WIT package describes each item")]
pub mod bindings;
mod component;
mod engine;
mod error;
mod guest;
mod limits;
mod monitor;
mod recollection;

pub use component::Component;
pub use engine::Sandbox;
pub use error::Error;
pub use guest::{Guest, MonitorHandle};
pub use limits::{Limit, Limits, TICK};
pub use monitor::{Monitor, Pushed};

/// The component that is part of this program.
pub const SHIPPED: &[u8] = include_bytes!(env!("ZALOUSER_COMPONENT"));
