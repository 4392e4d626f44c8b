//! What a gateway's own component needs of the operator's configuration to decide as this bridge does.

use std::env;
use std::fs;

use serde_json::{Map, Value};

use super::protocol::Configuration;
use crate::config::Config;
use crate::zone;

/// The keys that a component's `config.load` reads, with `[]` for every item of a list. What is not here may be a
/// secret of something else; in the channel's own section only keys that are known are allowed, and none is one.
const KEYS: [&str; 18] = [
    "agents.defaults.envelopeElapsed",
    "agents.defaults.envelopeTimestamp",
    "agents.defaults.envelopeTimezone",
    "agents.defaults.userTimezone",
    "agents.list.[].default",
    "agents.list.[].id",
    "agents.list.[].identity.name",
    "bindings.[].agentId",
    "bindings.[].match",
    "channels.defaults.groupPolicy",
    "channels.zalouser",
    "commands.bash",
    "commands.config",
    "commands.debug",
    "commands.useAccessGroups",
    "messages.groupChat.historyLimit",
    "messages.groupChat.mentionPatterns",
    "messages.responsePrefix",
];

/// What `config` was read from, as far as a component reads it.
pub(super) fn of(config: &Config) -> Configuration {
    // It was read a moment ago; one that is gone since is an empty one, as it would be at the next start.
    let text = fs::read_to_string(&config.file).unwrap_or_default();
    let document = zalouser_settings::parse(&text).unwrap_or_default();
    let zones = config.channel.accounts.iter().map(|account| {
        let offsets = zone::of(account).into_iter().map(Into::into).collect();
        (account.id.clone(), offsets)
    });
    Configuration {
        json5: needed(&document).to_string(),
        zca_profile: env::var("ZCA_PROFILE").ok().filter(|profile| !profile.trim().is_empty()),
        zones: zones.collect(),
    }
}

fn needed(document: &Value) -> Value {
    let parts = KEYS.iter().filter_map(|key| part(document, &key.split('.').collect::<Vec<_>>()));
    parts.fold(Value::Object(Map::new()), merged)
}

/// What is at a path, with what leads there.
fn part(value: &Value, path: &[&str]) -> Option<Value> {
    match path {
        [] => Some(value.clone()),
        // An item without the key keeps its place.
        ["[]", rest @ ..] => {
            let items = value.as_array()?.iter();
            Some(items.map(|item| part(item, rest).unwrap_or_else(|| Map::new().into())).collect())
        }
        [key, rest @ ..] => {
            let found = part(value.get(*key)?, rest)?;
            Some(Map::from_iter([((*key).to_owned(), found)]).into())
        }
    }
}

/// Two parts of one value.
fn merged(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            for (key, value) in other {
                let value = match one.remove(&key) {
                    Some(known) => merged(known, value),
                    None => value,
                };
                one.insert(key, value);
            }
            Value::Object(one)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.into_iter().zip(other).map(|(one, other)| merged(one, other)).collect()
        }
        (one, _) => one,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_gateway_is_told_what_a_component_reads_and_nothing_else() {
        let document = json!({
            "channels": { "zalouser": { "dmPolicy": "open" }, "telegram": { "botToken": "t" } },
            "agents": {
                "defaults": {
                    "envelopeTimezone": "utc",
                    "memory": { "remote": { "headers": { "Authorization": "Bearer k" }, "apiKeys": ["k"] } },
                },
                "list": [
                    { "id": "a", "sandbox": { "passphrase": "p" } },
                    { "identity": { "name": "Bee", "avatar": "b" }, "id": "b" },
                ],
            },
            "bindings": [{ "agentId": "a", "match": { "channel": "zalouser" } }],
            "gateway": { "auth": { "token": "t" } },
            "plugins": { "entries": {} },
        });
        assert_eq!(
            needed(&document),
            json!({
                "channels": { "zalouser": { "dmPolicy": "open" } },
                "agents": {
                    "defaults": { "envelopeTimezone": "utc" },
                    "list": [{ "id": "a" }, { "id": "b", "identity": { "name": "Bee" } }],
                },
                "bindings": [{ "agentId": "a", "match": { "channel": "zalouser" } }],
            })
        );
        assert_eq!(needed(&json!(null)), json!({}));
    }
}
