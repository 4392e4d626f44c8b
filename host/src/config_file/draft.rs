//! A change of the configuration file that was found right and is about to be written.

use std::path::PathBuf;

use similar::TextDiff;
use zalouser_settings::Problem;

use super::edit::{Change, EditError};
use super::path::KeyPath;
use super::text_file::{TextFile, WriteError};
use crate::config::Reading;
use crate::sandbox::{self, Guest};

/// A change of the configuration file that was found right and is about to be written.
#[derive(Debug)]
pub struct Draft {
    file: TextFile,
    text: String,
    warnings: Vec<Problem>,
}

/// Why a change of the configuration file is refused.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// The part of the file is not this program's to change.
    #[error(
        "{0} belongs to the gateway and is not changed here; only what is under channels.zalouser, \
         channels.defaults and plugins.entries.zalouser is"
    )]
    Foreign(KeyPath),
    /// The text cannot be changed like that.
    #[error("{}", file.display())]
    Edit {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: EditError,
    },
    /// The file would be wrong with the change.
    #[error("nothing was written, or this would be wrong:{}", lines(.0))]
    Wrong(Vec<Problem>),
    /// The guest that judges the file failed.
    #[error(transparent)]
    Guest(#[from] sandbox::Error),
}

impl Draft {
    /// Makes all of `changes`, in this order, to the text of `file`, and lets the guest and the shim judge
    /// the result. What was wrong before and elsewhere does not matter.
    ///
    /// # Errors
    /// See [`DraftError`]. Nothing is written in any case.
    pub async fn prepare(file: TextFile, changes: &[Change], guest: &mut Guest) -> Result<Self, DraftError> {
        let mut text = file.text().to_owned();
        for change in changes {
            if !change.path().is_ours() {
                return Err(DraftError::Foreign(change.path().clone()));
            }
            text = change
                .apply(&text)
                .map_err(|source| DraftError::Edit { file: file.path().to_owned(), source })?;
        }
        let before = Reading::of(file.text(), guest).await?;
        let after = Reading::of(&text, guest).await?;
        let known = before.errors();
        let mut errors = after.errors();
        errors.retain(|error| !known.contains(error) || changes.iter().any(|change| concerns(change, error)));
        if !errors.is_empty() {
            return Err(DraftError::Wrong(errors));
        }
        let known = before.warnings();
        let mut warnings = after.warnings();
        warnings.retain(|warning| !known.contains(warning));
        Ok(Self { file, text, warnings })
    }

    /// Whether the file would say anything new.
    pub fn is_empty(&self) -> bool {
        self.text == self.file.text()
    }

    /// The file, as it is now.
    pub fn file(&self) -> &TextFile {
        &self.file
    }

    /// The text, as it would be.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is allowed but probably not meant, and comes with the change.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// What the change does to the text, as a unified diff. Empty when it does nothing.
    pub fn diff(&self) -> String {
        let name = self.file.path().display().to_string();
        TextDiff::from_lines(self.file.text(), &self.text).unified_diff().header(&name, &name).to_string()
    }

    /// Writes it, and returns the name under which the file as it was is kept; none when there was no
    /// file, or when there is nothing to write.
    ///
    /// # Errors
    /// See [`TextFile::replace`].
    pub fn write(self) -> Result<Option<PathBuf>, WriteError> {
        if self.is_empty() { Ok(None) } else { self.file.replace(&self.text) }
    }
}

/// Whether `problem` is about what `change` changes.
fn concerns(change: &Change, problem: &Problem) -> bool {
    problem.path.parse().is_ok_and(|path: KeyPath| change.path().leads_to(&path))
}

fn lines(problems: &[Problem]) -> String {
    match problems {
        [problem] => format!(" {problem}"),
        problems => problems.iter().map(|problem| format!("\n  {problem}")).collect(),
    }
}
