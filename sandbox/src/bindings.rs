//! The types of the WIT package as the host sees them.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "plugin",
    exports: { default: async },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
});

pub use exports::zalouser::plugin::{config, directory, inbound, outbound, tool, types};
