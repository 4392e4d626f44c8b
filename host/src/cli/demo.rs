//! `zalouser demo`
use clap::Args;
#[derive(Debug, Args)]
pub(super) struct Arguments {}
pub(super) async fn run(_: Arguments) -> anyhow::Result<()> {
    Ok(())
}
