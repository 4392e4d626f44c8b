//! `zalouser grants check`.

use std::io::{self, Write};

use anyhow::bail;
use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::plugins::requests::config_set;
use super::super::{Exit, Usage};
use super::{GrantOptions, asked, exists};
use crate::clock;
use crate::decision::one_line;
use crate::grants::{Gate, Grants, KEYS, Refusal};
use crate::plugins::ComponentName;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::types::Command;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The command as JSON, such as {"command": "send.text", "thread": "user:111"}
    #[arg(conflicts_with_all = ["command", "thread", "source", "url"])]
    asked: Option<String>,
    /// send.text, send.media, send.link, directory, identity or session
    #[arg(long)]
    command: Option<String>,
    /// Where it would be sent, as user:ID or group:ID
    #[arg(long)]
    thread: Option<String>,
    /// The file or address of send.media
    #[arg(long)]
    source: Option<String>,
    /// The address of send.link
    #[arg(long)]
    url: Option<String>,
    /// The component that would ask [default: the one that judges the account]
    #[arg(long, value_name = "NAME")]
    component: Option<ComponentName>,
    /// The account that it would ask for [default: the default account]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    #[command(flatten)]
    grants: GrantOptions,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    allowed: bool,
    component: String,
    account: String,
    /// What does not allow it, one after the other.
    refusals: Vec<Refused>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refused {
    message: String,
    key: &'static str,
    /// What the key would have to hold altogether; none when there is no saying.
    value: Option<Value>,
    /// The command line that sets it so.
    config_set: Option<String>,
    /// The option that grants it for one run.
    option: Option<String>,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let command = asked::command(&arguments.command()?)
        .map_err(|problems| Usage(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
    let state = super::super::state_dir()?;
    let sandbox = super::super::cached_sandbox(&state)?;
    let mut config = super::super::load_config(&sandbox, &state).await?;
    arguments.grants.apply(&mut config.settings, &state)?;
    let account = super::super::account(&config, arguments.account.as_deref())?;
    let name = arguments.component.as_ref().unwrap_or_else(|| config.settings.components.of(&account.id));
    if !exists(name, &state)? {
        bail!("there is no component {name}; see `zalouser plugins list`");
    }
    let refusals = refusals(name, config.settings.grants_of(name.as_str()), account, &command);
    let allowed = refusals.is_empty();
    let (component, account) = (name.to_string(), account.id.clone());
    let report = Report { allowed, component, account, refusals };
    if arguments.json {
        super::super::print_json(&report)?;
    } else {
        report.print(&mut io::stdout().lock())?;
    }
    // All that there is to say has been said.
    if allowed { Ok(()) } else { Err(Exit(1).into()) }
}

impl Arguments {
    fn command(&self) -> anyhow::Result<Value> {
        if let Some(typed) = &self.asked {
            return zalouser_settings::parse(typed).map_err(|problem| Usage(problem.to_string()).into());
        }
        let flags = [
            ("command", &self.command),
            ("thread", &self.thread),
            ("source", &self.source),
            ("url", &self.url),
        ];
        let given =
            flags.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value.as_ref()?))));
        let given = Map::from_iter(given);
        if given.is_empty() {
            bail!(Usage(
                "which command? write it as JSON, or name it with --command and what it takes".to_owned()
            ));
        }
        Ok(Value::Object(given))
    }
}

/// All that does not allow the command: what would allow each is granted before the next is looked for.
fn refusals(name: &ComponentName, mut held: Grants, account: &Account, command: &Command) -> Vec<Refused> {
    let mut refusals = Vec::new();
    while let Err(refusal) =
        Gate::new(name.as_str(), held.clone()).check(account, command.clone(), clock::now_ms())
    {
        let option = refusal.option();
        if let Some(option) = &option {
            held.add(&option.extra);
        }
        let value = option.as_ref().map(|_| held.value(refusal.key));
        let is_last = value.is_none() || refusals.len() >= KEYS.len();
        refusals.push(refused(&refusal, value));
        if is_last {
            break;
        }
    }
    refusals
}

fn refused(refusal: &Refusal, value: Option<Value>) -> Refused {
    Refused {
        message: refusal.to_string(),
        key: refusal.key,
        config_set: value.as_ref().map(|value| config_set(&refusal.component, refusal.key, value)),
        option: value.as_ref().and(refusal.option_text()),
        value,
    }
}

impl Report {
    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let Self { component, account, refusals, .. } = self;
        if refusals.is_empty() {
            return writeln!(out, "{component} may do that for the account {account}");
        }
        for refused in refusals {
            writeln!(out, "{}", one_line(&refused.message))?;
        }
        let lines: Vec<_> = refusals.iter().filter_map(|it| it.config_set.as_deref()).collect();
        if lines.is_empty() {
            return Ok(());
        }
        writeln!(out, "To allow it, run:")?;
        lines.iter().try_for_each(|line| writeln!(out, "  {}", one_line(line)))?;
        let options: Vec<_> = refusals.iter().filter_map(|it| it.option.as_deref()).collect();
        writeln!(out, "For one run, add: {}", one_line(&options.join(" ")))
    }
}
