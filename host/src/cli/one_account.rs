//! What a command works with that acts for one account.

use anyhow::bail;
use clap::Args;

use super::Global;
use crate::decision::one_line;
use crate::sandbox::Guest;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::directory::{self, Entry};
use crate::sandbox::bindings::types::{Command, ExitStatus};
use crate::zca::argv::argv;
use crate::zca::profile::Profile;
use crate::zca::program::Zca;

/// Which account a command acts for.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// The account [default: the default account]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

/// One account with what is needed to act for it.
pub(super) struct OneAccount {
    /// Decides.
    pub(super) guest: Guest,
    /// Acts.
    pub(super) zca: Zca,
    /// Whom for.
    pub(super) account: Account,
    /// The account's profile.
    pub(super) profile: Profile,
}

impl OneAccount {
    pub(super) async fn open(selection: &Selection, global: &Global) -> anyhow::Result<Self> {
        let state = super::state_dir()?;
        let mut guest = super::cached_sandbox(&state)?.load_shipped()?.instantiate().await?;
        let config = super::read_config(&mut guest, &state).await?;
        let account = super::account(&config, selection.account.as_deref())?.clone();
        let (zca, profile) = (super::zca(global, &config.settings), Profile::new(&account.profile));
        Ok(Self { guest, zca, account, profile })
    }

    /// The entries that `command` lists and `query` finds, at most `limit` of them.
    pub(super) async fn list(
        &mut self,
        command: &Command,
        query: Option<&str>,
        limit: Option<u32>,
    ) -> anyhow::Result<Vec<Entry>> {
        let outcome = self.zca.call(&self.profile, command).await;
        let why = match self.guest.find(command, &outcome, query, limit).await? {
            Ok(entries) => return Ok(entries),
            Err(directory::Error::Failed(why)) => one_line(&why),
            Err(directory::Error::Unreadable) => {
                let line = [vec![self.zca.program().display().to_string()], argv(&self.profile, command)];
                format!("zca answered something else; see what `{}` prints", line.concat().join(" "))
            }
            Err(directory::Error::NotAListing) => "the guest does not take it for a listing".to_owned(),
        };
        let next = match outcome.status {
            ExitStatus::Exited(code) if code != 0 => format!("; {}", self.login_hint()),
            ExitStatus::TimedOut => "; try again".to_owned(),
            // The reason for a program that does not start says what to do.
            _ => String::new(),
        };
        bail!("{} cannot be listed: {why}{next}", what(command))
    }

    /// What to do when `zca` refuses because it has no session.
    pub(super) fn login_hint(&self) -> String {
        let id = &self.account.id;
        format!("if account {id} is not logged in, run: zalouser channels login --account {id}")
    }
}

/// What a command lists, for an error.
fn what(command: &Command) -> &'static str {
    match command {
        Command::ListFriends => "the friends",
        Command::ListGroups => "the groups",
        Command::ListMembers(_) => "the members of the group",
        _ => "the account",
    }
}

/// Does `work` unless `interrupted` is done first. What `zca` does on its behalf ends with it.
pub(super) async fn unless_interrupted<T>(
    interrupted: impl Future<Output = ()>,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    tokio::select! {
        done = work => done,
        () = interrupted => bail!("interrupted"),
    }
}
