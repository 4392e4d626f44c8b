//! The plugins for ZeroClaw as they are exported. `tests/zeroclaw/` runs them in its own plugin host.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::setting::Setting;

/// What a component may take, in bytes: the tool's is compiled at every call.
const SIZE_LIMIT: usize = 500 * 1_024;

#[test]
fn both_plugins_for_zeroclaw_are_small_pinned_and_import_only_what_it_offers() {
    let setting = Setting::new();
    setting.run(&["plugins", "export", "zeroclaw", "plugins"]).succeeded();
    let engine = Engine::default();
    for name in ["zalouser-channel", "zalouser-tool"] {
        let component = fs::read(setting.path(&format!("plugins/{name}/{name}.wasm"))).unwrap();
        println!("{name} for ZeroClaw has {} bytes of {SIZE_LIMIT}", component.len());
        assert!(component.len() < SIZE_LIMIT, "{name}: {} bytes", component.len());
        let manifest = fs::read_to_string(setting.path(&format!("plugins/{name}/manifest.toml"))).unwrap();
        let pinned = format!("wasm_sha256 = \"{:x}\"", Sha256::digest(&component));
        assert!(manifest.lines().any(|line| line == pinned), "{manifest}");

        let component = Component::new(&engine, &component).unwrap();
        for (import, _) in component.component_type().imports(&engine) {
            let is_offered = import.starts_with("zeroclaw:plugin/")
                || (import.starts_with("wasi:") && import.ends_with("@0.2.0"));
            assert!(is_offered, "{name} imports {import}");
        }
    }
}

#[test]
fn what_is_printed_for_the_operator_names_both_plugins_and_what_they_may_reach() {
    let setting = Setting::new();
    for (bridge, host, is_inside) in [
        ("http://127.0.0.1:8787", "127.0.0.1", true),
        ("http://[::1]:9000", "::1", true),
        ("http://192.168.1.2:8787", "192.168.1.2", true),
        ("https://zalo.example.org", "zalo.example.org", false),
    ] {
        let told = setting.run(&["plugins", "export", "zeroclaw", "plugins", "--bridge", bridge]).succeeded();
        let keys = told.lines().filter_map(|line| line.strip_prefix("name = \"zpi1_")?.strip_suffix('"'));
        let plugins: Vec<Value> =
            keys.map(|key| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(key).unwrap()).unwrap()).collect();
        let (channel, tool) =
            (["zalouser-channel", "channel", "zalo"], ["zalouser-tool", "tool", "zalouser-tool"]);
        assert_eq!(plugins, [json!(channel), json!(tool)]);
        assert_eq!(told.matches(&format!("\negress_hosts = [\"{host}\"]\n")).count(), 2, "{told}");
        let private = format!("\negress_allow_private = [\"{host}\"]\n");
        assert_eq!(told.matches(&private).count(), if is_inside { 2 } else { 0 }, "{told}");
        let set = format!(".config.bridge {bridge}\n");
        assert_eq!(told.contains(&set), bridge != "http://127.0.0.1:8787", "{told}");
    }
}

#[test]
fn an_address_that_no_bridge_can_have_is_not_exported() {
    let setting = Setting::new();
    for address in ["zalo.example.org", "ftp://e.org", "https://me:pw@e.org", "https://e.org/v1"] {
        let ended = setting.run(&["plugins", "export", "zeroclaw", "plugins", "--bridge", address]);
        assert_eq!(ended.code(), 2, "{address}: {ended:?}");
        assert!(!setting.path("plugins").exists(), "{address}");
    }
}
