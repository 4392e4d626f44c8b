//! The real program, with a simulated `zca`.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod directory;
mod message;
mod pairing;
mod setting;
mod stage;
