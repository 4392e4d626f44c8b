//! What the component is made of, and that it does not matter how it is built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::json;
use zalouser::sandbox::bindings::config::{Configuration, Environment};
use zalouser::sandbox::bindings::inbound::{DropReport, PairingRequest};
use zalouser::sandbox::bindings::outbound::Reply;
use zalouser::sandbox::bindings::types::{ChatKind, Thread};
use zalouser::sandbox::{self, Component, Guest};

use crate::conformance::{InboundCase, SANDBOX, SHIPPED};
use crate::setting::Finished;

const TARGET: &str = "wasm32-wasip2";

/// What the shipped component may take, in bytes: a host that compiles it anew at each start, or a page that loads it,
/// waits in proportion.
const SIZE_LIMIT: usize = 400 * 1_024;

#[test]
fn the_shipped_component_imports_nothing() {
    assert_eq!(SHIPPED.imports(), Vec::<String>::new());
}

#[test]
fn the_shipped_component_is_small() {
    println!("the component has {} bytes of {SIZE_LIMIT}", sandbox::SHIPPED.len());
    assert!(sandbox::SHIPPED.len() < SIZE_LIMIT, "{} bytes", sandbox::SHIPPED.len());
}

#[tokio::test]
async fn the_same_guest_built_for_wasi_decides_alike_without_being_granted_anything() {
    let wasi = SANDBOX.load(&built_for_wasi("zalouser-component")).unwrap();
    assert!(wasi.imports().iter().any(|name| name.starts_with("wasi:")), "{:?}", wasi.imports());

    let [shipped, wasi_built] = [everything(&SHIPPED).await, everything(&wasi).await];
    assert_eq!(shipped.configurations, wasi_built.configurations);
    assert_eq!(shipped.planned, wasi_built.planned);
    for (one, other) in shipped.decided.iter().zip(&wasi_built.decided) {
        assert_eq!(one, other);
    }
    assert_eq!(shipped.decided.len(), wasi_built.decided.len());
}

/// What a component makes of a bit of everything. Decisions are told as text, each with what it is of.
struct Made {
    configurations: Vec<String>,
    decided: Vec<String>,
    planned: Vec<String>,
}

async fn everything(component: &Component) -> Made {
    let mut guest = component.instantiate().await.unwrap();
    let config = json!({
        "channels": { "zalouser": {
            "dmPolicy": "open", "groups": { "Work Chat": { "requireMention": true } },
            "accounts": { "work": { "responsePrefix": "auto" }, "Home": {} },
        } },
        "messages": { "groupChat": { "mentionPatterns": ["bot", "("] } },
        "agents": { "defaults": { "envelopeTimezone": "utc" } },
    });
    let broken = json!({ "channels": { "zalouser": { "dmPolicy": "opne", "groops": {} } } });
    let mut configurations = Vec::new();
    for text in [config.to_string(), broken.to_string(), "{ channels: ".to_owned()] {
        let environment = Environment { zca_profile: Some("env".to_owned()) };
        configurations.push(format!("{:?}", guest.load_config(&text, &environment).await.unwrap()));
    }
    let config = guest.load_config(&config.to_string(), &Environment { zca_profile: None }).await;
    let config = config.unwrap().unwrap();

    let mut decided = recorded(&mut guest, &config).await;
    for case in InboundCase::all() {
        decided.push(format!("{}: {:?}", case.name(), case.effect(component).await));
    }
    Made { configurations, decided, planned: planned(&mut guest, &config).await }
}

/// The decisions about a recorded session, printed in pieces that end anywhere.
async fn recorded(guest: &mut Guest, config: &Configuration) -> Vec<String> {
    let monitor = guest.monitor(&config.accounts[0], &[]).await.unwrap();
    let mut effects = Vec::new();
    for piece in include_bytes!("vectors/listen-raw.txt").chunks(113) {
        effects.extend(guest.push(monitor, piece, 0, DropReport::Origin).await.unwrap());
    }
    effects.iter().map(|effect| format!("{effect:?}")).collect()
}

async fn planned(guest: &mut Guest, config: &Configuration) -> Vec<String> {
    let thread = Thread { id: "111".to_owned(), kind: ChatKind::Direct };
    let reply = Reply {
        thread: thread.clone(),
        text: format!(
            "| a | b |\n|---|---|\n| 1 | 2 |\n\n```rust\n{}```",
            "let wide = \"😀\";\n".repeat(300)
        ),
        media: vec!["https://example.invalid/a.jpg".to_owned()],
        model: None,
    };
    let request = PairingRequest {
        account_id: "work".to_owned(),
        sender_id: "111".to_owned(),
        sender_name: "Ánh".to_owned(),
        thread,
        message_id: "m1".to_owned(),
    };
    vec![
        format!("{:?}", guest.plan(&config.accounts[0].replies, &reply).await.unwrap()),
        format!("{:?}", guest.pairing_notice(&request, "ABCD2345", "approve it").await.unwrap()),
    ]
}

/// A guest as plain cargo builds it, by the name of its package.
pub(crate) fn built_for_wasi(package: &str) -> Vec<u8> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let _alone = BUILDS.lock().unwrap_or_else(PoisonError::into_inner);
    build(&workspace, &["--package", package, "--profile", "guest", "--target", TARGET]).succeeded();
    let file = format!("{}.wasm", package.replace('-', "_"));
    fs::read(guest_target_dir().join(TARGET).join("guest").join(file)).expect("cargo has written it")
}

/// The target folder in which the build script builds the guest, too: a cargo that runs this test may hold the
/// lock of its own.
pub(crate) fn guest_target_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../guest")
}

/// Runs `cargo build` with these arguments in a folder of this workspace, for the target folder of the guests.
pub(crate) fn build_for_wasi(folder: &Path, arguments: &[&str]) -> Finished {
    let _alone = BUILDS.lock().unwrap_or_else(PoisonError::into_inner);
    build(folder, arguments)
}

/// One build puts the file of a crate where another one puts its own of that crate.
static BUILDS: Mutex<()> = Mutex::new(());

fn build(folder: &Path, arguments: &[&str]) -> Finished {
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(folder)
        .args(["build", "--locked"])
        .args(arguments)
        .env("CARGO_TARGET_DIR", guest_target_dir())
        // What the cargo that runs this test was told about the host does not hold for the guest.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS");
    Finished::of(&mut command)
}
