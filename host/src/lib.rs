//! A personal Zalo account for an AI gateway, judged inside a WebAssembly sandbox.
//!
//! This is the native host: it owns `zca`, feeds what `zca listen` prints to a sandboxed component, and carries out
//! what the component asks for and its grants allow. A gateway in Rust uses it through [`Channel`]:
//!
//! ```no_run
#![doc = include_str!("../examples/embed.rs")]
//! ```
//!
//! - [`ChannelBuilder`] takes the component, its limits and grants, and what the gateway brings itself: a [`ZcaRunner`],
//!   a [`Clock`], a [`Journal`], [`Pairings`](embed::Pairings).
//! - [`Account`] sends, calls the tool and lists people; its [`Messages`] are a `Stream`.
//! - [`Inbound`] is one message, which is answered and acknowledged. What is not acknowledged comes again.
//!
//! The [`embed`] module has all of it. The other modules are what the program `zalouser` is made of; they change
//! without notice.

#[doc(hidden)]
pub mod bridge;
#[doc(hidden)]
pub mod cli;
pub mod clock;
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod config_file;
#[doc(hidden)]
pub mod decision;
pub mod embed;
mod file_watch;
pub mod gateway;
pub mod grants;
pub mod journal;
mod log_file;
#[doc(hidden)]
pub mod mcp;
mod pid_lock;
pub mod plugins;
mod process;
mod qr;
#[doc(hidden)]
pub mod serve;
#[doc(hidden)]
pub mod settings;
pub mod simulator;
pub mod state_dir;
#[doc(hidden)]
pub mod store;
pub mod tool;
pub mod zca;
mod zone;

pub use zalouser_sandbox as sandbox;

pub use embed::{
    Account, Channel, ChannelBuilder, Clock, ComponentSource, Grants, Inbound, Journal, Limits, Listing,
    Messages, SystemClock, Zca, ZcaRunner,
};
