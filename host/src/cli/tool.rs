//! `zalouser tool`: the agent's tool by hand.

use std::io::{self, Write};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::grants::GrantOptions;
use super::{Exit, Global};
use crate::plugins::{Plugin, Plugins};
use crate::sandbox::Guest;
use crate::sandbox::bindings::directory::Target;
use crate::sandbox::bindings::tool::{Action, Descriptor};
use crate::sandbox::bindings::types::Thread;
use crate::tool::Tool;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say what the tool does, as a model is told
    Describe {
        /// Print it with all schemas as one JSON object
        #[arg(long)]
        json: bool,
        /// The account whose tool it is [default: the default account]
        #[arg(long, value_name = "ID")]
        account: Option<String>,
    },
    /// Make one call and print the answer
    Call {
        /// The call as JSON, such as {"action": "friends"}; without it, or with `-`, standard input is read
        call: Option<String>,
        #[command(flatten)]
        caller: Caller,
    },
}

/// On whose behalf the tool is used.
#[derive(Debug, Args)]
pub(super) struct Caller {
    /// The account that is used [default: the default account]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// The conversation that calls come from, as `user:ID` or `group:ID`
    #[arg(long, value_name = "THREAD")]
    thread: Option<String>,
    #[command(flatten)]
    grants: GrantOptions,
}

pub(super) async fn run(command: Command, global: &Global) -> anyhow::Result<()> {
    match command {
        Command::Describe { json, account } => {
            let caller = Caller { account, thread: None, grants: GrantOptions::default() };
            let descriptor = open(&caller, global).await?.describe().await?;
            let mut out = io::stdout().lock();
            if json { print_json(&mut out, &descriptor) } else { print(&mut out, &descriptor) }
        }
        Command::Call { call, caller } => {
            let call = match call.filter(|call| call != "-") {
                Some(call) => call,
                None => io::read_to_string(io::stdin().lock())
                    .context("cannot read the call from standard input")?,
            };
            let concluded = open(&caller, global).await?.call(&call).await?;
            writeln!(io::stdout().lock(), "{}", concluded.json)?;
            match (concluded.success, concluded.refusal) {
                (true, _) => Ok(()),
                // The answer has said it all.
                (false, refusal) => Err(Exit(if refusal.is_some() { 2 } else { 1 }).into()),
            }
        }
    }
}

/// The tool as the configuration of this machine has it.
pub(super) async fn open(caller: &Caller, global: &Global) -> anyhow::Result<Tool> {
    let state = super::state_dir()?;
    let sandbox = super::cached_sandbox(&state)?;
    let mut config = super::load_config(&sandbox, &state).await?;
    caller.grants.apply(&mut config.settings, &state)?;
    let account = super::account(&config, caller.account.as_deref())?.clone();
    let thread = match &caller.thread {
        // The operator's own words are read by the shipped component.
        Some(text) => Some(thread(&mut sandbox.load_shipped()?.instantiate().await?, text).await?),
        None => None,
    };
    let Plugin { component, gate, .. } = Plugins::new(sandbox, &state, &config.settings).of(&account.id)?;
    Ok(Tool::new(component, gate, super::zca(global, &config.settings), account, thread))
}

async fn thread(guest: &mut Guest, text: &str) -> anyhow::Result<Thread> {
    match guest.parse_target(text).await? {
        Ok(Target::Thread(thread)) => Ok(thread),
        _ => bail!("--thread {text:?} is no conversation; write user:ID or group:ID"),
    }
}

fn print(out: &mut impl Write, descriptor: &Descriptor) -> anyhow::Result<()> {
    writeln!(out, "{}: {}", descriptor.name, descriptor.description)?;
    for action in &descriptor.actions {
        writeln!(out, "\n{:<9}{}", action.name, action.description)?;
        writeln!(out, "         takes {}", arguments(action)?.join(", "))?;
    }
    Ok(())
}

/// The names of an action's arguments, those that it needs first.
fn arguments(action: &Action) -> anyhow::Result<Vec<String>> {
    let schema = schema(&action.input_schema)?;
    let required: Vec<_> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let names = schema["properties"].as_object().into_iter().flat_map(|properties| properties.keys());
    let optional = names.filter(|name| !required.contains(&name.as_str())).map(|name| format!("[{name}]"));
    Ok(required.iter().map(|name| (*name).to_owned()).chain(optional).collect())
}

fn print_json(out: &mut impl Write, descriptor: &Descriptor) -> anyhow::Result<()> {
    let action = |action: &Action| {
        anyhow::Ok(json!({
            "name": action.name,
            "title": action.title,
            "description": action.description,
            "inputSchema": schema(&action.input_schema)?,
            "outputSchema": schema(&action.output_schema)?,
            "hints": {
                "readOnly": action.hints.read_only,
                "destructive": action.hints.destructive,
                "idempotent": action.hints.idempotent,
                "openWorld": action.hints.open_world,
            },
        }))
    };
    let described = json!({
        "name": descriptor.name,
        "description": descriptor.description,
        "parameters": schema(&descriptor.parameters)?,
        "actions": descriptor.actions.iter().map(action).collect::<Result<Vec<_>, _>>()?,
    });
    Ok(writeln!(out, "{described:#}")?)
}

fn schema(text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text).context("the component describes its tool by what is no JSON")
}
