//! Offers strangers a pairing code.

use super::delivery::End;
use super::desk::Desk;
use super::event::What;
use super::registry::Offered;
use crate::journal::{EntryId, Rest};
use crate::sandbox::bindings::inbound::PairingRequest;

/// Notes the request of a stranger and sends the code, unless that was done before. What goes wrong
/// is logged; the offer is made again at the stranger's next message.
pub(super) async fn offer(desk: &Desk, entry: EntryId, request: PairingRequest) {
    let Desk { account, clerk, replies, .. } = desk;
    let sender = &request.sender_id;
    let (code, failure) = match clerk.request(&request).await {
        Ok(Some(offered)) => match announce(desk, entry, &request, &offered).await {
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
    replies.record.rest(entry, Rest::Answered).await;
    replies.events.tell(&account.id, What::Offered { request, code, failure });
}

async fn announce(
    desk: &Desk,
    entry: EntryId,
    request: &PairingRequest,
    offered: &Offered,
) -> Result<(), String> {
    let Desk { account, clerk, replies, .. } = desk;
    let notice = replies.composer.pairing_notice(account, request, &offered.code, &offered.approve).await;
    let notice = notice.map_err(|err| err.to_string())?;
    // The request is needed again if this process ends before the notice is sent.
    replies.record.plan(entry, &notice, true).await;
    match replies.deliver(account, entry, false).await.end {
        End::Complete => {}
        End::Failed(failure) => return Err(failure.reason),
        End::Unknown(reason) => return Err(reason),
    }
    clerk.announced(&offered.code).await
}
