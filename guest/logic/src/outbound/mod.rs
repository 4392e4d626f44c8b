//! Turns what the agent says into commands.

mod media;
mod notice;
mod plan;
mod prefix;
mod silence;
mod tables;

pub use crate::session::session_key;
pub use notice::pairing_notice;
pub use plan::plan;
pub use tables::convert_tables;
pub use zalouser_chunks::chunk;

use crate::command::Thread;

/// Which model wrote a reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelInfo {
    /// Who offers it, as `openai`; empty when unknown.
    pub provider: String,
    /// What it is called there.
    pub model: String,
    /// How hard it was told to think, if that is known.
    pub thinking_level: Option<String>,
}

/// What an agent answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Where it goes.
    pub thread: Thread,
    /// Markdown. May be empty.
    pub text: String,
    /// URLs, or absolute paths on the host's disk.
    pub media: Vec<String>,
    /// Who wrote it, if known.
    pub model: Option<ModelInfo>,
}
