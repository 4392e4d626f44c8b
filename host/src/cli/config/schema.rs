//! `zalouser config schema`.

use std::io::{self, Write};

use clap::Args;

/// A JSON Schema, 2020-12, of the whole file, in which what belongs to the gateway is left open.
const SCHEMA: &str = include_str!("schema.json");

#[derive(Debug, Args)]
pub(in super::super) struct Arguments {}

pub(super) fn run() -> anyhow::Result<()> {
    Ok(io::stdout().write_all(SCHEMA.as_bytes())?)
}
