//! Reads the people or groups that a command printed.

use serde::Deserialize;

use super::{Entry, EntryKind, ListError};
use crate::command::Outcome;
use crate::printed::{answer, json_in};
use crate::tolerant::{List, Record, Scalar};

/// The most people or groups that are looked at, several times as many as one account has.
const ROWS: usize = 20_000;

/// The entries of a `kind` in the list that a command printed, in its order, or the one in the
/// object that it printed. Those without an id are left out.
pub(crate) fn read(kind: EntryKind, outcome: &Outcome) -> Result<Vec<Entry>, ListError> {
    let printed = answer(outcome).map_err(ListError::Failed)?;
    json_in(printed, |json| entries(kind, json)).ok_or(ListError::Unreadable)
}

/// A person or a group under the names that openzca, zca-cli and Zalo itself have for its parts.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow, rename = "userId")]
    user_id: Scalar<'a>,
    uid: Scalar<'a>,
    id: Scalar<'a>,
    #[serde(rename = "groupId")]
    group_id: Scalar<'a>,
    #[serde(rename = "displayName")]
    display_name: Scalar<'a>,
    #[serde(rename = "display_name")]
    raw_display_name: Scalar<'a>,
    #[serde(rename = "zaloName")]
    zalo_name: Scalar<'a>,
    name: Scalar<'a>,
    avatar: Scalar<'a>,
    #[serde(rename = "totalMember")]
    total_member: Scalar<'a>,
    #[serde(rename = "memberCount")]
    member_count: Scalar<'a>,
}

impl Row<'_> {
    fn into_entry(self, kind: EntryKind) -> Option<Entry> {
        let (ids, names, member_count) = match kind {
            EntryKind::User => (
                [self.user_id, self.id, self.uid],
                [self.display_name, self.raw_display_name, self.zalo_name],
                None,
            ),
            EntryKind::Group => (
                [self.group_id, self.id, Scalar::Absent],
                [self.name, Scalar::Absent, Scalar::Absent],
                self.total_member.whole().or_else(|| self.member_count.whole()),
            ),
        };
        let id = ids.into_iter().find_map(Scalar::id)?.into_owned();
        let name = names.into_iter().find_map(Scalar::text);
        Some(Entry {
            kind,
            id,
            name: name.map_or_else(String::new, |name| name.trim().to_owned()),
            avatar: self.avatar.text().map(|avatar| avatar.into_owned()),
            member_count: member_count.and_then(|count| u32::try_from(count).ok()),
        })
    }
}

fn entries(kind: EntryKind, json: &str) -> Option<Vec<Entry>> {
    if json.trim_start().starts_with('{') {
        let row: Row<'_> = serde_json::from_str(json).ok()?;
        return row.into_entry(kind).map(|entry| vec![entry]);
    }
    let rows: List<Record<Row<'_>>, ROWS> = serde_json::from_str(json).ok()?;
    Some(rows.0.into_iter().filter_map(|row| row.0?.into_entry(kind)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::ExitStatus;

    fn printed(kind: EntryKind, stdout: &str) -> Result<Vec<Entry>, ListError> {
        let status = ExitStatus::Exited(0);
        read(kind, &Outcome { status, stdout: stdout.into(), stderr: String::new(), delivered: None })
    }

    fn user(id: &str, name: &str) -> Entry {
        Entry { kind: EntryKind::User, id: id.into(), name: name.into(), avatar: None, member_count: None }
    }

    #[test]
    fn a_person_is_read_under_every_name_for_its_parts() {
        for row in [
            r#"{"userId": "111", "displayName": "Alice", "zaloName": "Al"}"#,
            r#"{"uid": "111", "display_name": "Alice", "zalo_name": "Al", "avatar": "", "userId": "111"}"#,
            r#"{"id": 111, "displayName": " ", "zaloName": " Alice "}"#,
            r#"{"uid": "111", "display_name": "Alice"}"#,
        ] {
            assert_eq!(
                printed(EntryKind::User, &format!("[{row}]")),
                Ok(vec![user("111", "Alice")]),
                "{row}"
            );
        }
    }

    #[test]
    fn a_group_tells_its_members_under_either_name() {
        for count in ["totalMember", "memberCount"] {
            let groups = printed(
                EntryKind::Group,
                &format!(r#"[{{"groupId": "5001", "name": "Họ Nhà", "{count}": 3, "avatar": "https://a"}}]"#),
            );
            let group = Entry {
                kind: EntryKind::Group,
                id: "5001".into(),
                name: "Họ Nhà".into(),
                avatar: Some("https://a".into()),
                member_count: Some(3),
            };
            assert_eq!(groups, Ok(vec![group]), "{count}");
        }
    }

    #[test]
    fn one_object_is_one_entry_and_banners_are_none() {
        let account = "Logging in\n\x1b[32m{\"userId\": \"999\",\x1b[0m \"displayName\": \"Bot\"}\n";
        assert_eq!(printed(EntryKind::User, account), Ok(vec![user("999", "Bot")]));
    }

    #[test]
    fn what_has_no_id_is_left_out_and_what_has_no_name_is_not() {
        let rows = r#"[7, {"displayName": "Nobody"}, {"userId": "1 1"}, {"userId": "111"}]"#;
        assert_eq!(printed(EntryKind::User, rows), Ok(vec![user("111", "")]));
    }

    #[test]
    fn what_is_no_listing_is_unreadable() {
        for stdout in ["", "not logged in", r#"{"error": "x"}"#, "{ userId: '999' }"] {
            assert_eq!(printed(EntryKind::User, stdout), Err(ListError::Unreadable), "{stdout:?}");
        }
    }
}
