//! `zalouser plugins verify`.

use std::io::{self, Write};

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use crate::decision::one_line;
use crate::plugins::{ComponentName, PluginFolder};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The component [default: all that are installed]
    name: Option<ComponentName>,
    /// Approve its file as it is now
    #[arg(long, requires = "name")]
    approve: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    ok: bool,
    components: Vec<Verified>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    name: ComponentName,
    sha256: Option<String>,
    approved_at: Option<String>,
    /// Why it cannot be run; none when it can.
    problem: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let state = super::super::state_dir()?;
    let folder = PluginFolder::of(&state);
    let names = match &arguments.name {
        Some(name) => {
            folder.record(name)?;
            vec![name.clone()]
        }
        None => folder.installed()?,
    };
    let sandbox = super::super::cached_sandbox(&state)?;
    if let (true, Some(name)) = (arguments.approve, &arguments.name) {
        folder.approve(name, &sandbox)?;
    }
    let verify = |name: ComponentName| {
        let problem = folder.load(&name, &sandbox).err().map(|err| err.to_string());
        let (sha256, approved_at) = folder.record(&name).map(|it| (it.sha256, it.approved_at)).ok().unzip();
        Verified { name, sha256, approved_at, problem }
    };
    let components: Vec<_> = names.into_iter().map(verify).collect();
    let failed = components.iter().filter(|verified| verified.problem.is_some()).count();
    let report = Report { ok: failed == 0, components };
    if arguments.json {
        super::super::print_json(&report)?;
    } else {
        print(&mut io::stdout().lock(), &report, &folder)?;
    }
    if failed > 0 {
        bail!("{failed} of {} components cannot be run", report.components.len());
    }
    Ok(())
}

fn print(out: &mut impl Write, report: &Report, folder: &PluginFolder) -> io::Result<()> {
    if report.components.is_empty() {
        writeln!(out, "Nothing is installed in {}", folder.path().display())?;
    }
    report.components.iter().try_for_each(|verified| match (&verified.problem, &verified.approved_at) {
        (Some(problem), _) => writeln!(out, "{}", one_line(problem)),
        (None, at) => {
            let at = at.as_deref().unwrap_or_default();
            writeln!(out, "{} is what was approved on {at}, and this host can load it", verified.name)
        }
    })
}
