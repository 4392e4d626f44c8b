//! Answers a call by what became of its commands.

use super::CallContext;
use super::action::Action;
use super::answer::{Failure, Members, Part, listing};
use super::arguments::Arguments;
use super::error::ToolError;
use super::plan::commands;
use super::request::Request;
use crate::account::Account;
use crate::command::{ChatKind, Command, ExitStatus, Outcome, Thread};
use crate::directory::{self, Entry, EntryKind, ListError};
use crate::label::one_line;
use crate::printed;

/// What the model is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether all that was asked for was done.
    pub success: bool,
    /// A JSON object.
    pub json: String,
}

/// Answers `call`. `outcomes` are those of the commands that [`plan`](super::plan) named for it, in
/// order, as far as they were run.
pub fn conclude(call: &str, context: &CallContext, outcomes: &[Outcome]) -> Answer {
    let (action, arguments) = match Arguments::read(call) {
        Ok(read) => read,
        Err(error) => return failed(None, error.into()),
    };
    answer(action, &arguments, context, outcomes)
        .unwrap_or_else(|error| failed(Some(action.name()), error.into()))
}

fn answer(
    action: Action,
    arguments: &Arguments,
    context: &CallContext,
    outcomes: &[Outcome],
) -> Result<Answer, ToolError> {
    let request = Request::read(action, arguments, context)?;
    let name = action.name();
    let (account, first) = (&context.account, outcomes.first());
    Ok(match &request {
        Request::Send { thread, .. } | Request::Image { thread, .. } | Request::Link { thread, .. } => {
            sent(name, thread, commands(&request, &account.replies)?.len(), outcomes)
        }
        Request::List { kind, query, limit } => listed(name, *kind, query.as_deref(), *limit, first),
        Request::Me => me(name, account, first),
        Request::Status => status(name, account, first),
    })
}

/// What became of the `parts` of something that was sent.
fn sent(action: &'static str, thread: &Thread, parts: usize, outcomes: &[Outcome]) -> Answer {
    let whole = |outcome: &&Outcome| outcome.status == ExitStatus::Exited(0) && outcome.delivered.is_some();
    let sent = outcomes.iter().take_while(whole).count().min(parts);
    let message_ids: Vec<&str> =
        outcomes.iter().flat_map(|outcome| outcome.delivered.iter().flatten()).map(String::as_str).collect();
    let (delivered, error) = match outcomes.get(sent) {
        _ if sent == parts => (Part::Flag(true), None),
        Some(failed) => {
            let delivered = match failed.status {
                _ if sent > 0 || failed.delivered.is_some() => Part::Word("partly"),
                ExitStatus::TimedOut => Part::Word("unknown"),
                _ => Part::Flag(false),
            };
            (delivered, Some(send_failure(failed)))
        }
        None if sent > 0 => (Part::Word("partly"), Some(not_run())),
        None => (Part::Flag(false), Some(not_run())),
    };
    let ok = error.is_none();
    let members = Members::of(Some(action), ok)
        .with("delivered", delivered)
        .with("threadId", thread.id.as_str())
        .with("isGroup", thread.kind == ChatKind::Group)
        .with("messageIds", Part::Words(message_ids))
        .with("sent", sent)
        .with("parts", parts)
        .with_any("error", error);
    done(ok, &members)
}

fn listed(
    action: &'static str,
    kind: EntryKind,
    query: Option<&str>,
    limit: u32,
    outcome: Option<&Outcome>,
) -> Answer {
    let command = match kind {
        EntryKind::User => Command::ListFriends,
        EntryKind::Group => Command::ListGroups,
    };
    let entries = match find(&command, outcome, query) {
        Ok(entries) => entries,
        Err(failure) => return failed(Some(action), failure),
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let listings = Part::Objects(entries.iter().take(limit).map(listing).collect());
    let name = match kind {
        EntryKind::User => "friends",
        EntryKind::Group => "groups",
    };
    done(true, &Members::of(Some(action), true).with("total", entries.len()).with(name, listings))
}

fn me(action: &'static str, account: &Account, outcome: Option<&Outcome>) -> Answer {
    let own = find(&Command::WhoAmI, outcome, None);
    match own.and_then(|own| own.into_iter().next().ok_or_else(|| unreadable(ListError::Unreadable))) {
        Ok(own) => {
            let own = Members::of(Some(action), true)
                .with("userId", own.id.as_str())
                .with("name", own.name.as_str())
                .with("account", account.id.as_str())
                .with("profile", account.profile.as_str());
            done(true, &own)
        }
        Err(failure) => failed(Some(action), failure),
    }
}

/// That nobody is logged in is an answer, too.
fn status(action: &'static str, account: &Account, outcome: Option<&Outcome>) -> Answer {
    let (logged_in, detail) = match outcome.map(|outcome| (&outcome.status, outcome)) {
        Some((ExitStatus::Exited(code), outcome)) => (*code == 0, printed::answer(outcome).err()),
        Some((_, outcome)) => return failed(Some(action), failure(outcome)),
        None => return failed(Some(action), not_run()),
    };
    let members = Members::of(Some(action), true)
        .with("loggedIn", logged_in)
        .with("account", account.id.as_str())
        .with("profile", account.profile.as_str())
        .with_any("detail", detail);
    done(true, &members)
}

fn find(command: &Command, outcome: Option<&Outcome>, query: Option<&str>) -> Result<Vec<Entry>, Failure> {
    let outcome = outcome.ok_or_else(not_run)?;
    directory::find(command, outcome, query, None).map_err(|error| match error {
        ListError::Failed(_) => failure(outcome),
        error => unreadable(error),
    })
}

fn send_failure(outcome: &Outcome) -> Failure {
    match (&outcome.status, &outcome.delivered) {
        (ExitStatus::Exited(0), None) => Failure {
            code: "nothing-sent",
            argument: None,
            message: "zca sent nothing and did not say why".into(),
            hint: "the file may be of another kind than its name says; try it as a link".into(),
        },
        _ => failure(outcome),
    }
}

/// Why a command did not succeed.
fn failure(outcome: &Outcome) -> Failure {
    let (code, hint) = match outcome.status {
        ExitStatus::Exited(_) => (
            "failed",
            "check the id with friends or groups, and with status whether the account is logged in",
        ),
        ExitStatus::TimedOut => {
            ("timed-out", "what was to be sent may still have arrived: do not send it again unasked")
        }
        ExitStatus::NotStarted(_) => ("not-started", "only the operator can mend this"),
        ExitStatus::Refused(_) => ("refused", "only the operator can allow this"),
    };
    let message = match &outcome.status {
        // The host's own words, of which the last are those that help.
        ExitStatus::Refused(why) => one_line(why).into_owned(),
        _ => printed::answer(outcome).err().unwrap_or_default(),
    };
    Failure { code, argument: None, message, hint: hint.into() }
}

fn unreadable(error: ListError) -> Failure {
    let hint = "try again; if it stays so, this zca is not understood".into();
    Failure { code: "unreadable", argument: None, message: error.to_string(), hint }
}

fn not_run() -> Failure {
    let message = "the gateway did not carry it out".into();
    Failure { code: "not-run", argument: None, message, hint: "try again".into() }
}

fn failed(action: Option<&'static str>, error: Failure) -> Answer {
    done(false, &Members::of(action, false).with("delivered", false).with("error", error))
}

/// Text under names that are not chosen elsewhere can always be written as JSON.
fn done(success: bool, members: &Members<'_>) -> Answer {
    Answer { success, json: serde_json::to_string(members).unwrap_or_default() }
}
