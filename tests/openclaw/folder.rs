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
    let test = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/openclaw/plugin.test.mjs");
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
    let ended = Finished::of(Command::new("node").arg("--test").arg(test));
    assert!(ended.status.success(), "{}\n{}", ended.stdout, ended.stderr);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../extensions/zalouser")
}
