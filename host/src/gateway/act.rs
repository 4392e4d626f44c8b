//! What a guest does of its own accord.

use super::delivery::End;
use super::desk::Desk;
use super::event::What;
use super::reply::Replies;
use crate::grants;
use crate::journal::{EntryId, Rest};
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::types::Command;

/// What is said of a command that sends nothing: its outcome would be for nobody.
pub(super) const SENDS_NOTHING: &str =
    "the component may act by itself with commands that send, and no others";

/// Carries out a command for which nobody was asked. It is not tried again: by then it would answer nothing.
pub(super) async fn act(desk: &Desk, entry: EntryId, command: Command, planned: bool) {
    let Desk { account, replies, .. } = desk;
    if !planned {
        replies.record.plan(entry, std::slice::from_ref(&command), true).await;
    }
    let failure = match replies.deliver(account, entry, false).await.end {
        End::Complete => None,
        End::Failed(failure) => Some(failure.reason),
        End::Unknown(reason) => Some(reason),
    };
    replies.record.rest(entry, Rest::Answered).await;
    end(replies, account, command, failure);
}

/// Logs and tells how that ended.
pub(super) fn end(replies: &Replies, account: &Account, command: Command, failure: Option<String>) {
    if let Some(failure) = &failure {
        let thread = grants::recipient(&command).map(|thread| thread.id.as_str());
        tracing::error!(account = account.id, thread, "the component did not act: {failure}");
    }
    replies.events.tell(&account.id, What::Acted { command, failure });
}
