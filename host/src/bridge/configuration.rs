//! What a gateway's own component needs of the operator's configuration to decide as this bridge does.

use std::env;
use std::fs;

use serde_json::{Map, Value, json};

use super::protocol::Configuration;
use crate::config::Config;
use crate::zone;

/// The sections that the channel is configured by, beside its own.
const SECTIONS: [&str; 5] = ["agents", "bindings", "commands", "messages", "session"];

/// What `config` was read from, without the sections that the channel does not read and without what looks like a
/// secret.
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
    let mut kept = Map::new();
    for section in SECTIONS {
        if let Some(value) = document.get(section) {
            kept.insert(section.to_owned(), without_secrets(value));
        }
    }
    let channels = document.get("channels");
    let channel = channels.and_then(|channels| channels.get("zalouser"));
    let defaults = channels.and_then(|channels| channels.get("defaults"));
    let channels = [("zalouser", channel), ("defaults", defaults)];
    let channels: Map<_, _> =
        channels.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.clone()))).collect();
    kept.insert("channels".to_owned(), json!(channels));
    Value::Object(kept)
}

/// The same without the members whose names say that they are secret. None of the channel's are.
fn without_secrets(value: &Value) -> Value {
    const SECRET: [&str; 6] = ["key", "token", "secret", "password", "auth", "env"];
    match value {
        Value::Object(members) => {
            let is_secret = |name: &str| SECRET.iter().any(|secret| name.to_lowercase().ends_with(secret));
            let kept = members.iter().filter(|(name, value)| !(is_secret(name) && !value.is_array()));
            Value::Object(kept.map(|(name, value)| (name.clone(), without_secrets(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_secrets).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_told_what_the_channel_reads_and_no_secret() {
        let document = json!({
            "channels": { "zalouser": { "dmPolicy": "open" }, "telegram": { "botToken": "t" } },
            "agents": { "defaults": { "envelopeTimezone": "utc", "memory": { "remote": { "apiKey": "k" } } } },
            "session": { "dmScope": "main", "store": "s" },
            "gateway": { "auth": { "token": "t" } },
            "plugins": { "entries": {} },
        });
        assert_eq!(
            needed(&document),
            json!({
                "channels": { "zalouser": { "dmPolicy": "open" } },
                "agents": { "defaults": { "envelopeTimezone": "utc", "memory": { "remote": {} } } },
                "session": { "dmScope": "main", "store": "s" },
            })
        );
        assert_eq!(needed(&json!(null)), json!({ "channels": {} }));
    }
}
