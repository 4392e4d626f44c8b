//! The account as a channel of ZeroClaw: the same logic as everywhere, fed by `zalouser bridge`.
//!
//! ZeroClaw keeps one instance as long as it works, and asks it every moment for a message; nothing else comes in.

mod bindings {
    wit_bindgen::generate!({ path: "../wit", world: "channel-plugin", generate_all });
}
mod exported;
mod inbox;
mod log;
mod outbox;
mod state;

/// What the component exports.
struct Channel;

// A native build has no component to export from, and its linker rejects the names.
#[cfg(target_family = "wasm")]
bindings::export!(Channel with_types_in bindings);
