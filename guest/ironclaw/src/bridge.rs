//! Asks the bridge over the gateway's HTTP.

use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::{Digest, Sha256};
use zalouser_logic::account::Account;
use zalouser_logic::command::{Command, Outcome};
use zalouser_logic::config::{self, Environment};

use crate::address;
use crate::exports::near::agent::tool::{ErrorKind, GuestFailure, Request};
use crate::failure::failure;
use crate::near::agent::host::{self, HttpErrorKind, HttpFailure, HttpResponse};
use crate::protocol::{Configuration, Done, Failed, Trouble, command as encoded, sends};

/// For how long an answer is waited for, in milliseconds. IronClaw ends a call after a minute.
const TIMEOUT: u32 = 55_000;

/// For how long the same call means the same messages, in milliseconds: as long as a call may take, so that a gateway
/// which makes it again sends nothing twice, and somebody who says the same a minute later is heard.
const SAME_CALL: u64 = 60_000;

/// A bridge, for one call.
pub(crate) struct Bridge {
    address: &'static str,
    /// What is the same when the call is made again.
    call: Sha256,
}

/// Why there is no outcome.
pub(crate) enum Broken {
    /// Nothing was done.
    Refused(GuestFailure),
    /// The bridge was asked, and nobody knows what it did.
    Unknown(GuestFailure),
}

impl From<Broken> for GuestFailure {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Refused(failure) | Broken::Unknown(failure) => failure,
        }
    }
}

impl Bridge {
    /// The bridge for this call.
    pub(crate) fn of(request: &Request) -> Result<Self, GuestFailure> {
        let Some(address) = address::bridge() else {
            let message =
                "this component does not know its bridge; export it: zalouser plugins export ironclaw";
            return Err(failure(ErrorKind::Client, "no-bridge", message));
        };
        let mut call = Sha256::new();
        call.update((host::now_millis() / SAME_CALL).to_le_bytes());
        for text in [Some(&request.params), request.context.as_ref()] {
            let text = text.map(String::as_bytes).unwrap_or_default();
            // With its length, so that no two calls are written alike.
            call.update(text.len().to_le_bytes());
            call.update(text);
        }
        Ok(Self { address, call })
    }

    /// The default account, as the operator configured it.
    pub(crate) fn account(&self) -> Result<Account, GuestFailure> {
        let Configuration { json5, zca_profile } = self.ask("GET", "/v1/configuration", None)?;
        let configuration = config::load(&json5, &Environment { zca_profile }).ok();
        let account = configuration.as_ref().and_then(|configuration| configuration.account(None));
        account.cloned().ok_or_else(|| {
            let message = "the configuration of the bridge is wrong; run there: zalouser config check";
            failure(ErrorKind::OperationFailed, "configuration", message)
        })
    }

    /// Has a command of this call carried out.
    pub(crate) fn carry_out(
        &self,
        account: &str,
        place: usize,
        command: &Command,
    ) -> Result<Outcome, Broken> {
        let mut order = json!({ "account": account, "command": encoded(command) });
        if sends(command) {
            order["key"] = self.key(place).into();
        }
        let done: Done = self.ask("POST", "/v1/commands", Some(order.to_string().into_bytes()))?;
        Ok(done.into())
    }

    /// What a command of this call is called, whenever the call is made again.
    fn key(&self, place: usize) -> String {
        let call = self.call.clone().chain_update(place.to_le_bytes());
        format!("ironclaw:{:x}", call.finalize())
    }

    fn ask<T: DeserializeOwned>(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> Result<T, Broken> {
        let url = format!("{}{path}", self.address);
        // The token is put in by the gateway: this component never sees it.
        let headers = r#"{"Content-Type":"application/json"}"#;
        let answer = host::http_request(method, &url, headers, body.as_deref(), Some(TIMEOUT));
        let HttpResponse { status, body, .. } = answer.map_err(|failure| self.unreached(failure))?;
        if status != 200 {
            return Err(self.refusal(status, &body));
        }
        serde_json::from_slice(&body).map_err(|err| {
            let message = format!("{} is no bridge of this version: {err}", self.address);
            Broken::Unknown(failure(ErrorKind::OperationFailed, "answer", &message))
        })
    }

    fn unreached(&self, told: HttpFailure) -> Broken {
        let HttpFailure { kind, code, message, request_sent } = told;
        let (kind, hint) = match kind {
            HttpErrorKind::AuthRequired => (ErrorKind::AuthRequired, TOKEN),
            HttpErrorKind::NetworkDenied => (
                ErrorKind::NetworkDenied,
                "the operator has to allow this address, and one that is public: the gateway may refuse loopback and \
                 private ones",
            ),
            HttpErrorKind::Input => (ErrorKind::Input, REACH),
            HttpErrorKind::OutputTooLarge => {
                (ErrorKind::OutputTooLarge, "ask for less, with query and limit")
            }
            HttpErrorKind::Executor => (ErrorKind::Executor, REACH),
            HttpErrorKind::Client => (ErrorKind::Client, REACH),
            HttpErrorKind::OperationFailed => (ErrorKind::OperationFailed, REACH),
        };
        let why = message.or(code).unwrap_or_else(|| "no reason was given".to_owned());
        let message = format!("the bridge at {} cannot be reached ({why}); {hint}", self.address);
        let failure = failure(kind, "bridge", &message);
        if request_sent { Broken::Unknown(failure) } else { Broken::Refused(failure) }
    }

    fn refusal(&self, status: u16, body: &[u8]) -> Broken {
        let Failed { error: Trouble { code, message } } = serde_json::from_slice(body).unwrap_or_default();
        let (kind, hint) = match status {
            401 | 403 => (ErrorKind::AuthRequired, TOKEN),
            413 | 422 => (ErrorKind::Input, "change the call"),
            421 => (ErrorKind::Client, "start the bridge with --allow-host and the name in its address"),
            429 | 503 => (ErrorKind::Client, "try again in a few seconds"),
            _ => (ErrorKind::OperationFailed, REACH),
        };
        let message = format!("the bridge at {} answered {status} ({message}); {hint}", self.address);
        let code = if code.is_empty() { "bridge" } else { &code };
        let failure = failure(kind, code, &message);
        // The first one to ask under this key has not been answered yet; or what is between says that it does not know.
        if matches!(status, 409 | 500 | 502 | 504) {
            Broken::Unknown(failure)
        } else {
            Broken::Refused(failure)
        }
    }
}

const TOKEN: &str = "give the gateway the token of the bridge; it is in the file that `zalouser bridge` names when it \
                     starts";

const REACH: &str =
    "start it: zalouser bridge --listen 127.0.0.1:PORT, and look whether this address leads to it";
