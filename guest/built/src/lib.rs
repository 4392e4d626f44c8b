//! The guest components, built with this crate.

/// The component that judges and answers.
pub const CHANNEL: &[u8] = include_bytes!(env!("ZALOUSER_COMPONENT"));

/// The SHA-256 of [`CHANNEL`], in hexadecimal digits.
pub const CHANNEL_SHA256: &str = env!("ZALOUSER_COMPONENT_SHA256");

/// The version of [`CHANNEL`].
pub const CHANNEL_VERSION: &str = env!("ZALOUSER_GUEST_VERSION");

/// The version of the workspace, and what identifies [`CHANNEL`] to the byte.
pub const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (guest ",
    env!("ZALOUSER_GUEST_VERSION"),
    ", sha256 ",
    env!("ZALOUSER_COMPONENT_SHA256"),
    ")"
);

/// The agent's tool for IronClaw, compressed by zlib. Its slot for the bridge's address is blank.
pub const IRONCLAW_TOOL: &[u8] = include_bytes!(env!("ZALOUSER_IRONCLAW_COMPONENT"));

/// The account as a channel of ZeroClaw, compressed by zlib.
pub const ZEROCLAW_CHANNEL: &[u8] = include_bytes!(env!("ZALOUSER_ZEROCLAW_CHANNEL_COMPONENT"));

/// The agent's tool for ZeroClaw, compressed by zlib.
pub const ZEROCLAW_TOOL: &[u8] = include_bytes!(env!("ZALOUSER_ZEROCLAW_TOOL_COMPONENT"));
