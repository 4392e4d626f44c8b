//! The component that the host runs: exports [`zalouser_channel::Channel`] as it is.

// A native build has no component to export from, and its linker rejects the names.
#[cfg(target_family = "wasm")]
use zalouser_channel::Channel;

#[cfg(target_family = "wasm")]
zalouser_channel::export!(Channel);

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[global_allocator]
static MEMORY: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
