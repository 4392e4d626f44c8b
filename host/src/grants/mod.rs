//! What a component may ask for. Checked in one place, on typed commands, before there are arguments.

mod media;
mod option;
mod pace;
mod settings;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::decision::excerpt;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::types::{ChatKind, Command, ExitStatus, MediaMessage, Outcome, Thread};

pub use option::{GrantOption, NotAGrant};
pub use settings::{KEYS, PATH, read};

use pace::Pace;

/// How much of what a component asked for is shown, in bytes.
const SHOWN_MAX: usize = 300;

/// The name under which the shipped component is granted things.
pub const SHIPPED: &str = crate::sandbox::SHIPPED_NAME;

/// A kind of command, as it is called in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// `send.text`
    SendText,
    /// `send.media`
    SendMedia,
    /// `send.link`
    SendLink,
    /// `directory`: who the account's friends and groups are.
    Directory,
    /// `identity`: who the account is.
    Identity,
    /// `session`: whether the account's session holds.
    Session,
}

impl Capability {
    /// All of them under their names.
    pub const ALL: [(&'static str, Self); 6] = [
        ("send.text", Self::SendText),
        ("send.media", Self::SendMedia),
        ("send.link", Self::SendLink),
        ("directory", Self::Directory),
        ("identity", Self::Identity),
        ("session", Self::Session),
    ];

    /// What it is called in the settings.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, capability)| *capability == self).map_or("", |(name, _)| name)
    }

    /// What `command` takes.
    pub fn of(command: &Command) -> Self {
        match command {
            Command::SendText(_) => Self::SendText,
            Command::SendMedia(_) => Self::SendMedia,
            Command::SendLink(_) => Self::SendLink,
            Command::ListFriends | Command::ListGroups | Command::ListMembers(_) => Self::Directory,
            Command::WhoAmI => Self::Identity,
            Command::SessionStatus => Self::Session,
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What one component may ask for. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grants {
    /// Which commands.
    pub commands: Vec<Capability>,
    /// For which accounts, by id without regard to case; `*` is all.
    pub accounts: Vec<String>,
    /// For which profiles; `*` is all.
    pub profiles: Vec<String>,
    /// To which threads, as `user:<id>`, `group:<id>`, `user:*`, `group:*` or `*`.
    pub threads: Vec<String>,
    /// The most sends in any minute; none for no limit.
    pub sends_per_minute: Option<u32>,
    /// The most sends in any day; none for no limit.
    pub sends_per_day: Option<u32>,
    /// Folders out of which files may be sent.
    pub media_roots: Vec<PathBuf>,
    /// Schemes of addresses that may be sent.
    pub url_schemes: Vec<String>,
    /// Hosts of such addresses; `*` is all but those that are not public.
    pub url_hosts: Vec<String>,
    /// The largest file that may be sent, in bytes; none for no limit.
    pub media_max_bytes: Option<u64>,
}

impl Grants {
    /// What the shipped component may ask for when the settings do not say: everything that a channel needs,
    /// but no file of this machine and no address inside its network.
    pub fn shipped() -> Self {
        let all = || vec!["*".to_owned()];
        Self {
            commands: Capability::ALL.map(|(_, capability)| capability).to_vec(),
            accounts: all(),
            profiles: all(),
            threads: all(),
            sends_per_minute: None,
            sends_per_day: None,
            media_roots: Vec::new(),
            url_schemes: vec!["http".to_owned(), "https".to_owned()],
            url_hosts: all(),
            media_max_bytes: None,
        }
    }
}

/// The grants of every component that has any.
pub type GrantBook = BTreeMap<String, Grants>;

/// Why a command was refused, and what would allow it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{component} may not {what}; to allow it, set {PATH}.{component}.{key} to hold {value}")]
pub struct Refusal {
    /// The component that asked.
    pub component: String,
    /// What it asked for, as the rest of a sentence.
    pub what: String,
    /// The key of its grants that does not allow it.
    pub key: &'static str,
    /// What that key would have to hold.
    pub value: Wanted,
}

/// What a key of the grants would have to hold for a command to pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// This in its list.
    Item(String),
    /// This number, or a larger one.
    Number(u64),
    /// Something that can only be described.
    Words(&'static str),
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(item) => write!(f, "{}", serde_json::Value::from(item.as_str())),
            Self::Number(number) => write!(f, "{number}"),
            Self::Words(words) => f.write_str(words),
        }
    }
}

impl Refusal {
    /// What would allow it for one run, as `office-hours.commands=send.text`; none when that can only be
    /// described.
    pub fn option_text(&self) -> Option<String> {
        let value = match &self.value {
            Wanted::Item(item) => item.clone(),
            Wanted::Number(number) => number.to_string(),
            Wanted::Words(_) => return None,
        };
        let option = format!("{}.{}={value}", self.component, self.key);
        Some(format!("--grant {}", shlex::try_quote(&option).unwrap_or_else(|_| option.as_str().into())))
    }

    /// The same, to be added to what is granted.
    pub fn option(&self) -> Option<GrantOption> {
        let value = match &self.value {
            Wanted::Item(item) => serde_json::json!([item]),
            Wanted::Number(number) => (*number).into(),
            Wanted::Words(_) => return None,
        };
        format!("{}.{}={value}", self.component, self.key).parse().ok()
    }

    /// What a guest is told of it.
    pub fn into_outcome(self) -> Outcome {
        Outcome {
            status: ExitStatus::Refused(self.to_string()),
            stdout: String::new(),
            stderr: String::new(),
            delivered: None,
        }
    }
}

/// A command of a guest that was found to be granted.
#[derive(Clone, Debug, PartialEq)]
pub struct Granted(Command);

impl Granted {
    /// The command.
    pub fn command(&self) -> &Command {
        &self.0
    }

    /// The command, for a record of what was done.
    pub fn into_command(self) -> Command {
        self.0
    }
}

/// The one place where commands are checked for one component. Cheap to clone; all clones count the same
/// sends.
#[derive(Clone, Debug)]
pub struct Gate {
    component: Arc<str>,
    grants: Arc<Grants>,
    pace: Arc<Mutex<Pace>>,
}

impl Gate {
    /// A gate for `component`.
    pub fn new(component: &str, grants: Grants) -> Self {
        let pace = Pace::new(grants.sends_per_minute, grants.sends_per_day);
        Self { component: component.into(), grants: Arc::new(grants), pace: Arc::new(Mutex::new(pace)) }
    }

    /// Checks a command that the component asks for on behalf of `account`, at `now` in milliseconds since the
    /// Unix epoch. A send that is granted counts.
    ///
    /// # Errors
    /// [`Refusal`] when something does not allow it.
    pub fn check(&self, account: &Account, command: Command, now: u64) -> Result<Granted, Refusal> {
        let grants = &self.grants;
        let capability = Capability::of(&command);
        if !grants.commands.contains(&capability) {
            return Err(self.refuse(format!("use {capability}"), "commands", capability.to_string()));
        }
        if !holds(&grants.accounts, &account.id) {
            let what = format!("act for account {}", account.id);
            return Err(self.refuse(what, "accounts", account.id.clone()));
        }
        if !holds(&grants.profiles, &account.profile) {
            let profile = &account.profile;
            return Err(self.refuse(format!("use the profile {profile}"), "profiles", profile.clone()));
        }
        if let Some(thread) = recipient(&command) {
            self.check_thread(thread)?;
            if let Command::SendMedia(media) = &command {
                self.check_media(media)?;
            }
            if let Command::SendLink(link) = &command {
                self.check_address(&link.url)?;
            }
            self.count(now)?;
        }
        Ok(Granted(command))
    }

    fn check_thread(&self, thread: &Thread) -> Result<(), Refusal> {
        let kind = match thread.kind {
            ChatKind::Direct => "user",
            ChatKind::Group => "group",
        };
        let name = format!("{kind}:{}", thread.id);
        let any = format!("{kind}:*");
        if self.grants.threads.iter().any(|granted| *granted == name || *granted == any || granted == "*") {
            return Ok(());
        }
        Err(self.refuse(format!("send to {name}"), "threads", name))
    }

    fn check_media(&self, media: &MediaMessage) -> Result<(), Refusal> {
        if media::is_address(&media.source) {
            return self.check_address(&media.source);
        }
        media::file_within(&media.source, &self.grants.media_roots, self.grants.media_max_bytes)
            .map_err(|problem| self.refuse_media(problem))
    }

    fn check_address(&self, address: &str) -> Result<(), Refusal> {
        media::address_within(address, &self.grants.url_schemes, &self.grants.url_hosts)
            .map_err(|problem| self.refuse_media(problem))
    }

    fn count(&self, now: u64) -> Result<(), Refusal> {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.send(now).map_err(|over| Refusal {
            component: self.component.to_string(),
            what: format!("send more than {} messages a {}", over.limit, over.period),
            key: over.key,
            value: Wanted::Words("a larger number"),
        })
    }

    fn refuse(&self, what: String, key: &'static str, item: String) -> Refusal {
        // A guest chose some of both, and they end up in a log.
        let (what, value) = (excerpt(&what, SHOWN_MAX), Wanted::Item(excerpt(&item, SHOWN_MAX)));
        Refusal { component: self.component.to_string(), what, key, value }
    }

    fn refuse_media(&self, media::Problem { what, key, value }: media::Problem) -> Refusal {
        let what = excerpt(&what, SHOWN_MAX);
        let value = match value {
            Wanted::Item(item) => Wanted::Item(excerpt(&item, SHOWN_MAX)),
            other => other,
        };
        Refusal { component: self.component.to_string(), what, key, value }
    }
}

/// Whether a list of names holds one, without regard to case.
fn holds(granted: &[String], name: &str) -> bool {
    granted.iter().any(|granted| granted == "*" || granted.to_lowercase() == name.to_lowercase())
}

/// To whom a command sends; none for one that sends nothing.
pub fn recipient(command: &Command) -> Option<&Thread> {
    match command {
        Command::SendText(message) => Some(&message.thread),
        Command::SendMedia(message) => Some(&message.thread),
        Command::SendLink(message) => Some(&message.thread),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
