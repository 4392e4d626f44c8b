//! Who an account knows.

use super::account::Acting;
use super::error::DirectoryError;
use crate::sandbox::bindings::directory::{Entry, Error};
use crate::sandbox::bindings::types::Command;
use crate::zca::receipt::reason;

/// A list of people or groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// The account itself.
    Myself,
    /// The account's friends.
    Friends,
    /// The groups that it is in.
    Groups,
    /// The members of the group with this id.
    Members(String),
}

impl From<Listing> for Command {
    fn from(listing: Listing) -> Self {
        match listing {
            Listing::Myself => Self::WhoAmI,
            Listing::Friends => Self::ListFriends,
            Listing::Groups => Self::ListGroups,
            Listing::Members(group) => Self::ListMembers(group),
        }
    }
}

/// The entries of a list that `query` finds, at most `limit` of them.
pub(super) async fn find(
    acting: &Acting,
    listing: Listing,
    query: Option<&str>,
    limit: Option<u32>,
) -> Result<Vec<Entry>, DirectoryError> {
    let command = Command::from(listing);
    let plugin = acting.plugin()?;
    let now = acting.shared.clock.now_ms();
    let granted = plugin.gate.check(&acting.account, command.clone(), now);
    let granted = granted.map_err(|refusal| DirectoryError::Refused(Box::new(refusal)))?;
    let outcome = acting.shared.zca.call(&acting.profile, granted.command()).await;
    let found = plugin.component.instantiate().await?.find(&command, &outcome, query, limit).await?;
    found.map_err(|err| {
        DirectoryError::Failed(match err {
            Error::Failed(why) => why,
            Error::Unreadable => format!("what zca answered is no list: {}", reason(&outcome)),
            Error::NotAListing => "the component does not take it for a list".to_owned(),
        })
    })
}
