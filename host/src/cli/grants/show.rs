//! `zalouser grants show`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use anyhow::bail;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use zalouser_settings::{Problem, path_of_key};

use super::GrantOptions;
use crate::config_file::TextFile;
use crate::config_file::outline::Outline;
use crate::decision::one_line;
use crate::grants;
use crate::plugins::PluginFolder;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The component [default: all]
    component: Option<String>,
    #[command(flatten)]
    grants: GrantOptions,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Shown {
    file: String,
    components: Vec<ShownComponent>,
}

#[derive(Serialize)]
struct ShownComponent {
    name: String,
    grants: BTreeMap<&'static str, ShownGrant>,
}

#[derive(Serialize)]
struct ShownGrant {
    /// As the settings would have it; null for a limit that is not set.
    value: Value,
    from: Origin,
}

/// Where a grant comes from.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Origin {
    /// What holds when nobody says anything.
    Default,
    /// The configuration file, at this place.
    File { line: Option<usize>, column: Option<usize> },
    /// The command line.
    Option,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let state = super::super::state_dir()?;
    let sandbox = super::super::cached_sandbox(&state)?;
    let mut settings = super::super::load_config(&sandbox, &state).await?.settings;
    arguments.grants.apply(&mut settings, &state)?;
    let mut names = BTreeSet::from([grants::SHIPPED.to_owned()]);
    names.extend(PluginFolder::of(&state).installed()?.into_iter().map(String::from));
    names.extend(settings.components.named().map(|(_, name)| name.to_string()));
    names.extend(settings.grants.keys().cloned());
    if let Some(only) = &arguments.component {
        if !names.contains(only) {
            let names: Vec<_> = names.into_iter().collect();
            bail!("there is no component {only:?}; there is: {}", names.join(", "));
        }
        names.retain(|name| name == only);
    }

    let file = super::super::config::change::read()?;
    let outline = Outline::of(file.text()).ok();
    let component = |name: String| {
        let held = settings.grants_of(&name);
        let grant = |key| {
            let from = if arguments.grants.grant(&name, key) {
                Origin::Option
            } else {
                origin(outline.as_ref(), &name, key)
            };
            (key, ShownGrant { value: held.value(key), from })
        };
        ShownComponent { grants: grants::KEYS.into_iter().map(grant).collect(), name }
    };
    let components = names.into_iter().map(component).collect();
    let shown = Shown { file: file.path().display().to_string(), components };
    if arguments.json {
        super::super::print_json(&shown)
    } else {
        Ok(print(&mut io::stdout().lock(), &shown, &file)?)
    }
}

/// Where the file says this key, if it does.
fn origin(outline: Option<&Outline<'_>>, name: &str, key: &str) -> Origin {
    let written = || {
        let outline = outline?;
        let grants = outline.document().pointer("/plugins/entries/zalouser/config/grants")?.as_object()?;
        let (written, _) = grants.iter().find(|(it, value)| it.trim() == name && value.get(key).is_some())?;
        let problem = Problem::new(path_of_key(&path_of_key(grants::PATH, written), key), "");
        Some(outline.position(&problem))
    };
    match written() {
        Some(place) => {
            let (line, column) = place.map(|place| (place.line + 1, place.column + 1)).unzip();
            Origin::File { line, column }
        }
        None => Origin::Default,
    }
}

fn print(out: &mut impl Write, shown: &Shown, file: &TextFile) -> io::Result<()> {
    let name = file.path().file_name().unwrap_or_default().to_string_lossy();
    for component in &shown.components {
        writeln!(out, "{}", one_line(&component.name))?;
        let rows: Vec<_> = grants::KEYS
            .iter()
            .filter_map(|key| {
                let grant = component.grants.get(key)?;
                let from = match &grant.from {
                    Origin::Default => "by default".to_owned(),
                    Origin::File { line: Some(line), column: Some(column) } => {
                        format!("{name}:{line}:{column}")
                    }
                    Origin::File { .. } => name.to_string(),
                    Origin::Option => "--grant".to_owned(),
                };
                Some((*key, one_line(&in_words(&grant.value)), from))
            })
            .collect();
        let width = rows.iter().map(|(_, value, _)| value.chars().count()).max().unwrap_or_default();
        for (key, value, from) in rows {
            writeln!(out, "  {key:<16}{value:<width$}  {from}")?;
        }
    }
    Ok(())
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Array(items) if items.is_empty() => "nothing".to_owned(),
        Value::Array(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                .collect();
            items.join(", ")
        }
        Value::Null => "no limit".to_owned(),
        other => other.to_string(),
    }
}
