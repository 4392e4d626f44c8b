//! Offers strangers a pairing code.

use jiff::Timestamp;
use tokio::task::spawn_blocking;

use super::delivery::End;
use super::desk::Desk;
use super::event::What;
use crate::journal::{EntryId, Rest};
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::inbound::PairingRequest;
use crate::store::{Offer, PairingStore, Requested};

/// Notes the request of a stranger and sends the code, unless that was done before. What goes wrong
/// is logged; the offer is made again at the stranger's next message.
pub(super) async fn offer(desk: &Desk, entry: EntryId, request: PairingRequest) {
    let Desk { account, store, replies, .. } = desk;
    let sender = &request.sender_id;
    let (code, failure) = match note(store, &request).await {
        Ok(Some(code)) => match announce(desk, entry, &request, &code).await {
            Ok(()) => {
                tracing::info!(account = account.id, sender, "zalouser pairing request sender={sender}");
                (Some(code), None)
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

async fn announce(desk: &Desk, entry: EntryId, request: &PairingRequest, code: &str) -> Result<(), String> {
    let Desk { account, is_default, store, replies, .. } = desk;
    let approve = approve_command(account, *is_default, code);
    let notice = replies.composer.pairing_notice(request, code, &approve).await;
    let notice = notice.map_err(|err| err.to_string())?;
    // The request is needed again if this process ends before the notice is sent.
    replies.record.plan(entry, &notice, true).await;
    let delivered = {
        let _permit = replies.sends.acquire().await;
        replies.deliver(account, entry, false).await
    };
    match delivered.end {
        End::Complete => {}
        End::Failed(failure) => return Err(failure.reason),
        End::Unknown(reason) => return Err(reason),
    }
    let (store, code) = (store.clone(), code.to_owned());
    let marked = spawn_blocking(move || store.mark_announced(&code, Timestamp::now()));
    marked.await.map_err(|err| err.to_string())?.map_err(|err| err.to_string())
}

/// The command line by which the operator accepts a request.
fn approve_command(account: &Account, is_default: bool, code: &str) -> String {
    if is_default {
        format!("zalouser pairing approve {code}")
    } else {
        format!("zalouser pairing approve {code} --account {}", account.id)
    }
}
