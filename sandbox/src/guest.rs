//! One instance of a component, and the calls into it.

use std::pin::Pin;
use std::sync::Arc;

use tokio::time::error::Elapsed;
use tokio::time::timeout;
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use super::bindings::config::{
    Account, ConfigError, Configuration, Environment, ReplyFormat, Route, ToolPolicy,
};
use super::bindings::directory::{self, Entry, Target, TargetError, Unresolved};
use super::bindings::inbound::{DropReport, Effect, LogEntry, PairingRequest, Remembered, ZoneOffset};
use super::bindings::outbound::Reply;
use super::bindings::tool::{self, Answer, CallContext, Descriptor};
use super::bindings::types::{Command, Outcome, Thread};
use super::bindings::{Plugin, PluginPre};
use super::engine::State;
use super::error::Error;
use super::limits::{Limit, Limits};

/// One instance of a component. After an [`Error`], or a call that was not waited for, it is of no more use
/// and is to be dropped; any further call fails, too.
pub struct Guest {
    component: Arc<str>,
    store: Store<State>,
    plugin: Plugin,
    limits: Limits,
    /// Whether a call began that has not ended well.
    spent: bool,
}

/// The monitor of one account inside a [`Guest`].
#[derive(Clone, Copy, Debug)]
pub struct MonitorHandle(ResourceAny);

/// Gives the call its time, makes it, and sorts its failure.
macro_rules! call {
    ($guest:ident, $name:literal, |$store:ident| $call:expr) => {{
        $guest.begin($name)?;
        let deadline = $guest.limits.call_deadline;
        let $store = &mut $guest.store;
        let result = timeout(deadline, $call).await;
        $guest.end($name, result)
    }};
}

impl Guest {
    pub(super) async fn start(
        mut store: Store<State>,
        pre: &PluginPre<State>,
        component: Arc<str>,
        limits: Limits,
    ) -> Result<Self, Error> {
        grant_time(&mut store, &limits);
        let started = timeout(limits.call_deadline, pre.instantiate_async(&mut store)).await;
        let plugin = sort(&component, "start", started, &store)?;
        Ok(Self { component, store, plugin, limits, spent: false })
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
        let items = call!(self, "monitor.prepare", |store| self
            .plugin
            .zalouser_plugin_inbound()
            .monitor()
            .call_prepare(store, monitor.0))?;
        self.count("monitor.prepare", items)
    }

    /// Hands over the outcomes of what [`Self::prepare`] named.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn learn(
        &mut self,
        monitor: MonitorHandle,
        outcomes: &[Outcome],
    ) -> Result<Vec<LogEntry>, Error> {
        let items = call!(self, "monitor.learn", |store| self
            .plugin
            .zalouser_plugin_inbound()
            .monitor()
            .call_learn(store, monitor.0, outcomes))?;
        self.count("monitor.learn", items)
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

    /// Hands over the next bytes of the listener. `drops` says how much is to be told of messages that are dropped.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn push(
        &mut self,
        monitor: MonitorHandle,
        chunk: &[u8],
        now: u64,
        drops: DropReport,
    ) -> Result<Vec<Effect>, Error> {
        let items =
            call!(self, "monitor.push", |store| push(store, &self.plugin, monitor.0, chunk, now, drops))?;
        self.count("monitor.push", items)
    }

    /// Turns a reply into commands.
    ///
    /// # Errors
    /// The guest's failure.
    pub async fn plan(&mut self, format: &ReplyFormat, reply: &Reply) -> Result<Vec<Command>, Error> {
        let items = call!(self, "outbound.plan", |store| self
            .plugin
            .zalouser_plugin_outbound()
            .call_plan(store, format, reply))?;
        self.count("outbound.plan", items)
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
        let items = call!(self, "outbound.pairing-notice", |store| self
            .plugin
            .zalouser_plugin_outbound()
            .call_pairing_notice(store, request, code, approve))?;
        self.count("outbound.pairing-notice", items)
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

    /// Asks which of the agent's tools may be used in a conversation.
    ///
    /// # Errors
    /// The outer error is the guest's failure, the inner one that it has to know more.
    pub async fn tool_policy(
        &mut self,
        context: &CallContext,
    ) -> Result<Result<Option<ToolPolicy>, tool::Error>, Error> {
        call!(self, "tool.policy", |store| self.plugin.zalouser_plugin_tool().call_policy(store, context))
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
        let planned = call!(self, "tool.plan", |store| self
            .plugin
            .zalouser_plugin_tool()
            .call_plan(store, call, context))?;
        match planned {
            Ok(commands) => self.count("tool.plan", commands).map(Ok),
            Err(error) => Ok(Err(error)),
        }
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

    fn begin(&mut self, call: &'static str) -> Result<(), Error> {
        if self.spent {
            let (component, reason) = (Arc::clone(&self.component), "it has failed before".to_owned());
            return Err(Error::Trap { component, call, reason });
        }
        self.spent = true;
        grant_time(&mut self.store, &self.limits);
        Ok(())
    }

    fn end<T>(
        &mut self,
        call: &'static str,
        result: Result<wasmtime::Result<T>, Elapsed>,
    ) -> Result<T, Error> {
        let result = sort(&self.component, call, result, &self.store)?;
        self.spent = false;
        Ok(result)
    }

    /// Refuses more effects or commands than there may be.
    fn count<T>(&mut self, call: &'static str, items: Vec<T>) -> Result<Vec<T>, Error> {
        if items.len() <= self.limits.effects {
            return Ok(items);
        }
        self.spent = true;
        Err(Error::Limit { component: Arc::clone(&self.component), call, limit: Limit::Effects })
    }
}

/// Makes the call for each chunk. A future is compiled where it is polled, but for one that is boxed: this way it is
/// compiled with this crate, for speed. Elsewhere the chunk and the effects are copied byte by byte.
fn push<'a>(
    store: &'a mut Store<State>,
    plugin: &'a Plugin,
    monitor: ResourceAny,
    chunk: &'a [u8],
    now: u64,
    drops: DropReport,
) -> Pin<Box<dyn Future<Output = wasmtime::Result<Vec<Effect>>> + Send + 'a>> {
    let inbound = plugin.zalouser_plugin_inbound();
    Box::pin(async move { inbound.monitor().call_push(store, monitor, chunk, now, drops).await })
}

fn grant_time(store: &mut Store<State>, limits: &Limits) {
    let state = store.data_mut();
    state.ticks = limits.budget_ticks();
    state.growth.refused = None;
    store.set_epoch_deadline(1);
}

fn sort<T>(
    component: &Arc<str>,
    call: &'static str,
    result: Result<wasmtime::Result<T>, Elapsed>,
    store: &Store<State>,
) -> Result<T, Error> {
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(err)) => Err(Error::of_call(component, call, &err, store.data().growth.refused)),
        Err(Elapsed { .. }) => {
            Err(Error::Limit { component: Arc::clone(component), call, limit: Limit::Deadline })
        }
    }
}
