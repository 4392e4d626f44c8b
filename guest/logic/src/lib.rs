//! What the zalouser guest decides, as pure functions: no WIT, no I/O, no clock, no randomness.
//!
//! [`config`] reads the gateway's file into [`account::Account`]s, [`inbound::Monitor`] turns what
//! `zca listen` prints into [`effect::Effect`]s, [`outbound`] turns replies into
//! [`command::Command`]s, and [`directory`] finds people and groups. The component around it only
//! converts types; the WIT package describes each of them.

pub mod account;
mod address;
pub mod command;
pub mod config;
pub mod directory;
pub mod effect;
pub mod inbound;
mod label;
pub mod names;
pub mod outbound;
mod printed;
pub mod session;
mod sorted;
pub mod tool;
