//! `zalouser config check`: everything that is wrong with the configuration, and where.

use std::io::{self, Write};

use anyhow::bail;
use clap::Args;
use serde::Serialize;
use zalouser_settings::Problem;

use crate::config::Reading;
use crate::config_file::outline::Outline;
use crate::config_file::{TextFile, unresolved_names};
use crate::decision::one_line;
use crate::plugins::{ComponentName, PluginFolder};

#[derive(Debug, Args)]
pub(in super::super) struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    file: String,
    exists: bool,
    problems: Vec<Finding>,
}

/// A problem with its place. The fields are in the order by which findings are sorted.
#[derive(Debug, Serialize)]
struct Finding {
    /// From 1; none for what is not in the file.
    line: Option<usize>,
    /// In characters, from 1.
    column: Option<usize>,
    level: Level,
    path: String,
    found: Option<String>,
    problem: String,
    allowed: Vec<String>,
    suggestion: Option<String>,
    /// All of that as one line.
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Error,
    Warning,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let file = super::change::read()?;
    let reading = Reading::of(file.text(), &mut super::change::guest().await?).await?;
    let folder = PluginFolder::of(&super::super::state_dir()?);
    let problems = findings(file.text(), &reading, &folder);
    let errors = problems.iter().filter(|finding| finding.level == Level::Error).count();
    let report = Report { file: file.path().display().to_string(), exists: file.exists(), problems };
    if arguments.json {
        super::super::print_json(&report)?;
    } else {
        print(&mut io::stdout().lock(), &file, &report)?;
    }
    match errors {
        0 => Ok(()),
        1 => bail!("there is 1 error in {}", report.file),
        errors => bail!("there are {errors} errors in {}", report.file),
    }
}

fn print(out: &mut impl Write, file: &TextFile, report: &Report) -> io::Result<()> {
    for finding in &report.problems {
        if let (Some(line), Some(column)) = (finding.line, finding.column) {
            write!(out, "{}:{line}:{column}: ", report.file)?;
        }
        if finding.level == Level::Warning {
            write!(out, "warning: ")?;
        }
        writeln!(out, "{}", one_line(&finding.message))?;
    }
    match (file.exists(), report.problems.is_empty()) {
        (false, _) => writeln!(out, "{} does not exist, so all defaults hold", report.file),
        (true, true) => writeln!(out, "{} is in order", report.file),
        (true, false) => Ok(()),
    }
}

/// Everything that is wrong with `text`, as `reading` has it, with the components that it names and those that
/// are installed in `folder`, and the names in it, in the order of the text.
fn findings(text: &str, reading: &Reading, folder: &PluginFolder) -> Vec<Finding> {
    let outline = Outline::of(text).ok();
    let mut warnings = reading.warnings();
    warnings.extend(outline.iter().flat_map(|outline| unresolved_names(outline.document())));
    let errors = reading.errors().into_iter().chain(components(reading, folder));
    let errors = errors.map(|error| (Level::Error, error));
    let all = errors.chain(warnings.into_iter().map(|warning| (Level::Warning, warning)));
    let mut findings: Vec<_> = all
        .map(|(level, problem)| {
            let place = match &outline {
                Some(outline) => outline.position(&problem).map(|place| (place.line + 1, place.column + 1)),
                None => zalouser_settings::mistake_at(text).filter(|_| problem.path.is_empty()),
            };
            Finding::new(level, place, problem)
        })
        .collect();
    findings.sort_by_key(|finding| (finding.line, finding.column, finding.level));
    findings
}

/// What keeps the components that accounts name from being run.
fn components(reading: &Reading, folder: &PluginFolder) -> Vec<Problem> {
    let components =
        reading.settings.as_ref().map(|settings| settings.components.clone()).unwrap_or_default();
    let named = components.named().filter(|(_, name)| !name.is_shipped());
    let wrong = |(path, name): (String, &ComponentName)| {
        let err = folder.read(name).err()?;
        Some(Problem::new(path, format!("cannot be run: {err}")).found(&name.as_str().into()))
    };
    named.filter_map(wrong).collect()
}

impl Finding {
    fn new(level: Level, place: Option<(usize, usize)>, problem: Problem) -> Self {
        let message = problem.to_string();
        let Problem { path, found, problem, allowed, suggestion } = problem;
        let (line, column) = place.unzip();
        Self { line, column, level, path, found, problem, allowed, suggestion, message }
    }
}
