//! Many programs at work on the same pairing files, some of which only know the protocol of `proper-lockfile`.

use std::{collections::BTreeSet, fs, path::Path, thread, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{AccountFiles, Approved, PairingStore, Requested};
use crate::state_dir::StateDir;

const THREADS: u32 = 8;
const ROUNDS: u32 = 20;

/// Long enough for every other thread's turn on a slow disk.
const PATIENCE: Duration = Duration::from_secs(300);

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn store(root: &Path) -> PairingStore {
    PairingStore::new(&StateDir::at(root), &AccountFiles::of("default", true)).waiting_for(PATIENCE)
}

/// What the other program does: makes the folder, rewrites the file, removes the folder.
fn peer_rewrites(path: &Path, change: impl FnOnce(&mut Value)) {
    let lock = path.with_added_extension("lock");
    while fs::create_dir(&lock).is_err() {
        thread::yield_now();
    }
    let mut document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut document);
    let temporary = path.with_added_extension("peer.tmp");
    fs::write(&temporary, serde_json::to_vec_pretty(&document).unwrap()).unwrap();
    fs::rename(temporary, path).unwrap();
    fs::remove_dir(lock).unwrap();
}

/// A stranger is paired through our store alone.
fn pair(store: &PairingStore, id: &str) {
    let offer = loop {
        match store.request(id, None, now()).unwrap() {
            Requested::Offered(offer) => break offer,
            Requested::Full => thread::yield_now(),
        }
    };
    assert!(offer.created && offer.announce && offer.set_aside.is_empty(), "{offer:?}");
    store.mark_announced(&offer.code, now()).unwrap();
    let approved = store.approve(&offer.code, now()).unwrap();
    assert_eq!(approved, Approved::Person { id: id.to_owned(), name: None });
}

/// A stranger asks the other program, and is approved by ours.
fn pair_from_peer(store: &PairingStore, requests: &Path, id: &str) {
    let code = format!("PEER{id}");
    let mut asked = false;
    while !asked {
        peer_rewrites(requests, |document| {
            let pending = document["requests"].as_array_mut().unwrap();
            asked = pending.len() < 3;
            if asked {
                let time = "2026-03-01T12:00:00.000Z";
                pending.push(json!({ "id": id, "code": code, "createdAt": time, "lastSeenAt": time }));
            }
        });
    }
    assert!(matches!(store.approve(&code, now()).unwrap(), Approved::Person { .. }));
}

#[test]
fn two_programs_at_once_lose_nobody() {
    let root = tempfile::tempdir().unwrap();
    let credentials = root.path().join("credentials");
    let allow_list = credentials.join("zalouser-allowFrom.json");
    let requests = credentials.join("zalouser-pairing.json");
    // The other program makes a missing file without a lock; from here on both are there.
    store(root.path()).revoke("0").unwrap();
    store(root.path()).approve("none", now()).unwrap();

    let store = &store(root.path());
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    pair(store, &format!("{thread}-{round}"));
                }
            });
        }
        scope.spawn(|| {
            for round in 0..ROUNDS {
                pair_from_peer(store, &requests, &format!("asked-peer-{round}"));
            }
        });
        scope.spawn(|| {
            for round in 0..ROUNDS {
                let id = format!("by-peer-{round}");
                peer_rewrites(&allow_list, |document| {
                    document["allowFrom"].as_array_mut().unwrap().push(json!(id));
                });
            }
        });
    });

    let ours = (0..THREADS).flat_map(|thread| (0..ROUNDS).map(move |round| format!("{thread}-{round}")));
    let peers = ["asked-peer", "by-peer"].into_iter();
    let theirs = peers.flat_map(|kind| (0..ROUNDS).map(move |round| format!("{kind}-{round}")));
    let expected: BTreeSet<String> = ours.chain(theirs).collect();
    let allowed: BTreeSet<String> = store.allowed().unwrap().into_iter().collect();
    assert_eq!(allowed, expected);
    assert_eq!(store.pending(now()).unwrap(), []);
    let names: BTreeSet<_> = fs::read_dir(credentials).unwrap().map(|it| it.unwrap().file_name()).collect();
    let left: Vec<_> = names.iter().filter_map(|name| name.to_str()).collect();
    assert_eq!(
        left,
        ["zalouser-allowFrom.json", "zalouser-pairing.json"],
        "a lock or temporary file is left"
    );
}
