//! The guest that turns replies into commands, for one account.

use tokio::sync::Mutex;

use crate::sandbox::bindings::config::ReplyFormat;
use crate::sandbox::bindings::inbound::PairingRequest;
use crate::sandbox::bindings::outbound::Reply;
use crate::sandbox::bindings::types::Command;
use crate::sandbox::{Component, Error, Guest};

/// Plans what is to be sent. It holds no state of any conversation, so one guest does for all, and
/// a failed one is replaced at the next call.
pub(super) struct Composer {
    component: Component,
    guest: Mutex<Option<Guest>>,
}

/// Runs one call in the live guest, or in a fresh one if there is none, and drops a guest that
/// fails.
macro_rules! in_guest {
    ($self:ident, |$guest:ident| $call:expr) => {{
        let mut slot = $self.guest.lock().await;
        let mut live = match slot.take() {
            Some(live) => live,
            None => $self.component.instantiate().await?,
        };
        let $guest = &mut live;
        let result = $call.await?;
        *slot = Some(live);
        Ok(result)
    }};
}

impl Composer {
    pub(super) fn new(component: Component) -> Self {
        Self { component, guest: Mutex::new(None) }
    }

    pub(super) async fn plan(&self, format: &ReplyFormat, reply: &Reply) -> Result<Vec<Command>, Error> {
        in_guest!(self, |guest| guest.plan(format, reply))
    }

    pub(super) async fn pairing_notice(
        &self,
        request: &PairingRequest,
        code: &str,
        approve: &str,
    ) -> Result<Vec<Command>, Error> {
        in_guest!(self, |guest| guest.pairing_notice(request, code, approve))
    }
}
