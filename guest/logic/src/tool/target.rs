//! Tells where a message goes.

use super::arguments::Arguments;
use super::error::{ErrorCode, ToolError};
use crate::address::{is_number, without_channel};
use crate::command::{ChatKind, Thread};
use crate::directory::{Target, parse_target};
use crate::label::excerpt;

/// How a thread is named to the tool.
const HOW: &str = "pass threadId as \"user:ID\" or \"group:ID\", with an ID that friends or groups lists";

/// The thread that `threadId` and `isGroup` name, else the current one.
///
/// A bare id is a person's unless `isGroup` says otherwise, or it is the id of the current thread.
pub(super) fn thread(arguments: &Arguments, current: Option<&Thread>) -> Result<Thread, ToolError> {
    let kind = arguments.flag("isGroup")?.map(|group| if group { ChatKind::Group } else { ChatKind::Direct });
    let Some(text) = arguments.text("threadId")? else {
        let current = current.ok_or_else(|| {
            let message = "threadId is missing, and the call comes from no conversation that could be meant";
            ToolError::of(ErrorCode::MissingArgument, "threadId", message, HOW)
        })?;
        return agreeing(current.clone(), kind);
    };
    let Ok(Target::Thread(named)) = parse_target(text) else {
        let message = format!("threadId {:?} is not an id", excerpt(text, 80));
        return Err(ToolError::of(ErrorCode::InvalidValue, "threadId", message, HOW));
    };
    if !is_number(without_channel(text)) {
        return agreeing(named, kind);
    }
    let kind = kind.or_else(|| current.filter(|current| current.id == named.id).map(|current| current.kind));
    Ok(Thread { kind: kind.unwrap_or(named.kind), ..named })
}

/// `thread`, unless `isGroup` says that it is of another kind.
fn agreeing(thread: Thread, kind: Option<ChatKind>) -> Result<Thread, ToolError> {
    if kind.is_none_or(|kind| kind == thread.kind) {
        return Ok(thread);
    }
    let (flag, is) = match thread.kind {
        ChatKind::Group => ("false", "a group"),
        ChatKind::Direct => ("true", "a person"),
    };
    let message = format!("isGroup is {flag}, but the conversation is that with {is}");
    let hint = "leave isGroup out, or pass the threadId of the conversation that is meant";
    Err(ToolError::of(ErrorCode::Contradiction, "isGroup", message, hint))
}
