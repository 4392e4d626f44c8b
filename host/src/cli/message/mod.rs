//! `zalouser message`: sends on behalf of the operator.

mod content;
mod delivery;
mod recipient;
mod report;

use std::io::{self, IsTerminal, Write};
use std::pin::pin;

use anyhow::bail;
use clap::{Args, Subcommand};

use self::content::Content;
use self::recipient::Recipient;
use super::one_account::{OneAccount, Selection, unless_interrupted};
use super::{Global, Usage};
use crate::sandbox::bindings::config::ReplyFormat;
use crate::sandbox::bindings::outbound::Reply;
use crate::sandbox::bindings::types;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Send a text, media or a link to a person or a group
    Send(Arguments),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where it goes: a user's id, user:ID, group:ID, or the name of a friend or a group
    #[arg(long, short, value_name = "TARGET")]
    target: String,
    /// What it says, or `-` for standard input
    #[arg(long, short, value_name = "TEXT", allow_hyphen_values = true)]
    message: Option<String>,
    /// Files, or http and https addresses
    #[arg(long, value_name = "PATH|URL", num_args = 1..)]
    media: Vec<String>,
    /// An http or https address that is sent as a card, after the rest
    #[arg(long, value_name = "URL")]
    link: Option<String>,
    #[command(flatten)]
    selection: Selection,
    /// Run nothing, and print what would be run
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command, global: &Global) -> anyhow::Result<()> {
    let Command::Send(arguments) = command;
    let content = Content::read(&arguments)?;
    let (dry_run, json) = (arguments.dry_run, arguments.json);
    let mut interrupted = pin!(super::gateway::shutdown()?);
    let (acting, recipient, commands) = unless_interrupted(interrupted.as_mut(), async {
        let mut acting = OneAccount::open(&arguments.selection, global).await?;
        let recipient = Recipient::find(&mut acting, &arguments.target, dry_run).await?;
        let commands = plan(&mut acting, &recipient, content).await?;
        Ok((acting, recipient, commands))
    })
    .await?;
    if dry_run {
        return report::dry_run(&acting, &commands, json);
    }
    let delivery =
        delivery::deliver(&acting.zca, &acting.profile, commands, interrupted, progress(json)).await;
    report::delivered(&acting, &recipient, &delivery, json)
}

/// The commands that send `content`, in order.
async fn plan(
    acting: &mut OneAccount,
    recipient: &Recipient,
    content: Content,
) -> anyhow::Result<Vec<types::Command>> {
    // The prefix marks what an agent says.
    let format = ReplyFormat { response_prefix: None, ..acting.account.replies.clone() };
    let thread = &recipient.thread;
    let reply = Reply { thread: thread.clone(), text: content.text, media: content.media, model: None };
    let mut commands = acting.guest.plan(&format, &reply).await?;
    let link = content.link.map(|url| types::LinkMessage { thread: thread.clone(), url });
    commands.extend(link.map(types::Command::SendLink));
    if commands.is_empty() {
        bail!(Usage("--message has nothing in it that can be sent".to_owned()));
    }
    Ok(commands)
}

/// Tells whoever watches how many of how many parts were sent, if that takes more than one.
fn progress(json: bool) -> impl FnMut(usize, usize) {
    let watched = !json && io::stderr().is_terminal();
    move |sent, total| {
        if watched && total > 1 {
            // What is printed next writes over it.
            let end = if sent == total { '\n' } else { '\r' };
            // It is not worth a failure that nobody sees it.
            let _ = write!(io::stderr(), "{sent} of {total} sent{end}");
        }
    }
}
