//! `zalouser replay`: what the current configuration makes of recorded `zca listen` output.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::clock;
use crate::decision::{Decision, Record};
use crate::plugins::Plugins;
use crate::sandbox::bindings::inbound::Effect;
use crate::sandbox::{Monitor, Pushed};
use crate::store::{AccountFiles, PairingStore};
use crate::zone;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Recorded output of `zca listen`, or `-` for standard input
    file: PathBuf,
    /// The account that is to judge it [default: the default account]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Print one JSON object a message
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut input: Box<dyn Read> = if arguments.file.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(&arguments.file);
        Box::new(file.with_context(|| format!("cannot open {}", arguments.file.display()))?)
    };
    let state = super::state_dir()?;
    let sandbox = super::looking_sandbox(&state)?;
    let config = super::load_config(&sandbox, &state).await?;
    let account = super::account(&config, arguments.account.as_deref())?;
    let files = AccountFiles::of(&account.id, account.id == config.channel.default_account);
    let paired = PairingStore::new(&state, &files).allowed()?;
    let plugin = Plugins::new(sandbox, &state, &config.settings).of(&account.id)?;
    let mut monitor = Monitor::start(plugin.component, account.clone(), zone::of(account)).await?;
    let mut out = io::stdout().lock();
    print(&mut out, &account.id, monitor.set_paired(paired).await, arguments.json)?;
    let mut chunk = vec![0; 64 << 10];
    loop {
        let read = match input.read(&mut chunk) {
            Ok(read) => read,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => continue,
            Err(err) => return Err(err).context(format!("cannot read {}", arguments.file.display())),
        };
        let now = clock::now_ms();
        let pushed = match chunk.get(..read) {
            Some([]) | None => monitor.finish(now).await,
            Some(bytes) => monitor.push(bytes, now).await,
        };
        print(&mut out, &account.id, pushed, arguments.json)?;
        if read == 0 {
            return Ok(out.flush()?);
        }
    }
}

fn print(out: &mut impl Write, account: &str, pushed: Pushed, json: bool) -> anyhow::Result<()> {
    for incident in &pushed.incidents {
        tracing::error!(account, "{incident}");
    }
    for effect in &pushed.effects {
        if let Effect::Log(entry) = effect {
            crate::gateway::log(account, entry);
        }
        if !json {
            if let Some(decision) = Decision::of(effect) {
                writeln!(out, "{decision}")?;
            }
        } else if let Some(record) = Record::of(account, effect) {
            serde_json::to_writer(&mut *out, &record).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(())
}
