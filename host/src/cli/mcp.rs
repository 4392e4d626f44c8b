//! `zalouser mcp`: the agent's tool for clients of the Model Context Protocol.

use clap::Args;

use super::Global;
use super::gateway::shutdown;
use super::tool::{self, Caller};
use crate::mcp::Server;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    caller: Caller,
}

pub(super) async fn run(arguments: Arguments, global: &Global) -> anyhow::Result<()> {
    let shutdown = shutdown()?;
    let server = Server::new(tool::open(&arguments.caller, global).await?).await?;
    Ok(server.serve(shutdown).await?)
}
