//! Where state lives on disk: OpenClaw's state folder, and the part of it that is ours.

use std::path::{Path, PathBuf};

/// The gateway's state folder, with the names of what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    root: PathBuf,
    credentials: PathBuf,
}

impl StateDir {
    /// The folder that OpenClaw itself would use: `OPENCLAW_STATE_DIR`, else the older
    /// `CLAWDBOT_STATE_DIR`, else `.openclaw` in `home`. `variable` looks up an environment
    /// variable. None when nothing names a folder.
    pub fn find(variable: impl Fn(&str) -> Option<String>, home: Option<&Path>) -> Option<Self> {
        let named = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let expand = |value: String| match (value.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(value),
        };
        let root = named("OPENCLAW_STATE_DIR")
            .or_else(|| named("CLAWDBOT_STATE_DIR"))
            .map(expand)
            .or_else(|| home.map(|home| home.join(".openclaw")))?;
        let credentials = named("OPENCLAW_OAUTH_DIR").map_or_else(|| root.join("credentials"), expand);
        Some(Self { root, credentials })
    }

    /// A state folder at `root`, without a look at the environment.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self { credentials: root.join("credentials"), root }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where pairing requests and allow-lists are kept.
    pub fn credentials(&self) -> &Path {
        &self.credentials
    }

    /// The configuration file, unless another one is named.
    pub fn config_file(&self) -> PathBuf {
        self.root.join("openclaw.json")
    }

    /// What the shim alone needs.
    pub fn own(&self) -> PathBuf {
        self.root.join("zalouser")
    }
}

/// The name of an account or a profile as part of the name of a file: two names never share one, and none
/// leads out of a folder.
pub(crate) fn file_stem(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_stays_in_its_folder_and_belongs_to_one_name() {
        for (name, stem) in [("work-2_B", "work-2_B"), ("../x", "%2E%2E%2Fx"), ("%2E", "%252E"), ("", "")] {
            assert_eq!(file_stem(name), stem, "{name:?}");
        }
    }

    fn find(variables: &[(&str, &str)]) -> Option<StateDir> {
        let lookup =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        StateDir::find(lookup, Some(Path::new("/home/op")))
    }

    #[test]
    fn the_home_folder_is_the_last_resort() {
        assert_eq!(find(&[]), Some(StateDir::at("/home/op/.openclaw")));
        assert_eq!(find(&[("OPENCLAW_STATE_DIR", " ")]), Some(StateDir::at("/home/op/.openclaw")));
    }

    #[test]
    fn the_environment_names_the_folders_as_for_openclaw() {
        let found = find(&[("OPENCLAW_STATE_DIR", "~/s"), ("OPENCLAW_OAUTH_DIR", "/o")]).unwrap();
        assert_eq!(found.root(), Path::new("/home/op/s"));
        assert_eq!(found.credentials(), Path::new("/o"));
        assert_eq!(find(&[("CLAWDBOT_STATE_DIR", "/old")]), Some(StateDir::at("/old")));
    }
}
