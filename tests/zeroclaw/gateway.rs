//! ZeroClaw's own plugin host, which loads what was exported.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Once, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::broadcast;
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zeroclaw_api::channel::{Channel, ChannelMessage};
use zeroclaw_api::tool::ToolResult;
use zeroclaw_plugins::component::PluginLimits;
use zeroclaw_plugins::config::{PluginConfigResolver, resolve_plugin_config};
use zeroclaw_plugins::egress::{EgressHostService, EgressPolicy, EgressPolicyResolver};
use zeroclaw_plugins::endpoint::PluginChannelEndpoint;
use zeroclaw_plugins::host::{AdmittedComponent, PluginHost};
use zeroclaw_plugins::instance::PluginInstanceScope;
use zeroclaw_plugins::runtime;
use zeroclaw_plugins::services::{
    PluginHostServices, PluginStateBackend, PluginStateError, PluginStateKey, PluginStateService,
    PluginStateValue,
};
use zeroclaw_plugins::wasm_channel::WasmChannel;
use zeroclaw_plugins::{PluginCapability, PluginManifest};

use crate::world::Bridge;

/// A message has to come within this time.
const PATIENCE: Duration = Duration::from_secs(120);

/// What ZeroClaw allows a plugin unless its operator says otherwise.
pub(crate) fn limits() -> PluginLimits {
    PluginLimits {
        call_fuel: 1_000_000_000,
        max_memory_bytes: 256 << 20,
        max_table_elements: 10_000,
        max_instances: 32,
        call_timeout: Duration::from_secs(30),
    }
}

/// A gateway with a folder of plugins, and what its operator configured for them.
pub(crate) struct Gateway {
    host: PluginHost,
    settings: Arc<RwLock<HashMap<String, String>>>,
    /// The hosts that plugins may ask, loopback and private ones among them.
    pub(crate) allowed: Vec<String>,
}

impl Gateway {
    /// One whose operator did what the README says.
    pub(crate) fn new(plugins: &Path, bridge: &Bridge) -> Self {
        let host = PluginHost::from_plugins_dir(plugins).unwrap();
        let gateway = Self { host, settings: Arc::default(), allowed: vec!["127.0.0.1".to_owned()] };
        gateway.set("bridge", &bridge.url());
        gateway.set("token", &bridge.token);
        gateway
    }

    pub(crate) fn set(&self, name: &str, value: &str) {
        self.settings.write().unwrap().insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn unset(&self, name: &str) {
        self.settings.write().unwrap().remove(name);
    }

    pub(crate) fn plugin(&self, name: &str) -> (&PluginManifest, &AdmittedComponent) {
        (self.host.manifest(name).unwrap(), self.host.admitted_component(name).unwrap())
    }

    fn services(&self, manifest: &PluginManifest) -> PluginHostServices {
        let (manifest, settings) = (manifest.clone(), Arc::clone(&self.settings));
        let resolver = PluginConfigResolver::new(move |scope| {
            resolve_plugin_config(&manifest, scope, Some(&*settings.read().unwrap()))
        });
        PluginHostServices::new(resolver, PluginStateService::new(NoState))
    }

    fn egress(&self) -> Option<EgressHostService> {
        let allowed = self.allowed.clone();
        Some(EgressHostService::new(EgressPolicyResolver::new(move |_| {
            EgressPolicy::new(&allowed, &allowed, &[], 16)
        })))
    }

    /// Starts the channel, as the gateway does and whenever it gave up an instance.
    pub(crate) async fn channel(&self) -> Result<WasmChannel, String> {
        let (manifest, component) = self.plugin("zalouser-channel");
        let granted = manifest.permissions.iter().copied();
        let scope = PluginInstanceScope::from_manifest(manifest, PluginCapability::Channel, "zalo", granted);
        let endpoint = PluginChannelEndpoint::new(scope.unwrap(), "plugin").unwrap();
        let services = self.services(manifest);
        let channel = WasmChannel::from_wasm(endpoint, component, &services, limits(), self.egress()).await;
        // Its operator lets everybody write whom the component lets through.
        let channel = channel.map_err(|err| format!("{err:#}"))?;
        Ok(channel.with_sender_authorizer(Arc::new(|_| true)))
    }

    /// Starts the channel and polls it, and gives what comes through a queue with this many places.
    pub(crate) async fn listen(&self, places: usize) -> Listening {
        let channel = Arc::new(self.channel().await.unwrap());
        let (sender, messages) = mpsc::channel(places);
        let listener = Arc::clone(&channel);
        let task = tokio::spawn(async move { drop(listener.listen(sender).await) });
        Listening { channel, messages, task }
    }

    pub(crate) async fn tool(&self) -> runtime::Plugin {
        let (manifest, component) = self.plugin("zalouser-tool");
        let granted = manifest.permissions.iter().copied();
        let scope =
            PluginInstanceScope::for_package_binding(manifest, PluginCapability::Tool, granted).unwrap();
        let services = self.services(manifest);
        runtime::create_plugin_with_egress(component, &scope, &services, limits(), self.egress())
            .await
            .unwrap()
    }

    /// Calls the tool by an instance of its own, as the gateway does.
    pub(crate) async fn call(&self, call: &Value) -> ToolResult {
        let mut tool = self.tool().await;
        runtime::call_execute(&mut tool, call.to_string().as_bytes()).await.unwrap()
    }
}

/// The errors that the gateway logs from now on, whichever plugin they are of.
pub(crate) fn errors() -> broadcast::Receiver<Value> {
    static INSTALLED: Once = Once::new();
    // Errors alone: the compiler logs every instruction.
    INSTALLED.call_once(|| zeroclaw_log::install_global_subscriber(Some("error"), "error", false));
    zeroclaw_log::subscribe_or_install()
}

/// A channel that is polled.
pub(crate) struct Listening {
    pub(crate) channel: Arc<WasmChannel>,
    messages: Receiver<ChannelMessage>,
    task: JoinHandle<()>,
}

impl Listening {
    pub(crate) async fn next(&mut self) -> ChannelMessage {
        timeout(PATIENCE, self.messages.recv()).await.expect("a message comes").expect("it is polled")
    }

    /// Stops polling, and gives up the instance.
    pub(crate) async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Keeps nothing: the plugins ask for no state.
struct NoState;

#[async_trait]
impl PluginStateBackend for NoState {
    async fn get(
        &self,
        _scope: &PluginInstanceScope,
        _key: &PluginStateKey,
    ) -> Result<Option<PluginStateValue>, PluginStateError> {
        Err(PluginStateError::Unavailable)
    }

    async fn put(
        &self,
        _scope: &PluginInstanceScope,
        _key: &PluginStateKey,
        _value: &[u8],
        _expected_revision: Option<u64>,
    ) -> Result<u64, PluginStateError> {
        Err(PluginStateError::Unavailable)
    }

    async fn delete(
        &self,
        _scope: &PluginInstanceScope,
        _key: &PluginStateKey,
        _expected_revision: u64,
    ) -> Result<(), PluginStateError> {
        Err(PluginStateError::Unavailable)
    }
}
