//! The table that is printed.

use std::fs;
use std::thread::available_parallelism;
use std::time::Duration;

use comfy_table::{Table, presets};

/// One figure beside its bound.
#[derive(Debug)]
pub(crate) struct Row {
    what: String,
    measured: String,
    bound: String,
    beside: String,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, measured: String, bound: &str, held: bool) -> Self {
        let bound = match (bound, held) {
            ("", _) => String::new(),
            (bound, true) => format!("≤ {bound}: held"),
            (bound, false) => format!("≤ {bound}: NOT HELD"),
        };
        Self { what: what.into(), measured, bound, beside: String::new() }
    }

    /// One that is to reach something instead.
    pub(crate) fn reaching(what: impl Into<String>, measured: String, bound: &str, reached: bool) -> Self {
        let said = if reached { "reached" } else { "NOT REACHED" };
        Self { what: what.into(), measured, bound: format!("≥ {bound}: {said}"), beside: String::new() }
    }

    /// What it is to be compared with.
    pub(crate) fn beside(self, other: impl Into<String>) -> Self {
        Self { beside: other.into(), ..self }
    }
}

pub(crate) fn print(rows: &[Row]) {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(["what", "least", "bound", "beside"]);
    for row in rows {
        table.add_row([&row.what, &row.measured, &row.bound, &row.beside]);
    }
    println!("{}, {}\n\n{table}", machine(), jiff::Timestamp::now().strftime("%Y-%m-%d"));
}

fn machine() -> String {
    let cores = available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("an unknown processor", |model| model.trim_start_matches([' ', '\t', ':']));
    format!("{cores} cores of {model}")
}

pub(crate) fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

pub(crate) fn bytes(count: u64) -> String {
    format!("{:.2} MiB", count as f64 / f64::from(1 << 20))
}
