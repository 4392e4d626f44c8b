//! The component in hosts that are not ours: it decides there as it does here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use zalouser::sandbox::SHIPPED;

use crate::registry;
use crate::setting::Setting;

const JCO: &str = "@bytecodealliance/jco@1.35.0";
const WASMTIME: &str = "wasmtime==50.0.1";

/// A file of this folder's tests.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests").join(name)
}

/// Where one of the two people in the recordings is let in, and the other one's group is not.
fn setting() -> Setting {
    let setting = Setting::new();
    setting.configure(&json!({
        "channels": { "zalouser": { "groupPolicy": "allowlist", "allowFrom": ["111"] } },
        "agents": { "defaults": { "envelopeTimezone": "utc" } },
    }));
    setting
}

/// Checks that `host`, a program that takes a component, a configuration and a recording, prints what `replay` does.
fn agrees(host: &mut Command) {
    let setting = setting();
    let component = setting.path("zalouser.wasm");
    fs::write(&component, SHIPPED).unwrap();
    let recording = file("vectors/listen-raw.txt");
    let output = host.arg(component).arg(setting.state().config_file()).arg(&recording).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let decisions: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();

    let replayed = setting.run(&["replay", "--json", recording.to_str().unwrap()]);
    let expected: Vec<Value> = replayed.succeeded().lines().map(in_short).collect();
    assert_eq!(expected.len(), 7, "the recording has seven messages");
    assert_eq!(decisions, expected);
}

/// A record of `replay` as the foreign hosts print it.
fn in_short(record: &str) -> Value {
    let record: Value = serde_json::from_str(record).unwrap();
    let mut short = json!({});
    for key in ["outcome", "reason", "senderId", "messageId"] {
        short[key] = record[key].clone();
    }
    if record["outcome"] == "deliver" {
        short["body"] = record["context"]["Body"].clone();
    }
    short
}

#[test]
fn node_decides_as_replay_does() {
    let Some(folder) = registry::node(JCO) else { return };
    // Node looks for packages beside the script.
    let script = folder.join("drive.mjs");
    fs::copy(file("any_host/drive.mjs"), &script).unwrap();
    agrees(Command::new("node").arg(script));
}

#[test]
fn python_decides_as_replay_does() {
    let Some(python) = registry::python(WASMTIME) else { return };
    agrees(Command::new(python).arg(file("any_host/drive.py")));
}
