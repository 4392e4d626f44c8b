//! The shim's own settings: `plugins.entries.zalouser.config` in the gateway's file.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use zalouser_settings::{Problem, Section};

use crate::gateway::agent::{AgentSettings, DEFAULT_HISTORY_MESSAGES, DEFAULT_TIMEOUT};
use crate::grants::{self, GrantBook, Grants};
use crate::journal::JournalSettings;
use crate::zca::listener::HEARTBEAT;

/// Where the settings are in the gateway's file.
pub const PATH: &str = "plugins.entries.zalouser.config";

/// What the operator set for the shim.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The `zca` program; none for the one on `PATH`.
    pub zca: Option<PathBuf>,
    /// Who answers; none when nobody was named.
    pub agent: Option<AgentSettings>,
    /// How often the listener has to give a sign of life.
    pub heartbeat: Duration,
    /// How messages wait, and are tried again.
    pub journal: JournalSettings,
    /// What each component may ask for, where that is set.
    pub grants: GrantBook,
}

impl Settings {
    /// What the component called `name` may ask for.
    pub fn grants_of(&self, name: &str) -> Grants {
        let default = if name == grants::SHIPPED { Grants::shipped() } else { Grants::default() };
        self.grants.get(name).cloned().unwrap_or(default)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            zca: None,
            agent: None,
            heartbeat: HEARTBEAT,
            journal: JournalSettings::default(),
            grants: GrantBook::new(),
        }
    }
}

impl Settings {
    /// Reads the settings from the whole document.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn read(document: &Value) -> Result<Self, Vec<Problem>> {
        let section = document.pointer("/plugins/entries/zalouser/config");
        zalouser_settings::read(PATH, section, |section| {
            let default = Self::default();
            Self {
                zca: section.text("zca").map(PathBuf::from),
                agent: section.section("agent", agent).flatten(),
                heartbeat: section
                    .integer("heartbeatSeconds", 1..=600)
                    .map_or(default.heartbeat, Duration::from_secs),
                journal: section.section("journal", JournalSettings::read).unwrap_or(default.journal),
                grants: section
                    .sections("grants", |name, section| (name.to_owned(), grants::read(name, section)))
                    .map_or(default.grants, GrantBook::from_iter),
            }
        })
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Command,
    OpenAi,
    Echo,
}

fn agent(section: &mut Section<'_>) -> Option<AgentSettings> {
    let kinds = [("command", Kind::Command), ("openai", Kind::OpenAi), ("echo", Kind::Echo)];
    section.require("kind");
    // Without a kind nobody can say which of the other keys are right.
    let Some(kind) = section.choice("kind", "a kind of agent", &kinds) else {
        section.leave_rest();
        return None;
    };
    match kind {
        Kind::Echo => Some(AgentSettings::Echo),
        Kind::Command => {
            section.require("command");
            let command = section.strings("command");
            let timeout = timeout(section);
            let command = command?;
            if command.first().is_none_or(|program| program.trim().is_empty()) {
                section.reject("command", "names no program; its first item is the program");
                return None;
            }
            Some(AgentSettings::Command { command, timeout })
        }
        Kind::OpenAi => {
            section.require("baseUrl");
            section.require("model");
            let base_url = section.text("baseUrl");
            let model = section.text("model");
            let api_key_env = section.text("apiKeyEnv");
            let system_prompt = section.string("systemPrompt");
            let history_messages =
                section.integer("historyMessages", 0..=1_000).unwrap_or(DEFAULT_HISTORY_MESSAGES);
            let timeout = timeout(section);
            let base_url = base_url?;
            if !["http://", "https://"].iter().any(|scheme| base_url.starts_with(scheme)) {
                section.reject("baseUrl", "is not an http or https address");
                return None;
            }
            Some(AgentSettings::OpenAi {
                base_url,
                model: model?,
                api_key_env,
                system_prompt,
                history_messages,
                timeout,
            })
        }
    }
}

fn timeout(section: &mut Section<'_>) -> Duration {
    section.integer("timeoutSeconds", 1..=3_600).map_or(DEFAULT_TIMEOUT, Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(config: Value) -> Result<Settings, Vec<String>> {
        let document = json!({ "plugins": { "entries": { "zalouser": { "config": config } } } });
        let problems = |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect();
        Settings::read(&document).map_err(problems)
    }

    #[test]
    fn a_file_without_the_section_has_the_defaults() {
        assert_eq!(Settings::read(&json!({})), Ok(Settings::default()));
        assert_eq!(read(json!({})), Ok(Settings::default()));
    }

    #[test]
    fn an_agent_is_read_with_its_defaults() {
        let settings = read(json!({ "agent": { "kind": "command", "command": ["prog", "arg"] } })).unwrap();
        let command = vec!["prog".to_owned(), "arg".to_owned()];
        let expected = AgentSettings::Command { command, timeout: Duration::from_secs(120) };
        assert_eq!(settings.agent, Some(expected));
    }

    #[test]
    fn every_problem_is_told_with_its_path() {
        let problems = read(json!({
            "zcaa": "x",
            "heartbeatSeconds": 0,
            "agent": { "kind": "openai", "baseUrl": "localhost:1", "modle": "m" },
        }))
        .unwrap_err();
        let told = problems.join("\n");
        for path in ["zcaa", "heartbeatSeconds", "agent.baseUrl", "agent.model", "agent.modle"] {
            assert!(told.contains(&format!("{PATH}.{path}")), "{path} is missing in:\n{told}");
        }
    }

    #[test]
    fn a_kind_of_agent_that_does_not_exist_is_told_with_those_that_do() {
        let problems = read(json!({ "agent": { "kind": "comand", "command": ["x"] } })).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(r#"did you mean "command""#), "{problems:?}");
    }
}
