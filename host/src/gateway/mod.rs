//! The run loop: what comes in is judged by the guest, answered by an agent, and sent.

pub mod agent;
pub mod context;
