//! The sandbox: the engine, its limits, and the loaded guest.

#[expect(missing_docs, reason = "generated; the WIT package describes each item")]
pub mod bindings;
