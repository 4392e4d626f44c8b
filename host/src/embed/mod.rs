//! The library as other gateways use it: a [`Channel`] is opened once, its accounts are started, and each gives a
//! stream of messages to be answered.
//!
//! Everything is what `zalouser gateway run` does: the same listener, lanes, grants and journal. There is no global
//! state: two channels in different folders know nothing of one another. Nothing here installs a `tracing` subscriber,
//! a signal handler or a TLS provider, reads an environment variable or the standard input. All public types are
//! `Send + Sync`, and all futures want a tokio runtime with time and I/O enabled; [`sandbox::runtime`] makes one on
//! which hostile components hold up nobody.
//!
//! # Precompiled components
//! The engine's own serialised form cannot be loaded safely: its bytes are run as native code, whoever wrote them. So
//! there is no way to hand it in. What takes its place is the folder for compiled code, which is on unless
//! [`ChannelBuilder::without_cache`] says otherwise: a component is compiled once, kept in a folder that the engine
//! refuses to use if another user could write to it, and loaded from there in less than a millisecond from then on.
//! Open a channel while the program is installed, and no start compiles.
//!
//! [`sandbox::runtime`]: crate::sandbox::runtime

mod account;
mod answering;
mod builder;
mod channel;
mod directory;
mod error;
mod inbound;
mod journal;
mod queue;
mod source;

pub use account::Account;
pub use builder::ChannelBuilder;
pub use channel::Channel;
pub use directory::Listing;
pub use error::{DirectoryError, OpenError, SendError, StartError, Undelivered};
pub use inbound::Inbound;
pub use journal::{Admission, Journal, Noted, Settled};
pub use queue::Messages;
pub use source::ComponentSource;

pub use crate::clock::{Clock, SystemClock};
pub use crate::gateway::context::Context;
pub use crate::gateway::{Asked, Offered, Pairings};
pub use crate::grants::{Capability, Grants, Refusal};
pub use crate::plugins::ComponentName;
pub use crate::sandbox::Limits;
pub use crate::sandbox::bindings::directory::Entry;
pub use crate::sandbox::bindings::inbound::PairingRequest;
pub use crate::sandbox::bindings::types::{ChatKind, ExitStatus, Outcome, Thread};
pub use crate::tool::Conclusion;
pub use crate::zca::program::Zca;
pub use crate::zca::runner::{Listening, Running, ZcaRunner};

/// Types that other threads cannot share would be of no use to a gateway.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Account>();
    shared::<Channel>();
    shared::<ChannelBuilder>();
    shared::<ComponentSource>();
    shared::<Inbound>();
    shared::<Messages>();
    shared::<DirectoryError>();
    shared::<OpenError>();
    shared::<SendError>();
    shared::<StartError>();
};
