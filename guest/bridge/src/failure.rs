//! Why the bridge did not do something, and what to do about it.

use serde::Deserialize;

/// What kind of failure something is. Each gateway has names of its own for these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The token is missing or wrong.
    Token,
    /// What was asked is wrong.
    Input,
    /// The answer is too large.
    TooLarge,
    /// The gateway does not allow the way to the bridge.
    Denied,
    /// The gateway itself failed.
    Gateway,
    /// The bridge is not there, or not for this.
    Unavailable,
    /// Everything else.
    Failed,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which kind it is.
    pub kind: Kind,
    /// A name for programs, such as `no-such-account`.
    pub code: String,
    /// What is wrong and what to do, for people and models.
    pub message: String,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreached {
    /// Which kind of failure it is.
    pub kind: Kind,
    /// What the gateway says of it.
    pub why: String,
    /// What to do in this gateway; none when only the bridge or its address can be at fault.
    pub hint: Option<&'static str>,
    /// Whether the request may have arrived.
    pub sent: bool,
}

/// Why there is no outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Nothing was done.
    Refused(Failure),
    /// The bridge was asked, and nobody knows what it did.
    Unknown(Failure),
}

/// What the bridge answers when it does not do what it was asked.
#[derive(Default, Deserialize)]
struct Failed {
    error: Trouble,
}

#[derive(Default, Deserialize)]
struct Trouble {
    code: String,
    message: String,
}

impl Failure {
    /// A failure with a name of its own.
    pub fn new(kind: Kind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into() }
    }
}

impl Broken {
    /// What went wrong.
    pub fn failure(&self) -> &Failure {
        match self {
            Self::Refused(failure) | Self::Unknown(failure) => failure,
        }
    }
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Refused(failure) | Broken::Unknown(failure) => failure,
        }
    }
}

const TOKEN: &str = "give the gateway the token of the bridge; it is in the file that `zalouser bridge` names when it \
                     starts";

const REACH: &str =
    "start it: zalouser bridge --listen 127.0.0.1:PORT, and look whether this address leads to it";

/// That of a bridge which did not answer.
pub(crate) fn unreached(address: &str, told: Unreached) -> Broken {
    let Unreached { kind, why, hint, sent } = told;
    let hint = match kind {
        Kind::Token => TOKEN,
        Kind::TooLarge => "ask for less, with query and limit",
        _ => hint.unwrap_or(REACH),
    };
    let message = format!("the bridge at {address} cannot be reached ({why}); {hint}");
    let failure = Failure::new(kind, "bridge", message);
    if sent { Broken::Unknown(failure) } else { Broken::Refused(failure) }
}

/// That of a bridge which answered that it did not do it.
pub(crate) fn refusal(address: &str, status: u16, body: &[u8]) -> Broken {
    let Failed { error: Trouble { code, message } } = serde_json::from_slice(body).unwrap_or_default();
    let (kind, hint) = match status {
        401 | 403 => (Kind::Token, TOKEN),
        413 | 422 => (Kind::Input, "change the call"),
        421 => (Kind::Unavailable, "start the bridge with --allow-host and the name in its address"),
        429 | 503 => (Kind::Unavailable, "try again in a few seconds"),
        _ => (Kind::Failed, REACH),
    };
    let message = format!("the bridge at {address} answered {status} ({message}); {hint}");
    let failure = Failure::new(kind, if code.is_empty() { "bridge" } else { &code }, message);
    // The first one to ask under this key has not been answered yet; or what is between says that it does not know.
    if matches!(status, 409 | 500 | 502 | 504) { Broken::Unknown(failure) } else { Broken::Refused(failure) }
}

/// That of something that answered as no bridge does.
pub(crate) fn no_bridge(address: &str, err: &serde_json::Error) -> Broken {
    let message = format!("{address} is no bridge of this version: {err}");
    Broken::Unknown(Failure::new(Kind::Failed, "answer", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Broken {
        let body = br#"{"error":{"code":"some-code","message":"some reason"}}"#;
        refusal("http://127.0.0.1:8787", status, body)
    }

    #[test]
    fn what_may_have_been_done_is_not_called_refused() {
        for (status, is_unknown) in [
            (401, false),
            (404, false),
            (409, true),
            (413, false),
            (421, false),
            (422, false),
            (429, false),
            (500, true),
            (502, true),
            (503, false),
            (504, true),
        ] {
            assert_eq!(matches!(answered(status), Broken::Unknown(_)), is_unknown, "{status}");
        }
    }

    #[test]
    fn a_failure_says_where_what_and_what_to_do() {
        let Failure { kind, code, message } = answered(401).into();
        assert_eq!((kind, code.as_str()), (Kind::Token, "some-code"));
        for part in ["http://127.0.0.1:8787", "401", "some reason", "the token of the bridge"] {
            assert!(message.contains(part), "{part} is not in {message}");
        }
        let nameless: Failure = refusal("http://e.org", 502, b"<html>").into();
        assert_eq!(nameless.code, "bridge");
    }

    #[test]
    fn a_hint_of_the_gateways_own_is_told_unless_the_token_is_wrong() {
        let told = |kind| {
            let why = "no way".to_owned();
            let hint = Some("allow it");
            unreached("http://e.org", Unreached { kind, why, hint, sent: false }).failure().message.clone()
        };
        assert!(told(Kind::Denied).ends_with("(no way); allow it"), "{}", told(Kind::Denied));
        assert!(told(Kind::Token).contains("the token of the bridge"), "{}", told(Kind::Token));
    }
}
