//! `zalouser serve`: this program for a gateway that starts it.

use clap::Args;
use tokio::io::{BufReader, stdin, stdout};

use super::Global;
use super::gateway::shutdown;
use super::log::FileSlot;
use crate::serve::{Server, schema};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Speak JSON-RPC 2.0 on standard input and output, one message a line, until standard input ends
    #[arg(long, required_unless_present = "schema")]
    stdio: bool,
    /// Print the JSON Schema of every message
    #[arg(long)]
    schema: bool,
}

pub(super) async fn run(arguments: Arguments, global: &Global, log: &FileSlot) -> anyhow::Result<()> {
    if arguments.schema {
        return super::print_json(&schema());
    }
    let shutdown = shutdown()?;
    let state = super::state_dir()?;
    let sandbox = super::cached_sandbox(&state)?;
    let named = global.clone();
    let find_zca = Box::new(move |config: &crate::config::Config| super::zca(&named, &config.settings));
    let server = Server::new(sandbox, state, find_zca);
    let _guard = log.write_to(server.log());
    Ok(server.serve(BufReader::new(stdin()), stdout(), shutdown).await?)
}
