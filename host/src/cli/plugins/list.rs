//! `zalouser plugins list`.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use crate::decision::one_line;
use crate::plugins::{ComponentName, PluginFolder, Record};
use crate::settings::Components;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Listing {
    folder: String,
    components: Vec<Listed>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    name: ComponentName,
    version: Option<String>,
    description: Option<String>,
    sha256: Option<String>,
    /// When it was approved; none for what is part of this program.
    approved_at: Option<String>,
    /// Why it cannot be run; none when it is what was approved.
    problem: Option<String>,
    /// Whether it judges all accounts that name no other.
    default: bool,
    /// The accounts that name it.
    accounts: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = PluginFolder::of(&super::super::state_dir()?);
    let components = super::settings()?.components;
    let mut listed = vec![Listed::shipped(&components)];
    for name in folder.installed()? {
        listed.push(Listed::of(name, &folder, &components));
    }
    let listing = Listing { folder: folder.path().display().to_string(), components: listed };
    if arguments.json {
        return super::super::print_json(&listing);
    }
    let mut out = io::stdout().lock();
    listing.components.iter().try_for_each(|listed| writeln!(out, "- {}", one_line(&listed.line())))?;
    Ok(out.flush()?)
}

impl Listed {
    fn shipped(components: &Components) -> Self {
        Self {
            version: Some(zalouser_guests::CHANNEL_VERSION.to_owned()),
            description: Some("part of this program".to_owned()),
            sha256: Some(zalouser_guests::CHANNEL_SHA256.to_owned()),
            ..Self::new(ComponentName::shipped(), components)
        }
    }

    fn of(name: ComponentName, folder: &PluginFolder, components: &Components) -> Self {
        let problem = folder.read(&name).err().map(|err| err.to_string());
        let record = folder.record(&name).ok();
        let listed = Self { problem, ..Self::new(name, components) };
        match record {
            Some(Record { version, description, sha256, approved_at, .. }) => {
                let (sha256, approved_at) = (Some(sha256), Some(approved_at));
                Self { version, description, sha256, approved_at, ..listed }
            }
            None => listed,
        }
    }

    fn new(name: ComponentName, components: &Components) -> Self {
        let accounts = components.accounts.iter().filter(|(_, named)| **named == name);
        Self {
            accounts: accounts.map(|(id, _)| id.clone()).collect(),
            default: components.default == name,
            name,
            version: None,
            description: None,
            sha256: None,
            approved_at: None,
            problem: None,
        }
    }

    fn line(&self) -> String {
        let version = self.version.as_ref().map(|it| format!(" {it}")).unwrap_or_default();
        let description = self.description.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
        let accounts = self.accounts.join(", ");
        let judges = match (self.default, accounts.is_empty()) {
            (true, true) => "judges all accounts that name no other".to_owned(),
            (true, false) => format!("judges {accounts} and all accounts that name no other"),
            (false, true) => "judges no account".to_owned(),
            (false, false) => format!("judges {accounts}"),
        };
        let problem = self.problem.as_ref().map(|it| format!("; {it}")).unwrap_or_default();
        format!("{}{version}{description}: {judges}{problem}", self.name)
    }
}
