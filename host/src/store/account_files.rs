//! How an account's files are called.

use super::StoreError;

/// The longest account id.
const LONGEST_ACCOUNT: usize = 64;

/// The account whose files are OpenClaw's own.
const DEFAULT_ACCOUNT: &str = "default";

/// How the files of one account are called. Ids that differ only in case are the same account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountFiles {
    account: String,
}

impl AccountFiles {
    /// Those of the account with this id.
    ///
    /// # Errors
    /// [`StoreError::NotAnAccount`] when the id is not 1 to 64 ASCII letters, digits, `-` and `_`, beginning
    /// with a letter or digit.
    pub fn new(account: &str) -> Result<Self, StoreError> {
        let id = account.trim().to_ascii_lowercase();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let begins = id.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !begins || id.len() > LONGEST_ACCOUNT || !id.chars().all(fits) {
            return Err(StoreError::NotAnAccount { id: account.to_owned() });
        }
        Ok(Self { account: id })
    }

    /// The name of the file that OpenClaw knows: `pairing` or `allowFrom`.
    pub(super) fn shared(&self, kind: &str) -> String {
        match self.account.as_str() {
            DEFAULT_ACCOUNT => format!("zalouser-{kind}.json"),
            account => format!("zalouser-{account}-{kind}.json"),
        }
    }

    /// The name of the file that only this program knows.
    pub(super) fn unsent_notices(&self) -> String {
        format!("unsent-notices-{}.json", self.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_lead_out_of_the_folder() {
        for bad in ["", "../x", "a/b", "a.b", "-a", "ä", &"a".repeat(65)] {
            assert!(matches!(AccountFiles::new(bad), Err(StoreError::NotAnAccount { .. })), "{bad:?}");
        }
    }

    #[test]
    fn the_default_account_has_the_files_of_openclaw() {
        let pairing = |account| AccountFiles::new(account).unwrap().shared("pairing");
        assert_eq!(pairing(" Default "), "zalouser-pairing.json");
        assert_eq!(pairing("Work_2"), "zalouser-work_2-pairing.json");
    }
}
