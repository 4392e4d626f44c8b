//! Why there is no answer.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::io::Errno;

/// How much of what a program or an endpoint said goes into a message, in characters a line.
const MAX_EXCERPT_CHARS: usize = 400;

/// `EX_TEMPFAIL` of sysexits.h: the way for a program to ask for another try.
const TEMPORARY_FAILURE: i32 = 75;

/// Why an agent could not be made, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The settings cannot work.
    #[error("plugins.entries.zalouser.config.agent.{key} {problem}")]
    Settings {
        /// The key under `agent`.
        key: &'static str,
        /// What is wrong with its value and what to do: the rest of a sentence.
        problem: String,
    },
    /// No encrypted connection can be made from this machine.
    #[error("cannot prepare encrypted connections ({problem}): install the system's ca-certificates")]
    Tls {
        /// What the TLS library says.
        problem: String,
    },
    /// The program could not be started, or was lost after it was.
    #[error(
        "cannot run the agent program `{program}` ({source}): check that it is installed and executable, \
         and that plugins.entries.zalouser.config.agent.command names it"
    )]
    Start {
        /// The program as configured.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// The program failed.
    #[error("the agent program `{program}` failed with {status}; {}", said(stderr))]
    Exit {
        /// The program as configured.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of what it printed as an error, joined by ` | `.
        stderr: String,
    },
    /// There was no answer in time.
    #[error("{agent} did not answer within {} s: make it faster or raise agent.timeoutSeconds", limit.as_secs_f64())]
    TimedOut {
        /// The program or the endpoint.
        agent: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The answer cannot be used.
    #[error("the answer of {agent} cannot be used: {problem}")]
    BadReply {
        /// The program or the endpoint.
        agent: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The endpoint refused.
    #[error("{endpoint} answered with HTTP status {status}; {}", said(message))]
    Http {
        /// The URL that was asked.
        endpoint: String,
        /// The status code.
        status: u16,
        /// What the endpoint says is wrong.
        message: String,
    },
    /// The endpoint could not be reached, or the connection broke.
    #[error("cannot reach {endpoint} ({problem}): check that it runs and that agent.baseUrl is right")]
    Unreachable {
        /// The URL that was asked.
        endpoint: String,
        /// What went wrong on the way.
        problem: String,
    },
    /// An agent that is none of this program's own failed.
    #[error("{problem}")]
    Other {
        /// What it says.
        problem: String,
        /// Whether the message may be answered if it is asked again, and asking does no harm.
        retryable: bool,
    },
}

impl AgentError {
    /// Whether the same message may well be answered if it is asked again, and asking again does no
    /// harm. A program that fails or takes too long may have acted already, so it is asked again only
    /// if it says so, by exit code 75.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Settings { .. } | Self::Tls { .. } | Self::TimedOut { .. } | Self::BadReply { .. } => false,
            Self::Start { source, .. } => is_shortage(source),
            Self::Exit { status, .. } => status.code() == Some(TEMPORARY_FAILURE),
            Self::Http { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Unreachable { .. } => true,
            Self::Other { retryable, .. } => *retryable,
        }
    }
}

/// Whether the system had too little of something, which it may have again: processes, memory, descriptors.
fn is_shortage(error: &io::Error) -> bool {
    let descriptors = [Errno::MFILE, Errno::NFILE].map(|errno| Some(errno.raw_os_error()));
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory)
        || descriptors.contains(&error.raw_os_error())
}

/// The last `count` lines that have something to read, in one line.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let mut lines: Vec<_> =
        text.lines().rev().map(excerpt).filter(|line| !line.is_empty()).take(count).collect();
    lines.reverse();
    lines.join(" | ")
}

/// The beginning of a foreign text, on one line and without control characters.
pub(super) fn excerpt(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let mut excerpt: String = text.chars().map(shown).take(MAX_EXCERPT_CHARS).collect();
    if text.chars().nth(MAX_EXCERPT_CHARS).is_some() {
        excerpt.push('…');
    }
    excerpt
}

fn said(message: &str) -> String {
    if message.is_empty() { "it did not say why".to_owned() } else { format!("it said: {message}") }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn only_what_may_pass_by_itself_is_tried_again() {
        let http = |status| AgentError::Http { endpoint: String::new(), status, message: String::new() };
        let exit = |code: i32| AgentError::Exit {
            program: String::new(),
            status: ExitStatus::from_raw(code << 8),
            stderr: String::new(),
        };
        let start = |source: io::Error| AgentError::Start { program: String::new(), source };
        let cases = [
            (http(400), false),
            (http(401), false),
            (http(308), false),
            (http(408), true),
            (http(429), true),
            (http(500), true),
            (http(503), true),
            (exit(1), false),
            (exit(75), true),
            (start(io::ErrorKind::NotFound.into()), false),
            (start(io::ErrorKind::WouldBlock.into()), true),
            (start(Errno::MFILE.into()), true),
        ];
        for (error, expected) in cases {
            assert_eq!(error.is_retryable(), expected, "{error}");
        }
    }

    #[test]
    fn excerpts_are_short_and_printable() {
        assert_eq!(last_lines("a\nb\n\nc\u{1b}[1m\n", 2), "b | c [1m");
        assert_eq!(last_lines("a\n\0\0\n\0b", 2), "a | b", "a line of control characters says nothing");
        let long = "ế".repeat(MAX_EXCERPT_CHARS + 1);
        assert_eq!(excerpt(&long), "ế".repeat(MAX_EXCERPT_CHARS) + "…");
    }
}
