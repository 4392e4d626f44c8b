//! The rules of pending pairing requests, as OpenClaw keeps them. No I/O.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{StoreError, code, document};

/// How long after its creation a request can be approved, in milliseconds; OpenClaw's number.
const LIFETIME_MS: i64 = 60 * 60 * 1_000;

/// How many requests can be pending at once; OpenClaw's number.
const MOST_PENDING: usize = 3;

/// How often a code is drawn before giving up; OpenClaw's number.
const MOST_DRAWS: usize = 500;

/// A stranger who has a code and waits to be approved, as OpenClaw writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingRequest {
    /// The stranger's user id.
    pub id: String,
    /// What the owner types to approve it.
    #[serde(default)]
    pub code: String,
    /// When it was made, in ISO 8601. One that cannot be read counts as long ago.
    #[serde(default)]
    pub created_at: String,
    /// When the stranger last wrote, in ISO 8601.
    #[serde(default)]
    pub last_seen_at: String,
    /// More about the stranger, for the owner: an object, of which this program knows `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Value>,
    /// What a program other than this one added.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl PendingRequest {
    /// What the stranger is called, if that is known.
    pub fn name(&self) -> Option<&str> {
        self.meta.as_ref()?.get("name")?.as_str()
    }

    fn set_name(&mut self, name: &str) {
        match &mut self.meta {
            Some(Value::Object(meta)) => {
                meta.insert("name".to_owned(), name.into());
            }
            meta => *meta = Some(serde_json::json!({ "name": name })),
        }
    }

    fn is_expired(&self, now: Timestamp) -> bool {
        milliseconds(&self.created_at)
            .is_none_or(|created| now.as_millisecond().saturating_sub(created) > LIFETIME_MS)
    }

    fn last_seen(&self) -> i64 {
        milliseconds(&self.last_seen_at).or_else(|| milliseconds(&self.created_at)).unwrap_or(0)
    }
}

/// What a request for a code led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Upserted {
    /// A new request with this code.
    New(String),
    /// The sender's request of before, with the code of before.
    Known(String),
    /// Nothing: there are as many requests as there may be.
    Full,
}

/// The file of an account's pending requests.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RequestList {
    #[serde(default = "document::version")]
    version: u64,
    #[serde(default)]
    requests: Vec<PendingRequest>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl Default for RequestList {
    fn default() -> Self {
        Self { version: document::VERSION, requests: Vec::new(), other: Map::new() }
    }
}

impl RequestList {
    /// Gives `sender` a code, the same one as long as the request is pending.
    pub(super) fn upsert(
        &mut self,
        sender: &str,
        name: Option<&str>,
        now: Timestamp,
        draw: &dyn Fn() -> String,
    ) -> Result<Upserted, StoreError> {
        self.drop_expired(now);
        let taken: BTreeSet<String> = self.codes().collect();
        if let Some(known) = self.requests.iter_mut().find(|request| request.id == sender) {
            if known.code.trim().is_empty() {
                known.code = free_code(&taken, draw)?;
            }
            known.last_seen_at = iso(now);
            if let Some(name) = name {
                known.set_name(name);
            }
            let code = code::canonical(&known.code);
            self.drop_excess();
            return Ok(Upserted::Known(code));
        }
        self.drop_excess();
        if self.requests.len() >= MOST_PENDING {
            return Ok(Upserted::Full);
        }
        let code = free_code(&taken, draw)?;
        let mut request = PendingRequest {
            id: sender.to_owned(),
            code: code.clone(),
            created_at: iso(now),
            last_seen_at: iso(now),
            meta: None,
            other: Map::new(),
        };
        if let Some(name) = name {
            request.set_name(name);
        }
        self.requests.push(request);
        Ok(Upserted::New(code))
    }

    /// Removes the request with that code, as a person typed it.
    pub(super) fn take(&mut self, typed: &str) -> Option<PendingRequest> {
        let typed = code::canonical(typed);
        // An empty code is one that was never given to anybody.
        let found =
            self.requests.iter().position(|it| !typed.is_empty() && code::canonical(&it.code) == typed)?;
        Some(self.requests.remove(found))
    }

    /// Removes what can no longer be approved.
    pub(super) fn drop_expired(&mut self, now: Timestamp) {
        self.requests.retain(|request| !request.is_expired(now));
    }

    /// The codes that have been given out.
    pub(super) fn codes(&self) -> impl Iterator<Item = String> {
        self.requests.iter().map(|request| code::canonical(&request.code))
    }

    /// The oldest first.
    pub(super) fn into_sorted(mut self) -> Vec<PendingRequest> {
        self.drop_excess();
        self.requests.sort_by(|a, b| a.created_at.cmp(&b.created_at));
        self.requests
    }

    /// Keeps those whose senders wrote last, where another program let in too many.
    fn drop_excess(&mut self) {
        let excess = self.requests.len().saturating_sub(MOST_PENDING);
        if excess > 0 {
            self.requests.sort_by_key(PendingRequest::last_seen);
            self.requests.drain(..excess);
        }
    }
}

fn free_code(taken: &BTreeSet<String>, draw: &dyn Fn() -> String) -> Result<String, StoreError> {
    std::iter::repeat_with(draw)
        .take(MOST_DRAWS)
        .find(|code| !taken.contains(code))
        .ok_or(StoreError::NoFreeCode)
}

/// As JavaScript's `toISOString` prints it.
fn iso(time: Timestamp) -> String {
    format!("{time:.3}")
}

fn milliseconds(iso: &str) -> Option<i64> {
    iso.parse::<Timestamp>().ok().map(|time| time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "2026-03-01T12:00:00.000Z";

    fn at(iso: &str) -> Timestamp {
        iso.parse().unwrap()
    }

    fn request(id: &str, created_at: &str, last_seen_at: &str) -> Value {
        serde_json::json!({ "id": id, "code": format!("CODE{id}"), "createdAt": created_at, "lastSeenAt": last_seen_at })
    }

    fn list(requests: &[Value]) -> RequestList {
        serde_json::from_value(serde_json::json!({ "version": 1, "requests": requests })).unwrap()
    }

    fn ids(list: &RequestList) -> Vec<&str> {
        list.requests.iter().map(|request| request.id.as_str()).collect()
    }

    #[test]
    fn a_request_lives_for_exactly_an_hour() {
        let cases = [
            ("2026-03-01T11:00:00.000Z", true),
            ("2026-03-01T10:59:59.999Z", false),
            ("2026-03-01T12:00:00.000+01:00", true),
            ("2026-03-01T13:00:00.000Z", true),
            ("yesterday", false),
            ("", false),
        ];
        for (created_at, lives) in cases {
            let mut list = list(&[request("1", created_at, NOON)]);
            list.drop_expired(at(NOON));
            assert_eq!(!list.requests.is_empty(), lives, "{created_at}");
        }
    }

    #[test]
    fn the_same_sender_keeps_code_and_time_of_creation() {
        let mut list = list(&[request("1", "2026-03-01T11:30:00.000Z", "2026-03-01T11:30:00.000Z")]);
        let upserted = list.upsert("1", Some("Lan"), at(NOON), &|| panic!("no code is drawn")).unwrap();
        assert_eq!(upserted, Upserted::Known("CODE1".to_owned()));
        let known = &list.requests[0];
        assert_eq!(
            (known.created_at.as_str(), known.last_seen_at.as_str()),
            ("2026-03-01T11:30:00.000Z", NOON)
        );
        assert_eq!(known.name(), Some("Lan"));
    }

    #[test]
    fn a_fourth_sender_gets_nothing() {
        let mut list = list(&["1", "2", "3"].map(|id| request(id, NOON, NOON)));
        let upserted = list.upsert("4", None, at(NOON), &|| panic!("no code is drawn")).unwrap();
        assert_eq!((upserted, ids(&list)), (Upserted::Full, vec!["1", "2", "3"]));
    }

    #[test]
    fn an_expired_request_makes_room() {
        let requests = [("1", "2026-03-01T10:00:00.000Z"), ("2", NOON), ("3", NOON)];
        let mut list = list(&requests.map(|(id, created_at)| request(id, created_at, NOON)));
        let upserted = list.upsert("4", None, at(NOON), &|| "NEWCODE4".to_owned()).unwrap();
        assert_eq!((upserted, ids(&list)), (Upserted::New("NEWCODE4".to_owned()), vec!["2", "3", "4"]));
    }

    #[test]
    fn of_too_many_the_last_seen_stay() {
        let seen = [("1", "12:04"), ("2", "12:01"), ("3", "12:03"), ("4", "12:02")];
        let mut list = list(&seen.map(|(id, time)| request(id, NOON, &format!("2026-03-01T{time}:00.000Z"))));
        list.drop_excess();
        assert_eq!(ids(&list), ["4", "3", "1"]);
    }

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        for (typed, found) in
            [("code1", true), (" CODE1\n", true), ("CODE2", false), ("", false), (" ", false)]
        {
            let mut list = list(&[request("1", NOON, NOON)]);
            assert_eq!(list.take(typed).is_some(), found, "{typed:?}");
        }
    }

    #[test]
    fn a_code_in_use_is_drawn_again_but_not_for_ever() {
        let mut list = list(&[request("1", NOON, NOON)]);
        let draws = std::cell::Cell::new(0);
        let draw = || {
            draws.set(draws.get() + 1);
            if draws.get() < 3 { "CODE1".to_owned() } else { "CODE9".to_owned() }
        };
        assert_eq!(list.upsert("2", None, at(NOON), &draw).unwrap(), Upserted::New("CODE9".to_owned()));
        let stuck = list.upsert("3", None, at(NOON), &|| "CODE1".to_owned());
        assert!(matches!(stuck, Err(StoreError::NoFreeCode)));
    }
}
