//! What was found, why it matters, and how to mend it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::decision::one_line;
use crate::store::Leftover;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// It was not, and was mended just now.
    Mended,
    /// It works, but not as well or as safely as it could.
    Warn,
    /// It does not work.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// What kind of thing it is, in one word.
    pub(super) topic: &'static str,
    /// What was found.
    pub(super) what: String,
    /// Why it matters; none where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    /// What the operator can do; none where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mend: Option<String>,
    /// What this program can do itself.
    #[serde(skip)]
    pub(super) fix: Option<Fix>,
}

/// What `--fix` does about a finding.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fix {
    /// Gives a file or folder this mode.
    Mode(PathBuf, u32),
    /// Removes what a program that died left behind.
    Remove(Leftover),
}

impl Finding {
    /// All is well.
    pub(super) fn ok(topic: &'static str, what: impl Into<String>) -> Self {
        Self { level: Level::Ok, topic, what: what.into(), why: None, mend: None, fix: None }
    }

    /// It could be better.
    pub(super) fn warn(
        topic: &'static str,
        what: impl Into<String>,
        why: &str,
        mend: impl Into<String>,
    ) -> Self {
        let (why, mend) = (Some(why.to_owned()), Some(mend.into()));
        Self { level: Level::Warn, why, mend, ..Self::ok(topic, what) }
    }

    /// It does not work.
    pub(super) fn fail(
        topic: &'static str,
        what: impl Into<String>,
        why: &str,
        mend: impl Into<String>,
    ) -> Self {
        Self { level: Level::Fail, ..Self::warn(topic, what, why, mend) }
    }

    /// The same, which `fix` would mend.
    pub(super) fn fixed_by(self, fix: Fix) -> Self {
        Self { fix: Some(fix), ..self }
    }

    /// Mends it, if this program can. It stays as it is when that fails, and says so.
    pub(super) fn mend(&mut self) {
        let Some(fix) = self.fix.take() else { return };
        match fix.carry_out() {
            Ok(()) => self.level = Level::Mended,
            Err(err) => self.mend = Some(format!("by hand, because --fix could not: {err}")),
        }
    }

    /// Prints it for people: one line, and one each for why and how where it is not well.
    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let (word, style) = match self.level {
            Level::Ok => ("ok", AnsiColor::Green.on_default()),
            Level::Mended => ("mended", AnsiColor::Cyan.on_default()),
            Level::Warn => ("warn", AnsiColor::Yellow.on_default()),
            Level::Fail => ("fail", AnsiColor::Red.on_default().bold()),
        };
        writeln!(out, "{style}{word:<6}{style:#}  {}: {}", self.topic, one_line(&self.what))?;
        let quiet = Style::new().dimmed();
        if !matches!(self.level, Level::Warn | Level::Fail) {
            return Ok(());
        }
        for (label, text) in [("why", &self.why), ("mend", &self.mend)] {
            if let Some(text) = text {
                writeln!(out, "        {quiet}{label:<4}{quiet:#}  {}", one_line(text))?;
            }
        }
        Ok(())
    }
}

impl Fix {
    fn carry_out(&self) -> io::Result<()> {
        match self {
            Self::Mode(path, mode) => fs::set_permissions(path, fs::Permissions::from_mode(*mode)),
            Self::Remove(leftover) => leftover.remove(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_takes_three_lines_that_nobody_else_can_write_over() {
        let finding = Finding::fail("names", "two are called \u{1b}[2J\nLan", "it matters", "write the id");
        let mut out = anstream::StripStream::new(Vec::new());
        finding.print(&mut out).unwrap();
        let told = String::from_utf8(out.into_inner()).unwrap();
        assert_eq!(told.lines().count(), 3, "{told}");
        assert!(!told.contains('\u{1b}'), "{told:?}");
    }

    #[test]
    fn what_cannot_be_mended_stays_wrong() {
        let fix = Fix::Mode("/nonexistent/file".into(), 0o600);
        let mut finding = Finding::warn("files", "a", "b", "c").fixed_by(fix);
        finding.mend();
        assert_eq!(finding.level, Level::Warn);
        assert!(finding.mend.unwrap().contains("could not"));
    }
}
