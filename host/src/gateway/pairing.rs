//! Offers strangers a pairing code.

use super::registry::{Clerk, Offered};
use super::event::What;
use super::reply::Replies;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::inbound::PairingRequest;

/// Notes the request of a stranger and sends the code, unless that was done before. What goes wrong
/// is logged; the offer is made again at the stranger's next message.
pub(super) async fn offer(replies: &Replies, clerk: &Clerk, account: &Account, request: PairingRequest) {
    let sender = &request.sender_id;
    let (code, failure) = match clerk.request(&request).await {
        Ok(Some(offered)) => match announce(replies, clerk, account, &request, &offered).await {
            Ok(()) => {
                tracing::info!(account = account.id, sender, "zalouser pairing request sender={sender}");
                (Some(offered.code), None)
            }
            Err(failure) => (None, Some(failure)),
        },
        Ok(None) => (None, None),
        Err(failure) => (None, Some(failure)),
    };
    if let Some(failure) = &failure {
        tracing::error!(account = account.id, sender, "no pairing code was sent: {failure}");
    }
    replies.events.tell(&account.id, What::Offered { request, code, failure });
}

async fn announce(
    replies: &Replies,
    clerk: &Clerk,
    account: &Account,
    request: &PairingRequest,
    offered: &Offered,
) -> Result<(), String> {
    let notice = replies.composer.pairing_notice(request, &offered.code, &offered.approve).await;
    for command in notice.map_err(|err| err.to_string())? {
        replies.carry_out(account, command).await?;
    }
    clerk.announced(&offered.code).await
}
