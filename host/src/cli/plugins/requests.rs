//! The grants that a component asks for, and the commands that give them.

use std::io::{self, Write};

use serde_json::Value;

use crate::decision::one_line;
use crate::grants::{self, Grants};
use crate::plugins::{ComponentName, Request};

/// The command line that sets a key of the grants of a component.
pub(in crate::cli) fn config_set(name: &str, key: &str, value: &Value) -> String {
    let value = value.to_string();
    let quoted = shlex::try_quote(&value).unwrap_or_else(|_| value.as_str().into());
    format!("zalouser config set {}.{name}.{key} {quoted}", grants::PATH)
}

/// Tells what a component asks for, one line each.
pub(super) fn tell(out: &mut impl Write, requests: &[Request]) -> io::Result<()> {
    requests.iter().try_for_each(|request| {
        let Request { key, value, reason } = request;
        writeln!(out, "  {}", one_line(&format!("{key} {value}: {reason}")))
    })
}

/// Tells how to grant what a component asks for and does not have.
pub(super) fn tell_missing(
    out: &mut impl Write,
    name: &ComponentName,
    requests: &[Request],
    held: &Grants,
) -> io::Result<()> {
    let missing =
        |it: &Request| Some(config_set(name.as_str(), &it.key, &held.extended(&it.key, &it.value)?));
    let missing: Vec<_> = requests.iter().filter_map(missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    writeln!(out, "It asks for grants that it does not have; to give them, run:")?;
    missing.iter().try_for_each(|line| writeln!(out, "  {}", one_line(line)))
}
