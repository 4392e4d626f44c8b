//! Components of others: how they are installed, pinned, and given accounts to judge.

mod error;
mod folder;
mod name;
mod package;
mod record;
mod roster;

pub use error::Error;
pub use folder::PluginFolder;
pub use name::{ComponentName, NotAName};
pub use package::{MANIFEST, Package};
pub use record::{Record, Request};
pub use roster::{Plugin, Plugins};
