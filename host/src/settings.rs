//! The shim's own settings: `plugins.entries.zalouser.config` in the gateway's file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use zalouser_settings::{Problem, Section, path_of_key};

use crate::gateway::agent::{AgentSettings, DEFAULT_HISTORY_MESSAGES, DEFAULT_TIMEOUT};
use crate::gateway::pacing::{self, Pacing};
use crate::grants::{self, GrantBook, Grants};
use crate::journal::JournalSettings;
use crate::plugins::ComponentName;
use crate::sandbox::Limits;
use crate::zca::listener::HEARTBEAT;

/// Where the settings are in the gateway's file.
pub const PATH: &str = "plugins.entries.zalouser.config";

/// The least memory that a component may be limited to, in MiB. The shipped one starts with a little more than
/// one.
const LEAST_MEMORY: usize = 4;

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
    /// How fast an account sends; none for as fast as it can.
    pub pacing: Option<Pacing>,
    /// What each component may ask for, where that is set.
    pub grants: GrantBook,
    /// Which component judges which account.
    pub components: Components,
    /// What a call into a component may cost.
    pub limits: Limits,
}

/// Which component judges which account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Components {
    /// The one for all accounts that name none of their own.
    pub default: ComponentName,
    /// The ones that accounts name, by the accounts' ids as they are written.
    pub accounts: BTreeMap<String, ComponentName>,
}

impl Components {
    /// The component of the account of this id, without regard to case.
    pub fn of(&self, account: &str) -> &ComponentName {
        let id = account.to_lowercase();
        let own = self.accounts.iter().find(|(written, _)| written.to_lowercase() == id);
        own.map_or(&self.default, |(_, name)| name)
    }

    /// All that are named, with the paths where that is done.
    pub fn named(&self) -> impl Iterator<Item = (String, &ComponentName)> {
        let of_account = |(id, name): (&String, _)| (path_of_key(&format!("{PATH}.components"), id), name);
        [(format!("{PATH}.component"), &self.default)].into_iter().chain(self.accounts.iter().map(of_account))
    }
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
            components: Components::default(),
            limits: Limits::default(),
            pacing: Some(Pacing::default()),
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
            // Not ours: by this OpenClaw's plugin finds the program that reads it here.
            section.text("binary");
            Self {
                zca: section.text("zca").map(PathBuf::from),
                agent: section.section("agent", agent).flatten(),
                heartbeat: section
                    .integer("heartbeatSeconds", 1..=600)
                    .map_or(default.heartbeat, Duration::from_secs),
                journal: section.section("journal", JournalSettings::read).unwrap_or(default.journal),
                pacing: section.section("pacing", pacing::read).unwrap_or(default.pacing),
                grants: section
                    .sections("grants", |name, section| (name.to_owned(), grants::read(name, section)))
                    .map_or(default.grants, GrantBook::from_iter),
                components: components(section),
                limits: section.section("limits", limits).unwrap_or(default.limits),
            }
        })
    }
}

fn components(section: &mut Section<'_>) -> Components {
    let default = section.parse("component", component_name).unwrap_or_default();
    let entries = section.parse("components", |value| value.as_object().ok_or("is not an object".to_owned()));
    let path = section.path_of("components");
    let mut accounts = BTreeMap::new();
    for (id, value) in entries.into_iter().flatten() {
        match component_name(value) {
            Ok(name) => drop(accounts.insert(id.trim().to_owned(), name)),
            Err(problem) => section.report(Problem::new(path_of_key(&path, id), problem).found(value)),
        }
    }
    Components { default, accounts }
}

fn component_name(value: &Value) -> Result<ComponentName, String> {
    let name = value.as_str().ok_or("is not a string")?;
    let told = "is no name of a component, which has up to 64 of a-z, 0-9, - and _ and begins with a letter or digit";
    name.parse().map_err(|_| told.to_owned())
}

fn limits(section: &mut Section<'_>) -> Limits {
    let default = Limits::default();
    let mut mebibytes = |key, least| section.integer(key, least..=4_095).map(|mib: usize| mib << 20);
    let memory_bytes = mebibytes("memoryMiB", LEAST_MEMORY).unwrap_or(default.memory_bytes);
    let returned_bytes = mebibytes("returnedMiB", 1).unwrap_or(default.returned_bytes);
    let call_budget =
        section.integer("callMs", 10..=60_000).map_or(default.call_budget, Duration::from_millis);
    Limits {
        memory_bytes,
        table_elements: section
            .integer("tableElements", 1_000..=10_000_000)
            .unwrap_or(default.table_elements),
        call_budget,
        // Others have the thread in between.
        call_deadline: default.call_deadline.max(call_budget * 4),
        returned_bytes,
        effects: section.integer("effects", 100..=1_000_000).unwrap_or(default.effects),
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
    fn an_account_has_its_own_component_or_that_of_all() {
        let components = read(json!({ "component": "a", "components": { " Work ": "b", "x": "zalouser" } }));
        let components = components.unwrap().components;
        for (account, name) in [("work", "b"), ("WORK", "b"), ("x", "zalouser"), ("other", "a")] {
            assert_eq!(components.of(account).as_str(), name, "{account}");
        }
        assert!(Settings::default().components.of("any").is_shipped());
        let told = read(json!({ "component": "../a", "components": { "w": 1 } })).unwrap_err().join("\n");
        for part in ["component: \"../a\" is no name", "components.w: 1 is not a string"] {
            assert!(told.contains(part), "{part} is missing in:\n{told}");
        }
    }

    #[test]
    fn a_limit_that_is_not_set_is_as_it_is_without_the_section() {
        let limits = read(json!({ "limits": { "memoryMiB": 8, "callMs": 50 } })).unwrap().limits;
        let default = Limits::default();
        let call_budget = Duration::from_millis(50);
        assert_eq!(limits, Limits { memory_bytes: 8 << 20, call_budget, ..default });
        for wrong in [json!({ "memoryMiB": 3 }), json!({ "callMs": 0 }), json!({ "memoryMb": 8 })] {
            assert!(read(json!({ "limits": wrong })).is_err(), "{wrong}");
        }
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
