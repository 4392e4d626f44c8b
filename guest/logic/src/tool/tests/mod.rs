//! Calls as a model makes them.

mod answers;
mod describe;
mod plans;
mod policy;
mod refusals;

use serde_json::Value;

use super::{CallContext, ErrorCode, conclude, plan};
use crate::account::{AccessRules, Account, ReplyFormat};
use crate::command::{ChatKind, Command, ExitStatus, Outcome, Thread};

fn thread(kind: ChatKind, id: &str) -> Thread {
    Thread { id: id.into(), kind }
}

fn group(id: &str) -> Thread {
    thread(ChatKind::Group, id)
}

/// The account `work` with the profile `w` and a prefix for its replies; no conversation is current.
fn context() -> CallContext {
    let account = Account {
        id: "work".into(),
        name: None,
        enabled: true,
        profile: "w".into(),
        access: AccessRules::default(),
        commands: Default::default(),
        mentions: Default::default(),
        envelope: Default::default(),
        message_prefix: None,
        routes: Vec::new(),
        replies: ReplyFormat { response_prefix: Some("[bot]".into()), ..ReplyFormat::default() },
    };
    CallContext { account, current_thread: None, groups: None }
}

/// A call that comes from this thread.
fn from(current: Thread) -> CallContext {
    CallContext { current_thread: Some(current), ..context() }
}

/// What `zca` printed.
fn printed(stdout: &str) -> Outcome {
    Outcome { status: ExitStatus::Exited(0), stdout: stdout.into(), stderr: String::new(), delivered: None }
}

/// How a command ended without having delivered anything.
fn ended(status: ExitStatus, stderr: &str) -> Outcome {
    Outcome { status, stdout: String::new(), stderr: stderr.into(), delivered: None }
}

/// A send that arrived as messages of these ids.
fn delivered(ids: &[&str]) -> Outcome {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    Outcome { delivered: Some(ids), ..ended(ExitStatus::Exited(0), "") }
}

/// The answer to a call, and whether it is one of success.
fn answered(call: &str, context: &CallContext, outcomes: &[Outcome]) -> (bool, Value) {
    let answer = conclude(call, context, outcomes);
    (answer.success, serde_json::from_str(&answer.json).unwrap())
}
