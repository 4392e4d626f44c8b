//! What a call asks for, read and found to be in order.

use super::CallContext;
use super::action::Action;
use super::arguments::Arguments;
use super::error::{ErrorCode, ToolError};
use super::{policy, target};
use crate::command::Thread;
use crate::directory::EntryKind;
use crate::label::excerpt;

/// What a call asks for.
pub(super) enum Request {
    /// To send a text.
    Send { thread: Thread, text: String },
    /// To send what is at a URL or a path.
    Image { thread: Thread, source: String, caption: String },
    /// To send a link as a card.
    Link { thread: Thread, url: String },
    /// To list people or groups.
    List { kind: EntryKind, query: Option<String>, limit: u32 },
    /// To tell whose account it is.
    Me,
    /// To tell whether the account's session holds.
    Status,
}

impl Request {
    /// Reads a call, of which the first step was made.
    pub(super) fn read(
        action: Action,
        arguments: &Arguments,
        context: &CallContext,
    ) -> Result<Self, ToolError> {
        policy::check(action, context)?;
        arguments.check_names()?;
        check_profile(arguments, &context.account.profile)?;
        let thread = || target::thread(arguments, context.current_thread.as_ref());
        let list = |kind| {
            let query = arguments.text("query")?.map(str::to_owned);
            Ok(Self::List { kind, query, limit: arguments.limit()? })
        };
        match action {
            Action::Send => {
                let text = arguments.required_text("message")?.to_owned();
                Ok(Self::Send { text, thread: thread()? })
            }
            Action::Image => {
                let source = source(arguments, true)?;
                let caption = arguments.text("message")?.unwrap_or_default().to_owned();
                Ok(Self::Image { source, caption, thread: thread()? })
            }
            Action::Link => Ok(Self::Link { url: source(arguments, false)?, thread: thread()? }),
            Action::Friends => list(EntryKind::User),
            Action::Groups => list(EntryKind::Group),
            Action::Me => Ok(Self::Me),
            Action::Status => Ok(Self::Status),
        }
    }
}

/// A profile holds another session, so to name one is no way out of the account.
fn check_profile(arguments: &Arguments, own: &str) -> Result<(), ToolError> {
    match arguments.text("profile")? {
        Some(profile) if profile.trim() != own => Err(ToolError::of(
            ErrorCode::OtherProfile,
            "profile",
            format!("the profile {:?} is not that of this account", excerpt(profile, 80)),
            format!("leave profile out, or pass {own:?}"),
        )),
        _ => Ok(()),
    }
}

/// The argument `url`: an `http` or `https` address, or where a file will do the path of one.
fn source(arguments: &Arguments, or_path: bool) -> Result<String, ToolError> {
    let url = arguments.required_text("url")?.trim();
    let scheme_and_rest = url.split_once("://");
    let is_address = scheme_and_rest.is_some_and(|(scheme, rest)| {
        let scheme = scheme.to_ascii_lowercase();
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        (scheme == "http" || scheme == "https") && !host.is_empty()
    });
    let is_clean = !url.contains(|char: char| char.is_control() || (is_address && char.is_whitespace()));
    if is_clean && (is_address || (or_path && url.starts_with('/'))) {
        return Ok(url.to_owned());
    }
    let message = format!("url {:?} is not an http or https address", excerpt(url, 80));
    let hint = if or_path {
        "pass an address such as https://example.org/picture.png, or the absolute path of a file"
    } else {
        "pass an address such as https://example.org/page"
    };
    Err(ToolError::of(ErrorCode::InvalidValue, "url", message, hint))
}
