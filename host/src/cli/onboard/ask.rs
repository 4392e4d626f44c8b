//! The questions.

use std::io;

use clap::ValueEnum;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::Cancelled;
use super::answers::{self, AgentFlags, AgentKind};
use crate::decision::one_line;
use crate::sandbox::bindings::directory::Entry;

/// How many lines of a long list are shown at once.
const ROWS: usize = 12;

/// One of the values of an enum, of which `now` is offered first.
pub(super) async fn choice<T: ValueEnum + Eq + 'static>(question: &str, now: T) -> anyhow::Result<T> {
    let items: Vec<_> = T::value_variants()
        .iter()
        .filter_map(|value| {
            let shown = value.to_possible_value()?;
            let help = shown.get_help().map(ToString::to_string).unwrap_or_default();
            Some((value.clone(), shown.get_name().to_owned(), help))
        })
        .collect();
    ask(|| cliclack::select(question).items(&items).initial_value(now.clone()).interact()).await
}

pub(super) async fn yes(question: &str, default: bool) -> anyhow::Result<bool> {
    ask(|| cliclack::confirm(question).initial_value(default).interact()).await
}

/// Names or ids, with commas between them.
pub(super) async fn people(question: &str, required: bool) -> anyhow::Result<Vec<String>> {
    let typed: String =
        ask(|| cliclack::input(question).placeholder("Alice, 123456789").required(required).interact())
            .await?;
    Ok(typed.split([',', ';']).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// Which of those who have the same name is meant; the answer is an id.
pub(super) async fn which(name: &str, entries: &[Entry]) -> anyhow::Result<String> {
    let question = format!("{} are called {}; which one?", entries.len(), one_line(name));
    ask(|| cliclack::select(&question).items(&items(entries)).max_rows(ROWS).interact()).await
}

/// Any number of groups; the answer is their ids.
pub(super) async fn groups(question: &str, entries: &[Entry]) -> anyhow::Result<Vec<String>> {
    let items = items(entries);
    ask(|| cliclack::multiselect(question).items(&items).required(false).max_rows(ROWS).interact()).await
}

/// Asks for what `flags` leave open. With `current` the agent that the file names can stay.
pub(super) async fn agent(mut flags: AgentFlags, current: Option<AgentKind>) -> anyhow::Result<AgentFlags> {
    let kind = match (flags.agent, current) {
        (Some(kind), _) => kind,
        (None, Some(current)) => {
            if yes(&format!("Keep the agent, which is {}?", answers::name(current)), true).await? {
                return Ok(flags);
            }
            choice("Who answers?", current).await?
        }
        (None, None) => choice("Who answers?", AgentKind::Echo).await?,
    };
    let was_given = flags.missing().is_none();
    flags.agent = Some(kind);
    match kind {
        AgentKind::Echo => {}
        AgentKind::Command => {
            flags.agent_command = Some(
                text(flags.agent_command, "The program and its arguments", |line| {
                    answers::words(line).map(drop)
                })
                .await?,
            );
        }
        AgentKind::OpenAi => {
            let url = "The endpoint, as http://127.0.0.1:11434/v1";
            flags.base_url = Some(text(flags.base_url, url, answers::check_url).await?);
            let model = |name: &str| {
                if name.trim().is_empty() { Err("must not be blank".to_owned()) } else { Ok(()) }
            };
            flags.model = Some(text(flags.model, "The model", model).await?);
            if !was_given {
                let question = "The environment variable with the key (empty for none)";
                let variable =
                    |name: &str| if name.is_empty() { Ok(()) } else { answers::check_variable(name) };
                let named = text(flags.api_key_env, question, variable).await?;
                flags.api_key_env = Some(named).filter(|name| !name.is_empty());
                let question = "What it is told before every conversation (empty for nothing)";
                let prompt = text(flags.system_prompt, question, |_: &str| Ok(())).await?;
                flags.system_prompt = Some(prompt).filter(|prompt| !prompt.is_empty());
            }
        }
    }
    Ok(flags)
}

/// A text, if none was given.
async fn text(
    given: Option<String>,
    question: &str,
    check: impl Fn(&str) -> Result<(), String> + Copy + 'static,
) -> anyhow::Result<String> {
    if let Some(given) = given {
        return Ok(given);
    }
    let refuse = move |typed: &String| check(typed).map_err(|reason| format!("It {reason}"));
    ask(|| cliclack::input(question).required(false).validate(refuse).interact()).await
}

fn items(entries: &[Entry]) -> Vec<(String, String, String)> {
    entries.iter().map(|entry| (entry.id.clone(), one_line(&entry.name), one_line(&entry.id))).collect()
}

/// Puts a question, unless Ctrl-C was typed since the last one.
async fn ask<T>(question: impl FnOnce() -> io::Result<T>) -> anyhow::Result<T> {
    // A question keeps the thread, so whoever waits for Ctrl-C gets a turn before it.
    tokio::task::yield_now().await;
    let _quiet = Quiet::begin()?;
    question().map_err(|err| match err.kind() {
        io::ErrorKind::Interrupted => Cancelled.into(),
        _ => anyhow::Error::from(err).context("the question cannot be asked"),
    })
}

/// While it lives, a key is only a key: between two of them a question lets the terminal turn Ctrl-C into
/// a signal, which would end nothing, and show what is typed.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ISIG | LocalModes::ECHO | LocalModes::ICANON;
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // Nobody is left to be told when the terminal is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
