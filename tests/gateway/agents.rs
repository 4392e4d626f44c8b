//! Those who answer: what they are told, and what becomes of one that fails.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};

use super::{alice, open, to};
use crate::setting::{Setting, config, shell};

#[test]
fn a_program_is_told_the_context_of_the_message() {
    let setting = Setting::new();
    let seen = setting.write("seen", "");
    let agent = shell("cat >\"$1\"; echo done", &[&seen]);
    let channel = json!({ "dmPolicy": "open", "messagePrefix": "[zalo]" });
    setting.configure(&config(channel, json!({ "agent": agent })));
    let mut gateway = setting.gateway();
    setting.say(&[alice("xin chào 😀").ids("7001", "17").at(1_700_000_001_000)]);
    gateway.until_texts(&setting, 1);
    let context: Value = serde_json::from_slice(&std::fs::read(seen).unwrap()).unwrap();
    for (field, value) in [
        ("RawBody", json!("xin chào 😀")),
        ("CommandBody", json!("xin chào 😀")),
        ("From", json!("zalouser:111")),
        ("To", json!("zalouser:111")),
        ("SessionKey", json!("agent:main:zalouser:direct:111")),
        ("AccountId", json!("default")),
        ("ChatType", json!("direct")),
        ("SenderId", json!("111")),
        ("SenderName", json!("Alice")),
        ("CommandAuthorized", json!(false)),
        ("Provider", json!("zalouser")),
        ("Surface", json!("zalouser")),
        ("MessageSid", json!("7001")),
        ("MessageSidFull", json!("7001:17")),
        ("Timestamp", json!(1_700_000_001_000_u64)),
        ("OriginatingChannel", json!("zalouser")),
        ("OriginatingTo", json!("zalouser:111")),
    ] {
        assert_eq!(context[field], value, "{field}");
    }
    let body = context["Body"].as_str().unwrap();
    assert!(body.starts_with("[Zalo Personal Alice"), "{body}");
    assert!(body.contains("[zalo]") && body.ends_with("xin chào 😀"), "{body}");
}

#[test]
fn an_agent_that_fails_is_logged_and_the_next_message_is_answered() {
    let script = r#"
        read -r context
        case "$context" in
            *'"RawBody":"fail"'*) echo 'half an answer'; echo 'the key has expired' >&2; exit 3 ;;
            *'"RawBody":"crash"'*) kill -KILL $$ ;;
            *'"RawBody":"hang"'*) exec sleep 600 ;;
            *'"RawBody":"flood"'*) exec head -c 3000000 /dev/zero ;;
            *'"RawBody":"nothing"'*) ;;
            *) echo fine ;;
        esac"#;
    let setting = Setting::new();
    let mut agent = shell(script, &[]);
    agent["timeoutSeconds"] = json!(1);
    setting.configure(&config(open(), json!({ "agent": agent })));
    let mut gateway = setting.gateway();
    setting.say(&["fail", "crash", "hang", "flood", "nothing", "next"].map(alice));
    assert_eq!(gateway.until_texts(&setting, 1), to("111", &["fine"]));
    let log = gateway.log();
    for part in ["the key has expired", "signal: 9", "did not answer within 1 s", "longer than"] {
        assert!(log.contains(part), "{part} is missing in:\n{log}");
    }
    assert_eq!(log.matches("the agent did not answer").count(), 4, "{log}");
    assert_eq!(setting.sent().len(), 1, "half an answer is none");
}

#[test]
fn a_program_that_is_not_there_is_told_at_each_message() {
    let agent = json!({ "kind": "command", "command": ["/nonexistent/agent"] });
    let setting = Setting::with(open(), agent);
    let mut gateway = setting.start(setting.command(&["gateway", "run", "--log-format", "json"]));
    setting.say(&[alice("hello").ids("7001", "17")]);
    gateway.until_logged("cannot run the agent program `/nonexistent/agent`");
    let log = gateway.log();
    let entries = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told = entries.filter(|entry| entry["level"] == "ERROR").collect::<Vec<_>>();
    let [told] = &told[..] else { panic!("{log}") };
    assert!(told["message"].as_str().unwrap().starts_with("the agent did not answer"), "{told}");
    for (field, value) in [("account", "default"), ("thread", "111"), ("message_id", "7001")] {
        assert_eq!(told[field], value, "{field}");
    }
}

#[test]
fn a_chat_endpoint_is_sent_the_conversation() {
    let (address, requests) = endpoint(&["first answer", "second answer"]);
    let setting = Setting::new();
    let agent = json!({
        "kind": "openai", "baseUrl": format!("http://{address}/v1"), "model": "small",
        "apiKeyEnv": "TEST_KEY", "systemPrompt": "be brief",
    });
    setting.configure(&config(open(), json!({ "agent": agent })));
    let mut command = setting.command(&["gateway", "run"]);
    command.env("TEST_KEY", "secret");
    let mut gateway = setting.start(command);
    setting.say(&[alice("one")]);
    gateway.until_texts(&setting, 1);
    setting.say(&[alice("two")]);
    assert_eq!(gateway.until_texts(&setting, 2), to("111", &["first answer", "second answer"]));

    let [first, second]: [Request; 2] = requests.iter().collect::<Vec<_>>().try_into().unwrap();
    for request in [&first, &second] {
        assert_eq!(request.line, "POST /v1/chat/completions HTTP/1.1");
        assert_eq!(request.authorization.as_deref(), Some("Bearer secret"));
        assert_eq!(request.body["model"], "small");
    }
    let said = |request: &Request| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let messages = request.body["messages"].as_array().unwrap();
        messages.iter().map(|message| (text(&message["role"]), text(&message["content"]))).collect()
    };
    let roles = |request: &Request| said(request).into_iter().map(|(role, _)| role).collect::<Vec<_>>();
    assert_eq!(roles(&first), ["system", "user"]);
    assert_eq!(roles(&second), ["system", "user", "assistant", "user"]);
    let said = said(&second);
    assert_eq!(said[0].1, "be brief");
    assert!(said[1].1.ends_with("] one"), "{said:?}");
    assert_eq!(said[2].1, "first answer");
    assert!(said[3].1.ends_with("] two"), "{said:?}");
    assert!(!gateway.log().contains("secret"), "{}", gateway.log());
}

/// What an endpoint was asked.
#[derive(Debug)]
struct Request {
    line: String,
    authorization: Option<String>,
    body: Value,
}

/// A chat endpoint that gives these answers, one a connection, and is gone then.
fn endpoint(answers: &[&str]) -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, requests) = channel();
    let answers: Vec<_> = answers.iter().map(|answer| (*answer).to_owned()).collect();
    thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            sender.send(request(&mut reader)).unwrap();
            let message = json!({ "role": "assistant", "content": answer });
            let body = json!({ "choices": [{ "index": 0, "message": message }] }).to_string();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
            let length = body.len();
            write!(reader.get_mut(), "{head}Content-Length: {length}\r\n\r\n{body}").unwrap();
        }
    });
    (address, requests)
}

fn request(reader: &mut impl BufRead) -> Request {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let header = |name: &str| {
        head.iter()
            .filter_map(|line| line.split_once(": "))
            .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then(|| value.to_owned()))
    };
    let mut body = vec![0; header("content-length").unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let body = serde_json::from_slice(&body).unwrap();
    Request { line: head[0].clone(), authorization: header("authorization"), body }
}
