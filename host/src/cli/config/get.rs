//! `zalouser config get`: a value as it stands in the file.

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::Value;

use crate::config_file::{KeyPath, Step};

#[derive(Debug, Args)]
pub(in super::super) struct Arguments {
    /// Where it stands, as channels.zalouser.groups["Work Chat"].allow or …allowFrom[0]
    path: KeyPath,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let file = super::change::read()?;
    let name = file.path().display();
    let document = zalouser_settings::parse(file.text()).with_context(|| name.to_string())?;
    let Some(value) = arguments.path.value(&document) else {
        match suggestion(&arguments.path, &document) {
            Some(meant) => bail!("{name} has no {}; did you mean {meant}?", arguments.path),
            None => bail!("{name} has no {}", arguments.path),
        }
    };
    super::super::print_json(value)
}

/// The path with its first wrong key replaced by the nearest one that is there.
fn suggestion(path: &KeyPath, document: &Value) -> Option<KeyPath> {
    let mut value = document;
    for (index, step) in path.steps().iter().enumerate() {
        let next = KeyPath::of_steps(std::slice::from_ref(step)).value(value);
        let Some(next) = next else {
            let Step::Key(key) = step else { return None };
            let keys = value.as_object()?.keys().map(String::as_str);
            let mut steps = path.steps().to_vec();
            *steps.get_mut(index)? = Step::Key(zalouser_settings::nearest(key, keys)?.to_owned());
            return Some(KeyPath::of_steps(&steps));
        };
        value = next;
    }
    None
}
