//! Where a component comes from.

use std::borrow::Cow;
use std::fs;
use std::path::PathBuf;

use super::error::OpenError;
use crate::plugins::ComponentName;
use crate::sandbox::{Component, SHIPPED, Sandbox};

/// The largest file that is read as a component, in bytes: a hundred times the shipped one.
const FILE_MAX: u64 = 64 << 20;

/// Where the component comes from that decides for all accounts of a channel.
///
/// What is given is WebAssembly, and never the engine's own precompiled form; the [module](super) says why, and what
/// there is instead.
#[derive(Clone, Debug)]
pub struct ComponentSource {
    pub(super) name: ComponentName,
    from: From,
}

#[derive(Clone, Debug)]
enum From {
    Bytes(Cow<'static, [u8]>),
    File(PathBuf),
}

impl ComponentSource {
    /// The component that is part of this library.
    pub fn shipped() -> Self {
        Self { name: ComponentName::shipped(), from: From::Bytes(Cow::Borrowed(SHIPPED)) }
    }

    /// A component as bytes. Under any other name than the shipped one's it is granted nothing by default.
    pub fn bytes(name: ComponentName, bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        Self { name, from: From::Bytes(bytes.into()) }
    }

    /// A component in a file of at most 64 MiB, read when the channel is opened. As for [`Self::bytes`].
    pub fn file(name: ComponentName, path: impl Into<PathBuf>) -> Self {
        Self { name, from: From::File(path.into()) }
    }

    /// Reads and compiles it, which blocks.
    pub(super) fn load(&self, sandbox: &Sandbox) -> Result<Component, OpenError> {
        let bytes = match &self.from {
            From::Bytes(bytes) => Cow::Borrowed(bytes.as_ref()),
            From::File(path) => {
                let unreadable = |problem: String| OpenError::Unreadable { path: path.clone(), problem };
                let size = fs::metadata(path).map_err(|err| unreadable(err.to_string()))?.len();
                if size > FILE_MAX {
                    return Err(unreadable(format!("it is larger than {} MiB", FILE_MAX >> 20)));
                }
                Cow::Owned(fs::read(path).map_err(|err| unreadable(err.to_string()))?)
            }
        };
        Ok(sandbox.load(&bytes)?)
    }
}

impl Default for ComponentSource {
    fn default() -> Self {
        Self::shipped()
    }
}
