//! Tests that run the real thing: the shipped component, the real binary, and a simulated `zca`.
#![cfg(test)]

mod any_host;
mod bridge;
mod channels_edit;
mod component;
mod config;
mod config_schema;
mod conformance;
mod differences;
mod directory;
mod doctor;
mod embed;
mod example;
mod export;
mod faults;
mod gateway;
mod grants;
mod hostile;
mod ironclaw;
mod journal;
mod login;
mod logs;
mod mcp;
mod message;
mod onboard;
mod openclaw;
mod pairing;
mod plugins;
mod queue;
mod registry;
mod replay;
mod setting;
mod status;
mod tables;
mod terminal;
mod tool;

use std::fs;
use std::path::Path;

#[test]
fn no_test_file_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    let mut forgotten = Vec::new();
    for module in ["main.rs", "faults.rs", "gateway.rs", "hostile.rs"] {
        let lists = fs::read_to_string(folder.join(module)).expect("the module is there");
        let listed = match module.trim_end_matches(".rs") {
            "main" => folder.clone(),
            name => folder.join(name),
        };
        for entry in fs::read_dir(listed).expect("its folder is there") {
            let name = entry.expect("it can be listed").file_name().into_string().expect("ASCII");
            let Some(stem) = name.strip_suffix(".rs").filter(|stem| *stem != "main") else { continue };
            if !lists.contains(&format!("mod {stem};\n")) {
                forgotten.push(format!("{module} does not list {stem}"));
            }
        }
    }
    assert!(forgotten.is_empty(), "{forgotten:?}");
}
