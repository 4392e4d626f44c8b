//! The name of a profile.

/// A profile of `zca`: the name under which it keeps one account's session.
///
/// An account of the configuration names a profile; the two need not be called the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Profile(String);

impl Profile {
    /// The profile of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its name as the name of a file: two profiles never share one, and none leads out of a folder.
    pub(crate) fn file_stem(&self) -> String {
        self.0
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect()
    }
}

impl std::fmt::Display for Profile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_stays_in_its_folder_and_belongs_to_one_profile() {
        for (name, stem) in [("work-2_B", "work-2_B"), ("../x", "%2E%2E%2Fx"), ("%2E", "%252E"), ("", "")] {
            assert_eq!(Profile::new(name).file_stem(), stem, "profile {name:?}");
        }
    }
}
