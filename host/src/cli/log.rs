//! Log lines on stderr.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::time::SystemTime;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// What is logged: all, what an operator wants to know, or what is wrong.
pub(super) fn level(verbose: bool, quiet: bool) -> LevelFilter {
    match (verbose, quiet) {
        (true, _) => LevelFilter::DEBUG,
        (false, true) => LevelFilter::WARN,
        (false, false) => LevelFilter::INFO,
    }
}

/// Starts logging for the whole process. Colour only where somebody sees it and did not decline.
pub(super) fn start(format: Format, level: LevelFilter) {
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
    let lines = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(EnvFilter::new(format!("zalouser={level}")))
        .with_target(false)
        .with_timer(SystemTime);
    // A second start in the same process, as in tests, keeps the first.
    let _ = match format {
        Format::Text => lines.with_ansi(colour).try_init(),
        Format::Json => {
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
        }
    };
}
