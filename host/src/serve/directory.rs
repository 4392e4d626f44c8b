//! Finds people and groups.

use super::protocol::{Code, DirectoryEntry, Found};
use super::session::{Acting, broken, target_of_entry};
use super::wire::Failure;
use crate::sandbox::bindings::directory::{Entry, EntryKind, TargetError};
use crate::sandbox::bindings::types::Command;

/// The entries that `command` lists and `query` finds.
pub(super) async fn search(
    acting: &Acting,
    command: Command,
    query: Option<&str>,
    limit: Option<u32>,
) -> Result<Found, Failure> {
    let mut guest = acting.guest().await?;
    let entries = acting.list(&mut guest, command, query, limit).await?;
    Ok(Found { entries: entries.into_iter().map(entry).collect() })
}

/// The members of a group that `query` finds.
pub(super) async fn members(
    acting: &Acting,
    group: &str,
    query: Option<&str>,
    limit: Option<u32>,
) -> Result<Found, Failure> {
    let mut guest = acting.guest().await?;
    let group = guest.parse_group(group).await.map_err(broken)?.map_err(|err| {
        let problem = match err {
            TargetError::Blank => "is blank",
            TargetError::NotAnId => "is no id of a group",
            TargetError::NotAGroup => "names a person",
        };
        Failure::new(Code::InvalidParams, format!("the group {group:?} {problem}; give an id or group:ID"))
    })?;
    let entries = acting.list(&mut guest, Command::ListMembers(group), query, limit).await?;
    Ok(Found { entries: entries.into_iter().map(entry).collect() })
}

fn entry(entry: Entry) -> DirectoryEntry {
    let kind = match entry.kind {
        EntryKind::User => "user",
        EntryKind::Group => "group",
    };
    DirectoryEntry {
        kind: kind.to_owned(),
        target: target_of_entry(&entry),
        id: entry.id,
        name: entry.name,
        avatar_url: entry.avatar,
        member_count: entry.member_count,
    }
}
