//! `zalouser grants`: what components may ask for.

mod asked;
mod check;
mod show;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::Usage;
use crate::grants::GrantOption;
use crate::plugins::{ComponentName, PluginFolder};
use crate::settings::Settings;
use crate::state_dir::StateDir;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what each component may ask for, and where that is said
    Show(show::Arguments),
    /// Say whether a command of a component would pass, and what would allow it
    ///
    /// Nothing is sent. The exit code is 1 when it would be refused. Sends that were made before do not count
    /// here.
    Check(check::Arguments),
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Show(arguments) => show::run(&arguments).await,
        Command::Check(arguments) => check::run(&arguments).await,
    }
}

/// Grants for one run.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct GrantOptions {
    /// Grant this for this run, such as mediaRoots=/srv/pics or office-hours.commands=send.text
    #[arg(long = "grant", value_name = "[COMPONENT.]KEY=VALUE")]
    options: Vec<GrantOption>,
}

impl GrantOptions {
    /// Adds them to what `settings` grant.
    pub(in crate::cli) fn apply(&self, settings: &mut Settings, state: &StateDir) -> anyhow::Result<()> {
        for option in &self.options {
            let name = &option.component;
            if !exists(name, state)? {
                bail!(Usage(format!("--grant: there is no component {name}; see `zalouser plugins list`")));
            }
            let mut grants = settings.grants_of(name.as_str());
            grants.add(&option.extra);
            settings.grants.insert(name.to_string(), grants);
        }
        Ok(())
    }

    /// Whether one of them is for this key of this component.
    fn grant(&self, component: &str, key: &str) -> bool {
        self.options.iter().any(|option| option.component.as_str() == component && option.key == key)
    }
}

/// Whether there is a component of this name, be it as it should be or not.
fn exists(name: &ComponentName, state: &StateDir) -> anyhow::Result<bool> {
    Ok(name.is_shipped() || PluginFolder::of(state).installed()?.contains(name))
}
