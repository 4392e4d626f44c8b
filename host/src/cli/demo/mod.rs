//! `zalouser demo`: the real gateway in front of a simulated `zca`, which is this program again.

mod agent;
mod interactive;
mod script;
mod stage;
mod transcript;

use clap::Args;

pub(super) use agent::run as answer;

use stage::Stage;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Type as any of the simulated people
    #[arg(long)]
    interactive: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let stage = Stage::set().await?;
    let interrupted = async {
        // Without a handler the signal ends the process, which is what was asked for.
        let _ = tokio::signal::ctrl_c().await;
    };
    let played = async {
        if arguments.interactive { interactive::play(&stage).await } else { script::play(&stage).await }
    };
    let played = tokio::select! {
        played = played => played,
        () = interrupted => Ok(()),
    };
    stage.strike().await?;
    played
}
