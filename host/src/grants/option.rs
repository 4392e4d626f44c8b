//! A grant for one run, as it is typed.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::{Grants, KEYS, read};
use crate::plugins::ComponentName;

/// The keys that hold a number.
const NUMBERS: [&str; 3] = ["sendsPerMinute", "sendsPerDay", "mediaMaxMb"];

/// A grant for one run: `KEY=VALUE` for the shipped component, `COMPONENT.KEY=VALUE` for another. The value is
/// an item of the key's list, a whole list as JSON5, or a number.
#[derive(Clone, Debug, PartialEq)]
pub struct GrantOption {
    /// Who is granted it.
    pub component: ComponentName,
    /// The key of the grants.
    pub key: &'static str,
    /// What is granted beside all that is; nothing under other keys.
    pub extra: Grants,
}

/// A text that is no grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}; a grant is [COMPONENT.]KEY=VALUE, such as mediaRoots=/srv/pics or office-hours.commands=send.text"
)]
pub struct NotAGrant(String);

impl FromStr for GrantOption {
    type Err = NotAGrant;

    fn from_str(text: &str) -> Result<Self, NotAGrant> {
        let (name, typed) =
            text.split_once('=').ok_or_else(|| NotAGrant("there is no `=` in it".to_owned()))?;
        let (component, key) = match name.rsplit_once('.') {
            Some((component, key)) => (component.parse().map_err(|err| NotAGrant(format!("{err}")))?, key),
            None => (ComponentName::shipped(), name),
        };
        let granted = Value::Object(Map::from_iter([(key.to_owned(), value(key, typed))]));
        // Of nobody, who has nothing else.
        let extra = zalouser_settings::read("", Some(&granted), |section| read("", section));
        let extra = extra.map_err(|problems| {
            NotAGrant(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
        let known = KEYS.into_iter().find(|known| *known == key);
        let key = known.ok_or_else(|| NotAGrant(format!("there is no key {key:?}")))?;
        Ok(Self { component, key, extra })
    }
}

impl Grants {
    /// Grants what `extra` does, too. A limit in it takes the place of the one that is set.
    pub fn add(&mut self, extra: &Self) {
        fn add<T: Clone + PartialEq>(to: &mut Vec<T>, items: &[T]) {
            for item in items {
                if !to.contains(item) {
                    to.push(item.clone());
                }
            }
        }
        add(&mut self.commands, &extra.commands);
        add(&mut self.accounts, &extra.accounts);
        add(&mut self.profiles, &extra.profiles);
        add(&mut self.threads, &extra.threads);
        add(&mut self.media_roots, &extra.media_roots);
        add(&mut self.url_schemes, &extra.url_schemes);
        add(&mut self.url_hosts, &extra.url_hosts);
        self.sends_per_minute = extra.sends_per_minute.or(self.sends_per_minute);
        self.sends_per_day = extra.sends_per_day.or(self.sends_per_day);
        self.media_max_bytes = extra.media_max_bytes.or(self.media_max_bytes);
    }
}

/// What was typed, as the settings would have it.
fn value(key: &str, typed: &str) -> Value {
    if NUMBERS.contains(&key) {
        return typed.parse::<u64>().map_or_else(|_| typed.into(), Value::from);
    }
    match zalouser_settings::parse(typed) {
        Ok(list @ Value::Array(_)) => list,
        _ => Value::Array(vec![typed.into()]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_grant_names_a_component_or_means_the_shipped_one() {
        for (typed, component, key, granted) in [
            ("mediaRoots=/srv/a=b,c", "zalouser", "mediaRoots", json!(["/srv/a=b,c"])),
            ("office-hours.commands=send.text", "office-hours", "commands", json!(["send.text"])),
            ("b.threads=['user:1', 'group:*']", "b", "threads", json!(["user:1", "group:*"])),
            ("sendsPerMinute=3", "zalouser", "sendsPerMinute", json!(3)),
        ] {
            let option: GrantOption = typed.parse().unwrap();
            assert_eq!((option.component.as_str(), option.key), (component, key), "{typed}");
            assert_eq!(option.extra.value(key), granted, "{typed}");
        }
    }

    #[test]
    fn what_is_no_grant_is_told_with_what_would_be() {
        for (typed, told) in [
            ("mediaRoots", "there is no `=`"),
            ("mediaRoot=/srv", "did you mean \"mediaRoots\""),
            ("mediaRoots=srv", "relative path"),
            ("commands=send", "send.text"),
            ("sendsPerDay=many", "not an integer"),
            ("A.commands=directory", "is no name of a component"),
            ("=x", "not a known key"),
        ] {
            let problem = typed.parse::<GrantOption>().unwrap_err().to_string();
            assert!(problem.contains(told), "{typed}: {problem}");
            assert!(problem.contains("[COMPONENT.]KEY=VALUE"), "{typed}: {problem}");
        }
    }

    #[test]
    fn it_is_added_to_what_is_granted_and_a_limit_is_replaced() {
        let mut grants = Grants { sends_per_minute: Some(9), ..Grants::shipped() };
        for typed in ["threads=user:1", "threads=*", "sendsPerMinute=3"] {
            grants.add(&typed.parse::<GrantOption>().unwrap().extra);
        }
        assert_eq!(grants.threads, ["*", "user:1"]);
        assert_eq!((grants.sends_per_minute, grants.commands), (Some(3), Grants::shipped().commands));
    }
}
