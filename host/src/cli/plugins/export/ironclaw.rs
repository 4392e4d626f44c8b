//! `zalouser plugins export ironclaw`.

use std::fs;
use std::io::{self, Cursor, Write};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};
use url::Url;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::sandbox::bindings::tool::Descriptor;

/// What the component keeps free for the address: this, and blanks up to 256 bytes in all.
const MARK: &[u8] = b"zalouser-bridge-address:";
const SLOT: usize = 256;

/// The package's file.
const FILE: &str = "zalouser-ironclaw.zip";

const MODULE: &str = "wasm/zalouser.wasm";
const SCHEMA: &str = "schemas/zalouser.input.json";
const OUTPUT_SCHEMA: &str = "schemas/zalouser.output.json";
const PROMPT: &str = "prompts/zalouser.md";

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The folder to write zalouser-ironclaw.zip into
    folder: PathBuf,
    /// Where IronClaw reaches the bridge, such as `https://zalo.example.org`
    #[arg(long, value_name = "URL", value_parser = address)]
    bridge: Url,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let address = arguments.bridge.as_str().trim_end_matches('/');
    let sandbox = super::super::super::cached_sandbox(&super::super::super::state_dir()?)?;
    let descriptor = sandbox.load_shipped()?.instantiate().await?.describe_tool().await?;
    let package = package(&arguments.bridge, address, &descriptor)?;
    fs::create_dir_all(&arguments.folder)
        .with_context(|| format!("cannot make the folder {}", arguments.folder.display()))?;
    let path = arguments.folder.join(FILE);
    fs::write(&path, &package).with_context(|| format!("cannot write {}", path.display()))?;

    let mut out = io::stdout().lock();
    writeln!(out, "Wrote {}, {} bytes, for the bridge at {address}", path.display(), package.len())?;
    if arguments.bridge.scheme() != "https" {
        writeln!(out, "IronClaw hands a token to https addresses alone, and may refuse this one")?;
    }
    writeln!(out, "Import it, and give its secret zalouser_bridge_token the token of the bridge")?;
    Ok(out.flush()?)
}

/// An address of a bridge that fits into the slot.
fn address(text: &str) -> Result<Url, String> {
    let url = super::address(text)?;
    if url.as_str().len() > SLOT - MARK.len() {
        return Err(format!("it is longer than {} bytes", SLOT - MARK.len()));
    }
    Ok(url)
}

fn package(bridge: &Url, address: &str, tool: &Descriptor) -> anyhow::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // Without a time of its own, so that the same package is the same file.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (path, content) in [
        ("manifest.toml", manifest(bridge, &tool.description)?.into_bytes()),
        (SCHEMA, input_schema(tool)?.into_bytes()),
        (OUTPUT_SCHEMA, json!({ "type": "object" }).to_string().into_bytes()),
        (PROMPT, include_bytes!("ironclaw_package/zalouser.md").to_vec()),
        (MODULE, addressed(address)?),
    ] {
        zip.start_file(path, options)?;
        zip.write_all(&content)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The component, with the address of the bridge in its slot.
fn addressed(address: &str) -> anyhow::Result<Vec<u8>> {
    let mut component = super::IRONCLAW_TOOL.component()?;
    let is_slot =
        |window: &[u8]| window.starts_with(MARK) && window[MARK.len()..].iter().all(|byte| *byte == b' ');
    let slots: Vec<_> =
        component.windows(SLOT).enumerate().filter(|(_, window)| is_slot(window)).map(|(at, _)| at).collect();
    let [at] = slots[..] else { bail!("the component has {} slots for an address", slots.len()) };
    let start = at + MARK.len();
    let slot = component.get_mut(start..start + address.len()).context("the slot is cut off")?;
    slot.copy_from_slice(address.as_bytes());
    Ok(component)
}

/// The schema of a call, as the logic describes it.
fn input_schema(tool: &Descriptor) -> anyhow::Result<String> {
    let schema: Value = serde_json::from_str(&tool.parameters)?;
    Ok(format!("{schema:#}\n"))
}

fn manifest(bridge: &Url, description: &str) -> anyhow::Result<String> {
    let host = bridge.host_str().context("the address names no host")?;
    let port = bridge.port().map(|port| format!(", port = {port}")).unwrap_or_default();
    let scheme = bridge.scheme();
    let version = env!("CARGO_PKG_VERSION");
    // A text of JSON is one of TOML, too.
    let description = json!(description);
    Ok(format!(
        r#"schema_version = "reborn.extension_manifest.v2"
id = "zalouser"
name = "Zalo Personal"
version = "{version}"
description = {description}
trust = "third_party"

[runtime]
kind = "wasm"
module = "{MODULE}"

[[host_api]]
id = "ironclaw.capability_provider/v1"
section = "capability_provider.tools"

[capability_provider.tools]

[[capability_provider.tools.capabilities]]
id = "zalouser.call"
description = {description}
effects = ["network", "use_secret", "external_write"]
default_permission = "ask"
visibility = "model"
input_schema_ref = "{SCHEMA}"
output_schema_ref = "{OUTPUT_SCHEMA}"
prompt_doc_ref = "{PROMPT}"
required_host_ports = ["host.runtime.http_egress"]

# The token goes to this address and to no other, and IronClaw puts it in: the component never sees it.
[[capability_provider.tools.capabilities.runtime_credentials]]
handle = "zalouser_bridge_token"
source = {{ type = "secret_handle" }}
audience = {{ scheme = "{scheme}", host_pattern = "{host}"{port} }}
target = {{ type = "header", name = "authorization", prefix = "Bearer " }}
required = true
"#
    ))
}
