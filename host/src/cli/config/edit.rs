//! `zalouser config set` and `config unset`.

use anyhow::bail;
use clap::Args;
use serde_json::Value;

use super::change::{ChangeOptions, carry_out, read};
use crate::config_file::{Change, DraftError, KeyPath};

#[derive(Debug, Args)]
pub(in super::super) struct Set {
    /// What is to be set, as channels.zalouser.groups["Work Chat"].allow or …allowFrom[0]
    path: KeyPath,
    /// The value as JSON5; what is no JSON5 is taken as a text
    value: String,
    /// Take the value as a text, whatever it looks like
    #[arg(long)]
    string: bool,
    #[command(flatten)]
    options: ChangeOptions,
}

#[derive(Debug, Args)]
pub(in super::super) struct Unset {
    /// What is to be taken away, as channels.zalouser.groups["Work Chat"].allow or …allowFrom[0]
    path: KeyPath,
    #[command(flatten)]
    options: ChangeOptions,
}

pub(super) async fn set(arguments: Set) -> anyhow::Result<()> {
    let value = if arguments.string { Value::from(arguments.value) } else { read_value(arguments.value) };
    let told = [format!("Set {} to {value}", arguments.path)];
    let may_be_text = !(value.is_string() || value.is_object() || value.is_array());
    let hint = may_be_text.then(|| format!("if {value} is a text, add --string"));
    let changes = [Change::Set(arguments.path, value)];
    let done = carry_out(read()?, &changes, &arguments.options, &told).await;
    match (done, hint) {
        (Err(err), Some(hint)) if matches!(err.downcast_ref(), Some(DraftError::Wrong(_))) => {
            bail!("{err}; {hint}")
        }
        (done, _) => done,
    }
}

pub(super) async fn unset(arguments: Unset) -> anyhow::Result<()> {
    let told = [format!("Took {} away", arguments.path)];
    let changes = [Change::Unset(arguments.path)];
    carry_out(read()?, &changes, &arguments.options, &told).await
}

/// The value that was typed: JSON5, or else a text, as is one in which there is no value.
fn read_value(typed: String) -> Value {
    match zalouser_settings::parse(&typed) {
        Ok(Value::Object(members)) if members.is_empty() && !typed.contains('{') => Value::from(typed),
        Ok(value) => value,
        Err(_) => Value::from(typed),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_json5_or_else_a_text() {
        for (typed, value) in [
            ("open", json!("open")),
            ("'open'", json!("open")),
            ("true", json!(true)),
            ("0x10", json!(16)),
            ("[1, 'a',]", json!([1, "a"])),
            ("{ allow: false }", json!({ "allow": false })),
            ("{}", json!({})),
            ("", json!("")),
            (" ", json!(" ")),
            ("// a", json!("// a")),
            ("[bot] ", json!("[bot] ")),
            ("a, b", json!("a, b")),
        ] {
            assert_eq!(read_value(typed.to_owned()), value, "{typed:?}");
        }
    }
}
