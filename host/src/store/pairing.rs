//! An account's pairing files: who asks to be let in, and who has been.

use std::{path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    AccountFiles, AllowFile, PendingRequest, StoreError,
    allow_list::{AllowList, person},
    code,
    document::{self, LockedFile},
    notices::UnsentNotices,
    requests::{RequestList, Upserted},
};
use crate::state_dir::StateDir;

/// How long a program waits for another one's lock. With two locks in a row it still is well below the 30 s
/// after which the first one would count as left behind.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a stranger who asks to be let in is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// A code.
    Offered(Offer),
    /// Nothing: three others are waiting already.
    Full,
}

/// A code for a stranger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Eight letters and digits, or what another program gave.
    pub code: String,
    /// Whether the code is new. It is not when the same sender has asked within the hour.
    pub created: bool,
    /// Whether the sender is still to be told, until [`PairingStore::mark_announced`]. A code that OpenClaw
    /// made counts as told.
    pub announce: bool,
    /// Copies of damaged files in whose place new ones were started: whoever waited is lost from them, and
    /// the operator should know.
    pub set_aside: Vec<PathBuf>,
}

/// What came of a code that an owner typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approved {
    /// This person is let in from now on.
    Person {
        /// The user id.
        id: String,
        /// What the person is called, if that is known.
        name: Option<String>,
    },
    /// No request with this code is pending.
    NotFound,
}

/// The pairing files of one account. OpenClaw may use them at the same time.
///
/// Every operation blocks on the disk, and those that change something wait up to 10 s for each of at most
/// two locks. A clone is a handle on the same files.
#[derive(Clone)]
pub struct PairingStore {
    requests: PathBuf,
    allow_list: PathBuf,
    unsent_notices: PathBuf,
    patience: Duration,
    draw: Arc<dyn Fn() -> String + Send + Sync>,
}

impl PairingStore {
    /// The store of `account` in `state`. Nothing is read or made yet.
    pub fn new(state: &StateDir, account: &AccountFiles) -> Self {
        Self {
            requests: state.credentials().join(account.shared("pairing")),
            allow_list: state.credentials().join(account.shared("allowFrom")),
            unsent_notices: state.own().join(account.unsent_notices()),
            patience: PATIENCE,
            draw: Arc::new(code::random),
        }
    }

    /// The same store with codes from `draw`: eight capitals or digits, and another one at each call.
    #[must_use]
    pub fn drawing_codes_from(self, draw: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { draw: Arc::new(draw), ..self }
    }

    /// The same store, which waits up to `patience` for a lock.
    #[must_use]
    pub fn waiting_for(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Gives the stranger `sender` a code. It is the same one for an hour from the first time, however often
    /// the stranger asks. A damaged file is set aside, and a new one is started.
    ///
    /// # Errors
    /// When a file is of a newer version, locked or out of reach, or `sender` is not an id.
    pub fn request(&self, sender: &str, name: Option<&str>, now: Timestamp) -> Result<Requested, StoreError> {
        let sender = person(sender)?;
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        let file = LockedFile::open::<RequestList>(&self.requests, self.patience)?;
        let (mut list, damaged_requests) = file.read_or_set_aside::<RequestList>(now)?;
        let (code, created) = match list.upsert(sender, name, now, &*self.draw)? {
            Upserted::New(code) => (code, true),
            Upserted::Known(code) => (code, false),
            Upserted::Full => {
                file.write(&list)?;
                return Ok(Requested::Full);
            }
        };
        let pending: Vec<String> = list.codes().collect();
        let (mut notices, damaged_notices) = UnsentNotices::read(&self.unsent_notices, &pending, now)?;
        if created && !notices.contains(&code) {
            notices.add(&code);
        }
        // In this order a crash in between leaves no code that is never told.
        notices.write(&self.unsent_notices)?;
        file.write(&list)?;
        let announce = notices.contains(&code);
        let set_aside = damaged_requests.into_iter().chain(damaged_notices).collect();
        Ok(Requested::Offered(Offer { code, created, announce, set_aside }))
    }

    /// Notes that the owner of `code` has been told it.
    ///
    /// # Errors
    /// When a file is damaged, of a newer version, locked or out of reach.
    pub fn mark_announced(&self, code: &str, now: Timestamp) -> Result<(), StoreError> {
        let file = LockedFile::open::<RequestList>(&self.requests, self.patience)?;
        let pending: Vec<String> = file.read::<RequestList>()?.codes().collect();
        let (mut notices, _) = UnsentNotices::read(&self.unsent_notices, &pending, now)?;
        notices.remove(&code::canonical(code));
        notices.write(&self.unsent_notices)
    }

    /// The requests that can be approved now, the oldest first. Changes nothing.
    ///
    /// # Errors
    /// When the file is damaged, of a newer version or out of reach.
    pub fn pending(&self, now: Timestamp) -> Result<Vec<PendingRequest>, StoreError> {
        let mut list: RequestList = document::read(&self.requests)?;
        list.drop_expired(now);
        Ok(list.into_sorted())
    }

    /// Lets in whoever was given `code`, in whatever case it is typed.
    ///
    /// # Errors
    /// When a file is damaged, of a newer version, locked or out of reach. The request is still pending then.
    pub fn approve(&self, code: &str, now: Timestamp) -> Result<Approved, StoreError> {
        let file = LockedFile::open::<RequestList>(&self.requests, self.patience)?;
        let mut list: RequestList = file.read()?;
        list.drop_expired(now);
        let Some(request) = list.take(code) else {
            file.write(&list)?;
            return Ok(Approved::NotFound);
        };
        // In this order a crash in between loses nobody. OpenClaw, too, takes this lock under that one.
        self.allow(&request.id)?;
        file.write(&list)?;
        Ok(Approved::Person { name: request.name().map(str::to_owned), id: request.id })
    }

    /// The ids of those who have been let in, each once. Changes nothing.
    ///
    /// # Errors
    /// When the file is damaged, of a newer version or out of reach.
    pub fn allowed(&self) -> Result<Vec<String>, StoreError> {
        document::read::<AllowList>(&self.allow_list).map(AllowList::into_ids)
    }

    /// Lets `id` in; false when it has been before.
    ///
    /// # Errors
    /// When the file is damaged, of a newer version, locked or out of reach, or `id` is not an id.
    pub fn allow(&self, id: &str) -> Result<bool, StoreError> {
        let id = person(id)?;
        self.change_allow_list(|list| list.add(id))
    }

    /// Takes back that `id` was let in; false when it was not.
    ///
    /// # Errors
    /// As for [`Self::allow`].
    pub fn revoke(&self, id: &str) -> Result<bool, StoreError> {
        let id = person(id)?;
        self.change_allow_list(|list| list.remove(id))
    }

    /// Whether there are any files of the account, with or without somebody in them.
    pub fn exists(&self) -> bool {
        self.requests.exists() || self.allow_list.exists()
    }

    /// Tells when [`Self::allowed`] may have another answer.
    pub fn allow_file(&self) -> AllowFile {
        AllowFile::new(&self.allow_list)
    }

    fn change_allow_list(&self, change: impl FnOnce(&mut AllowList) -> bool) -> Result<bool, StoreError> {
        let file = LockedFile::open::<AllowList>(&self.allow_list, self.patience)?;
        let mut list: AllowList = file.read()?;
        let changed = change(&mut list);
        if changed {
            file.write(&list)?;
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::MetadataExt, path::Path};

    use super::*;

    const PAIRING: &str = "credentials/zalouser-pairing.json";
    const ALLOW_FROM: &str = "credentials/zalouser-allowFrom.json";
    const NOTICES: &str = "zalouser/unsent-notices-default.json";
    const ONE_PENDING: &str = r#"{
  "version": 1,
  "requests": [
    {
      "id": "111",
      "code": "ABCD2345",
      "createdAt": "2026-03-01T12:00:00.000Z",
      "lastSeenAt": "2026-03-01T12:00:00.000Z",
      "meta": {
        "name": "Nguyễn Lan"
      }
    }
  ]
}
"#;

    fn at(time: &str) -> Timestamp {
        format!("2026-03-01T{time}Z").parse().unwrap()
    }

    /// A store in `root` that gives the code `ABCD2345` only.
    fn store(root: &Path) -> PairingStore {
        PairingStore::new(&StateDir::at(root), &AccountFiles::of("default", true))
            .drawing_codes_from(|| "ABCD2345".to_owned())
    }

    fn root_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("credentials")).unwrap();
        fs::create_dir_all(root.path().join("zalouser")).unwrap();
        for (name, text) in files {
            fs::write(root.path().join(name), text).unwrap();
        }
        root
    }

    fn text(root: &tempfile::TempDir, name: &str) -> String {
        fs::read_to_string(root.path().join(name)).unwrap()
    }

    fn offer(requested: Requested) -> Offer {
        match requested {
            Requested::Offered(offer) => offer,
            Requested::Full => panic!("nothing was offered"),
        }
    }

    #[test]
    fn the_files_are_those_of_openclaw_to_the_byte() {
        let root = tempfile::tempdir().unwrap();
        let store = store(root.path());
        offer(store.request("111", Some(" Nguyễn Lan "), at("12:00:00")).unwrap());
        assert_eq!(text(&root, PAIRING), ONE_PENDING);
        let approved = store.approve(" abcd2345 ", at("13:00:00")).unwrap();
        assert_eq!(approved, Approved::Person { id: "111".to_owned(), name: Some("Nguyễn Lan".to_owned()) });
        assert_eq!(text(&root, PAIRING), "{\n  \"version\": 1,\n  \"requests\": []\n}\n");
        assert_eq!(
            text(&root, ALLOW_FROM),
            "{\n  \"version\": 1,\n  \"allowFrom\": [\n    \"111\"\n  ]\n}\n"
        );
        let mode = |name| fs::metadata(root.path().join(name)).unwrap().mode() & 0o777;
        assert_eq!([mode(PAIRING), mode(ALLOW_FROM), mode(NOTICES)], [0o600; 3]);
        assert_eq!([mode("credentials"), mode("zalouser")], [0o700; 2]);
    }

    #[test]
    fn accounts_have_their_own_files_without_regard_to_case() {
        let root = tempfile::tempdir().unwrap();
        let state = StateDir::at(root.path());
        let of = |account| PairingStore::new(&state, &AccountFiles::of(account, account == "Default"));
        of("Work").allow("1").unwrap();
        assert!(root.path().join("credentials/zalouser-work-allowFrom.json").exists());
        assert_eq!(of("work").allowed().unwrap(), ["1"]);
        assert!(of("Default").allowed().unwrap().is_empty());
    }

    #[test]
    fn a_notice_is_due_until_it_was_sent() {
        let root = tempfile::tempdir().unwrap();
        let ask = |time| {
            let offer = offer(store(root.path()).request("111", None, at(time)).unwrap());
            (offer.created, offer.announce)
        };
        assert_eq!(ask("12:00:00"), (true, true));
        assert_eq!(ask("12:01:00"), (false, true), "it was not sent, and the store was opened anew");
        store(root.path()).mark_announced("ABCD2345", at("12:01:01")).unwrap();
        assert_eq!(ask("12:02:00"), (false, false));
        assert_eq!(ask("13:00:00.001"), (true, true), "a new hour, a new code");
    }

    #[test]
    fn openclaw_has_told_the_codes_it_made() {
        let root = root_with(&[(PAIRING, ONE_PENDING)]);
        let offer = offer(store(root.path()).request("111", None, at("12:10:00")).unwrap());
        assert_eq!((offer.code.as_str(), offer.created, offer.announce), ("ABCD2345", false, false));
    }

    #[test]
    fn what_another_program_added_survives() {
        let before = ONE_PENDING
            .replace("\"version\": 1,", "\"version\": 1,\n  \"note\": [1.5, null],")
            .replace("\"name\":", "\"accountId\": \"default\",\n        \"name\":")
            .replace("\"meta\":", "\"tries\": 18446744073709551615,\n      \"meta\":");
        let root = root_with(&[(PAIRING, &before), (ALLOW_FROM, r#"{"allowFrom":[7],"by":"hand"}"#)]);
        store(root.path()).request("111", Some("Lan"), at("12:10:00")).unwrap();
        store(root.path()).allow("8").unwrap();
        let read = |name| serde_json::from_str::<serde_json::Value>(&text(&root, name)).unwrap();
        let pairing = read(PAIRING);
        assert_eq!(pairing["note"], serde_json::json!([1.5, null]));
        assert_eq!(pairing["requests"][0]["tries"], u64::MAX);
        assert_eq!(
            pairing["requests"][0]["meta"],
            serde_json::json!({ "accountId": "default", "name": "Lan" })
        );
        assert_eq!(
            read(ALLOW_FROM),
            serde_json::json!({ "version": 1, "allowFrom": ["7", "8"], "by": "hand" })
        );
    }

    #[test]
    fn a_damaged_list_of_requests_is_kept_beside_a_new_one() {
        for damaged in ["", "{\"version\": 1, \"requests\": [", "[]"] {
            let root = root_with(&[(PAIRING, damaged)]);
            let store = store(root.path());
            assert!(matches!(store.pending(at("12:00:00")), Err(StoreError::Corrupt { .. })));
            assert!(matches!(store.approve("ABCD2345", at("12:00:00")), Err(StoreError::Corrupt { .. })));
            assert_eq!(text(&root, PAIRING), damaged, "only a new request replaces it");
            let offer = offer(store.request("111", Some("Nguyễn Lan"), at("12:00:00")).unwrap());
            let aside = root.path().join(format!("{PAIRING}.corrupt-2026-03-01T12-00-00.000Z"));
            assert_eq!(offer.set_aside, std::slice::from_ref(&aside));
            assert_eq!(fs::read_to_string(aside).unwrap(), damaged);
            assert_eq!(text(&root, PAIRING), ONE_PENDING);
        }
    }

    #[test]
    fn a_damaged_allow_list_is_left_alone() {
        let damaged = "{\"version\": 1, \"allowFrom\": [\"1\"";
        let root = root_with(&[(PAIRING, ONE_PENDING), (ALLOW_FROM, damaged)]);
        let store = store(root.path());
        let corrupt = |found| matches!(found, Err(StoreError::Corrupt { .. }));
        assert!(corrupt(store.allowed().map(drop)));
        assert!(corrupt(store.allow("2").map(drop)));
        assert!(corrupt(store.revoke("1").map(drop)));
        assert!(corrupt(store.approve("ABCD2345", at("12:00:00")).map(drop)));
        assert_eq!(
            (text(&root, ALLOW_FROM), text(&root, PAIRING)),
            (damaged.to_owned(), ONE_PENDING.to_owned())
        );
    }

    #[test]
    fn a_newer_version_is_left_alone() {
        let newer = r#"{"version":2}"#;
        let root = root_with(&[(PAIRING, newer), (ALLOW_FROM, newer)]);
        let store = store(root.path());
        let now = at("12:00:00");
        let refused = |found| matches!(found, Err(StoreError::Newer { version: 2, .. }));
        assert!(refused(store.request("1", None, now).map(drop)));
        assert!(refused(store.pending(now).map(drop)));
        assert!(refused(store.approve("ABCD2345", now).map(drop)));
        assert!(refused(store.allowed().map(drop)));
        assert!(refused(store.allow("1").map(drop)));
        assert!(refused(store.revoke("1").map(drop)));
        assert_eq!((text(&root, PAIRING).as_str(), text(&root, ALLOW_FROM).as_str()), (newer, newer));
    }

    #[test]
    fn damaged_notices_are_told_again() {
        let root = root_with(&[(PAIRING, ONE_PENDING), (NOTICES, "{")]);
        let offer = offer(store(root.path()).request("111", None, at("12:00:00")).unwrap());
        assert_eq!((offer.announce, offer.set_aside.len()), (true, 1));
    }

    #[test]
    fn reading_makes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let store = store(root.path());
        assert_eq!(store.allowed().unwrap(), Vec::<String>::new());
        assert_eq!(store.pending(at("12:00:00")).unwrap(), []);
        assert!(!store.exists());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn nobody_is_let_in_whose_id_is_everybody() {
        let everybody = ONE_PENDING.replace("\"111\"", "\"*\"");
        let root = root_with(&[(PAIRING, &everybody)]);
        let store = store(root.path());
        assert!(matches!(store.request("*", None, at("12:00:00")), Err(StoreError::NotAnId { .. })));
        assert!(matches!(store.approve("ABCD2345", at("12:00:00")), Err(StoreError::NotAnId { .. })));
        assert!(!root.path().join(ALLOW_FROM).exists());
    }

    #[test]
    fn a_lock_of_somebody_else_is_named() {
        let root = root_with(&[(ALLOW_FROM, r#"{"allowFrom":[]}"#)]);
        fs::create_dir(root.path().join(format!("{ALLOW_FROM}.lock"))).unwrap();
        let error = store(root.path()).waiting_for(Duration::ZERO).allow("1").unwrap_err();
        assert!(error.to_string().contains("zalouser-allowFrom.json.lock"), "{error}");
        assert!(store(root.path()).allowed().unwrap().is_empty(), "reading needs no lock");
    }
}
