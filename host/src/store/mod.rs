//! What is kept on disk and shared with OpenClaw: pairing requests and allow-lists.

mod account_files;
mod allow_list;
pub(crate) mod atomic;
mod code;
mod document;
mod error;
mod leftover;
mod lock;
mod notices;
mod pairing;
#[cfg(test)]
mod race_tests;
mod requests;

pub use account_files::AccountFiles;
pub use allow_list::AllowFile;
pub use error::StoreError;
pub use leftover::{Leftover, LeftoverKind};
pub use lock::LockError;
pub use pairing::{Approved, Offer, PairingStore, Requested};
pub use requests::PendingRequest;
