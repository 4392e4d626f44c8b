//! The configuration file as a text: where things stand in it, and how it is changed.

mod draft;
mod edit;
mod names;
pub(crate) mod outline;
mod path;
mod style;
mod text_file;

pub use draft::{Draft, DraftError};
pub use edit::{Change, EditError};
pub use names::unresolved_names;
pub use path::{KeyPath, NotAPath, Step};
pub use text_file::{TextFile, WriteError};
