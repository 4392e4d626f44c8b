//! The types of the WIT package around the logic, and nothing else.
//!
//! It is what components are made of: they write the interfaces that they change, have [`delegate!`] hand the
//! others on to [`Channel`], and [`export!`] the whole. The shipped component exports [`Channel`] itself.

#[expect(missing_docs, reason = "generated; the WIT package describes each item")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "plugin",
        pub_export_macro: true,
        default_bindings_module: "zalouser_channel::bindings",
    });
}
mod decode;
mod delegate;
mod encode;

use std::cell::RefCell;

use zalouser_logic::{
    config as logic_config, directory as logic_directory, inbound as logic_inbound,
    outbound as logic_outbound, session, tool as logic_tool,
};

pub use bindings::export;
pub use bindings::exports::zalouser::plugin::{config, directory, inbound, outbound, tool, types};

/// What the shipped component exports.
pub struct Channel;

impl config::Guest for Channel {
    fn load(
        json5: String,
        environment: config::Environment,
    ) -> Result<config::Configuration, Vec<config::ConfigError>> {
        match logic_config::load(&json5, &decode::environment(environment)) {
            Ok(configuration) => Ok(encode::configuration(configuration)),
            Err(problems) => Err(problems.into_iter().map(encode::config_error).collect()),
        }
    }
}

impl inbound::Guest for Channel {
    type Monitor = Monitor;
}

/// The shipped component's monitor of an account.
pub struct Monitor(RefCell<logic_inbound::Monitor>);

impl inbound::GuestMonitor for Monitor {
    fn new(account: config::Account, zone: Vec<inbound::ZoneOffset>) -> Self {
        let zone = zone.into_iter().map(decode::zone_offset).collect();
        Self(RefCell::new(logic_inbound::Monitor::new(decode::account(account), zone)))
    }

    fn prepare(&self) -> Vec<types::Command> {
        self.0.borrow().prepare().into_iter().map(encode::command).collect()
    }

    fn learn(&self, outcomes: Vec<types::Outcome>) -> Vec<inbound::LogEntry> {
        let outcomes = outcomes.into_iter().map(decode::outcome).collect();
        self.0.borrow_mut().learn(outcomes).into_iter().map(encode::log_entry).collect()
    }

    fn recall(&self, messages: Vec<inbound::Remembered>) {
        self.0.borrow_mut().recall(messages.into_iter().map(decode::remembered).collect());
    }

    fn set_paired(&self, senders: Vec<String>) {
        self.0.borrow_mut().set_paired(senders);
    }

    fn push(&self, chunk: Vec<u8>, now: u64, drops: inbound::DropReport) -> Vec<inbound::Effect> {
        let mut effects = Vec::new();
        let take = |effect| effects.push(encode::effect(effect));
        self.0.borrow_mut().push_to(&chunk, now, decode::drop_report(drops), take);
        effects
    }
}

impl outbound::Guest for Channel {
    fn plan(format: config::ReplyFormat, reply: outbound::Reply) -> Vec<types::Command> {
        logic_outbound::plan(&decode::reply_format(format), &decode::reply(reply))
            .into_iter()
            .map(encode::command)
            .collect()
    }

    fn pairing_notice(
        request: inbound::PairingRequest,
        code: String,
        approve: String,
    ) -> Vec<types::Command> {
        logic_outbound::pairing_notice(&decode::pairing_request(request), &code, &approve)
            .into_iter()
            .map(encode::command)
            .collect()
    }

    fn session_key(routes: Vec<config::Route>, thread: types::Thread) -> String {
        let routes: Vec<_> = routes.into_iter().map(decode::route).collect();
        session::session_key(&routes, &decode::thread(thread))
    }
}

impl directory::Guest for Channel {
    fn find(
        command: types::Command,
        outcome: types::Outcome,
        query: Option<String>,
        limit: Option<u32>,
    ) -> Result<Vec<directory::Entry>, directory::Error> {
        let (command, outcome) = (decode::command(command), decode::outcome(outcome));
        match logic_directory::find(&command, &outcome, query.as_deref(), limit) {
            Ok(entries) => Ok(encode::entries(entries)),
            Err(error) => Err(encode::list_error(error)),
        }
    }

    fn parse_target(text: String) -> Result<directory::Target, directory::TargetError> {
        match logic_directory::parse_target(&text) {
            Ok(target) => Ok(encode::target(target)),
            Err(error) => Err(encode::target_error(error)),
        }
    }

    fn parse_group(text: String) -> Result<String, directory::TargetError> {
        logic_directory::parse_group(&text).map_err(encode::target_error)
    }

    fn resolve(
        name: String,
        friends: Vec<directory::Entry>,
        groups: Vec<directory::Entry>,
    ) -> Result<types::Thread, directory::Unresolved> {
        let entries = |entries: Vec<_>| entries.into_iter().map(decode::entry).collect::<Vec<_>>();
        match logic_directory::resolve(&name, &entries(friends), &entries(groups)) {
            Ok(thread) => Ok(encode::thread(thread)),
            Err(unresolved) => Err(encode::unresolved(unresolved)),
        }
    }
}

impl tool::Guest for Channel {
    fn describe() -> tool::Descriptor {
        encode::descriptor(logic_tool::describe())
    }

    fn policy(context: tool::CallContext) -> Result<Option<config::ToolPolicy>, tool::Error> {
        match logic_tool::policy(&decode::call_context(context)) {
            Ok(policy) => Ok(policy.map(encode::tool_policy)),
            Err(error) => Err(encode::tool_error(error)),
        }
    }

    fn plan(call: String, context: tool::CallContext) -> Result<Vec<types::Command>, tool::Error> {
        match logic_tool::plan(&call, &decode::call_context(context)) {
            Ok(commands) => Ok(commands.into_iter().map(encode::command).collect()),
            Err(error) => Err(encode::tool_error(error)),
        }
    }

    fn conclude(call: String, context: tool::CallContext, outcomes: Vec<types::Outcome>) -> tool::Answer {
        let outcomes: Vec<_> = outcomes.into_iter().map(decode::outcome).collect();
        let answer = logic_tool::conclude(&call, &decode::call_context(context), &outcomes);
        tool::Answer { success: answer.success, json: answer.json }
    }
}
