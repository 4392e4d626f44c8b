//! What an operator has to know of a guest that failed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::error::Error;
use super::limits::Limit;

/// Something that went wrong with a guest of a [`Monitor`](super::Monitor). Each is worth one line in a log, and
/// its text, which names the component, is that line.
#[derive(Debug)]
pub enum Incident {
    /// The guest failed, and another one went on. Nothing is lost but what the first one remembered.
    Recovered(Error),
    /// Several guests in turn failed over a line. It was given up.
    GivenUp {
        /// The line with its end.
        line: Vec<u8>,
        /// How the last of them failed.
        error: Error,
        /// How many tried.
        tries: usize,
    },
    /// The component is left alone for a while. What the listener prints is kept until then.
    Confined {
        /// The component.
        component: Arc<str>,
        /// For how long.
        pause: Duration,
        /// Why no guest of it could be made, if that was it, and not that it failed too often.
        unable: Option<Error>,
    },
    /// So much arrived while the component was left alone that there was no room for more.
    Overflow {
        /// The component.
        component: Arc<str>,
        /// The lines that were not kept, each with its end.
        lines: Vec<Vec<u8>>,
    },
}

impl Incident {
    /// What the guest ran out of, if that was it.
    pub fn limit(&self) -> Option<Limit> {
        match self {
            Self::Recovered(error) | Self::GivenUp { error, .. } => error.limit(),
            Self::Confined { unable, .. } => unable.as_ref().and_then(Error::limit),
            Self::Overflow { .. } => None,
        }
    }

    /// The lines of the listener that no guest has judged and none will.
    pub fn dead_letters(&self) -> &[Vec<u8>] {
        match self {
            Self::GivenUp { line, .. } => std::slice::from_ref(line),
            Self::Overflow { lines, .. } => lines,
            Self::Recovered(_) | Self::Confined { .. } => &[],
        }
    }
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recovered(error) => write!(f, "{error}; a fresh guest went on"),
            Self::GivenUp { error, tries, .. } => {
                write!(f, "{error}; after {tries} tries the line that led to it is given up")
            }
            Self::Confined { component, pause, unable } => {
                match unable {
                    Some(error) => write!(f, "{error}")?,
                    None => write!(f, "component {component} failed too often")?,
                }
                write!(f, "; it is left alone for {} s, and what arrives is kept", pause.as_secs())
            }
            Self::Overflow { component, lines } => {
                let count = lines.len();
                write!(
                    f,
                    "component {component} is left alone, and there is no room to keep {count} more lines"
                )
            }
        }
    }
}
