//! Why a call is not answered.

use zalouser_bridge::{Failure, Kind};
use zalouser_logic::tool::{Answer, ToolError};

use crate::exports::near::agent::tool::{ErrorKind, GuestFailure};

/// The longest message, in bytes: IronClaw cuts off what is beyond.
const MESSAGE_MAX: usize = 4_096;

/// A failure with a name of its own and words for the model.
fn failure(kind: ErrorKind, code: &str, message: &str) -> GuestFailure {
    let message = match message.get(..message.floor_char_boundary(MESSAGE_MAX)) {
        Some(message) => message.to_owned(),
        None => String::new(),
    };
    GuestFailure { kind, code: Some(code.to_owned()), message: Some(message) }
}

/// That of a bridge which did not do something.
pub(crate) fn broken(Failure { kind, code, message }: Failure) -> GuestFailure {
    let kind = match kind {
        Kind::Token => ErrorKind::AuthRequired,
        Kind::Input => ErrorKind::Input,
        Kind::TooLarge => ErrorKind::OutputTooLarge,
        Kind::Denied => ErrorKind::NetworkDenied,
        Kind::Gateway => ErrorKind::Executor,
        Kind::Unavailable => ErrorKind::Client,
        Kind::Failed => ErrorKind::OperationFailed,
    };
    failure(kind, &code, &message)
}

/// That of a call which is wrong.
pub(crate) fn refused(error: &ToolError) -> GuestFailure {
    failure(ErrorKind::Input, error.code.name(), &format!("{}; {}", error.message, error.hint))
}

/// That of a call which did not do all that it asked for. Its message is the whole answer: how far it got, and why.
pub(crate) fn failed(answer: &Answer) -> GuestFailure {
    failure(ErrorKind::OperationFailed, "failed", &answer.json)
}
