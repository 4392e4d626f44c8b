//! How an account's files are called.

use crate::state_dir::file_stem;

/// How the files of one account are called. Ids that differ only in case are the same account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountFiles {
    is_default: bool,
    stem: String,
}

impl AccountFiles {
    /// Those of the account with this id. The default account has OpenClaw's own files, any other has files
    /// of its own beside them.
    pub fn of(account: &str, is_default: bool) -> Self {
        Self { is_default, stem: file_stem(&account.to_lowercase()) }
    }

    /// The name of the file that OpenClaw knows: `pairing` or `allowFrom`.
    pub(super) fn shared(&self, kind: &str) -> String {
        if self.is_default {
            format!("zalouser-{kind}.json")
        } else {
            format!("zalouser-{}-{kind}.json", self.stem)
        }
    }

    /// The name of the file that only this program knows.
    pub(super) fn unsent_notices(&self) -> String {
        format!("unsent-notices-{}.json", self.stem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_account_has_the_files_of_openclaw() {
        assert_eq!(AccountFiles::of("work", true).shared("pairing"), "zalouser-pairing.json");
        assert_eq!(AccountFiles::of("Work_2", false).shared("pairing"), "zalouser-work_2-pairing.json");
    }

    #[test]
    fn an_id_cannot_lead_out_of_the_folder() {
        assert_eq!(AccountFiles::of("../x", false).shared("allowFrom"), "zalouser-%2E%2E%2Fx-allowFrom.json");
    }
}
