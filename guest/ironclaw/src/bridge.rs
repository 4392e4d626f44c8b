//! The way to the bridge: the gateway's HTTP.

use zalouser_bridge::{Answer, Bridge, Failure, Kind, Method, Transport, Unreached};

use crate::address;
use crate::near::agent::host::{self, HttpErrorKind, HttpFailure, HttpResponse};

/// For how long an answer is waited for, in milliseconds. IronClaw ends a call after a minute.
const TIMEOUT: u32 = 55_000;

/// The gateway's HTTP, to this address.
pub(crate) struct Http {
    address: &'static str,
}

/// The bridge.
pub(crate) fn bridge() -> Result<Bridge<Http>, Failure> {
    let Some(address) = address::bridge() else {
        let message = "this component does not know its bridge; export it: zalouser plugins export ironclaw";
        return Err(Failure::new(Kind::Unavailable, "no-bridge", message));
    };
    Ok(Bridge(Http { address }))
}

impl Transport for Http {
    fn address(&self) -> &str {
        self.address
    }

    fn exchange(&self, method: Method, path: &str, body: Option<&[u8]>) -> Result<Answer, Unreached> {
        let method = match method {
            Method::Get => "GET",
            Method::Post => "POST",
        };
        let url = format!("{}{path}", self.address);
        // The token is put in by the gateway: this component never sees it.
        let headers = r#"{"Content-Type":"application/json"}"#;
        let answer = host::http_request(method, &url, headers, body, Some(TIMEOUT));
        let HttpResponse { status, body, .. } = answer.map_err(unreached)?;
        Ok(Answer { status, body })
    }
}

fn unreached(told: HttpFailure) -> Unreached {
    let HttpFailure { kind, code, message, request_sent: sent } = told;
    let (kind, hint) = match kind {
        HttpErrorKind::AuthRequired => (Kind::Token, None),
        HttpErrorKind::NetworkDenied => (
            Kind::Denied,
            Some(
                "the operator has to allow this address, and one that is public: the gateway may refuse loopback and \
                 private ones",
            ),
        ),
        HttpErrorKind::Input => (Kind::Input, None),
        HttpErrorKind::OutputTooLarge => (Kind::TooLarge, None),
        HttpErrorKind::Executor => (Kind::Gateway, None),
        HttpErrorKind::Client => (Kind::Unavailable, None),
        HttpErrorKind::OperationFailed => (Kind::Failed, None),
    };
    let why = message.or(code).unwrap_or_else(|| "no reason was given".to_owned());
    Unreached { kind, why, hint, sent }
}
