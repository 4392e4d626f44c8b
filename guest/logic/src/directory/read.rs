//! Reads the people or groups that a command printed.

use super::{Entry, EntryKind, ListError};
use crate::command::Outcome;
use crate::printed::{answer, json_in};
use zalouser_tolerant::json::{Json, Key, Record};

/// The most people or groups that are looked at, several times as many as one account has.
const ROWS: usize = 20_000;

/// The entries of a `kind` in the list that a command printed, in its order, or the one in the
/// object that it printed. Those without an id are left out.
pub(crate) fn read(kind: EntryKind, outcome: &Outcome) -> Result<Vec<Entry>, ListError> {
    let printed = answer(outcome).map_err(ListError::Failed)?;
    json_in(printed, |json| entries(kind, json)).ok_or(ListError::Unreadable)
}

/// The entry of a `kind` in an object, under the names that openzca, zca-cli and Zalo itself have for
/// its parts.
fn entry(kind: EntryKind, mut row: Record<'_>) -> Option<Entry> {
    let (ids, names): (&[Key], &[Key]) = match kind {
        EntryKind::User => {
            (&[Key::UserId, Key::Id, Key::Uid], &[Key::DisplayName, Key::DisplayNameOfZalo, Key::ZaloName])
        }
        EntryKind::Group => (&[Key::GroupId, Key::Id], &[Key::Name]),
    };
    let id = row.first(ids, Json::id)?.into_owned();
    let name = row.first(names, Json::text);
    let mut member_count = || row.first(&[Key::TotalMember, Key::MemberCount], |count| count.whole());
    let member_count = if kind == EntryKind::Group { member_count() } else { None };
    Some(Entry {
        kind,
        id,
        name: name.map_or_else(String::new, |name| name.trim().to_owned()),
        avatar: row.take(Key::Avatar).text().map(|avatar| avatar.into_owned()),
        member_count: member_count.and_then(|count| u32::try_from(count).ok()),
    })
}

fn entries(kind: EntryKind, json: &str) -> Option<Vec<Entry>> {
    match zalouser_tolerant::json::read(json, ROWS).ok()? {
        Json::Record(row) => entry(kind, row).map(|entry| vec![entry]),
        Json::List(rows) => Some(rows.into_iter().filter_map(|row| entry(kind, row.record()?)).collect()),
        _ => None,
    }
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
