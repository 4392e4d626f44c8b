//! What a guest does of its own accord.

use super::event::What;
use super::reply::Replies;
use crate::grants;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::types::Command;

/// What is said of a command that sends nothing: its outcome would be for nobody.
pub(super) const SENDS_NOTHING: &str =
    "the component may act by itself with commands that send, and no others";

/// Carries out a command for which nobody was asked.
pub(super) async fn act(replies: &Replies, account: &Account, command: Command) {
    let failure = {
        let _permit = replies.sends.acquire().await;
        replies.carry_out(account, command.clone()).await.err()
    };
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
