//! `zalouser bridge`: the accounts over HTTP.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use zalouser::simulator::{Line, World};

use crate::gateway::{alice, bob};
use crate::setting::{Running, Setting};

/// A bridge that runs, and how to ask it.
struct Bridge {
    process: Running,
    address: String,
    token: String,
}

/// An answer.
#[derive(Debug)]
struct Answer {
    code: u16,
    head: String,
    body: Value,
}

impl Bridge {
    fn start(setting: &Setting) -> Self {
        Self::with(setting, &[])
    }

    fn with(setting: &Setting, options: &[&str]) -> Self {
        let arguments = [&["bridge", "--listen", "0", "--verbose"], options].concat();
        let mut process = setting.start(setting.command(&arguments));
        process.until_logged("the bridge is at http://");
        let log = process.log();
        let (_, said) = log.split_once("the bridge is at http://").unwrap();
        let address = said.split(';').next().unwrap().to_owned();
        let token = fs::read_to_string(setting.in_state("bridge-token")).unwrap().trim().to_owned();
        process.until_logged("listening");
        Self { process, address, token }
    }

    /// Sends a request with these headers beside its first line.
    fn raw(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let asked = format!(
            "{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\
             Content-Type: application/json\r\n\r\n{body}"
        );
        stream.write_all(asked.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head in {answer:?}"));
        let code = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        Answer { code, head: head.to_lowercase(), body }
    }

    fn headers(&self) -> String {
        format!("Host: {}\r\nAuthorization: Bearer {}\r\n", self.address, self.token)
    }

    fn get(&self, path: &str) -> Answer {
        self.raw("GET", path, &self.headers(), "")
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.raw("POST", path, &self.headers(), &body.to_string())
    }

    /// The events of the default account behind `after`.
    fn events(&self, query: &str) -> Vec<Value> {
        let answer = self.get(&format!("/v1/accounts/default/events?{query}"));
        assert_eq!(answer.code, 200, "{answer:?}");
        answer.body["events"].as_array().unwrap().clone()
    }

    /// Waits until this many lines wait to be confirmed, and gives them.
    fn until_lines(&mut self, count: usize) -> Vec<Value> {
        let (address, token) = (self.address.clone(), self.token.clone());
        let _ = (&address, &token);
        for _ in 0..100 {
            let events = self.events("wait=0&limit=1000");
            let lines: Vec<_> = events.into_iter().filter(|event| event["kind"] == "line").collect();
            if lines.len() >= count {
                return lines;
            }
            let last = self.events("wait=0&limit=1000").last().map(|event| event["seq"].clone());
            // Waits for the next one without confirming anything.
            let _ = (last, self.get("/v1/accounts/default/paired"));
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{count} lines did not come:\n{}", self.process.log());
    }

    fn send(&self, text: &str, key: Option<&str>) -> Answer {
        let command = json!({ "command": "send.text", "thread": "user:111", "text": text });
        let mut order = json!({ "command": command });
        if let Some(key) = key {
            order["key"] = key.into();
        }
        self.post("/v1/commands", &order)
    }
}

fn setting() -> Setting {
    Setting::with(json!({ "allowFrom": ["111"] }), Value::Null)
}
