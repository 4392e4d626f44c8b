//! Reads the arguments of a call strictly.

use serde_json::{Map, Value};
use zalouser_settings::nearest;

use super::action::Action;
use super::error::{ErrorCode, ToolError};
use crate::label::excerpt;

/// How many entries a list has when the call does not say.
pub(super) const DEFAULT_LIMIT: u32 = 50;

/// How many entries a list has at most. More of them help no model.
pub(super) const MAX_LIMIT: u32 = 500;

/// How much of a wrong value an error repeats, in bytes.
const SHOWN: usize = 80;

/// The arguments of a call. One that is `null` or a blank text counts as left out: models
/// fill in so what they do not need.
pub(super) struct Arguments {
    action: Action,
    values: Map<String, Value>,
}

impl Arguments {
    /// Reads a call. The error is that it is no object, or asks for nothing that there is.
    pub(super) fn read(call: &str) -> Result<(Action, Self), ToolError> {
        // The configuration's parser understands all of JSON, and is there anyway.
        let values = match zalouser_settings::parse(call) {
            Ok(Value::Object(values)) => values,
            Ok(_) => return Err(malformed("is not an object")),
            Err(problem) => return Err(malformed(&problem.problem)),
        };
        let one_of = || format!("set action to one of: {}", Action::ALL.map(Action::name).join(", "));
        let (code, message) = match given(&values, "action") {
            Some(Value::String(name)) => match Action::named(name) {
                Some(action) => return Ok((action, Self { action, values })),
                None => (ErrorCode::UnknownAction, format!("there is no action {:?}", excerpt(name, SHOWN))),
            },
            Some(_) => (ErrorCode::WrongType, "action is not a text".to_owned()),
            None => (ErrorCode::MissingArgument, "action is missing".to_owned()),
        };
        Err(ToolError::of(code, "action", message, one_of()))
    }

    /// Refuses what the action does not take.
    pub(super) fn check_names(&self) -> Result<(), ToolError> {
        let taken = self.action.arguments();
        let is_wrong = |name: &&String| {
            *name != "action" && !taken.contains(&name.as_str()) && given(&self.values, name).is_some()
        };
        let Some(name) = self.values.keys().find(is_wrong) else { return Ok(()) };
        let hint = match nearest(name, taken.iter().copied()) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("leave it out; {} takes: {}", self.action.name(), taken.join(", ")),
        };
        let name = excerpt(name, SHOWN);
        let message = format!("{} takes no argument {name:?}", self.action.name());
        Err(ToolError::of(ErrorCode::UnknownArgument, &name, message, hint))
    }

    /// The text of an argument, as it is.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ToolError> {
        match given(&self.values, name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(value) => Err(self.wrong_type(name, value, "a text", "write it in double quotes")),
        }
    }

    /// The text of an argument without which the action cannot be taken.
    pub(super) fn required_text(&self, name: &str) -> Result<&str, ToolError> {
        self.text(name)?.ok_or_else(|| {
            let action = self.action.name();
            let message = format!("{action} needs {name}, and it is missing or blank");
            ToolError::of(ErrorCode::MissingArgument, name, message, format!("pass {name} as a text"))
        })
    }

    /// The value of an argument that is true or false.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ToolError> {
        match given(&self.values, name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(value) => {
                Err(self.wrong_type(name, value, "a boolean", "write true or false, without quotes"))
            }
        }
    }

    /// How many entries to list.
    pub(super) fn limit(&self) -> Result<u32, ToolError> {
        let Some(value) = given(&self.values, "limit") else { return Ok(DEFAULT_LIMIT) };
        let allowed = format!("write a whole number from 1 to {MAX_LIMIT}, without quotes");
        // Written as the number that it is: to write a value brings what writes JSON over several lines, too.
        let Value::Number(number) = value else {
            return Err(self.wrong_type("limit", value, "a number", &allowed));
        };
        let limit = number.as_u64().and_then(|limit| u32::try_from(limit).ok());
        limit.filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(|| {
            ToolError::of(ErrorCode::InvalidValue, "limit", format!("limit is {number}"), allowed)
        })
    }

    fn wrong_type(&self, name: &str, value: &Value, wanted: &str, hint: &str) -> ToolError {
        let found = match value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        ToolError::of(ErrorCode::WrongType, name, format!("{name} is {found} instead of {wanted}"), hint)
    }
}

/// The value of an argument, unless it counts as left out.
fn given<'a>(values: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let is_blank = |value: &&Value| match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    };
    values.get(name).filter(|value| !is_blank(value))
}

fn malformed(problem: &str) -> ToolError {
    ToolError::new(
        ErrorCode::Malformed,
        format!("the call {problem}"),
        r#"pass one JSON object, such as {"action": "send", "threadId": "user:111", "message": "hi"}"#,
    )
}
