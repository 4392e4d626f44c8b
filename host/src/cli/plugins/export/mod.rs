//! `zalouser plugins export`: the account for gateways that load components themselves.

mod ironclaw;
mod zeroclaw;

use std::io::{self, Read};

use clap::Subcommand;
use flate2::read::ZlibDecoder;
use url::Url;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Write the agent's tool as a package that IronClaw imports
    ///
    /// It reaches the account through `zalouser bridge`, whose address becomes part of it.
    Ironclaw(ironclaw::Arguments),
    /// Write the channel and the agent's tool as plugins of ZeroClaw
    ///
    /// They reach the account through `zalouser bridge`.
    Zeroclaw(zeroclaw::Arguments),
}

/// A component that is not run here but exported, compressed.
struct Exported(&'static [u8]);

/// The agent's tool for IronClaw. Its slot for the bridge's address is blank.
const IRONCLAW_TOOL: Exported = Exported(zalouser_guests::IRONCLAW_TOOL);

/// The account as a channel of ZeroClaw.
const ZEROCLAW_CHANNEL: Exported = Exported(zalouser_guests::ZEROCLAW_CHANNEL);

/// The agent's tool for ZeroClaw.
const ZEROCLAW_TOOL: Exported = Exported(zalouser_guests::ZEROCLAW_TOOL);

impl Exported {
    fn component(&self) -> io::Result<Vec<u8>> {
        let mut component = Vec::new();
        ZlibDecoder::new(self.0).read_to_end(&mut component)?;
        Ok(component)
    }
}

pub(super) async fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Ironclaw(arguments) => ironclaw::run(arguments).await,
        Command::Zeroclaw(arguments) => zeroclaw::run(arguments),
    }
}

/// An address that a bridge can have, without anything behind the port.
fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|err| format!("{err}; write it as https://zalo.example.org"))?;
    let is_plain = url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    if !is_plain || !matches!(url.scheme(), "http" | "https") {
        return Err(
            "only https://NAME, or with a port https://NAME:PORT, is the address of a bridge".to_owned()
        );
    }
    Ok(url)
}
