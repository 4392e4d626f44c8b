//! Searches a list of people or groups.

use super::{Entry, EntryKind, ListError, read};
use crate::command::{Command, Outcome};
use crate::names;
use crate::sorted::once;

/// Reads what `command` printed and keeps the entries that `query` finds, at most `limit` of them.
///
/// A query is found within a name, whatever the case and the accents of either, or within an id.
/// Entries that it names exactly come first, then those that begin with it, then the rest, each in
/// the order of the list. Without a query, all are found. An id is listed once.
pub fn find(
    command: &Command,
    outcome: &Outcome,
    query: Option<&str>,
    limit: Option<u32>,
) -> Result<Vec<Entry>, ListError> {
    let kind = match command {
        Command::ListFriends | Command::ListMembers(_) | Command::WhoAmI => EntryKind::User,
        Command::ListGroups => EntryKind::Group,
        _ => return Err(ListError::NotAListing),
    };
    let entries = read(kind, outcome)?;
    let mut found = once(entries.iter().collect(), |entry: &Entry| &entry.id);
    if let Some(query) = query.map(str::trim).filter(|query| !query.is_empty()) {
        found = matching(found, query);
    }
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    found.truncate(limit.unwrap_or(usize::MAX));
    Ok(found.into_iter().cloned().collect())
}

/// Those of `entries` that `query` finds, the best first.
pub(super) fn matching<'a>(entries: Vec<&'a Entry>, query: &str) -> Vec<&'a Entry> {
    let query = Query { folded: names::fold(query), unaccented: names::unaccented(query) };
    let [mut exact, mut but_for_accents, mut beginning, mut within] = [(); 4].map(|()| Vec::new());
    for entry in entries {
        match query.rank(entry) {
            Some(Rank::Exact) => exact.push(entry),
            Some(Rank::ExactButForAccents) => but_for_accents.push(entry),
            Some(Rank::Beginning) => beginning.push(entry),
            Some(Rank::Within) => within.push(entry),
            None => {}
        }
    }
    for worse in [but_for_accents, beginning, within] {
        exact.extend(worse);
    }
    exact
}

struct Query {
    folded: String,
    unaccented: String,
}

/// How well a query fits, the best first.
enum Rank {
    Exact,
    ExactButForAccents,
    Beginning,
    Within,
}

impl Query {
    fn rank(&self, entry: &Entry) -> Option<Rank> {
        let unaccented = names::unaccented(&entry.name);
        if entry.id == self.folded || names::fold(&entry.name) == self.folded {
            Some(Rank::Exact)
        } else if unaccented == self.unaccented {
            Some(Rank::ExactButForAccents)
        } else if unaccented.starts_with(&self.unaccented) || entry.id.starts_with(&self.folded) {
            Some(Rank::Beginning)
        } else if unaccented.contains(&self.unaccented) || entry.id.contains(&self.folded) {
            Some(Rank::Within)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{ChatKind, ExitStatus, Thread};

    /// The ids of what is found among people with these ids and names.
    fn found(people: &[(&str, &str)], query: Option<&str>, limit: Option<u32>) -> Vec<String> {
        let row = |(id, name): &(&str, &str)| serde_json::json!({"userId": id, "displayName": name});
        let rows: Vec<_> = people.iter().map(row).collect();
        let stdout = serde_json::to_string(&rows).unwrap();
        let outcome =
            Outcome { status: ExitStatus::Exited(0), stdout, stderr: String::new(), delivered: None };
        let entries = find(&Command::ListFriends, &outcome, query, limit).unwrap();
        entries.into_iter().map(|entry| entry.id).collect()
    }

    #[test]
    fn a_query_forgets_case_and_accents() {
        let people = [("1", "Trần Nguyễn An"), ("2", "Đức"), ("3", "Nguye\u{302}\u{303}n")];
        for (query, ids) in [
            ("nguyen", &["3", "1"][..]),
            ("NGUYỄN", &["3", "1"]),
            (" duc ", &["2"]),
            ("an", &["1"]),
            ("bob", &[]),
            (" ", &["1", "2", "3"]),
        ] {
            assert_eq!(found(&people, Some(query), None), ids, "{query:?}");
        }
    }

    #[test]
    fn the_best_match_comes_first_and_else_the_list_decides() {
        let people = [("1", "Mỹ An"), ("2", "An Bình"), ("3", "Ân"), ("4", "an"), ("5", "Anh"), ("6", "Lan")];
        assert_eq!(found(&people, Some("An"), None), ["4", "3", "2", "5", "1", "6"]);
        assert_eq!(found(&people, Some("An"), Some(2)), ["4", "3"]);
    }

    #[test]
    fn an_id_is_found_as_a_name_is() {
        let people = [("7111", "Ann"), ("1112", "Ben"), ("9", "Apt 111"), ("111", "Cat")];
        assert_eq!(found(&people, Some("111"), None), ["111", "1112", "7111", "9"]);
    }

    #[test]
    fn an_id_is_listed_once() {
        assert_eq!(found(&[("1", "a"), ("2", "b"), ("1", "c")], None, None), ["1", "2"]);
        assert_eq!(found(&[("1", "a"), ("2", "b"), ("3", "c")], None, Some(2)), ["1", "2"]);
    }

    #[test]
    fn a_command_that_failed_says_why() {
        let outcome = |status, stderr: &str| Outcome {
            status,
            stdout: "[]".into(),
            stderr: stderr.into(),
            delivered: None,
        };
        for (outcome, why) in [
            (outcome(ExitStatus::Exited(1), "slow\nError: no session\n\nUsage: zca\n"), "no session"),
            (outcome(ExitStatus::Exited(1), "at a\nat b\n"), "at b"),
            (outcome(ExitStatus::Exited(2), " \n"), "it exited with 2"),
            (outcome(ExitStatus::TimedOut, ""), "it took too long"),
            (outcome(ExitStatus::NotStarted("no zca".into()), ""), "no zca"),
        ] {
            let failed = Err(ListError::Failed(why.into()));
            assert_eq!(find(&Command::ListFriends, &outcome, None, None), failed);
        }
    }

    #[test]
    fn what_sends_lists_nothing() {
        let thread = Thread { id: "1".into(), kind: ChatKind::Direct };
        let command = Command::SendLink { thread, url: "https://a".into() };
        let outcome = Outcome {
            status: ExitStatus::Exited(0),
            stdout: "[]".into(),
            stderr: String::new(),
            delivered: None,
        };
        assert_eq!(find(&command, &outcome, None, None), Err(ListError::NotAListing));
    }
}
