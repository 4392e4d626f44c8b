//! One instance of a component, and the calls into it.

use wasmtime::Store;
use wasmtime::component::ResourceAny;

use super::bindings::config::{Account, ConfigError, Configuration, Environment, ReplyFormat, Route};
use super::bindings::directory::{self, Entry, Target, TargetError, Unresolved};
use super::bindings::inbound::{Effect, PairingRequest, Remembered, ZoneOffset};
use super::bindings::outbound::Reply;
use super::bindings::tool::{self, Answer, CallContext, Descriptor};
use super::bindings::types::{Command, Outcome, Thread};
use super::bindings::{Plugin, PluginPre};
use super::engine::State;
use super::error::Error;

/// One instance of a component. After an [`Error`] it is of no more use and is to be dropped; any
/// further call fails, too.
pub struct Guest {
    store: Store<State>,
    plugin: Plugin,
    budget_ticks: u64,
}

/// The monitor of one account inside a [`Guest`].
#[derive(Clone, Copy, Debug)]
pub struct MonitorHandle(ResourceAny);

/// Gives the call its time, makes it, and sorts its failure.
macro_rules! call {
    ($guest:ident, $name:literal, |$store:ident| $call:expr) => {{
        $guest.grant_time();
        let $store = &mut $guest.store;
        let result = $call.await;
        result.map_err(|err| Error::of_call($name, &err, $guest.store.data().growth.refused))
    }};
}

impl Guest {
    pub(super) async fn start(
        mut store: Store<State>,
        pre: &PluginPre<State>,
        budget_ticks: u64,
    ) -> Result<Self, Error> {
        store.data_mut().ticks = budget_ticks;
        store.set_epoch_deadline(1);
        match pre.instantiate_async(&mut store).await {
            Ok(plugin) => Ok(Self { store, plugin, budget_ticks }),
            Err(err) => Err(Error::of_call("start", &err, store.data().growth.refused)),
        }
    }

    /// Reads the gateway's configuration file.
    ///
    /// # Errors
    /// The outer error is the guest's failure, the inner one what is wrong with the file.
    pub async fn load_config(
        &mut self,
        json5: &str,
        environment: &Environment,
    ) -> Result<Result<Configuration, Vec<ConfigError>>, Error> {
        call!(self, "config.load", |store| self.plugin.zalouser_plugin_config().call_load(
            store,
            json5,
            environment
        ))
    }

    /// Makes the monitor of an account. `zone` is the time zone that the account asks for.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn monitor(&mut self, account: &Account, zone: &[ZoneOffset]) -> Result<MonitorHandle, Error> {
        call!(self, "monitor", |store| self
            .plugin
            .zalouser_plugin_inbound()
            .monitor()
            .call_constructor(store, account, zone))
        .map(MonitorHandle)
    }

    /// Asks which commands the monitor would like to see the outcomes of.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn prepare(&mut self, monitor: MonitorHandle) -> Result<Vec<Command>, Error> {
        call!(self, "monitor.prepare", |store| self
            .plugin
            .zalouser_plugin_inbound()
            .monitor()
            .call_prepare(store, monitor.0))
    }

    /// Hands over the outcomes of what [`Self::prepare`] named.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn learn(
        &mut self,
        monitor: MonitorHandle,
        outcomes: &[Outcome],
    ) -> Result<Vec<Effect>, Error> {
        call!(self, "monitor.learn", |store| self
            .plugin
            .zalouser_plugin_inbound()
            .monitor()
            .call_learn(store, monitor.0, outcomes))
    }

    /// Hands over what an earlier monitor of the account remembered.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn recall(&mut self, monitor: MonitorHandle, messages: &[Remembered]) -> Result<(), Error> {
        call!(self, "monitor.recall", |store| self
            .plugin
            .zalouser_plugin_inbound()
            .monitor()
            .call_recall(store, monitor.0, messages))
    }

    /// Replaces the set of paired senders.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn set_paired(&mut self, monitor: MonitorHandle, senders: &[String]) -> Result<(), Error> {
        call!(self, "monitor.set-paired", |store| self
            .plugin
            .zalouser_plugin_inbound()
            .monitor()
            .call_set_paired(store, monitor.0, senders))
    }

    /// Hands over the next bytes of the listener.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn push(
        &mut self,
        monitor: MonitorHandle,
        chunk: &[u8],
        now: u64,
    ) -> Result<Vec<Effect>, Error> {
        call!(self, "monitor.push", |store| self
            .plugin
            .zalouser_plugin_inbound()
            .monitor()
            .call_push(store, monitor.0, chunk, now))
    }

    /// Says that the listener's output has ended.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn finish(&mut self, monitor: MonitorHandle, now: u64) -> Result<Vec<Effect>, Error> {
        call!(self, "monitor.finish", |store| self
            .plugin
            .zalouser_plugin_inbound()
            .monitor()
            .call_finish(store, monitor.0, now))
    }

    /// Turns a reply into commands.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn plan(&mut self, format: &ReplyFormat, reply: &Reply) -> Result<Vec<Command>, Error> {
        call!(self, "outbound.plan", |store| self
            .plugin
            .zalouser_plugin_outbound()
            .call_plan(store, format, reply))
    }

    /// Writes the offer of a pairing code.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn pairing_notice(
        &mut self,
        request: &PairingRequest,
        code: &str,
        approve: &str,
    ) -> Result<Vec<Command>, Error> {
        call!(self, "outbound.pairing-notice", |store| self
            .plugin
            .zalouser_plugin_outbound()
            .call_pairing_notice(store, request, code, approve))
    }

    /// Names the conversation of a thread.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn session_key(&mut self, routes: &[Route], thread: &Thread) -> Result<String, Error> {
        call!(self, "outbound.session-key", |store| self
            .plugin
            .zalouser_plugin_outbound()
            .call_session_key(store, routes, thread))
    }

    /// Searches what a command listed.
    ///
    /// # Errors
    /// The outer error is the guest's failure, the inner one says why there are no entries.
    pub async fn find(
        &mut self,
        command: &Command,
        outcome: &Outcome,
        query: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Result<Vec<Entry>, directory::Error>, Error> {
        call!(self, "directory.find", |store| self
            .plugin
            .zalouser_plugin_directory()
            .call_find(store, command, outcome, query, limit))
    }

    /// Reads where a message is to go.
    ///
    /// # Errors
    /// The outer error is the guest's failure, the inner one what is wrong with the target.
    pub async fn parse_target(&mut self, text: &str) -> Result<Result<Target, TargetError>, Error> {
        call!(self, "directory.parse-target", |store| self
            .plugin
            .zalouser_plugin_directory()
            .call_parse_target(store, text))
    }

    /// Reads the id of a group.
    ///
    /// # Errors
    /// The outer error is the guest's failure, the inner one what is wrong with the id.
    pub async fn parse_group(&mut self, text: &str) -> Result<Result<String, TargetError>, Error> {
        call!(self, "directory.parse-group", |store| self
            .plugin
            .zalouser_plugin_directory()
            .call_parse_group(store, text))
    }

    /// Finds the conversation with whoever has a name.
    ///
    /// # Errors
    /// The outer error is the guest's failure, the inner one says why the name means nobody.
    pub async fn resolve(
        &mut self,
        name: &str,
        friends: &[Entry],
        groups: &[Entry],
    ) -> Result<Result<Thread, Unresolved>, Error> {
        call!(self, "directory.resolve", |store| self
            .plugin
            .zalouser_plugin_directory()
            .call_resolve(store, name, friends, groups))
    }

    /// Asks what the tool is.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn describe_tool(&mut self) -> Result<Descriptor, Error> {
        call!(self, "tool.describe", |store| self.plugin.zalouser_plugin_tool().call_describe(store))
    }

    /// Turns a call of the tool into commands.
    ///
    /// # Errors
    /// The outer error is the guest's failure, the inner one what is wrong with the call.
    pub async fn plan_call(
        &mut self,
        call: &str,
        context: &CallContext,
    ) -> Result<Result<Vec<Command>, tool::Error>, Error> {
        call!(self, "tool.plan", |store| self.plugin.zalouser_plugin_tool().call_plan(store, call, context))
    }

    /// Answers a call of the tool by the outcomes of what [`Self::plan_call`] named.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn conclude_call(
        &mut self,
        call: &str,
        context: &CallContext,
        outcomes: &[Outcome],
    ) -> Result<Answer, Error> {
        call!(self, "tool.conclude", |store| self
            .plugin
            .zalouser_plugin_tool()
            .call_conclude(store, call, context, outcomes))
    }

    fn grant_time(&mut self) {
        self.store.data_mut().ticks = self.budget_ticks;
        self.store.set_epoch_deadline(1);
    }
}
