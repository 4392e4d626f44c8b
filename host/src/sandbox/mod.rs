//! The sandbox: the engine, its limits, and the loaded guest.

pub mod bindings;
