//! `zalouser bridge`: the accounts over HTTP.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use zalouser::simulator::{CallFault, Faults, Line};

use crate::gateway::{alice, listener};
use crate::setting::{Running, Setting, config};

/// A bridge that runs.
pub(crate) struct Bridge {
    pub(crate) process: Running,
    pub(crate) client: Client,
}

/// Somebody who asks a bridge.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: String,
    pub(crate) token: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    head: String,
    pub(crate) body: Value,
}

impl Bridge {
    pub(crate) fn start(setting: &Setting) -> Self {
        let mut process = setting.start(setting.command(&["bridge", "--listen", "0", "--verbose"]));
        process.until_logged("the bridge is at http://");
        let log = process.log();
        let (_, said) = log.split_once("the bridge is at http://").unwrap();
        let address = said.split(';').next().unwrap().to_owned();
        let token = fs::read_to_string(setting.in_state("zalouser/bridge-token")).unwrap().trim().to_owned();
        process.until_logged("listening");
        Self { process, client: Client { address, token } }
    }

    /// Waits until this many lines wait to be confirmed.
    fn until_lines(&mut self, count: usize) -> Vec<Value> {
        let client = self.client.clone();
        self.process.until(&format!("the recording of {count} lines"), || {
            Some(client.lines("wait=0&limit=1000")).filter(|lines| lines.len() >= count)
        })
    }
}

impl Client {
    /// Sends a request with these headers beside those that every one has.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Answer {
            code: code.unwrap_or_else(|| panic!("no HTTP: {answer:?}")),
            head: head.to_lowercase(),
            body: serde_json::from_str(body).unwrap_or_else(|_| Value::from(body)),
        }
    }

    fn headers(&self) -> String {
        format!("Host: {}\r\nAuthorization: Bearer {}\r\n", self.address, self.token)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &self.headers(), "")
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &self.headers(), &body.to_string())
    }

    /// Events of the default account.
    fn events(&self, query: &str) -> Value {
        let answer = self.get(&format!("/v1/accounts/default/events?{query}"));
        assert_eq!(answer.code, 200, "{answer:?}");
        answer.body
    }

    /// Those of them that are messages; a listener prints a word or two of its own, too.
    fn lines(&self, query: &str) -> Vec<Value> {
        let events = self.events(query)["events"].as_array().unwrap().clone();
        events.into_iter().filter(|event| event["decision"].is_object()).collect()
    }

    fn send(&self, text: &str, key: Option<&str>) -> Answer {
        let mut order = json!({ "command": { "command": "send.text", "thread": "user:111", "text": text } });
        if let Some(key) = key {
            order["key"] = key.into();
        }
        self.post("/v1/commands", &order)
    }
}

/// Where Alice is let in.
pub(crate) fn setting() -> Setting {
    let setting = Setting::new();
    setting.configure(&config(json!({ "allowFrom": ["111"] }), json!({})));
    setting
}

/// What the components of lines say of them.
fn bodies(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["decision"]["context"]["RawBody"].as_str().unwrap_or("-")).collect()
}

#[test]
fn what_was_written_while_nobody_asked_comes_in_order_and_is_forgotten_once_confirmed() {
    let setting = setting();
    let mut bridge = Bridge::start(&setting);
    setting.say(&[alice("one"), Line::direct("222", "Bob", "let me in"), alice("two")]);
    let lines = bridge.until_lines(3);
    assert_eq!(bodies(&lines), ["one", "-", "two"]);
    assert_eq!(lines[1]["decision"]["outcome"], "pair");
    let line: Value = serde_json::from_str(lines[0]["line"].as_str().unwrap()).unwrap();
    assert_eq!(line["content"], "one", "the line is as zca printed it");
    bridge.process.until("the status, in which nothing waits", || {
        let status = setting.run(&["channels", "status", "--json"]).succeeded();
        let status: Value = serde_json::from_str(&status).unwrap();
        let account = &status["accounts"][0];
        (account["counts"]["deliver"]["sender-allowed"] == 2 && account["waiting"] == 0).then_some(())
    });

    let client = &bridge.client;
    let confirmed = &lines[1]["seq"];
    assert_eq!(bodies(&client.lines(&format!("wait=0&after={confirmed}"))), ["two"]);
    assert_eq!(bodies(&client.lines("wait=0")), ["two"], "what is confirmed is gone");
    let all = client.events("wait=0");
    let rest = client.events(&format!("wait=0&after={}", all["next"]));
    assert_eq!((&rest["events"], &rest["next"], &rest["lost"]), (&json!([]), &all["next"], &json!(0)));
    bridge.process.stop().succeeded();
    setting.nothing_is_left();
}

#[test]
fn nothing_is_lost_or_repeated_when_it_is_killed() {
    let setting = setting();
    let mut bridge = Bridge::start(&setting);
    setting.say(&[alice("one").ids("1", "c1"), alice("two").ids("2", "c2")]);
    let lines = bridge.until_lines(2);
    bridge.client.lines(&format!("wait=0&after={}", lines[0]["seq"]));
    bridge.process.signal(Signal::KILL);
    bridge.process.finish();

    let mut bridge = Bridge::start(&setting);
    // The first comes again, as from a listener that catches up.
    setting.say(&[alice("one").ids("1", "c1"), alice("three").ids("3", "c3")]);
    assert_eq!(bodies(&bridge.until_lines(2)), ["two", "three"]);
    bridge.process.stop().succeeded();
}

#[test]
fn who_waits_for_an_event_gets_it_at_once_and_is_answered_when_the_bridge_stops() {
    let setting = setting();
    let mut bridge = Bridge::start(&setting);
    setting.say(&[alice("first")]);
    let next = bridge.until_lines(1)[0]["seq"].clone();
    let client = bridge.client.clone();
    let waiting = std::thread::spawn(move || client.lines(&format!("wait=30&after={next}")));
    bridge.process.until_logged("waits for events");
    setting.say(&[alice("hello")]);
    let lines = waiting.join().unwrap();
    assert_eq!(bodies(&lines), ["hello"]);

    let client = bridge.client.clone();
    let (waits, after) = (bridge.process.log().matches("waits for events").count(), lines[0]["seq"].clone());
    let waiting = std::thread::spawn(move || client.events(&format!("wait=30&after={after}")));
    bridge.process.until_log("another wait", |log| log.matches("waits for events").count() > waits);
    bridge.process.stop().succeeded();
    assert_eq!(waiting.join().unwrap()["events"], json!([]));
}

#[test]
fn a_listener_that_ends_and_one_that_starts_are_events() {
    let setting = setting();
    let mut bridge = Bridge::start(&setting);
    let client = bridge.client.clone();
    let states = || {
        let events = client.events("wait=0")["events"].as_array().unwrap().clone();
        events.iter().filter_map(|event| event["state"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    bridge.process.until("the first listener", || (states() == ["started"]).then_some(()));
    // It is known as a listener a moment after its start.
    let listener = bridge.process.until("the listener's call", || listener(&setting).and_then(Pid::from_raw));
    kill_process(listener, Signal::KILL).unwrap();
    bridge
        .process
        .until("the second listener", || (states() == ["started", "ended", "started"]).then_some(()));
    bridge.process.stop().succeeded();
}

#[test]
fn commands_are_carried_out_once_for_each_key() {
    let setting = setting();
    let bridge = Bridge::start(&setting);
    let client = &bridge.client;
    let first = client.send("-f /etc/passwd", Some("reply-1"));
    assert_eq!((first.code, &first.body["status"], &first.body["code"]), (200, &json!("exited"), &json!(0)));
    assert_eq!(first.body["delivered"].as_array().map(Vec::len), Some(1), "{first:?}");
    let again = client.send("-f /etc/passwd", Some("reply-1"));
    assert_eq!(again.body, first.body);
    assert_eq!(setting.texts(), [("111".to_owned(), "-f /etc/passwd".to_owned())]);
    bridge.process.stop().succeeded();

    let bridge = Bridge::start(&setting);
    assert_eq!(
        bridge.client.send("-f /etc/passwd", Some("reply-1")).body,
        first.body,
        "a restart changes nothing"
    );
    bridge.client.send("another", None);
    assert_eq!(setting.texts().len(), 2);
    let friends = bridge.client.post("/v1/commands", &json!({ "command": { "command": "directory" } }));
    assert!(friends.body["stdout"].as_str().unwrap().contains("Alice"), "{friends:?}");
    bridge.process.stop().succeeded();
}

#[test]
fn a_send_that_was_cut_off_by_a_crash_is_unknown_and_not_repeated() {
    let setting = setting();
    let hangs = CallFault { hang: true, ..CallFault::default() };
    setting.simulator.set_faults(&Faults { send: vec![hangs], ..Faults::default() }).unwrap();
    let mut bridge = Bridge::start(&setting);
    let client = bridge.client.clone();
    let sending = std::thread::spawn(move || {
        std::panic::catch_unwind(|| client.send("did it arrive", Some("k"))).is_err()
    });
    bridge.process.until("the send", || {
        let calls = setting.simulator.calls().unwrap();
        calls.iter().any(|call| call.argv.contains(&"msg".to_owned())).then_some(())
    });
    bridge.process.signal(Signal::KILL);
    bridge.process.finish();
    assert!(sending.join().unwrap(), "nobody could answer");

    let bridge = Bridge::start(&setting);
    let outcome = bridge.client.send("did it arrive", Some("k"));
    assert_eq!((outcome.code, &outcome.body["status"]), (200, &json!("timed-out")), "{outcome:?}");
    let sends = setting.simulator.calls().unwrap();
    assert_eq!(sends.iter().filter(|call| call.argv.contains(&"msg".to_owned())).count(), 1);
    bridge.process.stop().succeeded();
}

#[test]
fn a_command_that_nobody_granted_names_what_would_allow_it() {
    let setting = Setting::new();
    setting.configure(&config(
        json!({ "allowFrom": ["111"] }),
        json!({ "grants": { "zalouser": { "threads": ["group:*"] } } }),
    ));
    let bridge = Bridge::start(&setting);
    let refused = bridge.client.send("hi", Some("k"));
    assert_eq!((refused.code, &refused.body["status"]), (200, &json!("refused")));
    let reason = refused.body["reason"].as_str().unwrap();
    assert!(reason.contains("grants.zalouser.threads to hold \"user:111\""), "{reason}");
    assert_eq!(setting.texts(), []);
    bridge.process.stop().succeeded();
}

#[test]
fn a_stranger_is_offered_a_code_that_the_operator_approves() {
    let setting = setting();
    let bridge = Bridge::start(&setting);
    let client = &bridge.client;
    let stranger = json!({ "senderId": "222", "senderName": "Bob" });
    let offer = client.post("/v1/accounts/default/pairing", &stranger).body;
    let code = offer["code"].as_str().unwrap();
    assert_eq!(offer["approve"], format!("zalouser pairing approve {code}"));
    let again = client.post("/v1/accounts/default/pairing", &stranger).body;
    assert_eq!(again["code"], code, "the stranger was not told yet");
    let told = client.post(&format!("/v1/accounts/default/pairing/{code}/announced"), &Value::Null);
    assert_eq!((told.code, told.body), (200, json!({})));
    assert_eq!(client.post("/v1/accounts/default/pairing", &stranger).body["code"], Value::Null);

    assert_eq!(client.get("/v1/accounts/default/paired").body, json!({ "senders": [] }));
    setting.run(&["pairing", "approve", code]).succeeded();
    assert_eq!(client.get("/v1/accounts/default/paired").body, json!({ "senders": ["222"] }));
    bridge.process.stop().succeeded();
}

#[test]
fn nothing_is_told_to_who_does_not_know_the_token_or_asks_for_another_host() {
    let setting = setting();
    let bridge = Bridge::start(&setting);
    let client = &bridge.client;
    let (address, token) = (&client.address, &client.token);
    for (headers, code, name) in [
        (format!("Host: {address}\r\n"), 401, "token"),
        (format!("Host: {address}\r\nAuthorization: Bearer {token}x\r\n"), 401, "token"),
        (format!("Host: evil.example\r\nAuthorization: Bearer {token}\r\n"), 421, "host"),
    ] {
        let answer = client.ask("GET", "/v1/accounts", &headers, "");
        assert_eq!((answer.code, &answer.body["error"]["code"]), (code, &json!(name)), "{headers}");
        let answer = client.ask("POST", "/v1/commands", &headers, "{}");
        assert_eq!(answer.code, code, "{headers}");
    }
    let open = client.ask("GET", "/healthz", &format!("Host: {address}\r\n"), "");
    assert_eq!((open.code, open.body), (200, json!("ok\n")));
    assert!(!bridge.process.log().contains(token.as_str()), "the token is in the log");
    let mode = fs::metadata(setting.in_state("zalouser/bridge-token")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    bridge.process.stop().succeeded();
}

#[test]
fn a_request_that_is_wrong_is_told_what_is_wrong() {
    let setting = setting();
    let bridge = Bridge::start(&setting);
    let client = &bridge.client;
    let large =
        json!({ "command": { "command": "send.text", "thread": "user:1", "text": "x".repeat(300_000) } });
    for (answer, code, part) in [
        (client.get("/v1/accounts/nobody/events?wait=0"), 404, "there is: default"),
        (client.get("/v1/accounts/default/events?wait=31"), 422, "has to be 0 to 30"),
        (client.get("/v1/accounts/default/events?limit=0"), 422, "has to be 1 to 1000"),
        (
            client.get("/v1/accounts/default/events?after=9007199254740991"),
            422,
            "greater than the last event's number",
        ),
        (client.get("/v1/accounts/default/events?before=1"), 422, "unknown field `before`"),
        (client.get("/v2"), 404, "/openapi.json"),
        (client.get("/v1/commands"), 405, "/openapi.json"),
        (
            client.post("/v1/commands", &json!({ "command": { "command": "exec" } })),
            422,
            "unknown variant `exec`",
        ),
        (client.post("/v1/commands", &large), 413, "262144 bytes at most"),
        (client.send("hi", Some("")), 422, "a key has 1 to 128 bytes"),
        (client.ask("POST", "/v1/commands", &client.headers(), "{"), 400, "EOF"),
    ] {
        let message = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert!(answer.code == code && message.contains(part), "{part}: {answer:?}");
    }
    assert_eq!(setting.texts(), []);
    bridge.process.stop().succeeded();
}

#[test]
fn too_many_requests_are_told_when_to_come_again() {
    let setting = setting();
    let bridge = Bridge::start(&setting);
    let refused = (0..2_000).map(|_| bridge.client.get("/healthz")).find(|answer| answer.code == 429);
    let refused = refused.expect("two thousand requests in a row are too many");
    assert!(refused.head.contains("retry-after: 1"), "{refused:?}");
    bridge.process.stop().succeeded();
}

#[test]
fn every_answer_is_as_its_description_says() {
    let setting = setting();
    let mut bridge = Bridge::start(&setting);
    setting.say(&[alice("one")]);
    bridge.until_lines(1);
    let client = &bridge.client;
    let document = client.get("/openapi.json").body;
    assert_eq!(document["openapi"], "3.1.0");
    let stranger = json!({ "senderId": "222" });
    let code = client.post("/v1/accounts/default/pairing", &stranger).body["code"].clone();
    let code = code.as_str().unwrap();
    let asked = [
        ("get", "/v1/accounts", client.get("/v1/accounts")),
        ("get", "/v1/accounts/{id}/events", client.get("/v1/accounts/default/events?wait=0")),
        ("get", "/v1/accounts/{id}/paired", client.get("/v1/accounts/default/paired")),
        ("post", "/v1/accounts/{id}/pairing", client.post("/v1/accounts/default/pairing", &stranger)),
        (
            "post",
            "/v1/accounts/{id}/pairing/{code}/announced",
            client.post(&format!("/v1/accounts/default/pairing/{code}/announced"), &Value::Null),
        ),
        ("post", "/v1/commands", client.send("hi", Some("k"))),
        ("get", "/v1/configuration", client.get("/v1/configuration")),
        ("get", "/openapi.json", client.get("/openapi.json")),
    ];
    let described: Vec<_> =
        document["paths"].as_object().unwrap().keys().filter(|it| *it != "/healthz").collect();
    for path in described {
        assert!(asked.iter().any(|(_, asked, _)| asked == path), "{path} is described and was not asked for");
    }
    for (method, path, answer) in asked {
        assert_eq!(answer.code, 200, "{path}: {answer:?}");
        let schema =
            &document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"];
        check(&document, schema, &answer.body, path);
    }
    let refused = client.get("/v1/accounts/nobody/paired").body;
    check(&document, &json!({ "$ref": "#/components/schemas/Failed" }), &refused, "an error");
    bridge.process.stop().succeeded();
}

/// Checks that `value` fits a schema of an OpenAPI document.
fn check(document: &Value, schema: &Value, value: &Value, what: &str) {
    let mut whole = schema.clone();
    assert!(whole.is_object(), "{what} is not described");
    whole["components"] = document["components"].clone();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.set_default_draft(boon::Draft::V2020_12);
    compiler.add_resource("bridge.json", whole).unwrap();
    let index = compiler.compile("bridge.json", &mut schemas).unwrap();
    if let Err(err) = schemas.validate(value, index) {
        panic!("{what}: {err}\n{value}");
    }
}

#[test]
fn a_component_elsewhere_is_told_the_configuration_without_secrets() {
    let setting = setting();
    let bridge = Bridge::start(&setting);
    let told = bridge.client.get("/v1/configuration").body;
    let document: Value = serde_json::from_str(told["json5"].as_str().unwrap()).unwrap();
    assert_eq!(document["channels"]["zalouser"]["allowFrom"], json!(["111"]));
    assert_eq!(document["plugins"], Value::Null);
    assert!(told["zones"]["default"].is_array(), "{told}");
    bridge.process.stop().succeeded();
}

#[test]
fn it_is_not_reachable_from_elsewhere_unless_that_is_wanted() {
    let setting = setting();
    let refused = setting.run(&["bridge", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.code(), 2);
    assert!(refused.stderr.contains("other machines could reach that"), "{refused:?}");
    setting.write_state("zalouser/bridge-token", "0123456789abcdef0123");
    fs::set_permissions(setting.in_state("zalouser/bridge-token"), fs::Permissions::from_mode(0o644))
        .unwrap();
    let complaint = setting.run(&["bridge", "--listen", "0"]).complaint();
    assert!(complaint.contains("others on this machine can read the token"), "{complaint}");
}

#[test]
fn a_gateway_and_a_bridge_do_not_run_on_one_state_folder() {
    let setting = setting();
    let bridge = Bridge::start(&setting);
    let complaint = setting.run(&["gateway", "run"]).complaint();
    assert!(
        complaint.contains(&format!("process {} already runs the accounts", bridge.process.id())),
        "{complaint}"
    );
    bridge.process.stop().succeeded();
}
