//! What requests work with once the peer has said how it is configured.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::protocol::{AccountInfo, Code, Initialized, PROTOCOL};
use super::schema::REQUESTS;
use super::wire::Failure;
use crate::clock;
use crate::config::{Config, Reading};
use crate::plugins::{Plugin, Plugins};
use crate::sandbox::bindings::config::{Account, DmPolicy};
use crate::sandbox::bindings::directory::{self, Entry, Target, TargetError, Unresolved};
use crate::sandbox::bindings::types::{ChatKind, Command, Outcome, Thread};
use crate::sandbox::{self, Guest, Sandbox};
use crate::state_dir::StateDir;
use crate::tool::Tool;
use crate::zca::profile::Profile;
use crate::zca::program::Zca;

/// A configuration, and what acts by it.
pub(super) struct Session {
    pub(super) config: Config,
    pub(super) plugins: Plugins,
    pub(super) zca: Zca,
}

/// One account with what is needed to act for it.
pub(super) struct Acting {
    pub(super) session: Arc<Session>,
    pub(super) account: Account,
    pub(super) profile: Profile,
    pub(super) plugin: Plugin,
}

impl Session {
    /// Reads the configuration that the peer has given, or else its file.
    pub(super) async fn open(
        sandbox: Sandbox,
        state: &StateDir,
        config: Option<Map<String, Value>>,
        zca: impl FnOnce(&Config) -> Zca,
    ) -> Result<Self, Failure> {
        let mut guest = sandbox.load_shipped().map_err(broken)?.instantiate().await.map_err(broken)?;
        let wrong = |problem: String| Failure::new(Code::Config, problem);
        let config = match config {
            None => {
                Config::load(&Config::path(state), &mut guest).await.map_err(|err| wrong(err.to_string()))?
            }
            Some(config) => {
                let text = Value::Object(config).to_string();
                let reading = Reading::of(&text, &mut guest).await.map_err(broken)?;
                let problems: Vec<_> = reading.errors().iter().map(ToString::to_string).collect();
                let (Ok(channel), Ok(settings)) = (reading.channel, reading.settings) else {
                    return Err(wrong(problems.join("\n")));
                };
                Config { file: Config::path(state), channel, settings }
            }
        };
        let plugins = Plugins::new(sandbox, state, &config.settings);
        Ok(Self { plugins, zca: zca(&config), config })
    }

    /// What the peer is told of it.
    pub(super) fn described(&self) -> Initialized {
        Initialized {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            component: zalouser_guests::CHANNEL_SHA256.to_owned(),
            capabilities: REQUESTS.map(str::to_owned).to_vec(),
            accounts: self.config.channel.accounts.iter().map(described).collect(),
            default_account: self.config.channel.default_account.clone(),
            warnings: self.config.warnings().map(|warning| warning.to_string()).collect(),
        }
    }

    /// The account of this id; the default one when none is named.
    pub(super) fn acting(self: &Arc<Self>, account: Option<&str>) -> Result<Acting, Failure> {
        let Some(account) = self.config.account(account).cloned() else {
            let ids: Vec<_> =
                self.config.channel.accounts.iter().map(|account| account.id.as_str()).collect();
            let asked = account.unwrap_or_default();
            let problem = format!("there is no account {asked:?}; there is: {}", ids.join(", "));
            return Err(Failure::new(Code::InvalidParams, problem));
        };
        let profile = Profile::new(&account.profile);
        let plugin = self.plugins.of(&account.id).map_err(|err| Failure::new(Code::Account, err))?;
        Ok(Acting { session: Arc::clone(self), account, profile, plugin })
    }
}

impl Acting {
    /// A guest to decide.
    pub(super) async fn guest(&self) -> Result<Guest, Failure> {
        self.plugin.component.instantiate().await.map_err(broken)
    }

    /// The agent's tool, for calls from the conversation that `current` means.
    pub(super) async fn tool(self, current: Option<&str>) -> Result<Tool, Failure> {
        let thread = match current {
            Some(current) => Some(self.thread(&mut self.guest().await?, current).await?),
            None => None,
        };
        let Self { session, account, plugin, .. } = self;
        Ok(Tool::new(plugin.component, plugin.gate, session.zca.clone(), account, thread))
    }

    /// Runs a command that sends nothing, if it is granted.
    pub(super) async fn run(&self, command: Command) -> Outcome {
        match self.plugin.gate.check(&self.account, command, clock::now_ms()) {
            Ok(granted) => self.session.zca.call(&self.profile, granted.command()).await,
            Err(refusal) => refusal.into_outcome(),
        }
    }

    /// The entries that `command` lists and `query` finds, at most `limit` of them.
    pub(super) async fn list(
        &self,
        guest: &mut Guest,
        command: Command,
        query: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Vec<Entry>, Failure> {
        let outcome = self.run(command.clone()).await;
        let found = guest.find(&command, &outcome, query, limit).await.map_err(broken)?;
        found.map_err(|err| {
            let why = match err {
                directory::Error::Failed(why) => why,
                directory::Error::Unreadable => "zca answered something else".to_owned(),
                directory::Error::NotAListing => "the guest does not take it for a listing".to_owned(),
            };
            Failure::new(Code::Refused, format!("account {}: {why}", self.account.id))
        })
    }

    /// The conversation that `to` means. A name is looked up on Zalo.
    pub(super) async fn thread(&self, guest: &mut Guest, to: &str) -> Result<Thread, Failure> {
        const ALLOWED: &str = "give a user's id, user:ID, group:ID, or the name of a friend or a group";
        let wrong = |problem: String| Failure::new(Code::InvalidParams, problem);
        let name = match guest.parse_target(to).await.map_err(broken)? {
            Ok(Target::Thread(thread)) => return Ok(thread),
            Ok(Target::Name(name)) => name,
            Err(TargetError::Blank) => return Err(wrong(format!("the target is blank; {ALLOWED}"))),
            Err(TargetError::NotAnId | TargetError::NotAGroup) => {
                return Err(wrong(format!(
                    "the target {to:?} has no id of digits behind its prefix; {ALLOWED}"
                )));
            }
        };
        let friends = self.list(guest, Command::ListFriends, None, None).await?;
        let groups = self.list(guest, Command::ListGroups, None, None).await?;
        let resolved = guest.resolve(&name, &friends, &groups).await.map_err(broken)?;
        resolved.map_err(|unresolved| match unresolved {
            Unresolved::Unknown(_) => wrong(format!("no friend or group is called {name:?}; {ALLOWED}")),
            Unresolved::Ambiguous(entries) => {
                let targets: Vec<_> = entries.iter().take(20).map(target_of_entry).collect();
                wrong(format!("several are called {name:?}; give one of: {}", targets.join(", ")))
            }
        })
    }
}

/// A thread as `deliver` reads it.
pub(super) fn target(thread: &Thread) -> String {
    match thread.kind {
        ChatKind::Direct => thread.id.clone(),
        ChatKind::Group => format!("group:{}", thread.id),
    }
}

/// The conversation with an entry, as `deliver` reads it.
pub(super) fn target_of_entry(entry: &Entry) -> String {
    match entry.kind {
        directory::EntryKind::User => entry.id.clone(),
        directory::EntryKind::Group => format!("group:{}", entry.id),
    }
}

/// A failure of the guest.
pub(super) fn broken(err: sandbox::Error) -> Failure {
    Failure::new(Code::Internal, err)
}

fn described(account: &Account) -> AccountInfo {
    let dm_policy = match account.access.dm_policy {
        DmPolicy::Pairing => "pairing",
        DmPolicy::Allowlist => "allowlist",
        DmPolicy::Open => "open",
        DmPolicy::Disabled => "disabled",
    };
    AccountInfo {
        id: account.id.clone(),
        name: account.name.clone(),
        enabled: account.enabled,
        profile: account.profile.clone(),
        dm_policy: dm_policy.to_owned(),
    }
}
