//! Who is logged in.

use serde::{Deserialize, Serialize};

use super::plain::plain;
use super::receipt::reason;
use crate::sandbox::bindings::types::{ExitStatus, Outcome};

/// The longest id and the longest name that are believed, in bytes.
const TEXT_MAX: usize = 200;

/// Whose account a profile is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Zalo's id of the account.
    pub user_id: String,
    /// What it is called; empty when `zca` did not say.
    #[serde(default)]
    pub display_name: String,
}

impl Identity {
    /// Reads the outcome of `me info -j`. The error is why it names no account.
    ///
    /// # Errors
    ///
    /// When the command failed, or printed something else.
    pub fn of(outcome: &Outcome) -> Result<Self, String> {
        if outcome.status != ExitStatus::Exited(0) {
            return Err(reason(outcome));
        }
        Self::read(&outcome.stdout).ok_or_else(|| "zca printed no account".to_owned())
    }

    fn read(stdout: &str) -> Option<Self> {
        // Warnings may precede the object.
        let before = stdout.split_inclusive('\n').take_while(|line| !line.starts_with('{'));
        let object = stdout.get(before.map(str::len).sum()..)?;
        let printed: Self = serde_json::Deserializer::from_str(object).into_iter().next()?.ok()?;
        let identity = Self {
            user_id: plain(&printed.user_id, TEXT_MAX),
            display_name: plain(&printed.display_name, TEXT_MAX),
        };
        (!identity.user_id.is_empty()).then_some(identity)
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.display_name.as_str() {
            "" => formatter.write_str(&self.user_id),
            name => write!(formatter, "{name} ({})", self.user_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_from_either_zca() {
        let cases = [
            ("{\"userId\": \"999\", \"displayName\": \"Bot Nguyễn\", \"avatar\": \"x\"}", "Bot Nguyễn (999)"),
            ("{\n  \"userId\": \"999\"\n}\n", "999"),
            ("Warning: old\r\n{ \"userId\": \"9\", \"displayName\": \"a\\u001b[2Jb\" }\nbye", "ab (9)"),
        ];
        for (stdout, expected) in cases {
            let identity = Identity::read(stdout).unwrap_or_else(|| panic!("{stdout}"));
            assert_eq!(identity.to_string(), expected, "{stdout}");
        }
    }

    #[test]
    fn what_names_no_account_is_none() {
        for stdout in ["", "{}", "{\"userId\": 9}", "{\"userId\": \" \"}", "not logged in", "{ userId: '9' }"]
        {
            assert_eq!(Identity::read(stdout), None, "{stdout}");
        }
    }
}
