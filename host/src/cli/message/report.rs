//! What is told of a message: how far it got, or what would be run.

use std::io::{self, Write};

use anyhow::anyhow;
use serde::Serialize;

use super::delivery::{Cause, Delivery, Failure};
use super::recipient::Recipient;
use crate::cli::one_account::OneAccount;
use crate::cli::print_json;
use crate::decision::one_line;
use crate::sandbox::bindings::types::{ChatKind, Command, Thread};
use crate::zca::argv::argv;
use crate::zca::receipt::{Receipt, SendError};

/// How many characters of a part are shown, so that it can be told from the others.
const EXCERPT: usize = 40;

/// What `--dry-run --json` prints.
#[derive(Serialize)]
struct Plan {
    commands: Vec<Planned>,
}

#[derive(Serialize)]
struct Planned {
    command: &'static str,
    argv: Vec<String>,
}

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    target: Target<'a>,
    sent: Vec<Sent<'a>>,
    failed: Option<Failed>,
    not_sent: usize,
}

#[derive(Serialize)]
struct Target<'a> {
    id: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    command: &'static str,
    message_ids: &'a [String],
}

#[derive(Serialize)]
struct Failed {
    command: &'static str,
    error: String,
    /// Whether it may have arrived all the same.
    unknown: bool,
}

/// Prints what would be run.
pub(super) fn dry_run(acting: &OneAccount, commands: &[Command], json: bool) -> anyhow::Result<()> {
    let commands: Vec<_> = commands
        .iter()
        .map(|command| Planned { command: name(command), argv: argv(&acting.profile, command) })
        .collect();
    if json {
        return print_json(&Plan { commands });
    }
    let mut out = io::stdout().lock();
    let program = acting.zca.program().to_string_lossy();
    for Planned { argv, .. } in &commands {
        let words = [&*program].into_iter().chain(argv.iter().map(String::as_str)).map(printable);
        let words: Vec<String> = words.collect();
        writeln!(out, "{}", shlex::try_join(words.iter().map(String::as_str))?)?;
    }
    Ok(())
}

/// A word for a shell, of as many lines as it has.
fn printable(word: &str) -> String {
    word.split('\n').map(one_line).collect::<Vec<_>>().join("\n")
}

/// Prints how far a message got. An error if that is not to its end.
pub(super) fn delivered(
    acting: &OneAccount,
    recipient: &Recipient,
    delivery: &Delivery,
    json: bool,
) -> anyhow::Result<()> {
    let printed = if json { print_report(recipient, delivery) } else { print(recipient, delivery) };
    match &delivery.failure {
        // Whoever reads no further must not take this for a success.
        Some(failure) => Err(anyhow!(complaint(acting, recipient, delivery, failure))),
        None => printed,
    }
}

fn print_report(recipient: &Recipient, delivery: &Delivery) -> anyhow::Result<()> {
    let Thread { id, kind } = &recipient.thread;
    let kind = match kind {
        ChatKind::Direct => "direct",
        ChatKind::Group => "group",
    };
    let sent = delivery.commands.iter().zip(&delivery.sent);
    let failed = delivery.failure.as_ref().and_then(|Failure { index, cause }| {
        let command = name(delivery.commands.get(*index)?);
        Some(Failed { command, error: cause.to_string(), unknown: cause.is_unknown() })
    });
    print_json(&Report {
        target: Target { id, kind, name: recipient.name.as_deref() },
        sent: sent
            .map(|(command, receipt)| Sent { command: name(command), message_ids: &receipt.message_ids })
            .collect(),
        failed,
        not_sent: delivery.not_tried(),
    })
}

fn print(recipient: &Recipient, delivery: &Delivery) -> anyhow::Result<()> {
    let Delivery { commands, sent, failure } = delivery;
    let mut out = io::stdout().lock();
    match (sent.len(), commands.len(), failure) {
        (0, ..) => {}
        (1, 1, None) => writeln!(out, "Sent to {recipient}: {}", ids(sent))?,
        (_, total, None) => writeln!(out, "Sent {total} parts to {recipient}: {}", ids(sent))?,
        (count, total, Some(_)) => {
            writeln!(out, "Sent {count} of {total} parts to {recipient}:")?;
            for (number, (command, receipt)) in (1..).zip(commands.iter().zip(sent)) {
                writeln!(out, "  {number}. {}: {}", excerpt(command), ids([receipt]))?;
            }
        }
    }
    Ok(())
}

/// What was not sent, and why.
fn complaint(acting: &OneAccount, recipient: &Recipient, delivery: &Delivery, failure: &Failure) -> String {
    let Failure { index, cause } = failure;
    let fate = if cause.is_unknown() { "may not have been sent" } else { "was not sent" };
    let part = delivery.commands.get(*index).map(excerpt).unwrap_or_default();
    let mut line = match delivery.commands.len() {
        1 => format!("{part} {fate} to {recipient}: {cause}"),
        total => format!("part {} of {total}, {part}, {fate} to {recipient}: {cause}", index + 1),
    };
    match delivery.not_tried() {
        0 => {}
        1 => line.push_str("; the part after it was not tried"),
        count => line.push_str(&format!("; the {count} parts after it were not tried")),
    }
    if matches!(cause, Cause::Send(SendError::Failed { .. })) && delivery.sent.is_empty() {
        line.push_str(&format!("; {}", acting.login_hint()));
    }
    line
}

fn ids<'a>(receipts: impl IntoIterator<Item = &'a Receipt>) -> String {
    let ids: Vec<&str> =
        receipts.into_iter().flat_map(|receipt| &receipt.message_ids).map(String::as_str).collect();
    match ids[..] {
        [] => "zca did not say under which id".to_owned(),
        [id] => format!("message id {id}"),
        _ => format!("message ids {}", ids.join(" ")),
    }
}

/// A command under its name in the WIT package.
fn name(command: &Command) -> &'static str {
    match command {
        Command::SendText(_) => "send-text",
        Command::SendMedia(_) => "send-media",
        Command::SendLink(_) => "send-link",
        Command::ListFriends => "list-friends",
        Command::ListGroups => "list-groups",
        Command::ListMembers(_) => "list-members",
        Command::WhoAmI => "who-am-i",
        Command::SessionStatus => "session-status",
    }
}

/// The beginning of what a command sends.
fn excerpt(command: &Command) -> String {
    let (what, text) = match command {
        Command::SendText(message) => ("text", message.text.as_str()),
        Command::SendMedia(media) => ("media", media.source.as_str()),
        Command::SendLink(link) => ("link", link.url.as_str()),
        other => return name(other).to_owned(),
    };
    let beginning: String = text.chars().take(EXCERPT).collect();
    let rest = if beginning.len() < text.len() { "…" } else { "" };
    format!("{what} \"{}{rest}\"", one_line(&beginning))
}
