//! Who keeps the pairing requests and the list of those who were let in.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::spawn_blocking;

use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::inbound::PairingRequest;
use crate::state_dir::StateDir;
use crate::store::{AccountFiles, AllowFile, Offer, PairingStore, Requested};

/// Something that a registry is asked. The error is what went wrong, for a log.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// A code that a stranger is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The code.
    pub code: String,
    /// The command line by which the operator accepts it.
    pub approve: String,
}

/// Keeps pairing requests for a program that this one does not know.
pub trait Pairings: fmt::Debug + Send + Sync {
    /// All who were let in to the account with this id.
    fn paired<'a>(&'a self, account: &'a str) -> Asked<'a, Vec<String>>;

    /// Notes the request of a stranger, and gives the code if the stranger is to be sent it now.
    fn request<'a>(&'a self, request: &'a PairingRequest) -> Asked<'a, Option<Offered>>;

    /// Notes that the stranger was sent the code. One that was not is given again at the next request.
    fn announced<'a>(&'a self, code: &'a str) -> Asked<'a, ()>;
}

/// Who keeps the pairing requests of all accounts.
#[derive(Clone, Debug, Default)]
pub enum Registry {
    /// The files in the state folder, which an OpenClaw of 2026.2.9 shares.
    #[default]
    Files,
    /// Another program.
    Other(Arc<dyn Pairings>),
}

/// Those who were let in to one account.
pub(crate) struct PairedList {
    account: String,
    is_default: bool,
    kept: Kept,
}

enum Kept {
    Files {
        store: PairingStore,
        allow_file: AllowFile,
    },
    Other {
        pairings: Arc<dyn Pairings>,
        /// Those who were let in, as far as the guest was told.
        told: Option<Vec<String>>,
    },
}

/// Takes the requests of those who are not. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Clerk {
    account: String,
    is_default: bool,
    kept: KeptBy,
}

#[derive(Clone)]
enum KeptBy {
    Files(PairingStore),
    Other(Arc<dyn Pairings>),
}

impl Registry {
    pub(super) fn paired(&self, state: &StateDir, account: &Account, is_default: bool) -> PairedList {
        let kept = match self {
            Self::Files => {
                let store = PairingStore::new(state, &AccountFiles::of(&account.id, is_default));
                Kept::Files { allow_file: store.allow_file(), store }
            }
            Self::Other(pairings) => Kept::Other { pairings: Arc::clone(pairings), told: None },
        };
        PairedList { account: account.id.clone(), is_default, kept }
    }
}

impl PairedList {
    /// Those who were let in, if that changed since the last call; always at the first.
    pub(crate) async fn changed(&mut self) -> Result<Option<Vec<String>>, String> {
        match &mut self.kept {
            Kept::Files { store, allow_file } => match allow_file.changed() {
                Ok(false) => Ok(None),
                Ok(true) => store.allowed().map(Some).map_err(|err| err.to_string()),
                Err(err) => Err(format!("the list of paired senders cannot be read: {err}")),
            },
            Kept::Other { pairings, told } => {
                let paired = pairings.paired(&self.account).await?;
                if told.as_ref() == Some(&paired) {
                    return Ok(None);
                }
                Ok(Some(told.insert(paired).clone()))
            }
        }
    }

    pub(crate) fn clerk(&self) -> Clerk {
        let kept = match &self.kept {
            Kept::Files { store, .. } => KeptBy::Files(store.clone()),
            Kept::Other { pairings, .. } => KeptBy::Other(Arc::clone(pairings)),
        };
        Clerk { account: self.account.clone(), is_default: self.is_default, kept }
    }
}

impl Clerk {
    /// Notes the request of a stranger, and gives the code if the stranger is to be sent it now.
    pub(crate) async fn request(&self, request: &PairingRequest) -> Result<Option<Offered>, String> {
        match &self.kept {
            KeptBy::Files(store) => {
                let code = note(store, request).await?;
                Ok(code.map(|code| Offered { approve: self.approve_command(&code), code }))
            }
            KeptBy::Other(pairings) => pairings.request(request).await,
        }
    }

    /// Notes that the stranger was sent the code.
    pub(crate) async fn announced(&self, code: &str) -> Result<(), String> {
        match &self.kept {
            KeptBy::Files(store) => {
                let (store, code) = (store.clone(), code.to_owned());
                let marked = spawn_blocking(move || store.mark_announced(&code, Timestamp::now()));
                marked.await.map_err(|err| err.to_string())?.map_err(|err| err.to_string())
            }
            KeptBy::Other(pairings) => pairings.announced(code).await,
        }
    }

    /// The command line by which the operator accepts a request.
    fn approve_command(&self, code: &str) -> String {
        if self.is_default {
            format!("zalouser pairing approve {code}")
        } else {
            format!("zalouser pairing approve {code} --account {}", self.account)
        }
    }
}

/// The code that the stranger is to be sent now, if any.
async fn note(store: &PairingStore, request: &PairingRequest) -> Result<Option<String>, String> {
    let store = store.clone();
    let (account, sender, name) =
        (request.account_id.clone(), request.sender_id.clone(), request.sender_name.clone());
    let requested = spawn_blocking(move || {
        let name = Some(name.trim()).filter(|name| !name.is_empty());
        store.request(&sender, name, Timestamp::now())
    });
    match requested.await.map_err(|err| err.to_string())?.map_err(|err| err.to_string())? {
        Requested::Offered(Offer { code, announce, set_aside, .. }) => {
            for copy in set_aside {
                tracing::error!(
                    account,
                    "a damaged file was set aside and a new one begun: {}",
                    copy.display()
                );
            }
            Ok(announce.then_some(code))
        }
        Requested::Full => {
            tracing::warn!(
                account,
                sender = request.sender_id,
                "a stranger was not offered a code: three are waiting; see `zalouser pairing list`"
            );
            Ok(None)
        }
    }
}
