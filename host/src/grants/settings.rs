//! Reads grants from the shim's own settings.

use std::path::PathBuf;

use zalouser_settings::Section;

use super::{Capability, Grants, SHIPPED};

/// Where the grants are in the gateway's file.
pub const PATH: &str = "plugins.entries.zalouser.config.grants";

/// The keys under which a component is granted things.
pub const KEYS: [&str; 10] = [
    "commands",
    "accounts",
    "profiles",
    "threads",
    "sendsPerMinute",
    "sendsPerDay",
    "mediaRoots",
    "urlSchemes",
    "urlHosts",
    "mediaMaxMb",
];

/// Reads the grants of the component called `name`. A key that is not there leaves the default: nothing, and
/// for the shipped component what a channel needs.
pub fn read(name: &str, section: &mut Section<'_>) -> Grants {
    let default = if name == SHIPPED { Grants::shipped() } else { Grants::default() };
    let mut texts = |key, default: Vec<String>| section.strings(key).unwrap_or(default);
    let accounts = texts("accounts", default.accounts);
    let profiles = texts("profiles", default.profiles);
    let threads = texts("threads", default.threads);
    let media_roots = texts("mediaRoots", Vec::new()).into_iter().map(PathBuf::from).collect::<Vec<_>>();
    let url_schemes = texts("urlSchemes", default.url_schemes);
    let url_hosts = texts("urlHosts", default.url_hosts);
    if media_roots.iter().any(|root| root.is_relative()) {
        section.reject("mediaRoots", "holds a relative path; a folder is named from / on");
    }
    Grants {
        commands: commands(section).unwrap_or(default.commands),
        accounts,
        profiles,
        threads,
        sends_per_minute: section.integer("sendsPerMinute", 0..=10_000).or(default.sends_per_minute),
        sends_per_day: section.integer("sendsPerDay", 0..=1_000_000).or(default.sends_per_day),
        media_roots,
        url_schemes,
        url_hosts,
        media_max_bytes: section.integer::<u64>("mediaMaxMb", 1..=10_000).map(|mib| mib << 20),
    }
}

fn commands(section: &mut Section<'_>) -> Option<Vec<Capability>> {
    section.list("commands", |value| {
        let known = Capability::ALL.iter().find(|(name, _)| value.as_str() == Some(name));
        known.map(|(_, capability)| *capability).ok_or_else(|| {
            let names = Capability::ALL.map(|(name, _)| name).join(", ");
            format!("is not a kind of command; allowed: {names}")
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read_as(name: &str, grants: Value) -> Result<Grants, String> {
        zalouser_settings::read("grants.x", Some(&grants), |section| read(name, section))
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn nothing_is_granted_but_to_the_shipped_component() {
        assert_eq!(read_as("other", json!({})), Ok(Grants::default()));
        assert_eq!(read_as(SHIPPED, json!({})), Ok(Grants::shipped()));
    }

    #[test]
    fn a_key_replaces_its_default_alone() {
        let grants = read_as(SHIPPED, json!({ "commands": ["directory"], "sendsPerMinute": 3 })).unwrap();
        assert_eq!(grants.commands, [Capability::Directory]);
        assert_eq!((grants.sends_per_minute, grants.sends_per_day), (Some(3), None));
        assert_eq!(grants.threads, ["*"]);
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        let problems = read_as("x", json!({ "commands": ["send"], "mediaRoots": ["media"], "thread": [] }));
        let told = problems.unwrap_err();
        for part in ["grants.x.commands[0]", "send.text", "grants.x.mediaRoots", "did you mean \"threads\""] {
            assert!(told.contains(part), "{part} is missing in:\n{told}");
        }
    }
}
