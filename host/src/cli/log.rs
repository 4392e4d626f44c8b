//! Log lines on stderr, and in the gateway's log file.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use clap::ValueEnum;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets, dynamic_filter_fn, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::time::SystemTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::log_file::LogFile;

/// The target of what goes into the file alone, because stderr says it anyway.
pub(super) const FILE_ONLY: &str = "zalouser::file-only";

/// How many lines wait for the disk before further ones are left out: a disk that is stuck or full must
/// not hold up the gateway.
const WAITING_LINES: usize = 4_096;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Where the log goes beside stderr: nowhere, until a file is opened.
#[derive(Clone, Debug, Default)]
pub(super) struct FileSlot(Arc<OnceLock<NonBlocking>>);

/// A writer to the file, if there is one.
pub(super) struct FileWriter(Option<NonBlocking>);

/// What is logged: all, what an operator wants to know, or what is wrong.
pub(super) fn level(verbose: bool, quiet: bool) -> LevelFilter {
    match (verbose, quiet) {
        (true, _) => LevelFilter::DEBUG,
        (false, true) => LevelFilter::WARN,
        (false, false) => LevelFilter::INFO,
    }
}

/// Starts logging for the whole process. Colour only where somebody sees it and did not decline; times only
/// for what goes on, as whoever waits for a command knows when it is.
pub(super) fn start(format: Format, level: LevelFilter, goes_on: bool) -> FileSlot {
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
    let lines = fmt::layer().with_writer(io::stderr).with_target(false).with_timer(SystemTime);
    let lines = match format {
        Format::Text if goes_on => lines.with_ansi(colour).boxed(),
        Format::Text => lines.with_ansi(colour).without_time().boxed(),
        Format::Json => {
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
        }
    };
    let slot = FileSlot::default();
    let opened = slot.clone();
    let file = fmt::layer()
        .with_writer(slot.clone())
        .with_target(false)
        .with_timer(SystemTime)
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_filter(dynamic_filter_fn(move |_, _| opened.0.get().is_some()));
    // A second start in the same process, as in tests, keeps the first.
    let _ = tracing_subscriber::registry()
        .with(Targets::new().with_target("zalouser", level))
        .with(lines.with_filter(filter_fn(|entry| entry.target() != FILE_ONLY)))
        .with(file)
        .try_init();
    slot
}

impl FileSlot {
    /// Writes the log into this file as well from now on. What waits for the disk is written when the
    /// guard is dropped, within a second.
    pub(super) fn open(&self, path: PathBuf) -> io::Result<WorkerGuard> {
        Ok(self.write_to(LogFile::open(path)?))
    }

    /// Writes the log here as well from now on, one JSON object a line.
    pub(super) fn write_to(&self, place: impl Write + Send + 'static) -> WorkerGuard {
        let (writer, guard) = NonBlockingBuilder::default()
            .buffered_lines_limit(WAITING_LINES)
            .lossy(true)
            .thread_name("log-file")
            .finish(place);
        // There is one gateway in a process, and so one place.
        let _ = self.0.set(writer);
        guard
    }
}

impl<'a> MakeWriter<'a> for FileSlot {
    type Writer = FileWriter;

    fn make_writer(&'a self) -> FileWriter {
        FileWriter(self.0.get().cloned())
    }
}

impl Write for FileWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Some(file) => file.write(line),
            None => Ok(line.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
