//! Who has been let in by pairing.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};

use super::{StoreError, document};

/// No user id is longer than this many bytes; Zalo's have 19.
const LONGEST_ID: usize = 128;

/// What may stand in front of an id, in any case.
const PREFIXES: [&str; 2] = ["zalouser:", "zlu:"];

/// Tells when an allow-list was changed, by this program or another one, at the price of one `stat`.
#[derive(Debug)]
pub struct AllowFile {
    path: PathBuf,
    /// None before the first look.
    seen: Option<Look>,
}

impl AllowFile {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), seen: None }
    }

    /// Whether the file is another one than at the last call; true at the first. Read the list after this
    /// call, not before it, and no change goes unseen.
    ///
    /// # Errors
    /// When the file cannot be looked at for a reason other than that it does not exist.
    pub fn changed(&mut self) -> io::Result<bool> {
        let look = match fs::metadata(&self.path) {
            Ok(found) => Look::File {
                inode: (found.dev(), found.ino()),
                modified: (found.mtime(), found.mtime_nsec()),
                length: found.len(),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Look::Missing,
            Err(error) => return Err(error),
        };
        Ok(self.seen.replace(look) != Some(look))
    }
}

/// What a file looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Missing,
    File { inode: (u64, u64), modified: (i64, i64), length: u64 },
}

/// The file of those who have been let in.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AllowList {
    #[serde(default = "document::version")]
    version: u64,
    #[serde(default, deserialize_with = "entries")]
    allow_from: Vec<String>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl Default for AllowList {
    fn default() -> Self {
        Self { version: document::VERSION, allow_from: Vec::new(), other: Map::new() }
    }
}

impl AllowList {
    /// Adds `id`, which [`person`] has made; false when it is there already.
    pub(super) fn add(&mut self, id: &str) -> bool {
        let missing = !self.allow_from.iter().any(|entry| is_same(entry, id));
        if missing {
            self.allow_from.push(id.to_owned());
        }
        missing
    }

    /// Removes every spelling of `id`; false when there is none.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let before = self.allow_from.len();
        self.allow_from.retain(|entry| !is_same(entry, id));
        self.allow_from.len() < before
    }

    /// The ids without a prefix, each once. `*` is none: nobody lets everybody in by pairing.
    pub(super) fn into_ids(self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::with_capacity(self.allow_from.len());
        let mut seen = std::collections::BTreeSet::new();
        for entry in &self.allow_from {
            let id = bare(entry);
            if !matches!(id, "" | "*") && seen.insert(id) {
                ids.push(id.to_owned());
            }
        }
        ids
    }
}

/// The id of one person, as it is kept: without a prefix.
pub(super) fn person(typed: &str) -> Result<&str, StoreError> {
    let id = bare(typed);
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if id.is_empty() || id == "*" || id.len() > LONGEST_ID || id.contains(odd) {
        return Err(StoreError::NotAnId { id: typed.to_owned() });
    }
    Ok(id)
}

fn bare(entry: &str) -> &str {
    let entry = entry.trim();
    let strip = |prefix: &&str| {
        let (front, rest) = entry.split_at_checked(prefix.len())?;
        front.eq_ignore_ascii_case(prefix).then_some(rest)
    };
    PREFIXES.iter().find_map(strip).unwrap_or(entry).trim()
}

/// Senders are compared without regard to case wherever it is decided who is let in.
fn is_same(entry: &str, id: &str) -> bool {
    bare(entry).to_lowercase() == id.to_lowercase()
}

/// Ids are strings, but people type numbers, and OpenClaw takes them.
fn entries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = |(index, entry)| match entry {
        Value::String(id) => Ok(id),
        Value::Number(id) => Ok(id.to_string()),
        other => {
            Err(D::Error::custom(format_args!("`allowFrom[{index}]` is {other}, and an id is a string")))
        }
    };
    Vec::<Value>::deserialize(deserializer)?.into_iter().enumerate().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(json: &str) -> AllowList {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn entries_are_read_as_openclaw_reads_them() {
        let list = list(r#"{"allowFrom":[" 1 ","zalouser:2","ZLU:3",4,"*","","1"]}"#);
        assert_eq!(list.into_ids(), ["1", "2", "3", "4"]);
    }

    #[test]
    fn every_spelling_of_an_id_is_the_same_person() {
        let mut list = list(r#"{"allowFrom":["zlu:1","Ab","zalouser:aB","2"]}"#);
        assert!(!list.add("1"));
        assert!(list.remove("ab"));
        assert!(!list.remove("ab"));
        assert_eq!(list.into_ids(), ["1", "2"]);
    }

    #[test]
    fn only_one_person_is_let_in_at_a_time() {
        for typed in ["", " ", "*", "zlu:*", "zalouser: ", "1 2", "1\u{0}", &"1".repeat(129)] {
            assert!(person(typed).is_err(), "{typed:?}");
        }
        assert_eq!(person(" zalouser:123 ").unwrap(), "123");
    }

    #[test]
    fn an_entry_that_cannot_be_an_id_is_named() {
        let error = serde_json::from_str::<AllowList>(r#"{"allowFrom":["1",{}]}"#).unwrap_err();
        assert!(error.to_string().contains("allowFrom[1]"), "{error}");
    }

    #[test]
    fn a_change_is_seen_once() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("list.json");
        let mut file = AllowFile::new(&path);
        let mut changed = || file.changed().unwrap();
        assert!(changed(), "the first look");
        assert!(!changed(), "still missing");
        super::super::atomic::replace(&path, b"1").unwrap();
        assert!(changed(), "made");
        assert!(!changed(), "not touched");
        super::super::atomic::replace(&path, b"2").unwrap();
        assert!(changed(), "replaced by one of the same length");
        fs::remove_file(&path).unwrap();
        assert!(changed(), "removed");
    }
}
