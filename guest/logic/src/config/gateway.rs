//! What the channel depends on in the rest of the gateway's file.

use serde_json::Value;
use zalouser_settings::{Problem, Section, read_leniently, string};

use super::agents::{Agents, read_bindings};
use super::keys::HISTORY_LIMITS;
use super::{filled, mention_pattern};
use crate::account::{CommandRules, EnvelopeFormat, EnvelopeZone};

const SWITCH: [(&str, bool); 2] = [("on", true), ("off", false)];

/// What holds for all channels, unless an account says otherwise.
#[derive(Debug, Default)]
pub(super) struct Gateway {
    /// `commands`.
    pub(super) commands: CommandRules,
    /// `messages.groupChat.mentionPatterns`, those that compile.
    pub(super) mention_patterns: Vec<String>,
    /// `messages.groupChat.historyLimit`.
    pub(super) history_limit: Option<u32>,
    /// `messages.responsePrefix`.
    pub(super) response_prefix: Option<String>,
    /// `agents.defaults.envelope…`.
    pub(super) envelope: EnvelopeFormat,
    /// `agents.list` and `bindings`.
    pub(super) agents: Agents,
}

/// Reads the keys that the channel depends on. The problems are those of its owner: a value that is
/// wrong counts as absent.
pub(super) fn read(document: &Value) -> (Gateway, Vec<Problem>) {
    read_leniently("", Some(document), |root| {
        root.leave_rest();
        let mut gateway = Gateway::default();
        root.section("commands", |section| gateway.commands = read_commands(section));
        root.section("messages", |section| read_messages(section, &mut gateway));
        root.section("agents", |section| {
            section.leave_rest();
            section.section("defaults", |section| gateway.envelope = read_envelope(section));
            gateway.agents = Agents::read(section);
        });
        read_bindings(root, &mut gateway.agents);
        gateway
    })
}

fn read_commands(section: &mut Section<'_>) -> CommandRules {
    section.leave_rest();
    let default = CommandRules::default();
    CommandRules {
        use_access_groups: section.flag("useAccessGroups").unwrap_or(default.use_access_groups),
        config: section.flag("config").unwrap_or(default.config),
        debug: section.flag("debug").unwrap_or(default.debug),
        bash: section.flag("bash").unwrap_or(default.bash),
    }
}

fn read_messages(section: &mut Section<'_>, gateway: &mut Gateway) {
    section.leave_rest();
    gateway.response_prefix = section.string("responsePrefix");
    section.section("groupChat", |section| {
        section.leave_rest();
        gateway.history_limit = section.integer("historyLimit", HISTORY_LIMITS);
        gateway.mention_patterns = section.list("mentionPatterns", read_pattern).unwrap_or_default();
    });
}

fn read_pattern(value: &Value) -> Result<String, String> {
    let pattern = string(value)?;
    if pattern.trim().is_empty() {
        return Err("is left out: every message would match it".to_owned());
    }
    match mention_pattern(&pattern) {
        Ok(_) => Ok(pattern),
        Err(err) => Err(format!("is left out: {err}")),
    }
}

fn read_envelope(section: &mut Section<'_>) -> EnvelopeFormat {
    section.leave_rest();
    let default = EnvelopeFormat::default();
    EnvelopeFormat {
        zone: read_zone(section),
        timestamp: section.choice("envelopeTimestamp", "a setting", &SWITCH).unwrap_or(default.timestamp),
        elapsed: section.choice("envelopeElapsed", "a setting", &SWITCH).unwrap_or(default.elapsed),
    }
}

fn read_zone(section: &mut Section<'_>) -> EnvelopeZone {
    let zone = section.string("envelopeTimezone").unwrap_or_default();
    let zone = zone.trim();
    match zone.to_ascii_lowercase().as_str() {
        "" | "local" | "host" => EnvelopeZone::Local,
        "utc" | "gmt" => EnvelopeZone::Utc,
        "user" => {
            let user = section.string("userTimezone").as_deref().and_then(filled);
            user.map_or(EnvelopeZone::Local, EnvelopeZone::Named)
        }
        _ => EnvelopeZone::Named(zone.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::{account, loaded, warning_lines};
    use super::*;

    #[test]
    fn commands_are_read_and_restricted_by_default() {
        let commands =
            json!({ "useAccessGroups": false, "config": true, "debug": true, "bash": true, "native": 1 });
        let expected = CommandRules { use_access_groups: false, config: true, debug: true, bash: true };
        assert_eq!(account(json!({ "commands": commands })).commands, expected);
        assert_eq!(account(json!({ "commands": {} })).commands, CommandRules::default());
    }

    #[test]
    fn the_nearest_history_limit_counts() {
        let limits = |own, base, shared| {
            let section = json!({ "historyLimit": base, "accounts": { "x": { "historyLimit": own } } });
            let mut file = json!({
                "channels": { "zalouser": section },
                "messages": { "groupChat": { "historyLimit": shared } },
            });
            // A key without a value here is one that is not in the file.
            for pointer in ["/channels/zalouser", "/channels/zalouser/accounts/x", "/messages/groupChat"] {
                let section = file.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
                section.retain(|_, value| !value.is_null());
            }
            account(file).mentions.history_limit
        };
        for (own, base, shared, expected) in [
            (Some(1), Some(2), Some(3), 1),
            (None, Some(2), Some(3), 2),
            (None, None, Some(3), 3),
            (None, None, None, 50),
        ] {
            assert_eq!(limits(own, base, shared), expected);
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_used_is_left_out_with_a_warning() {
        let patterns = json!(["@bot", "(", 5, " ", "(?=x)"]);
        let file = json!({ "messages": { "groupChat": { "mentionPatterns": patterns } } });
        assert_eq!(loaded(file.clone()).accounts[0].mentions.patterns, ["@bot"]);
        let paths: Vec<_> = loaded(file).warnings.into_iter().map(|warning| warning.path).collect();
        assert_eq!(paths, [1, 2, 3, 4].map(|index| format!("messages.groupChat.mentionPatterns[{index}]")));
    }

    #[test]
    fn the_zone_of_the_envelope_is_one_of_five_kinds() {
        let named = |name: &str| EnvelopeZone::Named(name.into());
        for (defaults, zone) in [
            (json!({}), EnvelopeZone::Local),
            (json!({ "envelopeTimezone": "local" }), EnvelopeZone::Local),
            (json!({ "envelopeTimezone": "host" }), EnvelopeZone::Local),
            (json!({ "envelopeTimezone": " " }), EnvelopeZone::Local),
            (json!({ "envelopeTimezone": "UTC" }), EnvelopeZone::Utc),
            (json!({ "envelopeTimezone": "gmt" }), EnvelopeZone::Utc),
            (json!({ "envelopeTimezone": " Asia/Saigon " }), named("Asia/Saigon")),
            (json!({ "envelopeTimezone": "user", "userTimezone": "Asia/Tokyo" }), named("Asia/Tokyo")),
            (json!({ "envelopeTimezone": "user" }), EnvelopeZone::Local),
            (json!({ "userTimezone": "Asia/Tokyo" }), EnvelopeZone::Local),
        ] {
            let file = json!({ "agents": { "defaults": defaults } });
            assert_eq!(account(file.clone()).envelope.zone, zone, "{file}");
        }
    }

    #[test]
    fn the_parts_of_the_envelope_can_be_switched_off() {
        let parts = |defaults| {
            let envelope = account(json!({ "agents": { "defaults": defaults } })).envelope;
            (envelope.timestamp, envelope.elapsed)
        };
        assert_eq!(parts(json!({})), (true, true));
        assert_eq!(parts(json!({ "envelopeTimestamp": "off", "envelopeElapsed": "on" })), (false, true));
        assert_eq!(parts(json!({ "envelopeElapsed": "off" })), (true, false));
    }

    #[test]
    fn the_nearest_response_prefix_counts_and_auto_is_the_name_of_the_agent() {
        let prefix = |base, shared, name| {
            let file = json!({
                "channels": { "zalouser": base },
                "messages": shared,
                "agents": { "list": [{ "id": "main", "identity": { "name": name } }] },
            });
            account(file).replies.response_prefix
        };
        let none = || json!({});
        let some = |prefix| json!({ "responsePrefix": prefix });
        let own = |prefix| json!({ "responsePrefix": "base", "accounts": { "x": some(prefix) } });
        for (base, shared, name, expected) in [
            (none(), none(), "Bee", None),
            (none(), some("shared"), "Bee", Some("shared")),
            (some("base"), some("shared"), "Bee", Some("base")),
            (own("own"), some("shared"), "Bee", Some("own")),
            (own(""), some("shared"), "Bee", None),
            (none(), some("auto"), " Bee ", Some("[Bee]")),
            (some("auto"), none(), " ", None),
            (some("[{model}] "), none(), "Bee", Some("[{model}] ")),
        ] {
            assert_eq!(prefix(base.clone(), shared.clone(), name).as_deref(), expected, "{base} {shared}");
        }
    }

    #[test]
    fn a_wrong_value_outside_of_the_channel_is_a_warning_and_counts_as_absent() {
        let file = json!({
            "commands": { "useAccessGroups": "no" },
            "messages": { "responsePrefix": 1, "groupChat": { "historyLimit": -1 } },
            "agents": { "defaults": { "envelopeTimestamp": "never" }, "list": {} },
            "bindings": 1,
        });
        assert_eq!(loaded(file.clone()).accounts, loaded(json!({})).accounts);
        assert_eq!(
            warning_lines(file),
            [
                "commands.useAccessGroups: \"no\" is neither true nor false",
                "messages.responsePrefix: 1 is not a string",
                "messages.groupChat.historyLimit: -1 is not an integer from 0 to 1000",
                "agents.defaults.envelopeTimestamp: \"never\" is not a setting; allowed: on, off",
                "agents.list: {} is not a list",
                "bindings: 1 is not a list",
            ]
        );
    }
}
