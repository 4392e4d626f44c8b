//! Why a call is refused before anything is done.

/// What kind of mistake a call makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// It is not a JSON object.
    Malformed,
    /// There is no such action.
    UnknownAction,
    /// An argument is missing without which the action cannot be taken.
    MissingArgument,
    /// The action takes no such argument.
    UnknownArgument,
    /// An argument is of another JSON type.
    WrongType,
    /// The value of an argument cannot be used.
    InvalidValue,
    /// Two arguments say opposite things.
    Contradiction,
    /// It asks for another profile than the account's.
    OtherProfile,
    /// The tool policy of the group that it comes from forbids it.
    NotAllowed,
    /// That policy names groups by their names, and nobody told whose they are.
    GroupsUnknown,
}

impl ErrorCode {
    /// Its name in the contract and in an answer.
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownAction => "unknown-action",
            Self::MissingArgument => "missing-argument",
            Self::UnknownArgument => "unknown-argument",
            Self::WrongType => "wrong-type",
            Self::InvalidValue => "invalid-value",
            Self::Contradiction => "contradiction",
            Self::OtherProfile => "other-profile",
            Self::NotAllowed => "not-allowed",
            Self::GroupsUnknown => "groups-unknown",
        }
    }
}

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolError {
    /// What kind of mistake it makes.
    pub code: ErrorCode,
    /// The argument that is at fault, if it is a single one.
    pub argument: Option<String>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to change, in one line.
    pub hint: String,
}

impl ToolError {
    /// Refuses a call as a whole.
    pub(super) fn new(code: ErrorCode, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, argument: None, message: message.into(), hint: hint.into() }
    }

    /// Refuses a call for the value of one argument, or for its absence.
    pub(super) fn of(
        code: ErrorCode,
        argument: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { argument: Some(argument.to_owned()), ..Self::new(code, message, hint) }
    }
}
