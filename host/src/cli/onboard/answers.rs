//! The answers that flags give, and what is wrong with them.

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::cli::Usage;

/// Who may write to the account in a direct chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum DmPolicy {
    /// Those on the list; a stranger is offered a code
    Pairing,
    /// Those on the list; a stranger is ignored
    Allowlist,
    /// Everybody
    Open,
    /// Nobody
    Disabled,
}

/// Which groups the account listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum GroupPolicy {
    /// Those with a rule
    Allowlist,
    /// All but those whose rule closes them
    Open,
    /// None
    Disabled,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum AgentKind {
    /// Every message is its own answer
    Echo,
    /// A program, one process a message
    Command,
    /// An endpoint that speaks OpenAI's chat completions
    #[value(name = "openai")]
    OpenAi,
}

/// Who answers, as far as flags say.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct AgentFlags {
    /// Who answers [default: as the file says]
    #[arg(long, value_name = "KIND")]
    pub(super) agent: Option<AgentKind>,
    /// The program of --agent command with its arguments, quoted as for a shell
    #[arg(long, value_name = "COMMAND", requires = "agent")]
    pub(super) agent_command: Option<String>,
    /// The endpoint of --agent openai, as http://127.0.0.1:11434/v1
    #[arg(long, value_name = "URL", requires = "agent")]
    pub(super) base_url: Option<String>,
    /// The model of --agent openai
    #[arg(long, value_name = "NAME", requires = "agent")]
    pub(super) model: Option<String>,
    /// The environment variable with the key of --agent openai [default: no key is sent]
    #[arg(long, value_name = "NAME", requires = "agent")]
    pub(super) api_key_env: Option<String>,
    /// What --agent openai is told before every conversation [default: nothing]
    #[arg(long, value_name = "TEXT", requires = "agent")]
    pub(super) system_prompt: Option<String>,
}

impl AgentFlags {
    /// Refuses flags that do not go with the kind of agent, and values that cannot be right.
    pub(super) fn check(&self) -> Result<(), Usage> {
        let flags = [
            ("--agent-command", &self.agent_command, AgentKind::Command),
            ("--base-url", &self.base_url, AgentKind::OpenAi),
            ("--model", &self.model, AgentKind::OpenAi),
            ("--api-key-env", &self.api_key_env, AgentKind::OpenAi),
            ("--system-prompt", &self.system_prompt, AgentKind::OpenAi),
        ];
        for (flag, value, kind) in flags {
            if value.is_some() && self.agent.is_some_and(|agent| agent != kind) {
                return Err(Usage(format!("{flag} goes with --agent {} only", name(kind))));
            }
        }
        let refused = |flag: &str, reason: String| Usage(format!("{flag} {reason}"));
        if let Some(command) = &self.agent_command {
            words(command).map_err(|reason| refused("--agent-command", reason))?;
        }
        if let Some(url) = &self.base_url {
            check_url(url).map_err(|reason| refused("--base-url", reason))?;
        }
        if let Some(variable) = &self.api_key_env {
            check_variable(variable).map_err(|reason| refused("--api-key-env", reason))?;
        }
        Ok(())
    }

    /// The flag that is still missing, with the values that it may have.
    pub(super) fn missing(&self) -> Option<&'static str> {
        match self.agent {
            None => Some("--agent echo|command|openai"),
            Some(AgentKind::Command) if self.agent_command.is_none() => Some("--agent-command COMMAND"),
            Some(AgentKind::OpenAi) if self.base_url.is_none() => Some("--base-url URL"),
            Some(AgentKind::OpenAi) if self.model.is_none() => Some("--model NAME"),
            Some(_) => None,
        }
    }

    /// The keys of the section `agent`, of which the first is its kind. Empty when no kind is known.
    pub(super) fn keys(&self) -> Map<String, Value> {
        let Some(kind) = self.agent else { return Map::new() };
        let mut keys = Map::from_iter([("kind".to_owned(), json!(kind))]);
        let command = self.agent_command.as_ref().and_then(|command| words(command).ok());
        let texts = [
            ("baseUrl", &self.base_url),
            ("model", &self.model),
            ("apiKeyEnv", &self.api_key_env),
            ("systemPrompt", &self.system_prompt),
        ];
        keys.extend(command.map(|words| ("command".to_owned(), json!(words))));
        keys.extend(
            texts.into_iter().filter_map(|(key, text)| Some((key.to_owned(), json!(text.as_ref()?)))),
        );
        keys
    }
}

/// How a kind or a policy is written.
pub(super) fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// The program and its arguments in a line that is quoted as for a shell. The error ends a sentence.
pub(super) fn words(line: &str) -> Result<Vec<String>, String> {
    match shlex::split(line) {
        None => Err("has a quote without its end".to_owned()),
        Some(words) if words.first().is_none_or(|program| program.trim().is_empty()) => {
            Err("names no program".to_owned())
        }
        Some(words) => Ok(words),
    }
}

/// Whether this can be an endpoint. The error ends a sentence.
pub(super) fn check_url(url: &str) -> Result<(), String> {
    match ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
        true => Ok(()),
        false => Err("is not an http or https address".to_owned()),
    }
}

/// Whether this can be the name of a variable; a key typed in its place must not get into the file. The
/// error ends a sentence.
pub(super) fn check_variable(name: &str) -> Result<(), String> {
    let is_name = name.chars().all(|char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_')
        && name.starts_with(|char: char| !char.is_ascii_digit());
    match is_name {
        true => Ok(()),
        false => {
            Err("is the name of a variable in capitals, as OPENAI_API_KEY, not the key itself".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn openai() -> AgentFlags {
        let [base_url, model] = ["http://h/v1", "m"].map(|text| Some(text.to_owned()));
        AgentFlags { agent: Some(AgentKind::OpenAi), base_url, model, ..AgentFlags::default() }
    }

    #[test]
    fn what_is_missing_is_named() {
        let kind = |agent| AgentFlags { agent: Some(agent), ..AgentFlags::default() };
        for (flags, missing) in [
            (AgentFlags::default(), Some("--agent echo|command|openai")),
            (kind(AgentKind::Command), Some("--agent-command COMMAND")),
            (kind(AgentKind::OpenAi), Some("--base-url URL")),
            (AgentFlags { model: None, ..openai() }, Some("--model NAME")),
            (openai(), None),
            (kind(AgentKind::Echo), None),
        ] {
            assert_eq!(flags.missing(), missing, "{flags:?}");
        }
    }

    #[test]
    fn a_flag_that_cannot_be_right_is_refused_by_name() {
        let text = |text: &str| Some(text.to_owned());
        for (flags, flag) in [
            (AgentFlags { agent: Some(AgentKind::Echo), ..openai() }, "--base-url"),
            (AgentFlags { base_url: text("localhost"), ..openai() }, "--base-url"),
            (AgentFlags { api_key_env: text("sk-1"), ..openai() }, "--api-key-env"),
            (AgentFlags { agent_command: text("x"), ..openai() }, "--agent-command"),
            (
                AgentFlags {
                    agent: Some(AgentKind::Command),
                    agent_command: text("a 'b"),
                    ..AgentFlags::default()
                },
                "--agent-command",
            ),
        ] {
            let told = flags.check().unwrap_err().to_string();
            assert!(told.starts_with(flag), "{told}");
        }
        assert!(openai().check().is_ok());
    }

    #[test]
    fn an_agent_has_the_keys_that_were_answered() {
        let flags = AgentFlags { system_prompt: Some("Be brief".to_owned()), ..openai() };
        let keys =
            json!({ "kind": "openai", "baseUrl": "http://h/v1", "model": "m", "systemPrompt": "Be brief" });
        assert_eq!(Value::Object(flags.keys()), keys);
        let command = Some("'/opt/my bot' --fast".to_owned());
        let flags =
            AgentFlags { agent: Some(AgentKind::Command), agent_command: command, ..AgentFlags::default() };
        assert_eq!(
            Value::Object(flags.keys()),
            json!({ "kind": "command", "command": ["/opt/my bot", "--fast"] })
        );
    }
}
