//! `zalouser plugins export zeroclaw`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use serde_json::json;
use sha2::{Digest, Sha256};
use url::{Host, Url};

use super::{Exported, ZEROCLAW_CHANNEL, ZEROCLAW_TOOL};

/// Where the components look for the bridge unless they are told.
const BRIDGE: &str = "http://127.0.0.1:8787";

/// What the channel is called in ZeroClaw's configuration, for the lines that are printed.
const ALIAS: &str = "zalo";

const CHANNEL: Plugin = Plugin {
    name: "zalouser-channel",
    capability: "channel",
    description: "A personal Zalo account, through zalouser bridge",
    component: ZEROCLAW_CHANNEL,
};

const TOOL: Plugin = Plugin {
    name: "zalouser-tool",
    capability: "tool",
    description: "Sends messages from a personal Zalo account and finds people and groups, through zalouser bridge",
    component: ZEROCLAW_TOOL,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The folder to write zalouser-channel and zalouser-tool into
    folder: PathBuf,
    /// Where ZeroClaw reaches the bridge
    #[arg(long, value_name = "URL", value_parser = super::address, default_value = BRIDGE)]
    bridge: Url,
}

/// A plugin of ZeroClaw.
struct Plugin {
    name: &'static str,
    capability: &'static str,
    description: &'static str,
    component: Exported,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let host = host(&arguments.bridge)?;
    let mut out = io::stdout().lock();
    for plugin in [CHANNEL, TOOL] {
        let folder = arguments.folder.join(plugin.name);
        let component = plugin.component.component()?;
        plugin.write(&folder, &component, &plugin.manifest(&component, &arguments.bridge, &host))?;
        writeln!(out, "Wrote {}, {} bytes", folder.display(), component.len())?;
    }
    writeln!(out, "ZeroClaw looks for both in ~/.zeroclaw/plugins; add to ~/.zeroclaw/config.toml:\n")?;
    writeln!(out, "[channels.plugin.{ALIAS}]\nenabled = true\npackage = {:?}", CHANNEL.name)?;
    let entries = [(CHANNEL, ALIAS), (TOOL, TOOL.name)].map(|(plugin, binding)| plugin.key(binding));
    for key in &entries {
        writeln!(out, "\n[[plugins.entries]]\nname = {key:?}\negress_hosts = [{host:?}]")?;
        if is_inside(&arguments.bridge) {
            writeln!(out, "egress_allow_private = [{host:?}]")?;
        }
    }
    writeln!(out, "\nThen give both the token of the bridge, which these ask for:\n")?;
    for key in &entries {
        if !is_default(&arguments.bridge) {
            writeln!(
                out,
                "zeroclaw config set plugins.entries.{key}.config.bridge {}",
                text(&arguments.bridge)
            )?;
        }
        writeln!(out, "zeroclaw config set plugins.entries.{key}.config.token")?;
    }
    writeln!(
        out,
        "\nAn agent answers once it has \"plugin.{ALIAS}\" among its channels, and a peer group names who is heard"
    )?;
    Ok(out.flush()?)
}

impl Plugin {
    fn write(&self, folder: &Path, component: &[u8], manifest: &str) -> anyhow::Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let files =
            [(format!("{}.wasm", self.name), component), ("manifest.toml".to_owned(), manifest.as_bytes())];
        for (file, content) in files {
            let path = folder.join(file);
            fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// Where ZeroClaw has the settings of this plugin, for a channel of this alias or the tool of this name.
    fn key(&self, binding: &str) -> String {
        let identity = json!([self.name, self.capability, binding]).to_string();
        format!("zpi1_{}", URL_SAFE_NO_PAD.encode(identity))
    }

    fn manifest(&self, component: &[u8], bridge: &Url, host: &str) -> String {
        let Self { name, capability, description, .. } = self;
        let version = env!("CARGO_PKG_VERSION");
        let sha256 = Sha256::digest(component);
        // The component knows but one address by itself.
        let required = if is_default(bridge) { "" } else { r#""bridge""# };
        let bridge = text(bridge);
        format!(
            r#"name = "{name}"
version = "{version}"
description = "{description}"
author = "zalouser"
wasm_path = "{name}.wasm"
wasm_sha256 = "{sha256:x}"
capabilities = ["{capability}"]
permissions = ["http_client", "config_read"]

# What it asks for. What it may reach is what the operator allows in egress_hosts.
[egress]
hosts = ["{host}"]

[config_schema]
"$schema" = "https://json-schema.org/draft/2020-12/schema"
type = "object"
additionalProperties = false
required = [{required}]

[config_schema.properties.bridge]
type = "string"
minLength = 1
description = "Where zalouser bridge is"
default = "{bridge}"

[config_schema.properties.account]
type = "string"
minLength = 1
description = "The account of the bridge; its default one unless this is set"

[config_schema.properties.token]
type = "string"
minLength = 1
x-secret = true
description = "The token of the bridge, which is in the file that it names when it starts"
"#
        )
    }
}

/// The host of an address as ZeroClaw's lists have it: without the brackets around one of IPv6.
fn host(bridge: &Url) -> anyhow::Result<String> {
    let host = bridge.host().context("the address names no host")?;
    Ok(match host {
        Host::Ipv6(address) => address.to_string(),
        named => named.to_string(),
    })
}

/// Whether ZeroClaw wants an address to be allowed as one of its own network, as far as the name tells.
fn is_inside(bridge: &Url) -> bool {
    match bridge.host() {
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn is_default(bridge: &Url) -> bool {
    text(bridge) == BRIDGE
}

fn text(bridge: &Url) -> &str {
    bridge.as_str().trim_end_matches('/')
}
