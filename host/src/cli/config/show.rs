//! `zalouser config show`: the accounts and settings as they are understood.

use std::collections::BTreeMap;
use std::io::{self, Write};

use clap::Args;
use serde::Serialize;
use serde_json::Value;
use zalouser_settings::{path_of_item, path_of_key};

use super::super::spelling;
use super::secret::{masked, masked_arguments};
use crate::config::Config;
use crate::decision::one_line;
use crate::gateway::agent::AgentSettings;
use crate::plugins::ComponentName;
use crate::sandbox::bindings::config::{Account, EnvelopeZone, GroupRule};
use crate::sandbox::bindings::types::{ChatKind, Thread};
use crate::settings::{self, Settings};

/// What the configuration means by `Mb`, in bytes.
const MEBIBYTE: f64 = 1_048_576.0;

#[derive(Debug, Args)]
pub(in super::super) struct Arguments {
    /// The account [default: all accounts]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    file: String,
    default_account: &'a str,
    accounts: Vec<ShownAccount<'a>>,
    settings: ShownSettings<'a>,
}

/// An account under the keys of the configuration.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownAccount<'a> {
    id: &'a str,
    name: Option<&'a str>,
    enabled: bool,
    profile: &'a str,
    dm_policy: &'static str,
    allow_from: &'a [String],
    group_policy: &'static str,
    group_allow_from: &'a [String],
    groups: BTreeMap<&'a str, ShownGroup<'a>>,
    markdown: ShownMarkdown,
    chunk_mode: &'static str,
    text_chunk_limit: u32,
    history_limit: u32,
    message_prefix: Option<&'a str>,
    response_prefix: Option<&'a str>,
    media_max_mb: Option<f64>,
    mention_patterns: &'a [String],
    commands: ShownCommands,
    envelope: ShownEnvelope<'a>,
    /// The agent of every thread but those in `agents`.
    agent: Option<&'a str>,
    agents: BTreeMap<String, &'a str>,
    identity_name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownGroup<'a> {
    enabled: bool,
    require_mention: bool,
    tools: Option<ShownTools<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownTools<'a> {
    allow: &'a [String],
    also_allow: &'a [String],
    deny: &'a [String],
}

#[derive(Serialize)]
struct ShownMarkdown {
    tables: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownCommands {
    use_access_groups: bool,
    config: bool,
    debug: bool,
    bash: bool,
}

#[derive(Serialize)]
struct ShownEnvelope<'a> {
    timezone: &'a str,
    timestamp: bool,
    elapsed: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownSettings<'a> {
    zca: Option<String>,
    heartbeat_seconds: u64,
    pacing: ShownPacing,
    agent: Option<ShownAgent<'a>>,
    component: &'a ComponentName,
    components: &'a BTreeMap<String, ComponentName>,
    limits: ShownLimits,
}

#[derive(Serialize)]
struct ShownLimits {
    #[serde(rename = "memoryMiB")]
    memory_mib: usize,
    #[serde(rename = "tableElements")]
    table_elements: usize,
    #[serde(rename = "callMs")]
    call_ms: u128,
    #[serde(rename = "returnedMiB")]
    returned_mib: usize,
    effects: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownPacing {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    sends_per_minute: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    burst: Option<u32>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum ShownAgent<'a> {
    Echo,
    Command {
        command: Vec<String>,
        timeout_seconds: u64,
    },
    OpenAi {
        base_url: String,
        model: &'a str,
        api_key_env: Option<String>,
        system_prompt: Option<String>,
        history_messages: usize,
        timeout_seconds: u64,
    },
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let state = super::super::state_dir()?;
    let config = super::super::load_config(&super::super::cached_sandbox(&state)?, &state).await?;
    let accounts = match arguments.account.as_deref() {
        Some(id) => vec![shown_account(super::super::account(&config, Some(id))?)],
        None => config.channel.accounts.iter().map(shown_account).collect(),
    };
    let shown = Shown {
        file: config.file.display().to_string(),
        default_account: &config.channel.default_account,
        accounts,
        settings: shown_settings(&config.settings),
    };
    if arguments.json {
        super::super::print_json(&shown)
    } else {
        print(&mut io::stdout().lock(), &config, &shown)
    }
}

fn print(out: &mut impl Write, config: &Config, shown: &Shown<'_>) -> anyhow::Result<()> {
    for account in &shown.accounts {
        let default = if account.id == shown.default_account { " (default)" } else { "" };
        writeln!(out, "account {}{default}", one_line(account.id))?;
        print_section(out, serde_json::to_value(account)?)?;
        writeln!(out)?;
    }
    writeln!(out, "{}", settings::PATH)?;
    print_section(out, serde_json::to_value(&shown.settings)?)?;
    writeln!(out)?;
    Ok(writeln!(out, "from {}", config.file.display())?)
}

/// Prints the values of a section under their paths, as two columns.
fn print_section(out: &mut impl Write, section: Value) -> io::Result<()> {
    let mut rows = Vec::new();
    flatten("", &section, &mut rows);
    // It is in the heading.
    rows.retain(|(path, _)| path != "id");
    let width = rows.iter().map(|(path, _)| path.chars().count()).max().unwrap_or_default();
    rows.iter().try_for_each(|(path, value)| writeln!(out, "  {path:<width$}  {}", one_line(value)))
}

/// The values in `value` that are none of objects, with their paths. The depth is that of our own types.
fn flatten(path: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                flatten(&path_of_key(path, key), value, rows);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&path_of_item(path, index), item, rows);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let items: Vec<_> = items.iter().map(plain).collect();
            rows.push((path.to_owned(), items.join(", ")));
        }
        value => rows.push((path.to_owned(), plain(value))),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Array(_) | Value::Object(_) => "-".to_owned(),
        other => other.to_string(),
    }
}

fn shown_account(account: &Account) -> ShownAccount<'_> {
    let access = &account.access;
    let replies = &account.replies;
    let general = account.routes.iter().find(|route| route.peer.is_none());
    let of_thread =
        account.routes.iter().filter_map(|route| Some((address(route.peer.as_ref()?), &*route.agent)));
    ShownAccount {
        id: &account.id,
        name: account.name.as_deref(),
        enabled: account.enabled,
        profile: &account.profile,
        dm_policy: spelling::dm_policy(access.dm_policy),
        allow_from: &access.allow_from,
        group_policy: spelling::group_policy(access.group_policy),
        group_allow_from: &access.group_allow_from,
        groups: access.groups.iter().map(|rule| (rule.key.as_str(), shown_group(rule))).collect(),
        markdown: ShownMarkdown { tables: spelling::table_style(replies.tables) },
        chunk_mode: spelling::chunk_mode(replies.chunk_mode),
        text_chunk_limit: replies.text_chunk_limit,
        history_limit: account.mentions.history_limit,
        message_prefix: account.message_prefix.as_deref(),
        response_prefix: replies.response_prefix.as_deref(),
        media_max_mb: replies.media_max_bytes.map(|bytes| bytes as f64 / MEBIBYTE),
        mention_patterns: &account.mentions.patterns,
        commands: ShownCommands {
            use_access_groups: account.commands.use_access_groups,
            config: account.commands.config,
            debug: account.commands.debug,
            bash: account.commands.bash,
        },
        envelope: ShownEnvelope {
            timezone: match &account.envelope.zone {
                EnvelopeZone::Utc => "utc",
                EnvelopeZone::Local => "local",
                EnvelopeZone::Named(name) => name,
            },
            timestamp: account.envelope.timestamp,
            elapsed: account.envelope.elapsed,
        },
        agent: general.map(|route| route.agent.as_str()),
        agents: of_thread.collect(),
        identity_name: replies.identity_name.as_deref(),
    }
}

fn shown_group(rule: &GroupRule) -> ShownGroup<'_> {
    let tools = rule.tools.as_ref().map(|tools| ShownTools {
        allow: &tools.allow,
        also_allow: &tools.also_allow,
        deny: &tools.deny,
    });
    ShownGroup { enabled: rule.enabled, require_mention: rule.require_mention, tools }
}

fn shown_settings(settings: &Settings) -> ShownSettings<'_> {
    let agent = settings.agent.as_ref().map(|agent| match agent {
        AgentSettings::Echo => ShownAgent::Echo,
        AgentSettings::Command { command, timeout } => {
            ShownAgent::Command { command: masked_arguments(command), timeout_seconds: timeout.as_secs() }
        }
        AgentSettings::OpenAi { base_url, model, api_key_env, system_prompt, history_messages, timeout } => {
            ShownAgent::OpenAi {
                base_url: masked(base_url),
                model,
                api_key_env: api_key_env.as_deref().map(masked),
                system_prompt: system_prompt.as_deref().map(masked),
                history_messages: *history_messages,
                timeout_seconds: timeout.as_secs(),
            }
        }
    });
    ShownSettings {
        zca: settings.zca.as_ref().map(|zca| zca.display().to_string()),
        heartbeat_seconds: settings.heartbeat.as_secs(),
        pacing: ShownPacing {
            enabled: settings.pacing.is_some(),
            sends_per_minute: settings.pacing.map(|pacing| pacing.sends_per_minute),
            burst: settings.pacing.map(|pacing| pacing.burst),
        },
        agent,
        component: &settings.components.default,
        components: &settings.components.accounts,
        limits: ShownLimits {
            memory_mib: settings.limits.memory_bytes >> 20,
            table_elements: settings.limits.table_elements,
            call_ms: settings.limits.call_budget.as_millis(),
            returned_mib: settings.limits.returned_bytes >> 20,
            effects: settings.limits.effects,
        },
    }
}

/// A thread as an address on a command line.
fn address(thread: &Thread) -> String {
    match thread.kind {
        ChatKind::Direct => format!("user:{}", thread.id),
        ChatKind::Group => format!("group:{}", thread.id),
    }
}
