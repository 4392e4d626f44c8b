//! The real program, with a simulated `zca`.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod channels_edit;
mod config;
mod config_schema;
mod pairing;
mod setting;
