//! Whether there is somebody who answers.

use super::finding::Finding;
use crate::gateway::agent::AgentSettings;
use crate::settings::PATH;

const TOPIC: &str = "agent";
const WHY: &str = "what people write is received, and nobody answers";

/// Judges the agent that is configured. `find` says whether there is a program of a name or path, and
/// `variable` what an environment variable says.
pub(super) fn check(
    agent: Option<&AgentSettings>,
    find: impl Fn(&str) -> bool,
    variable: impl Fn(&str) -> Option<String>,
) -> Finding {
    match agent {
        None => Finding::warn(
            TOPIC,
            "no agent is configured",
            WHY,
            format!("set {PATH}.agent, for a try to {{ kind: \"echo\" }}"),
        ),
        Some(AgentSettings::Echo) => Finding::ok(TOPIC, "every message is its own answer"),
        Some(AgentSettings::Command { command, .. }) => {
            let program = command.first().map(String::as_str).unwrap_or_default();
            if find(program) {
                return Finding::ok(TOPIC, format!("the program {program} answers"));
            }
            Finding::fail(
                TOPIC,
                format!("the program {program:?} was not found, or may not be executed"),
                WHY,
                format!("install it, make it executable, or correct {PATH}.agent.command"),
            )
        }
        Some(AgentSettings::OpenAi { base_url, model, api_key_env, .. }) => {
            if let Some(name) = api_key_env
                && variable(name).is_none_or(|key| key.trim().is_empty())
            {
                return Finding::fail(
                    TOPIC,
                    format!(
                        "the environment variable {name}, which holds the key of {base_url}, is not set here"
                    ),
                    "the gateway does not start without it",
                    format!(
                        "set {name} for the gateway as well as for this command, or correct {PATH}.agent.apiKeyEnv"
                    ),
                );
            }
            Finding::ok(TOPIC, format!("the model {model} at {base_url} answers; it was not asked"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::finding::Level;
    use super::*;

    fn level(agent: &AgentSettings) -> Level {
        let key = |name: &str| match name {
            "SET" => Some("k".to_owned()),
            "BLANK" => Some(" ".to_owned()),
            _ => None,
        };
        check(Some(agent), |program| program == "there", key).level
    }

    #[test]
    fn a_program_has_to_be_there() {
        let command = |program: &str| AgentSettings::Command {
            command: vec![program.to_owned(), "arg".to_owned()],
            timeout: Duration::from_secs(1),
        };
        assert_eq!([level(&command("there")), level(&command("gone"))], [Level::Ok, Level::Fail]);
    }

    #[test]
    fn a_key_has_to_be_set_where_one_is_named() {
        for (name, expected) in [
            (None, Level::Ok),
            (Some("SET"), Level::Ok),
            (Some("BLANK"), Level::Fail),
            (Some("UNSET"), Level::Fail),
        ] {
            let agent = AgentSettings::OpenAi {
                base_url: "http://localhost/v1".to_owned(),
                model: "m".to_owned(),
                api_key_env: name.map(str::to_owned),
                system_prompt: None,
                history_messages: 0,
                timeout: Duration::from_secs(1),
            };
            assert_eq!(level(&agent), expected, "{name:?}");
        }
    }

    #[test]
    fn nobody_is_worth_a_warning() {
        assert_eq!(check(None, |_| true, |_| None).level, Level::Warn);
        assert_eq!(level(&AgentSettings::Echo), Level::Ok);
    }
}
