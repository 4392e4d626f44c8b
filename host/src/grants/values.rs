//! Grants as the values that the settings hold.

use serde_json::Value;

use super::Grants;

impl Grants {
    /// What is granted under `key`, as the settings would say it; null for a limit that is not set, and for a
    /// key that does not exist.
    pub fn value(&self, key: &str) -> Value {
        match key {
            "commands" => self.commands.iter().map(ToString::to_string).collect(),
            "accounts" => self.accounts.iter().cloned().collect(),
            "profiles" => self.profiles.iter().cloned().collect(),
            "threads" => self.threads.iter().cloned().collect(),
            "sendsPerMinute" => self.sends_per_minute.into(),
            "sendsPerDay" => self.sends_per_day.into(),
            "mediaRoots" => self.media_roots.iter().map(|root| root.display().to_string()).collect(),
            "urlSchemes" => self.url_schemes.iter().cloned().collect(),
            "urlHosts" => self.url_hosts.iter().cloned().collect(),
            "mediaMaxMb" => self.media_max_bytes.map(|bytes| bytes >> 20).into(),
            _ => Value::Null,
        }
    }

    /// What `key` would have to hold for `asked` to be granted beside all that is; none when it is granted
    /// already.
    pub fn extended(&self, key: &str, asked: &Value) -> Option<Value> {
        match (self.value(key), asked) {
            (Value::Array(held), Value::Array(asked)) => {
                let is_new = |item: &&Value| !held.contains(item) && !held.contains(&Value::from("*"));
                let new: Vec<_> = asked.iter().filter(is_new).cloned().collect();
                (!new.is_empty()).then(|| Value::Array([held.clone(), new].concat()))
            }
            // No limit grants more than any.
            (Value::Null, _) => None,
            (held, asked) => (held.as_u64() < asked.as_u64()).then(|| asked.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::super::{KEYS, read};
    use super::*;

    #[test]
    fn what_is_read_is_said_again() {
        let written = json!({
            "commands": ["send.text", "directory"], "accounts": ["a"], "profiles": ["p"], "threads": ["user:*"],
            "sendsPerMinute": 1, "sendsPerDay": 2, "mediaRoots": ["/srv"], "urlSchemes": ["https"],
            "urlHosts": ["*"], "mediaMaxMb": 3,
        });
        let grants = zalouser_settings::read("", Some(&written), |section| read("x", section)).unwrap();
        let said: Map<_, _> = KEYS.iter().map(|key| ((*key).to_owned(), grants.value(key))).collect();
        assert_eq!(Value::Object(said), written);
    }

    #[test]
    fn what_is_asked_for_is_added_to_what_is_held() {
        let held = Grants {
            threads: vec!["user:1".to_owned()],
            accounts: vec!["*".to_owned()],
            sends_per_minute: Some(5),
            ..Grants::default()
        };
        for (key, asked, extended) in [
            ("threads", json!(["user:1"]), None),
            ("threads", json!(["user:2", "user:1"]), Some(json!(["user:1", "user:2"]))),
            ("accounts", json!(["work"]), None),
            ("commands", json!(["send.text"]), Some(json!(["send.text"]))),
            ("sendsPerMinute", json!(4), None),
            ("sendsPerMinute", json!(6), Some(json!(6))),
            ("sendsPerDay", json!(9), None),
        ] {
            assert_eq!(held.extended(key, &asked), extended, "{key}: {asked}");
        }
    }
}
