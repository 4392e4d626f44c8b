//! The tool in a host that binds IronClaw's interface and keeps its limits, over a real bridge.

use std::fs::File;
use std::io::Read;
use std::net::TcpStream;

use serde_json::{Value, json};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Store, StoreLimits, StoreLimitsBuilder};
use zalouser::simulator::{CallFault, Faults};
use zip::ZipArchive;

use crate::bridge::{self, Bridge, Client};
use crate::setting::Setting;

mod near {
    wasmtime::component::bindgen!({ path: "../guest/ironclaw/wit", world: "sandboxed-tool" });
}

use near::SandboxedTool;
use near::exports::near::agent::tool::{ErrorKind, GuestFailure, Request, Response};
use near::near::agent::host::{Host, HttpErrorKind, HttpFailure, HttpResponse, LogLevel};

/// What IronClaw allows a tool for one call: bytes of memory, and fuel.
const MEMORY: usize = 10 << 20;
const FUEL: u64 = 500_000_000;

/// What the component may take, in bytes.
const SIZE_LIMIT: usize = 500 * 1_024;

/// A minute, in milliseconds.
const MINUTE: u64 = 60_000;

/// What the gateway lets the tool do.
struct Gateway {
    /// Where it may go, and with which token.
    client: Client,
    now: u64,
    limits: StoreLimits,
    /// What it asked for, without what the gateway puts in.
    requests: Vec<String>,
}

impl Host for Gateway {
    fn log(&mut self, _level: LogLevel, _message: String) {}

    fn now_millis(&mut self) -> u64 {
        self.now
    }

    fn workspace_read(&mut self, path: String) -> Option<String> {
        panic!("it reads {path}, and was granted nothing")
    }

    fn http_request(
        &mut self,
        method: String,
        url: String,
        headers_json: String,
        body: Option<Vec<u8>>,
        _timeout_ms: Option<u32>,
    ) -> Result<HttpResponse, HttpFailure> {
        let failed = |kind, message: &str| HttpFailure {
            kind,
            code: None,
            message: Some(message.to_owned()),
            request_sent: false,
        };
        let body = body.map(|body| String::from_utf8(body).unwrap()).unwrap_or_default();
        self.requests.push(format!("{method} {url} {headers_json} {body}"));
        let Some(path) = url.strip_prefix(&format!("http://{}", self.client.address)) else {
            return Err(failed(HttpErrorKind::NetworkDenied, "it is not on the list"));
        };
        if let Err(err) = TcpStream::connect(&self.client.address) {
            return Err(failed(HttpErrorKind::Client, &err.to_string()));
        }
        let Client { address, token } = &self.client;
        let headers = format!("Host: {address}\r\nAuthorization: Bearer {token}\r\n");
        let answer = self.client.ask(&method, path, &headers, &body);
        let body = answer.body.to_string().into_bytes();
        Ok(HttpResponse { status: answer.code, headers_json: "{}".to_owned(), body })
    }

    fn tool_invoke(&mut self, alias: String, _params_json: String) -> Result<String, String> {
        panic!("it invokes {alias}, and was granted nothing")
    }

    fn secret_exists(&mut self, name: String) -> bool {
        panic!("it asks for the secret {name}, and was granted nothing")
    }
}

/// A package, as the exporter wrote it.
struct Package(ZipArchive<File>);

impl Package {
    fn export(setting: &Setting, bridge: &str) -> Self {
        setting.run(&["plugins", "export", "ironclaw", "package", "--bridge", bridge]).succeeded();
        let file = File::open(setting.path("package/zalouser-ironclaw.zip")).unwrap();
        Self(ZipArchive::new(file).unwrap())
    }

    fn bytes(&mut self, path: &str) -> Vec<u8> {
        let mut content = Vec::new();
        self.0.by_name(path).unwrap().read_to_end(&mut content).unwrap();
        content
    }

    fn text(&mut self, path: &str) -> String {
        String::from_utf8(self.bytes(path)).unwrap()
    }
}

/// The tool in a gateway that may ask one bridge.
struct Tool {
    engine: Engine,
    component: Component,
    linker: Linker<Gateway>,
    client: Client,
    now: u64,
    requests: Vec<String>,
}

impl Tool {
    fn exported(setting: &Setting, client: &Client) -> Self {
        Self::of(&mut Package::export(setting, &format!("http://{}", client.address)), client)
    }

    fn of(package: &mut Package, client: &Client) -> Self {
        let mut config = Config::new();
        config.consume_fuel(true);
        let engine = Engine::new(&config).unwrap();
        let component = Component::new(&engine, package.bytes("wasm/zalouser.wasm")).unwrap();
        let mut linker = Linker::new(&engine);
        SandboxedTool::add_to_linker::<_, HasSelf<_>>(&mut linker, |gateway: &mut Gateway| gateway).unwrap();
        let (client, now) = (client.clone(), 1_700_049_600_000);
        Self { engine, component, linker, client, now, requests: Vec::new() }
    }

    /// Does something with an instance of its own.
    fn with<T>(&mut self, act: impl FnOnce(&SandboxedTool, &mut Store<Gateway>) -> T) -> T {
        let limits = StoreLimitsBuilder::new().memory_size(MEMORY).trap_on_grow_failure(true).build();
        let gateway = Gateway { client: self.client.clone(), now: self.now, limits, requests: Vec::new() };
        let mut store = Store::new(&self.engine, gateway);
        store.limiter(|gateway| &mut gateway.limits);
        store.set_fuel(FUEL).unwrap();
        let tool = SandboxedTool::instantiate(&mut store, &self.component, &self.linker).unwrap();
        let done = act(&tool, &mut store);
        println!("{} of {FUEL} fuel were burnt", FUEL - store.get_fuel().unwrap());
        self.requests.append(&mut store.into_data().requests);
        done
    }

    fn call(&mut self, call: &Value) -> Result<Value, GuestFailure> {
        let request = Request { params: call.to_string(), context: Some(r#"{"job":"7"}"#.to_owned()) };
        let response = self.with(|tool, store| tool.near_agent_tool().call_execute(store, &request).unwrap());
        match response {
            Response::Success(json) => Ok(serde_json::from_str(&json).unwrap()),
            Response::Failure(failure) => Err(failure),
        }
    }

    /// The kind, the code and the message of a failure that a call ends in.
    fn fails(&mut self, call: &Value) -> (ErrorKind, String, String) {
        let GuestFailure { kind, code, message } = self.call(call).unwrap_err();
        (kind, code.unwrap(), message.unwrap())
    }
}

fn hello() -> Value {
    json!({ "action": "send", "threadId": "user:111", "message": "hello" })
}

/// Nobody that answers.
fn nowhere() -> Client {
    Client { address: "127.0.0.1:1".to_owned(), token: "0123456789abcdef".to_owned() }
}

#[test]
fn the_package_says_what_the_tool_is_and_may_reach_and_the_component_is_small() {
    let setting = Setting::new();
    let mut package = Package::export(&setting, "https://zalo.example.org");
    let size = package.bytes("wasm/zalouser.wasm").len();
    println!("the component for IronClaw has {size} bytes of {SIZE_LIMIT}");
    assert!(size < SIZE_LIMIT, "{size} bytes");

    let manifest = package.text("manifest.toml");
    for line in [
        "schema_version = \"reborn.extension_manifest.v2\"",
        "trust = \"third_party\"",
        "kind = \"wasm\"",
        "audience = { scheme = \"https\", host_pattern = \"zalo.example.org\" }",
    ] {
        assert!(manifest.lines().any(|found| found == line), "{line} in {manifest}");
    }
    let files: Vec<_> = package.0.file_names().map(|name| name.unwrap().into_owned()).collect();
    for file in files.iter().filter(|file| *file != "manifest.toml") {
        assert!(manifest.contains(&format!("\"{file}\"")), "the manifest names {file}");
    }

    let described = setting.run(&["tool", "describe", "--json"]).succeeded();
    let described: Value = serde_json::from_str(&described).unwrap();
    let schema: Value = serde_json::from_str(&package.text("schemas/zalouser.input.json")).unwrap();
    assert_eq!(schema, described["parameters"]);
    let mut tool = Tool::of(&mut package, &nowhere());
    let told = tool.with(|tool, store| tool.near_agent_tool().call_schema(store).unwrap());
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap(), schema);
    let told = tool.with(|tool, store| tool.near_agent_tool().call_description(store).unwrap());
    assert_eq!(json!(told), described["description"]);
}

#[test]
fn an_address_that_no_bridge_can_have_is_not_put_into_the_tool() {
    let setting = Setting::new();
    let long = format!("https://{}.example.org", "a".repeat(300));
    for address in ["zalo.example.org", "ftp://e.org", "https://me:pw@e.org", "https://e.org/v1", &long] {
        let ended = setting.run(&["plugins", "export", "ironclaw", "package", "--bridge", address]);
        assert_eq!(ended.code(), 2, "{address}: {ended:?}");
        assert!(!setting.path("package").exists(), "{address}");
    }
}

#[test]
fn a_message_arrives_once_when_the_gateway_makes_its_call_again_and_a_later_one_arrives_too() {
    let setting = bridge::setting();
    let bridge = Bridge::start(&setting);
    let mut tool = Tool::exported(&setting, &bridge.client);
    // At the beginning of a minute, so that the next call is in the same one.
    tool.now -= tool.now % MINUTE;
    let answer = tool.call(&hello()).unwrap();
    assert_eq!((&answer["delivered"], &answer["threadId"]), (&json!(true), &json!("111")), "{answer}");
    tool.now += MINUTE - 1;
    assert_eq!(tool.call(&hello()).unwrap(), answer);
    assert_eq!(setting.texts(), [("111".to_owned(), "hello".to_owned())]);

    tool.now += 1;
    tool.call(&hello()).unwrap();
    assert_eq!(setting.texts().len(), 2, "somebody says the same a minute later");
    let token = &bridge.client.token;
    assert!(tool.requests.iter().all(|request| !request.contains(token)), "it never sees the token");
    bridge.process.stop().succeeded();
}

#[test]
fn a_long_message_is_sent_in_parts_and_friends_are_found_within_the_limits() {
    let setting = bridge::setting();
    let bridge = Bridge::start(&setting);
    let mut tool = Tool::exported(&setting, &bridge.client);
    let message = format!("{}\n\n{}", "a".repeat(1_500), "b".repeat(1_500));
    let long = json!({ "action": "send", "threadId": "group:5001", "message": message });
    let answer = tool.call(&long).unwrap();
    assert_eq!((&answer["sent"], &answer["parts"]), (&json!(2), &json!(2)), "{answer}");
    let texts: Vec<_> = setting.texts().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["a".repeat(1_500), "b".repeat(1_500)]);

    let answer = tool.call(&json!({ "action": "friends", "query": "bob" })).unwrap();
    let bob = json!([{ "threadId": "222", "isGroup": false, "name": "Bob" }]);
    assert_eq!((&answer["total"], &answer["friends"]), (&json!(1), &bob), "{answer}");
    bridge.process.stop().succeeded();
}

#[test]
fn a_wrong_call_is_the_models_mistake_and_sends_nothing() {
    let setting = bridge::setting();
    let bridge = Bridge::start(&setting);
    let mut tool = Tool::exported(&setting, &bridge.client);
    let (kind, code, message) = tool.fails(&json!({ "action": "send", "threadId": "111" }));
    assert_eq!((kind, code.as_str()), (ErrorKind::Input, "missing-argument"), "{message}");
    assert!(message.contains("pass message as a text"), "{message}");
    let (kind, code, _) = tool.fails(&json!("hello"));
    assert_eq!((kind, code.as_str()), (ErrorKind::Input, "malformed"));
    assert_eq!(setting.sent(), []);
    bridge.process.stop().succeeded();
}

#[test]
fn who_is_wrong_about_the_bridge_is_told_what_to_do() {
    let setting = bridge::setting();
    let bridge = Bridge::start(&setting);
    let mut tool = Tool::exported(&setting, &bridge.client);
    tool.client.token = "0123456789abcdef0123456789abcdef".to_owned();
    let (kind, code, message) = tool.fails(&hello());
    assert_eq!((kind, code.as_str()), (ErrorKind::AuthRequired, "token"), "{message}");
    assert!(message.contains("give the gateway the token of the bridge"), "{message}");

    tool.client = nowhere();
    let (kind, _, message) = tool.fails(&hello());
    assert_eq!(kind, ErrorKind::NetworkDenied, "the gateway allows another address: {message}");
    assert!(message.contains("the operator has to allow this address"), "{message}");

    tool.client = bridge.client.clone();
    bridge.process.stop().succeeded();
    let (kind, _, message) = tool.fails(&hello());
    assert_eq!(kind, ErrorKind::Client, "nobody is there any more: {message}");
    assert!(message.contains("zalouser bridge --listen"), "{message}");
    assert_eq!(setting.sent(), []);
}

#[test]
fn a_message_that_is_not_sent_is_a_failure_that_says_so() {
    let setting = bridge::setting();
    let fault = CallFault { exit: Some(1), stderr: Some("Error: no route".to_owned()), ..Default::default() };
    let faults = Faults { send: vec![fault], ..Default::default() };
    setting.simulator.set_faults(&faults).unwrap();
    let bridge = Bridge::start(&setting);
    let mut tool = Tool::exported(&setting, &bridge.client);
    let (kind, _, message) = tool.fails(&hello());
    let answer: Value = serde_json::from_str(&message).unwrap();
    assert_eq!((kind, &answer["delivered"]), (ErrorKind::OperationFailed, &json!(false)), "{answer}");
    bridge.process.stop().succeeded();
}
