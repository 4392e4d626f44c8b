//! What can be wrong with a component of somebody else.

use std::io;
use std::path::PathBuf;

use zalouser_settings::Problem;

use super::name::{ComponentName, NotAName};
use crate::sandbox;
use crate::sandbox::private_folder::Exposed;

/// Why a component is not installed, or not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none of this name.
    #[error("there is no component {name}; {}; install it with: zalouser plugins install PATH", known(.installed))]
    NotInstalled {
        /// The name.
        name: ComponentName,
        /// What there is.
        installed: Vec<ComponentName>,
    },
    /// Its file is not the one that was approved.
    #[error(
        "the component {name} was changed after it was approved on {approved_at}: {} has sha256 {found}, not {approved}; \
         if that is right, run: zalouser plugins verify {name} --approve", file.display()
    )]
    Changed {
        /// The name.
        name: ComponentName,
        /// The file.
        file: PathBuf,
        /// The hash of what is there.
        found: String,
        /// The hash of what was approved.
        approved: String,
        /// When that was.
        approved_at: String,
    },
    /// Its file or its record is not there, or cannot be understood.
    #[error("the component {name} is damaged: {reason}; install it again: zalouser plugins install PATH")]
    Damaged {
        /// The name.
        name: ComponentName,
        /// What is wrong.
        reason: String,
    },
    /// This host cannot load it.
    #[error("the component {name} does not fit: {reason}")]
    Unfit {
        /// The name.
        name: ComponentName,
        /// Why.
        reason: String,
    },
    /// What is to be installed cannot be loaded.
    #[error("{}: {reason}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What is to be installed does not say rightly what it is.
    #[error("{} is wrong:{}", file.display(), lines(.problems))]
    Manifest {
        /// The file.
        file: PathBuf,
        /// Everything that is wrong. Never empty.
        problems: Vec<Problem>,
    },
    /// It cannot be called so.
    #[error("{0}; name it with --name NAME")]
    Name(#[from] NotAName),
    /// The name is taken by what is part of this program.
    #[error("zalouser is the component that is part of this program; give another one another name")]
    Shipped,
    /// Others could exchange what is installed.
    #[error(transparent)]
    Exposed(#[from] Exposed),
    /// The operating system refused.
    #[error("{}: {reason}", file.display())]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// The system's reason.
        reason: io::Error,
    },
}

impl Error {
    pub(super) fn io(file: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let file = file.into();
        move |reason| Self::Io { file, reason }
    }

    /// A component that was found, and that the sandbox refuses.
    pub(super) fn unfit(name: &ComponentName, err: &sandbox::Error) -> Self {
        Self::Unfit { name: name.clone(), reason: reason(err) }
    }
}

/// Why the sandbox refuses a component, without the words that say that it does.
pub(super) fn reason(err: &sandbox::Error) -> String {
    match err {
        sandbox::Error::Load(reason) => reason.clone(),
        other => other.to_string(),
    }
}

fn known(names: &[ComponentName]) -> String {
    match names {
        [] => "none is installed".to_owned(),
        names => {
            let names: Vec<_> = names.iter().map(ComponentName::as_str).collect();
            format!("installed: {}", names.join(", "))
        }
    }
}

fn lines(problems: &[Problem]) -> String {
    match problems {
        [problem] => format!(" {problem}"),
        problems => problems.iter().map(|problem| format!("\n  {problem}")).collect(),
    }
}
