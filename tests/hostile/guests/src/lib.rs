//! One component with many attacks, each chosen by a word in what it is given: `attack:<name>` in a message, a
//! reply or a call of the tool, or as the id of an account. Given anything else it does its work, so that a test
//! can see whether it still does.

mod attack;
mod probe;

use std::cell::{Cell, RefCell};
use std::mem;

use bindings::exports::zalouser::plugin::{config, directory, inbound, outbound, tool, types};

mod bindings {
    wit_bindgen::generate!({ path: "../../../wit", world: "plugin" });
}

struct Hostile;

impl config::Guest for Hostile {
    fn load(_: String, _: config::Environment) -> Result<config::Configuration, Vec<config::ConfigError>> {
        Err(Vec::new())
    }
}

impl inbound::Guest for Hostile {
    type Monitor = Monitor;
}

/// Counts the lines that it took. A fresh one begins at one again.
struct Monitor {
    account: String,
    taken: Cell<u32>,
    /// The beginning of a line without an end.
    unfinished: RefCell<String>,
}

impl inbound::GuestMonitor for Monitor {
    fn new(account: config::Account, _: Vec<inbound::ZoneOffset>) -> Self {
        Self::of(account.id)
    }

    fn prepare(&self) -> Vec<types::Command> {
        match self.account.as_str() {
            "attack:prepare-for-ever" => vec![types::Command::ListFriends; 11],
            "attack:prepare" => {
                vec![types::Command::ListFriends, types::Command::ListMembers("--help".to_owned())]
            }
            _ => Vec::new(),
        }
    }

    fn learn(&self, outcomes: Vec<types::Outcome>) -> Vec<inbound::LogEntry> {
        outcomes.iter().map(|outcome| entry(format!("{:?}", outcome.status))).collect()
    }

    fn recall(&self, _: Vec<inbound::Remembered>) {}

    fn set_paired(&self, senders: Vec<String>) {
        if senders.iter().any(|sender| sender == "attack:trap") {
            attack::trap();
        }
    }

    fn push(&self, chunk: Vec<u8>, _: u64, _: inbound::DropReport) -> Vec<inbound::Effect> {
        if self.account == "attack:every-line" {
            attack::trap();
        }
        let mut text = mem::take(&mut *self.unfinished.borrow_mut()) + &String::from_utf8_lossy(&chunk);
        let rest = text.split_off(text.rfind('\n').map_or(0, |end| end + 1));
        self.unfinished.replace(rest);
        text.lines().flat_map(|line| self.line(line)).collect()
    }
}

impl Monitor {
    fn of(account: String) -> Self {
        Self { account, taken: Cell::new(0), unfinished: RefCell::default() }
    }

    fn line(&self, line: &str) -> Vec<inbound::Effect> {
        if let Some(name) = attack::named(line) {
            return attack::push(name);
        }
        self.taken.set(self.taken.get() + 1);
        vec![match field(line, "content") {
            Some(text) => inbound::Effect::Deliver(message(line, &format!("{}: {text}", self.taken.get()))),
            None => inbound::Effect::Lifecycle(inbound::ListenerEvent::Heartbeat),
        }]
    }
}

impl outbound::Guest for Hostile {
    fn plan(_: config::ReplyFormat, reply: outbound::Reply) -> Vec<types::Command> {
        match attack::named(&reply.text) {
            Some(name) => attack::plan(name, reply.thread),
            None => vec![text(reply.thread, &reply.text)],
        }
    }

    fn pairing_notice(request: inbound::PairingRequest, code: String, _: String) -> Vec<types::Command> {
        vec![text(request.thread, &code)]
    }

    fn session_key(_: Vec<config::Route>, thread: types::Thread) -> String {
        thread.id
    }
}

impl directory::Guest for Hostile {
    fn find(
        _: types::Command,
        _: types::Outcome,
        _: Option<String>,
        _: Option<u32>,
    ) -> Result<Vec<directory::Entry>, directory::Error> {
        Err(directory::Error::Unreadable)
    }

    fn parse_target(_: String) -> Result<directory::Target, directory::TargetError> {
        Err(directory::TargetError::Blank)
    }

    fn parse_group(_: String) -> Result<String, directory::TargetError> {
        Err(directory::TargetError::Blank)
    }

    fn resolve(
        _: String,
        _: Vec<directory::Entry>,
        _: Vec<directory::Entry>,
    ) -> Result<types::Thread, directory::Unresolved> {
        Err(directory::Unresolved::Unknown(Vec::new()))
    }
}

impl tool::Guest for Hostile {
    fn describe() -> tool::Descriptor {
        let text = String::new;
        tool::Descriptor { name: text(), description: text(), parameters: text(), actions: Vec::new() }
    }

    fn policy(_: tool::CallContext) -> Result<Option<config::ToolPolicy>, tool::Error> {
        Ok(None)
    }

    fn plan(call: String, context: tool::CallContext) -> Result<Vec<types::Command>, tool::Error> {
        let thread = context
            .current_thread
            .unwrap_or_else(|| types::Thread { id: "111".to_owned(), kind: types::ChatKind::Direct });
        Ok(match attack::named(&call) {
            Some(name) => attack::plan(name, thread),
            None => vec![text(thread, &call)],
        })
    }

    fn conclude(call: String, _: tool::CallContext, outcomes: Vec<types::Outcome>) -> tool::Answer {
        match attack::named(&call) {
            Some("conclude-trap") => attack::trap(),
            Some("no-json") => tool::Answer { success: false, json: "{\"ok\": tru".to_owned() },
            _ => tool::Answer { success: true, json: format!("{{\"outcomes\":{}}}", outcomes.len()) },
        }
    }
}

fn log(message: impl Into<String>) -> inbound::Effect {
    inbound::Effect::Log(entry(message))
}

fn entry(message: impl Into<String>) -> inbound::LogEntry {
    inbound::LogEntry { level: inbound::LogLevel::Info, message: message.into() }
}

fn text(thread: types::Thread, text: &str) -> types::Command {
    types::Command::SendText(types::TextMessage { thread, text: text.to_owned() })
}

/// The message of a line, which says `text`.
fn message(line: &str, text: &str) -> inbound::InboundMessage {
    let id = field(line, "threadId").unwrap_or("111");
    inbound::InboundMessage {
        thread: types::Thread { id: id.to_owned(), kind: types::ChatKind::Direct },
        admission: inbound::Admission::DmOpen,
        account_id: String::new(),
        session_key: id.to_owned(),
        sender_id: id.to_owned(),
        sender_name: String::new(),
        body: text.to_owned(),
        raw_body: text.to_owned(),
        command_body: text.to_owned(),
        from: format!("zalouser:{id}"),
        to: format!("zalouser:{id}"),
        conversation_label: String::new(),
        group_subject: None,
        command_authorized: false,
        was_mentioned: None,
        message_id: field(line, "msgId").unwrap_or("1").to_owned(),
        zalo_id: field(line, "msgId").map(str::to_owned),
        client_id: None,
        message_id_full: None,
        timestamp: None,
        reply_to: None,
        media: Vec::new(),
        history: Vec::new(),
    }
}

/// What stands between the quotes behind `"name":` in a line; enough for lines without an escape.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = line.split_once(&format!("\"{name}\":\""))?;
    after.split_once('"').map(|(value, _)| value)
}

// A native build has no component to export from, and its linker rejects the names.
#[cfg(target_family = "wasm")]
bindings::export!(Hostile with_types_in bindings);
