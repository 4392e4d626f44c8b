//! `zalouser plugins info`.

use std::io::{self, Write};
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::super::Exit;
use super::requests;
use crate::decision::one_line;
use crate::plugins::{ComponentName, Package, PluginFolder, Request};
use crate::sandbox::{Inspection, SHIPPED, WORLD};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// A component, a folder with one and a zalouser.plugin.json5, or the name of an installed one
    component: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    name: String,
    version: Option<String>,
    description: Option<String>,
    file: Option<String>,
    bytes: usize,
    sha256: String,
    /// When it was approved, if it is installed under this name and is what was approved.
    approved_at: Option<String>,
    /// The world that it fits; none when it does not fit that of this host.
    world: Option<&'static str>,
    exports: Vec<String>,
    imports: Vec<String>,
    requests: Vec<Request>,
    /// Why this host cannot load it; none when it can.
    problem: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let state = super::super::state_dir()?;
    let folder = PluginFolder::of(&state);
    let (package, approved_at) = find(&arguments.component, &folder)?;
    let inspection = package.inspect(&super::super::cached_sandbox(&state)?)?;
    let info = Info::of(package, approved_at, inspection);
    if arguments.json {
        super::super::print_json(&info)?;
    } else {
        info.print(&mut io::stdout().lock())?;
    }
    // All that there is to say has been said.
    if info.problem.is_some() { Err(Exit(1).into()) } else { Ok(()) }
}

/// What is meant, and when it was approved: a file or a folder, if there is one, else what is installed.
fn find(asked: &str, folder: &PluginFolder) -> anyhow::Result<(Package, Option<String>)> {
    let name: Option<ComponentName> = asked.parse().ok();
    if name.as_ref().is_some_and(ComponentName::is_shipped) {
        return Ok((shipped(), None));
    }
    match name {
        Some(name) if !Path::new(asked).exists() => {
            let (record, bytes) = folder.read(&name)?;
            let package = Package {
                name: name.to_string(),
                version: record.version,
                description: record.description,
                requests: record.requests,
                file: folder.file(&name),
                bytes,
            };
            Ok((package, Some(record.approved_at)))
        }
        _ => {
            let package = Package::read(Path::new(asked))?;
            let record = package.component_name().ok().and_then(|name| folder.record(&name).ok());
            let approved = record.filter(|record| record.sha256 == package.sha256());
            Ok((package, approved.map(|record| record.approved_at)))
        }
    }
}

fn shipped() -> Package {
    Package {
        name: ComponentName::shipped().to_string(),
        version: Some(zalouser_guests::CHANNEL_VERSION.to_owned()),
        description: Some("part of this program".to_owned()),
        requests: Vec::new(),
        file: Default::default(),
        bytes: SHIPPED.to_vec(),
    }
}

impl Info {
    fn of(package: Package, approved_at: Option<String>, inspection: Inspection) -> Self {
        let problem = inspection.fit.err().map(|err| err.to_string());
        Self {
            sha256: package.sha256(),
            bytes: package.bytes.len(),
            name: package.name,
            version: package.version,
            description: package.description,
            file: Some(package.file.display().to_string()).filter(|file| !file.is_empty()),
            approved_at,
            world: problem.is_none().then_some(WORLD),
            exports: inspection.exports,
            imports: inspection.imports,
            requests: package.requests,
            problem,
        }
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let mut row = |name: &str, value: &str| writeln!(out, "{name:<10}{}", one_line(value));
        let names = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        row("name", &self.name)?;
        row("version", self.version.as_deref().unwrap_or("unknown; a manifest would say it"))?;
        self.description.iter().try_for_each(|description| row("what", description))?;
        self.file.iter().try_for_each(|file| row("file", file))?;
        row("size", &format!("{} bytes", self.bytes))?;
        row("sha256", &self.sha256)?;
        row("approved", self.approved())?;
        row("world", self.world.unwrap_or("another than that of this host"))?;
        row("exports", &names(&self.exports))?;
        row("imports", &names(&self.imports))?;
        row("loads", &self.loads())?;
        if self.requests.is_empty() {
            writeln!(out, "It asks for no grants")
        } else {
            writeln!(out, "It asks for these grants:")?;
            requests::tell(out, &self.requests)
        }
    }

    fn approved(&self) -> &str {
        match (&self.approved_at, &self.file) {
            (Some(at), _) => at,
            (None, None) => "with this program",
            (None, Some(_)) => "no; zalouser plugins install approves it",
        }
    }

    fn loads(&self) -> String {
        match (&self.problem, self.imports.is_empty()) {
            (Some(problem), _) => format!("no: {problem}"),
            (None, true) => "yes: it fits the world of this host, and imports nothing".to_owned(),
            (None, false) => {
                "yes: it fits the world of this host; what it imports is WASI, and gets it no file, \
                              no environment, no network and no output"
                    .to_owned()
            }
        }
    }
}
