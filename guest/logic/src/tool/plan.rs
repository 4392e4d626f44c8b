//! Turns a call into the commands that carry it out.

use super::CallContext;
use super::arguments::Arguments;
use super::error::{ErrorCode, ToolError};
use super::request::Request;
use crate::account::ReplyFormat;
use crate::command::{Command, Thread};
use crate::directory::EntryKind;
use crate::outbound::{self, Reply};

/// The commands that carry out `call`, in order. Never empty.
///
/// # Errors
/// What is wrong with the call; nothing may be done for it then.
pub fn plan(call: &str, context: &CallContext) -> Result<Vec<Command>, ToolError> {
    let (action, arguments) = Arguments::read(call)?;
    commands(&Request::read(action, &arguments, context)?, &context.account.replies)
}

/// The commands that carry out `request`. The error is that it comes down to nothing.
pub(super) fn commands(request: &Request, format: &ReplyFormat) -> Result<Vec<Command>, ToolError> {
    let commands = match request {
        Request::Send { thread, text } => messages(thread, text, Vec::new(), format),
        Request::Image { thread, source, caption } => messages(thread, caption, vec![source.clone()], format),
        Request::Link { thread, url } => {
            vec![Command::SendLink { thread: thread.clone(), url: url.clone() }]
        }
        Request::List { kind: EntryKind::User, .. } => vec![Command::ListFriends],
        Request::List { kind: EntryKind::Group, .. } => vec![Command::ListGroups],
        Request::Me => vec![Command::WhoAmI],
        Request::Status => vec![Command::SessionStatus],
    };
    if commands.is_empty() {
        let message = "nothing of the message is left to be sent";
        let hint = "pass a message that says something to its reader";
        return Err(ToolError::of(ErrorCode::InvalidValue, "message", message, hint));
    }
    Ok(commands)
}

/// A message of the agent's own accord looks like its replies, without what introduces those.
fn messages(thread: &Thread, text: &str, media: Vec<String>, format: &ReplyFormat) -> Vec<Command> {
    let format = ReplyFormat { response_prefix: None, ..format.clone() };
    outbound::plan(&format, &Reply { thread: thread.clone(), text: text.to_owned(), media, model: None })
}
