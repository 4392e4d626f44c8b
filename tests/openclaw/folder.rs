//! The plugin folder by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::setting::{Finished, Setting};

#[test]
fn the_plugin_folder_is_of_this_version_and_describes_this_tool() {
    let read = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(folder().join(name)).unwrap()).unwrap()
    };
    assert_eq!(read("package.json")["version"], json!(env!("CARGO_PKG_VERSION")));
    let described = Setting::new().run(&["tool", "describe", "--json"]).succeeded();
    let described: Value = serde_json::from_str(&described).unwrap();
    let expected = json!({ "description": described["description"], "parameters": described["parameters"] });
    assert_eq!(read("tool.json"), expected);
    let package = read("package.json");
    let mut files: Vec<_> =
        package["files"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    files.push("package.json");
    files.sort_unstable();
    let mut found: Vec<_> =
        fs::read_dir(folder()).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, files, "all of the folder is in the package, and nothing else");
}

#[test]
fn the_plugin_folder_translates() {
    let Ok(version) = Command::new("node").arg("--version").output() else {
        eprintln!("NOT TESTED: node is not installed, so that the plugin folder was not run");
        return;
    };
    let version = String::from_utf8(version.stdout).unwrap();
    let major: u32 = version.trim_start_matches('v').split('.').next().unwrap().parse().unwrap();
    if major < 22 {
        eprintln!("NOT TESTED: the plugin folder takes node 22, and this is {version}");
        return;
    }
    let tests = ["plugin", "account"].map(|name| root().join(format!("tests/openclaw/{name}.test.mjs")));
    Finished::of(Command::new("node").arg("--test").args(tests)).succeeded();
}

#[test]
fn npm_packs_what_is_needed_and_nothing_else() {
    if Command::new("npm").arg("--version").output().is_err() {
        eprintln!("NOT TESTED: npm is not installed, so that the plugin folder was not packed");
        return;
    }
    let home = Setting::new().path("home");
    let mut pack = Command::new("npm");
    pack.args(["pack", "--dry-run", "--json", "--offline"]).current_dir(folder()).env("HOME", home);
    let packed: Value = serde_json::from_str(&Finished::of(&mut pack).succeeded()).unwrap();
    assert_eq!(packed[0]["id"], json!(concat!("@zalouser/zalouser@", env!("CARGO_PKG_VERSION"))));
    let files = packed[0]["files"].as_array().unwrap().iter();
    let files: Vec<_> = files.map(|file| file["path"].as_str().unwrap()).collect();
    let needed = [
        "README.md",
        "channel.js",
        "inbound.js",
        "index.js",
        "native.js",
        "openclaw.plugin.json",
        "package.json",
        "tool.json",
    ];
    assert_eq!(files, needed);
}

fn folder() -> PathBuf {
    root().join("extensions/zalouser")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
