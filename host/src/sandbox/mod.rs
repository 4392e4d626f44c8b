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
mod quarantine;
mod recollection;
mod runtime;

pub(crate) use attempt::{Attempts, attempt};
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
pub const SHIPPED: &[u8] = include_bytes!(env!("ZALOUSER_COMPONENT"));

/// The agent's tool for IronClaw, which is not run here but exported. Its slot for the bridge's address is blank.
pub const IRONCLAW_TOOL: &[u8] = include_bytes!(env!("ZALOUSER_IRONCLAW_COMPONENT"));

/// The account as a channel of ZeroClaw, which is not run here but exported.
pub const ZEROCLAW_CHANNEL: &[u8] = include_bytes!(env!("ZALOUSER_ZEROCLAW_CHANNEL_COMPONENT"));

/// The agent's tool for ZeroClaw, which is not run here but exported.
pub const ZEROCLAW_TOOL: &[u8] = include_bytes!(env!("ZALOUSER_ZEROCLAW_TOOL_COMPONENT"));
