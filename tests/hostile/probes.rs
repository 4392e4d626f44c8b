//! What a guest finds behind WASI.

use zalouser::sandbox::bindings::inbound::{DropReport, Effect};

use super::{HOSTILE, NOW, guest, line};

#[tokio::test]
async fn behind_wasi_there_is_nothing_but_a_seed_for_hash_tables() {
    let (mut guest, monitor) = guest(&HOSTILE).await;
    let effects =
        guest.push(monitor, line("attack:probe").as_bytes(), NOW, DropReport::Origin).await.unwrap();
    let mut probed = 0;
    for effect in effects {
        let Effect::Log(entry) = effect else { panic!("{effect:?}") };
        let (name, found) = entry.message.split_once(": ").unwrap();
        match name {
            // What it writes goes nowhere, and it is not told so.
            "stdout" => assert_eq!(found, "()"),
            // Strangers must not be able to tell which keys of a table collide.
            "seed" => assert_ne!(found, "nothing"),
            _ => assert_eq!(found, "nothing", "{name}"),
        }
        probed += 1;
    }
    assert_eq!(probed, 15);
    assert!(!std::path::Path::new("/tmp/zalouser-hostile").exists());
}

#[tokio::test]
async fn two_guests_have_different_seeds() {
    let mut seeds = Vec::new();
    for _ in 0..2 {
        let (mut guest, monitor) = guest(&HOSTILE).await;
        let effects =
            guest.push(monitor, line("attack:probe").as_bytes(), NOW, DropReport::Origin).await.unwrap();
        seeds.push(format!("{:?}", effects.last()));
    }
    assert_ne!(seeds[0], seeds[1]);
}
