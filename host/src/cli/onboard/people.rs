//! Whom and which groups a name means.

use anyhow::Context;

use super::ask;
use super::plan::ChosenGroup;
use crate::cli::one_account::OneAccount;
use crate::decision::one_line;
use crate::sandbox::bindings::directory::{Entry, Target, Unresolved};
use crate::sandbox::bindings::types::{ChatKind, Command, Thread};

/// Stands for everybody, or for all groups without a rule.
const ANY: &str = "*";

/// How many of those who have a name are told.
const TOLD: usize = 10;

/// Why an entry means nobody, as the rest of a sentence that begins with it.
pub(super) type Refusal = String;

/// The people and groups of an account, each list fetched when it is first needed.
pub(super) struct Directory<'a> {
    acting: &'a mut OneAccount,
    /// Whether somebody can be asked who is meant.
    attended: bool,
    friends: Option<Vec<Entry>>,
    groups: Option<Vec<Entry>>,
}

impl<'a> Directory<'a> {
    pub(super) fn of(acting: &'a mut OneAccount, attended: bool) -> Self {
        Self { acting, attended, friends: None, groups: None }
    }

    /// The id of a person.
    pub(super) async fn person(&mut self, typed: &str) -> anyhow::Result<Result<String, Refusal>> {
        if typed.trim() == ANY {
            return Ok(Ok(ANY.to_owned()));
        }
        let name = match self.acting.guest.parse_target(typed).await? {
            Ok(Target::Thread(Thread { kind: ChatKind::Direct, id })) => return Ok(Ok(id)),
            Ok(Target::Thread(_)) => return Ok(Err("names a group, not a person".to_owned())),
            Ok(Target::Name(name)) => name,
            Err(_) => return Ok(Err("is neither an id of digits nor a name".to_owned())),
        };
        let friends = self.friends().await.with_context(|| format!("{name:?} is a name"))?.to_vec();
        self.one_of(&name, &friends, &[]).await
    }

    /// The id of a group.
    pub(super) async fn group(&mut self, typed: &str) -> anyhow::Result<Result<String, Refusal>> {
        if typed.trim() == ANY {
            return Ok(Ok(ANY.to_owned()));
        }
        if let Ok(id) = self.acting.guest.parse_group(typed).await? {
            return Ok(Ok(id));
        }
        let name = match self.acting.guest.parse_target(typed).await? {
            Ok(Target::Name(name)) => name,
            _ => return Ok(Err("is neither an id of a group nor a name".to_owned())),
        };
        let groups = self.groups().await.with_context(|| format!("{name:?} is a name"))?.to_vec();
        self.one_of(&name, &[], &groups).await
    }

    /// The groups with these ids, each with the one of `keys` that means it by its name: a second rule
    /// beside that one would hide what it says.
    pub(super) async fn with_rules(
        &mut self,
        ids: Vec<String>,
        keys: &[&str],
    ) -> anyhow::Result<Vec<ChosenGroup>> {
        let mut chosen: Vec<_> = ids.into_iter().map(|id| ChosenGroup { id, known_as: None }).collect();
        for group in &mut chosen {
            if group.id != ANY && !keys.iter().any(|key| group.is_key(key)) {
                group.known_as = self.key_of(&group.id, keys).await?;
            }
        }
        Ok(chosen)
    }

    /// The groups of the account that none of `keys` means.
    pub(super) async fn groups_without_rule(&mut self, keys: &[&str]) -> anyhow::Result<Vec<Entry>> {
        let mut without = Vec::new();
        for entry in self.groups().await?.to_vec() {
            let group = ChosenGroup { id: entry.id.clone(), known_as: None };
            let has_rule = keys.iter().any(|key| group.is_key(key));
            if !has_rule && self.key_of(&entry.id, keys).await?.is_none() {
                without.push(entry);
            }
        }
        Ok(without)
    }

    async fn key_of(&mut self, id: &str, keys: &[&str]) -> anyhow::Result<Option<String>> {
        for key in keys.iter().filter(|key| **key != ANY) {
            if self.acting.guest.parse_group(key).await?.is_ok() {
                continue;
            }
            let groups = self.groups().await?.to_vec();
            // A key may also be the slug of a name, in which dashes stand for the spaces.
            for name in [(*key).to_owned(), key.replace('-', " ")] {
                let resolved = self.acting.guest.resolve(&name, &[], &groups).await?;
                if resolved.is_ok_and(|thread| thread.id == id) {
                    return Ok(Some((*key).to_owned()));
                }
            }
        }
        Ok(None)
    }

    async fn one_of(
        &mut self,
        name: &str,
        friends: &[Entry],
        groups: &[Entry],
    ) -> anyhow::Result<Result<String, Refusal>> {
        match self.acting.guest.resolve(name, friends, groups).await? {
            Ok(thread) => Ok(Ok(thread.id)),
            Err(Unresolved::Ambiguous(entries)) if self.attended => Ok(Ok(ask::which(name, &entries).await?)),
            Err(Unresolved::Ambiguous(entries)) => {
                Ok(Err(format!("is the name of {}: {}; give an id", entries.len(), told(&entries))))
            }
            Err(Unresolved::Unknown(near)) if near.is_empty() => Ok(Err(
                "is nobody's name; `zalouser directory peers list` and `groups list` show who there is"
                    .to_owned(),
            )),
            Err(Unresolved::Unknown(near)) => {
                Ok(Err(format!("is nobody's name; near it are {}", told(&near))))
            }
        }
    }

    async fn friends(&mut self) -> anyhow::Result<&[Entry]> {
        if self.friends.is_none() {
            self.friends = Some(self.acting.list(&Command::ListFriends, None, None).await?);
        }
        Ok(self.friends.as_deref().unwrap_or_default())
    }

    async fn groups(&mut self) -> anyhow::Result<&[Entry]> {
        if self.groups.is_none() {
            self.groups = Some(self.acting.list(&Command::ListGroups, None, None).await?);
        }
        Ok(self.groups.as_deref().unwrap_or_default())
    }
}

fn told(entries: &[Entry]) -> String {
    let shown = |entry: &Entry| format!("{} ({})", one_line(&entry.id), one_line(&entry.name));
    let mut told: Vec<_> = entries.iter().take(TOLD).map(shown).collect();
    if entries.len() > TOLD {
        told.push(format!("{} more", entries.len() - TOLD));
    }
    told.join(", ")
}
