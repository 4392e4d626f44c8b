//! The gateway's side of `zalouser serve --stdio`, played by the tests. Whatever goes over the wire has to fit the
//! schema that the program prints.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::contract::Contract;
use crate::setting::Setting;

/// Longer than a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A gateway that has started the program.
pub(super) struct Gateway {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// What came while something else was waited for.
    kept: VecDeque<Value>,
    last_id: u64,
    contract: Contract,
    /// The methods of the requests that are not answered yet.
    asked: HashMap<u64, String>,
}

impl Gateway {
    pub(super) fn start(setting: &Setting) -> Self {
        let mut command = setting.command(&["serve", "--stdio"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
        let (sender, messages) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let message = serde_json::from_str(&line.unwrap()).expect("every line is a message");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let (contract, asked) = (Contract::printed(setting), HashMap::new());
        Self { child, input, messages, kept: VecDeque::new(), last_id: 0, contract, asked }
    }

    /// One that has said how it is configured.
    pub(super) fn initialized(setting: &Setting, channel: Value) -> Self {
        let mut gateway = Self::start(setting);
        let config = json!({ "channels": { "zalouser": channel } });
        gateway.ask("initialize", json!({ "protocol": 1, "config": config })).unwrap();
        gateway
    }

    /// One whose default account listens.
    pub(super) fn listening(setting: &Setting, channel: Value) -> Self {
        let mut gateway = Self::initialized(setting, channel);
        gateway.ask("listen/start", json!({})).unwrap();
        gateway
    }

    pub(super) fn send(&mut self, message: Value) {
        self.contract.holds(&message);
        self.send_anyhow(message);
    }

    /// Sends what need not fit the schema.
    pub(super) fn send_anyhow(&mut self, message: Value) {
        if let (Some(id), Some(method)) = (message["id"].as_u64(), message["method"].as_str()) {
            self.asked.insert(id, method.to_owned());
        }
        writeln!(self.input.as_mut().unwrap(), "{message}").unwrap();
    }

    pub(super) fn ask(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let request = self.request(method, params);
        self.send(request);
        self.answer_to(self.last_id)
    }

    /// Asks what need not fit the schema.
    pub(super) fn ask_anyhow(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let request = self.request(method, params);
        self.send_anyhow(request);
        self.answer_to(self.last_id)
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        json!({ "jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params })
    }

    pub(super) fn answer_to(&mut self, id: u64) -> Result<Value, Value> {
        let answer = self.next(|message| message["id"] == id && message.get("method").is_none());
        answer.get("result").cloned().ok_or_else(|| answer["error"].clone())
    }

    /// The next message that is `wanted`; who was let in is answered on the way: nobody.
    pub(super) fn next(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(place) = self.kept.iter().position(&wanted) {
            return self.kept.remove(place).unwrap();
        }
        loop {
            let message = self.messages.recv_timeout(PATIENCE);
            let message = message.unwrap_or_else(|err| panic!("{err}; there was only {:?}", self.kept));
            self.check(&message);
            if message["method"] == "paired" {
                self.answer(&message, json!({ "senders": [] }));
            } else if wanted(&message) {
                return message;
            } else {
                self.kept.push_back(message);
            }
        }
    }

    fn check(&mut self, message: &Value) {
        self.contract.holds(message);
        if let (None, Some(result)) = (message.get("method"), message.get("result")) {
            let asked = message["id"].as_u64().and_then(|id| self.asked.remove(&id));
            self.contract.holds_for(&asked.expect("it was asked"), result);
        }
    }

    /// The next thing that the program asks or tells by this method.
    pub(super) fn told(&mut self, method: &str) -> Value {
        self.next(|message| message["method"] == method)
    }

    /// How often the program was seen to ask or tell by this method without being waited for.
    pub(super) fn told_so_far(&self, method: &str) -> usize {
        self.kept.iter().filter(|message| message["method"] == method).count()
    }

    /// The process id of the program.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn answer(&mut self, request: &Value, result: Value) {
        self.contract.holds_for(request["method"].as_str().unwrap(), &result);
        self.send(json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }));
    }

    /// Sends a part of the answer to a message.
    pub(super) fn deliver(&mut self, inbound: &Value, text: &str) -> Result<Value, Value> {
        let params = &inbound["params"];
        self.ask("deliver", json!({ "to": params["target"], "text": text, "entry": params["entry"] }))
    }

    /// Ends its side, as a gateway does that ends by itself or is killed.
    pub(super) fn leave(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
    }

    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
