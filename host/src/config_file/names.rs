//! Names in access rules, which count for nothing or for too much until they are resolved to ids.

use serde_json::Value;
use zalouser_settings::{Problem, path_of_item, path_of_key};

/// The section of the channel.
const CHANNEL: &str = "channels.zalouser";

/// What may stand in front of an id of this channel.
const CHANNEL_PREFIXES: [&str; 2] = ["zalouser:", "zlu:"];

/// A warning for every name that stands in `document`, a whole configuration file, in place of the id of
/// a person or a group. What has the wrong type is left to those who read it.
pub fn unresolved_names(document: &Value) -> Vec<Problem> {
    let Some(channel) = document.pointer("/channels/zalouser") else { return Vec::new() };
    let mut warnings = Vec::new();
    of_section(channel, CHANNEL, &mut warnings);
    let accounts_path = path_of_key(CHANNEL, "accounts");
    for (id, account) in channel.get("accounts").and_then(Value::as_object).into_iter().flatten() {
        of_section(account, &path_of_key(&accounts_path, id), &mut warnings);
    }
    warnings
}

fn of_section(section: &Value, path: &str, warnings: &mut Vec<Problem>) {
    for key in ["allowFrom", "groupAllowFrom"] {
        let path = path_of_key(path, key);
        let entries = section.get(key).and_then(Value::as_array).into_iter().flatten();
        for (index, entry) in entries.enumerate() {
            if entry.as_str().map(without_channel).is_some_and(is_name) {
                let problem = "is a name, which lets nobody in until it is resolved when the account starts; \
                               use the id";
                warnings.push(Problem::new(path_of_item(&path, index), problem).found(entry));
            }
        }
    }
    let path = path_of_key(path, "groups");
    for key in section.get("groups").and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key) {
        let bare = without_channel(key);
        if is_name(bare.strip_prefix("group:").map_or(bare, str::trim)) {
            let problem =
                "is a name, which matches as typed until it is resolved when the account starts; use the id";
            warnings.push(Problem::new(path_of_key(&path, key), problem));
        }
    }
}

/// Whether an entry is neither an id, which has only digits, nor blank, nor `*`.
fn is_name(entry: &str) -> bool {
    !entry.bytes().all(|byte| byte.is_ascii_digit()) && entry != "*"
}

fn without_channel(entry: &str) -> &str {
    let entry = entry.trim();
    let after = |prefix: &&str| {
        let (head, tail) = entry.split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some(tail)
    };
    CHANNEL_PREFIXES.iter().find_map(after).map_or(entry, str::trim_start)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_names_are_warned_of() {
        let section = json!({
            "allowFrom": ["1", 2, "*", " zalouser:3 ", "ZLU: 4", "", "Họ Nhà", "zlu:An"],
            "groups": { "5002": {}, "group:5003": {}, "zalouser:group: 5004": {}, "*": {}, "Work Chat": {}, "group:x": {} },
        });
        let names = ["allowFrom[6]", "allowFrom[7]", "groups[\"Work Chat\"]", "groups[\"group:x\"]"];
        for (parent, channel) in [
            ("channels.zalouser", section.clone()),
            ("channels.zalouser.accounts.work", json!({ "accounts": { "work": section } })),
        ] {
            let warnings = unresolved_names(&json!({ "channels": { "zalouser": channel } }));
            let mut paths: Vec<_> = warnings.iter().map(|warning| warning.path.clone()).collect();
            let mut expected = names.map(|name| format!("{parent}.{name}"));
            paths.sort();
            expected.sort();
            assert_eq!(paths, expected);
        }
    }

    #[test]
    fn what_has_the_wrong_type_is_left_alone() {
        for channel in [json!(1), json!({ "allowFrom": "x", "groups": [], "accounts": { "a": 1 } })] {
            assert_eq!(unresolved_names(&json!({ "channels": { "zalouser": channel } })), []);
        }
    }
}
