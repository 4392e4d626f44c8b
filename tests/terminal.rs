//! The real binary in a terminal of the test's own.

use std::process::Stdio;

use rexpect::process::WaitStatus;
use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};

use crate::setting::Setting;

pub(crate) const ENTER: &str = "\r";
pub(crate) const DOWN: &str = "\u{1b}[B";
pub(crate) const CTRL_C: &str = "\u{3}";

/// How long a terminal waits for what has to be shown, in milliseconds: longer than a busy machine needs.
const PATIENCE: u64 = 60_000;

/// A process of the real binary, and the terminal that it has.
pub(crate) struct Terminal(PtySession);

impl Terminal {
    pub(crate) fn open(setting: &Setting, arguments: &[&str]) -> Self {
        let mut command = setting.command(arguments);
        command.env("TERM", "xterm").stdin(Stdio::inherit());
        let options = Options::new().timeout_ms(Some(PATIENCE)).strip_ansi_escape_codes(true);
        Self(spawn_with_options(command, options).unwrap())
    }

    /// Waits for a question and answers it.
    pub(crate) fn answer(&mut self, question: &str, keys: &str) {
        self.sees(question);
        self.types(keys);
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.0.send(keys).unwrap();
        self.0.flush().unwrap();
    }

    pub(crate) fn sees(&mut self, text: &str) {
        self.0.exp_string(text).unwrap_or_else(|err| panic!("{text:?} is not shown: {err}"));
    }

    /// The rest of what it shows, and its exit code.
    pub(crate) fn end(mut self) -> (String, i32) {
        let rest = self.0.exp_eof().unwrap();
        match self.0.process().wait().unwrap() {
            WaitStatus::Exited(_, code) => (rest, code),
            other => panic!("it did not end by itself: {other:?}; {rest}"),
        }
    }
}
