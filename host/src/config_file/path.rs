//! The path of a value in the configuration file, as `channels.zalouser.groups["Work Chat"].allow`.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};
use zalouser_settings::{path_of_item, path_of_key};

/// The parts of the file that are this program's to change; the rest is the gateway's.
const OURS: [&[&str]; 3] =
    [&["channels", "zalouser"], &["channels", "defaults"], &["plugins", "entries", "zalouser"]];

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the value of this key of an object.
    Key(String),
    /// To the item at this index of a list.
    Item(usize),
}

/// Where a value stands in the file. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPath(Vec<Step>);

/// A text that is not a path.
#[derive(Debug, thiserror::Error)]
#[error(
    "{text:?} is not a path: {reason}; a path is written as channels.zalouser.groups[\"Work Chat\"].allow or allowFrom[0]"
)]
pub struct NotAPath {
    text: String,
    reason: String,
}

impl KeyPath {
    /// The path of these keys, of which there is at least one.
    pub fn of_keys<'a>(first: &'a str, rest: impl IntoIterator<Item = &'a str>) -> Self {
        Self([first].into_iter().chain(rest).map(|key| Step::Key(key.to_owned())).collect())
    }

    /// The path of these steps, of which there is at least one.
    pub(crate) fn of_steps(steps: &[Step]) -> Self {
        Self(steps.to_vec())
    }

    /// The path of `key` in what stands at this one.
    #[must_use]
    pub fn joined(&self, key: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.to_owned()));
        Self(steps)
    }

    /// Its steps from the whole file to the value.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether it leads into a part of the file that is this program's to change.
    pub fn is_ours(&self) -> bool {
        OURS.iter().any(|ours| {
            let steps = self.0.iter().take(ours.len());
            steps.len() == ours.len() && steps.zip(*ours).all(|(step, key)| step.is_key(key))
        })
    }

    /// Whether `other` is this path, or leads on from it.
    pub fn leads_to(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The value at this path of `document`.
    pub fn value<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(document, |value, step| match step {
            Step::Key(key) => value.as_object()?.get(key),
            Step::Item(index) => value.as_array()?.get(*index),
        })
    }

    /// Puts `value` at this path of `document`, with everything above it that is missing. What does not
    /// fit the path stays.
    pub(crate) fn set_in(&self, document: &mut Value, value: Value) {
        let place = self.0.iter().try_fold(document, |parent, step| match step {
            Step::Key(key) => {
                let members = made(parent, Value::Object(Map::new())).as_object_mut()?;
                Some(members.entry(key.clone()).or_insert(Value::Null))
            }
            Step::Item(index) => {
                let items = made(parent, Value::Array(Vec::new())).as_array_mut()?;
                if items.len() == *index {
                    items.push(Value::Null);
                }
                items.get_mut(*index)
            }
        });
        if let Some(place) = place {
            *place = value;
        }
    }

    /// Takes away what stands at this path of `document`.
    pub(crate) fn unset_in(&self, document: &mut Value) {
        let Some((last, above)) = self.0.split_last() else { return };
        let parent = above.iter().try_fold(document, |parent, step| match step {
            Step::Key(key) => parent.as_object_mut()?.get_mut(key),
            Step::Item(index) => parent.as_array_mut()?.get_mut(*index),
        });
        match (last, parent) {
            (Step::Key(key), Some(Value::Object(members))) => drop(members.remove(key)),
            (Step::Item(index), Some(Value::Array(items))) if *index < items.len() => {
                items.remove(*index);
            }
            _ => {}
        }
    }
}

impl Step {
    fn is_key(&self, key: &str) -> bool {
        matches!(self, Self::Key(own) if own == key)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.0.iter().fold(String::new(), |parent, step| match step {
            Step::Key(key) => path_of_key(&parent, key),
            Step::Item(index) => path_of_item(&parent, *index),
        });
        f.write_str(&path)
    }
}

impl FromStr for KeyPath {
    type Err = NotAPath;

    /// Reads keys with dots between them, keys in brackets and quotes, and indices in brackets.
    fn from_str(text: &str) -> Result<Self, NotAPath> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (step, after) = match rest.strip_prefix('[') {
                Some(inside) => bracketed(inside),
                None => plain(rest, steps.is_empty()),
            }
            .map_err(|reason| NotAPath { text: text.to_owned(), reason })?;
            steps.push(step);
            rest = after;
        }
        match steps.is_empty() {
            true => Err(NotAPath { text: text.to_owned(), reason: "it is empty".to_owned() }),
            false => Ok(Self(steps)),
        }
    }
}

/// `value`, which becomes `made` first if there is none yet.
fn made(value: &mut Value, made: Value) -> &mut Value {
    if value.is_null() {
        *value = made;
    }
    value
}

/// Reads a key up to the next dot or bracket.
fn plain(text: &str, is_first: bool) -> Result<(Step, &str), String> {
    let text = match (text.strip_prefix('.'), is_first) {
        (Some(after), false) => after,
        (None, true) => text,
        (Some(_), true) => return Err("it begins with a dot".to_owned()),
        (None, false) => return Err("a dot or a bracket is missing after `]`".to_owned()),
    };
    let end = text.find(['.', '[']).unwrap_or(text.len());
    match text.split_at(end) {
        ("", _) => Err("a key in it is empty".to_owned()),
        (key, rest) => Ok((Step::Key(key.to_owned()), rest)),
    }
}

/// Reads what stands in brackets, from behind the first one.
fn bracketed(text: &str) -> Result<(Step, &str), String> {
    let Some(quote) = text.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else {
        let (index, rest) = text.split_once(']').ok_or("`]` is missing")?;
        let index = index.parse();
        let index = index.map_err(|_| "in brackets stands an index or a key in quotes".to_owned())?;
        return Ok((Step::Item(index), rest));
    };
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, char)| {
        let ends = *char == quote && !is_escaped;
        is_escaped = *char == '\\' && !is_escaped;
        ends
    });
    let (literal, rest) =
        end.and_then(|(at, _)| text.split_at_checked(at + 1)).ok_or("a quote is missing")?;
    let key = json5::from_str(literal).map_err(|err| format!("{literal} is not a string: {err}"))?;
    Ok((Step::Key(key), rest.strip_prefix(']').ok_or("`]` is missing")?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(key: &str) -> Step {
        Step::Key(key.to_owned())
    }

    #[test]
    fn a_path_is_read_as_problems_write_it() {
        for (text, steps) in [
            ("channels", vec![key("channels")]),
            ("groups.5002.allow", vec![key("groups"), key("5002"), key("allow")]),
            (r#"groups["Work Chat"].allow"#, vec![key("groups"), key("Work Chat"), key("allow")]),
            (r#"groups["a\"]b\n"]"#, vec![key("groups"), key("a\"]b\n")]),
            (r#"["Họ"][""]"#, vec![key("Họ"), key("")]),
            ("allowFrom[10]", vec![key("allowFrom"), Step::Item(10)]),
        ] {
            let path: KeyPath = text.parse().unwrap();
            assert_eq!(path.steps(), steps, "{text}");
            assert_eq!(path.to_string(), text);
        }
        for (text, same) in [("groups['*']", r#"groups["*"]"#), ("groups.*", r#"groups["*"]"#)] {
            assert_eq!(text.parse::<KeyPath>().unwrap().to_string(), same);
        }
    }

    #[test]
    fn what_is_not_a_path_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "it is empty"),
            (".a", "it begins with a dot"),
            ("a..b", "a key in it is empty"),
            ("a.", "a key in it is empty"),
            ("a[0]b", "a dot or a bracket is missing after `]`"),
            ("a[0", "`]` is missing"),
            ("a[x]", "in brackets stands an index or a key in quotes"),
            ("a[-1]", "in brackets stands an index or a key in quotes"),
            ("a[\"b]", "a quote is missing"),
            ("a[\"b\"", "`]` is missing"),
        ] {
            let told = text.parse::<KeyPath>().unwrap_err().to_string();
            assert!(told.contains(reason), "{text:?}: {told}");
        }
    }

    #[test]
    fn only_the_channel_and_the_plugin_are_ours() {
        for (text, ours) in [
            ("channels.zalouser", true),
            ("channels.zalouser.dmPolicy", true),
            ("channels.defaults.groupPolicy", true),
            ("plugins.entries.zalouser.config.agent", true),
            ("channels", false),
            ("channels.telegram", false),
            ("plugins.entries", false),
            ("plugins.entries.other.zalouser", false),
        ] {
            assert_eq!(text.parse::<KeyPath>().unwrap().is_ours(), ours, "{text}");
        }
    }

    #[test]
    fn a_value_is_found_only_where_every_step_fits() {
        let document = json!({ "a": [{ "b c": 1 }], "0": 2 });
        for (text, value) in [
            ("a[0]['b c']", Some(json!(1))),
            ("['0']", Some(json!(2))),
            ("[0]", None),
            ("a.0", None),
            ("a[1]", None),
        ] {
            assert_eq!(text.parse::<KeyPath>().unwrap().value(&document), value.as_ref(), "{text}");
        }
    }
}
