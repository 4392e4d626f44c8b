//! What is exported.

use std::fs;

use serde_json::json;
use zeroclaw_plugins::validate::verify_component_loads;
use zeroclaw_plugins::{PluginCapability, PluginPermission};

use crate::gateway::{Gateway, limits};
use crate::world::World;

/// What a component may take, in bytes.
const SIZE_LIMIT: u64 = 500 * 1_024;

#[tokio::test]
async fn both_plugins_load_as_they_were_exported_and_are_small() {
    let world = World::of_alice();
    let bridge = world.bridge("0").await;
    let plugins = world.export("http://127.0.0.1:8787");
    let gateway = Gateway::new(&plugins, &bridge);
    for (name, capability) in
        [("zalouser-channel", PluginCapability::Channel), ("zalouser-tool", PluginCapability::Tool)]
    {
        let file = plugins.join(name).join(format!("{name}.wasm"));
        let size = fs::metadata(&file).unwrap().len();
        println!("{name} for ZeroClaw has {size} bytes of {SIZE_LIMIT}");
        assert!(size < SIZE_LIMIT, "{name}: {size} bytes");

        let (manifest, component) = gateway.plugin(name);
        assert_eq!(manifest.capabilities, [capability]);
        assert_eq!(manifest.permissions, [PluginPermission::HttpClient, PluginPermission::ConfigRead]);
        assert_eq!(manifest.egress.hosts, ["127.0.0.1"]);
        assert!(manifest.wasm_sha256.is_some(), "it is said which component it is");
        let schema = manifest.config_schema.as_ref().unwrap();
        assert_eq!(schema["required"], json!([]), "the bridge is where it is looked for");
        verify_component_loads(component, manifest, limits()).await.unwrap();
    }
}

#[tokio::test]
async fn a_bridge_that_is_elsewhere_has_to_be_configured() {
    let world = World::of_alice();
    let bridge = world.bridge("0").await;
    let gateway = Gateway::new(&world.export("https://Zalo.example.org:8443"), &bridge);
    for name in ["zalouser-channel", "zalouser-tool"] {
        let (manifest, _) = gateway.plugin(name);
        assert_eq!(manifest.egress.hosts, ["zalo.example.org"]);
        let schema = manifest.config_schema.as_ref().unwrap();
        assert_eq!(schema["required"], json!(["bridge"]));
        assert_eq!(schema["properties"]["bridge"]["default"], "https://zalo.example.org:8443");
    }
    gateway.unset("bridge");
    let problem = gateway.channel().await.map(drop).unwrap_err();
    assert!(problem.contains("bridge"), "{problem}");
}
