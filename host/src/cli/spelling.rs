//! What the guest understood, in the configuration's own words.

use crate::sandbox::bindings::config::{ChunkMode, DmPolicy, GroupPolicy, TableStyle};

/// A `dmPolicy`.
pub(super) fn dm_policy(policy: DmPolicy) -> &'static str {
    match policy {
        DmPolicy::Pairing => "pairing",
        DmPolicy::Allowlist => "allowlist",
        DmPolicy::Open => "open",
        DmPolicy::Disabled => "disabled",
    }
}

/// A `groupPolicy`.
pub(super) fn group_policy(policy: GroupPolicy) -> &'static str {
    match policy {
        GroupPolicy::Open => "open",
        GroupPolicy::Allowlist => "allowlist",
        GroupPolicy::Disabled => "disabled",
    }
}

/// A `markdown.tables`.
pub(super) fn table_style(style: TableStyle) -> &'static str {
    match style {
        TableStyle::Off => "off",
        TableStyle::Bullets => "bullets",
        TableStyle::Code => "code",
    }
}

/// A `chunkMode`.
pub(super) fn chunk_mode(mode: ChunkMode) -> &'static str {
    match mode {
        ChunkMode::Length => "length",
        ChunkMode::Newline => "newline",
    }
}
