//! Whom an operator means.

use std::fmt;

use anyhow::{anyhow, bail};

use crate::cli::Usage;
use crate::cli::directory::kind;
use crate::cli::one_account::OneAccount;
use crate::decision::one_line;
use crate::sandbox::bindings::directory::{Entry, EntryKind, Target, TargetError, Unresolved};
use crate::sandbox::bindings::types::{ChatKind, Command, Thread};

/// How a target can be written.
const ALLOWED: &str = "give a user's id, user:ID, group:ID, or the name of a friend or a group";

/// How many of those who have a name are listed.
const LISTED: usize = 20;

/// Where a message goes.
pub(super) struct Recipient {
    pub(super) thread: Thread,
    /// What it is called, if it was looked up.
    pub(super) name: Option<String>,
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.thread.kind {
            ChatKind::Direct => EntryKind::User,
            ChatKind::Group => EntryKind::Group,
        };
        f.write_str(&described(kind, &self.thread.id, self.name.as_deref().unwrap_or_default()))
    }
}

impl Recipient {
    /// Reads `target`. A name is looked up on Zalo, unless nothing is to be run.
    pub(super) async fn find(acting: &mut OneAccount, target: &str, dry_run: bool) -> anyhow::Result<Self> {
        let name = match acting.guest.parse_target(target).await? {
            Ok(Target::Thread(thread)) => return Ok(Self { thread, name: None }),
            Ok(Target::Name(name)) => name,
            Err(TargetError::Blank) => bail!(Usage(format!("--target is blank; {ALLOWED}"))),
            Err(TargetError::NotAnId | TargetError::NotAGroup) => {
                bail!(Usage(format!("--target {target:?} has no id of digits behind its prefix; {ALLOWED}")))
            }
        };
        if dry_run {
            bail!(Usage(format!(
                "--target {name:?} is a name, and --dry-run runs nothing that could look it up; give user:ID or \
                 group:ID"
            )));
        }
        let friends = acting.list(&Command::ListFriends, None, None).await?;
        let groups = acting.list(&Command::ListGroups, None, None).await?;
        let resolved = acting.guest.resolve(&name, &friends, &groups).await?;
        let thread = resolved.map_err(|unresolved| nobody(&name, &unresolved))?;
        let entries = match thread.kind {
            ChatKind::Direct => friends,
            ChatKind::Group => groups,
        };
        let name = entries.into_iter().find(|entry| entry.id == thread.id).map(|entry| entry.name);
        Ok(Self { thread, name })
    }
}

/// A target that means this person or group and nobody else, and the name.
fn described(of: EntryKind, id: &str, name: &str) -> String {
    let target = format!("{}:{}", kind(of), one_line(id));
    if name.is_empty() { target } else { format!("{target} ({})", one_line(name)) }
}

fn nobody(name: &str, unresolved: &Unresolved) -> anyhow::Error {
    let described = |entry: &Entry| described(entry.kind, &entry.id, &entry.name);
    match unresolved {
        Unresolved::Ambiguous(entries) => {
            let count = entries.len();
            let mut lines =
                vec![format!("{count} are called {name:?}; nothing was sent, give one of these:")];
            lines.extend(entries.iter().take(LISTED).map(|entry| format!("  {}", described(entry))));
            if count > LISTED {
                lines.push(format!("  and {} more", count - LISTED));
            }
            anyhow!(lines.join("\n"))
        }
        Unresolved::Unknown(near) if near.is_empty() => {
            anyhow!("no friend or group is called {name:?}; `zalouser directory peers list` shows friends")
        }
        Unresolved::Unknown(near) => {
            let near: Vec<_> = near.iter().map(described).collect();
            anyhow!("no friend or group is called {name:?}; near it are {}", near.join(", "))
        }
    }
}
