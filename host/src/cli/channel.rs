//! The channel's name, where a command of OpenClaw takes one.

use clap::{Args, ValueEnum};

/// The one channel of this program, so that the command lines of OpenClaw work here as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Channel {
    /// A personal Zalo account
    #[value(alias = "zlu")]
    Zalouser,
}

/// The channel as an option of every command. There is nothing to choose.
#[derive(Clone, Debug, Args)]
pub(super) struct ChannelOption {
    /// The channel; there is only one, zalouser
    #[arg(
        long = "channel",
        global = true,
        value_name = "CHANNEL",
        hide_possible_values = true,
        hide_short_help = true
    )]
    _named: Option<Channel>,
}

/// The channel in front of what else a command takes. There is nothing to choose.
#[derive(Debug, Args)]
pub(super) struct ChannelArgument {
    /// The channel; there is only one, `zalouser`
    #[arg(value_name = "CHANNEL", hide_possible_values = true)]
    _first: Option<Channel>,
}
