//! The functions that ZeroClaw calls, and those that it does not.

use std::cell::RefCell;

use crate::Channel;
use crate::bindings::exports::zeroclaw::plugin::channel::{
    ApprovalRequest, ApprovalResponse, ChannelCapabilities, Guest, InboundMessage, SendMessage,
    WebhookRejection, WebhookRequest, WebhookResponse,
};
use crate::bindings::exports::zeroclaw::plugin::plugin_info;
use crate::state::State;

thread_local! {
    /// None until it is configured.
    static STATE: RefCell<Option<State>> = const { RefCell::new(None) };
}

impl plugin_info::Guest for Channel {
    fn plugin_name() -> String {
        "zalouser-channel".to_owned()
    }

    fn plugin_version() -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }
}

impl Guest for Channel {
    fn name() -> String {
        "zalouser".to_owned()
    }

    fn configure() -> Result<(), String> {
        let state = State::configured().map_err(|failure| failure.message)?;
        STATE.set(Some(state));
        Ok(())
    }

    fn send(message: SendMessage) -> Result<(), String> {
        STATE.with_borrow_mut(|state| match state {
            Some(state) => state.send(&message),
            None => Err("the channel was not configured".to_owned()),
        })
    }

    fn poll_message() -> Option<InboundMessage> {
        STATE.with_borrow_mut(|state| state.as_mut()?.poll())
    }

    fn get_channel_capabilities() -> ChannelCapabilities {
        ChannelCapabilities::HEALTH_CHECK
    }

    fn health_check() -> bool {
        STATE.with_borrow(|state| state.as_ref().is_some_and(State::is_healthy))
    }

    // The others have to be there, and are not called without their capabilities: each gives what the gateway takes in
    // its place.

    fn self_handle() -> Option<String> {
        None
    }

    fn self_addressed_mention() -> Option<String> {
        None
    }

    fn drop_self_message(_message: InboundMessage) -> bool {
        false
    }

    fn start_typing(_recipient: String) -> Result<(), String> {
        Ok(())
    }

    fn stop_typing(_recipient: String) -> Result<(), String> {
        Ok(())
    }

    fn supports_draft_updates() -> bool {
        false
    }

    fn send_draft(_message: SendMessage) -> Result<Option<String>, String> {
        Ok(None)
    }

    fn update_draft(_recipient: String, _message_id: String, _text: String) -> Result<(), String> {
        Ok(())
    }

    fn update_draft_progress(_recipient: String, _message_id: String, _text: String) -> Result<(), String> {
        Ok(())
    }

    fn finalize_draft(_recipient: String, _message_id: String, _text: String) -> Result<(), String> {
        Ok(())
    }

    fn cancel_draft(_recipient: String, _message_id: String) -> Result<(), String> {
        Ok(())
    }

    fn supports_multi_message_streaming() -> bool {
        false
    }

    fn multi_message_delay_ms() -> u64 {
        800
    }

    fn add_reaction(_channel_id: String, _message_id: String, _emoji: String) -> Result<(), String> {
        Ok(())
    }

    fn remove_reaction(_channel_id: String, _message_id: String, _emoji: String) -> Result<(), String> {
        Ok(())
    }

    fn pin_message(_channel_id: String, _message_id: String) -> Result<(), String> {
        Ok(())
    }

    fn unpin_message(_channel_id: String, _message_id: String) -> Result<(), String> {
        Ok(())
    }

    fn redact_message(
        _channel_id: String,
        _message_id: String,
        _reason: Option<String>,
    ) -> Result<(), String> {
        Ok(())
    }

    fn request_approval(
        _recipient: String,
        _request: ApprovalRequest,
    ) -> Result<Option<ApprovalResponse>, String> {
        Ok(None)
    }

    fn request_choice(
        _question: String,
        _choices: Vec<String>,
        _timeout_secs: u64,
    ) -> Result<Option<String>, String> {
        Ok(None)
    }

    fn supports_free_form_ask() -> bool {
        true
    }

    fn webhook_path() -> Option<String> {
        None
    }

    fn parse_webhook(_request: WebhookRequest) -> Result<WebhookResponse, WebhookRejection> {
        Err(WebhookRejection::BadRequest("unsupported".to_owned()))
    }
}
