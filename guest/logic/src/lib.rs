//! What the zalouser guest decides, as pure functions: no WIT, no I/O, no clock, no randomness.
//!
//! [`config`] reads the gateway's file into [`account::Account`]s, [`inbound::Monitor`] turns what
//! `zca listen` prints into [`effect::Effect`]s, and [`outbound`] turns replies into
//! [`command::Command`]s. The component around it only converts types; the WIT package describes
//! each of them.

pub mod account;
pub mod command;
pub mod config;
pub mod effect;
pub mod inbound;
pub mod names;
pub mod outbound;
pub mod session;
