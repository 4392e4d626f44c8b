use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use super::super::tests::context;
use super::*;

const ENOUGH: Duration = Duration::from_secs(30);

/// What came in: the request line and the headers in lower case, and the body.
struct Received {
    head: Vec<String>,
    body: Value,
}

/// A loopback endpoint that gives one answer to each connection, in order, and then is gone.
struct Server {
    base_url: String,
    received: mpsc::Receiver<Received>,
}

impl Server {
    fn answering(answers: impl IntoIterator<Item = String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1/", listener.local_addr().unwrap());
        let answers: Vec<_> = answers.into_iter().collect();
        let (sender, received) = mpsc::channel();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                sender.send(receive(&stream)).unwrap();
                // A client that has heard enough may be gone.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { base_url, received }
    }

    fn agent(&self) -> OpenAiAgent {
        self.agent_with(None, None, ENOUGH)
    }

    fn agent_with(&self, key: Option<&str>, system_prompt: Option<&str>, timeout: Duration) -> OpenAiAgent {
        let key = key.map(|key| api_key("KEY", Some(key.into())).unwrap());
        let endpoint = Endpoint::new(&self.base_url, key, timeout).unwrap();
        OpenAiAgent::new(endpoint, "m".to_owned(), system_prompt.map(str::to_owned), 20)
    }
}

fn receive(stream: &TcpStream) -> Received {
    let mut reader = BufReader::new(stream);
    let lines = reader.by_ref().lines().map(|line| line.unwrap().to_lowercase());
    let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Received { head, body: serde_json::from_slice(&body).unwrap() }
}

fn http(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn saying(text: &str) -> String {
    http("200 OK", &json!({ "choices": [{ "message": { "content": text } }] }).to_string())
}

#[tokio::test]
async fn the_model_is_asked_with_prompt_key_and_body() {
    let server = Server::answering([saying("hello")]);
    let agent = server.agent_with(Some(" sk-1\n"), Some("be kind"), ENOUGH);
    let reply = agent.answer(&context("s", "hi")).await.unwrap();
    assert_eq!(reply.text, "hello");
    assert_eq!(reply.model, Some(ModelName { provider: String::new(), model: "m".to_owned() }));
    let Received { head, body } = server.received.recv().unwrap();
    assert_eq!(head.first().map(String::as_str), Some("post /v1/chat/completions http/1.1"));
    assert!(head.contains(&"authorization: bearer sk-1".to_owned()), "{head:?}");
    let messages = json!([
        { "role": "system", "content": "be kind" },
        { "role": "user", "content": "[introduced] hi" },
    ]);
    assert_eq!(body, json!({ "model": "m", "messages": messages }));
}

#[tokio::test]
async fn only_answered_messages_of_the_same_conversation_are_sent_again() {
    let server = Server::answering([
        saying("one"),
        http("500 Internal Server Error", ""),
        saying(" "),
        saying("two"),
        saying("three"),
    ]);
    let agent = server.agent();
    agent.answer(&context("s", "a")).await.unwrap();
    agent.answer(&context("s", "failed")).await.unwrap_err();
    assert!(agent.answer(&context("s", "silent")).await.unwrap().is_empty());
    agent.answer(&context("other", "b")).await.unwrap();
    agent.answer(&context("s", "c")).await.unwrap();
    let last = server.received.iter().last().unwrap().body;
    let expected = json!([
        { "role": "user", "content": "[introduced] a" },
        { "role": "assistant", "content": "one" },
        { "role": "user", "content": "[introduced] c" },
    ]);
    assert_eq!(last["messages"], expected);
}

#[tokio::test]
async fn conversations_do_not_wait_for_one_another() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let both: Vec<_> =
            listener.incoming().take(2).map(Result::unwrap).inspect(|s| drop(receive(s))).collect();
        for mut stream in both {
            stream.write_all(saying("hello").as_bytes()).unwrap();
        }
    });
    let endpoint = Endpoint::new(&base_url, None, ENOUGH).unwrap();
    let agent = OpenAiAgent::new(endpoint, "m".to_owned(), None, 20);
    let (one, other) = (context("one", "hi"), context("other", "hi"));
    let (one, other) = tokio::join!(agent.answer(&one), agent.answer(&other));
    assert_eq!((one.unwrap().text, other.unwrap().text), ("hello".to_owned(), "hello".to_owned()));
}

#[tokio::test]
async fn a_refusal_tells_status_and_message() {
    let page = "x".repeat(MAX_RESPONSE_BYTES + 1);
    let cases = [
        (http("401 Unauthorized", r#"{"error":{"message":"bad key"}}"#), 401, "bad key"),
        (http("500 Internal Server Error", "oops"), 500, "oops"),
        (http("502 Bad Gateway", &page), 502, "xxx"),
        (
            "HTTP/1.1 308 Permanent Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
                .to_owned(),
            308,
            "http://127.0.0.1:1/",
        ),
    ];
    for (answer, expected, message) in cases {
        let server = Server::answering([answer]);
        let error = server.agent().answer(&context("s", "hi")).await.unwrap_err();
        assert!(matches!(error, AgentError::Http { status, .. } if status == expected), "{error:?}");
        let told = error.to_string();
        assert!(told.contains(message) && told.contains(&server.base_url), "{told}");
        assert!(told.len() < 1_000, "{} bytes", told.len());
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_not_used() {
    let huge = saying(&"x".repeat(MAX_RESPONSE_BYTES));
    for answer in [http("200 OK", "{"), http("200 OK", ""), huge] {
        let server = Server::answering([answer]);
        let error = server.agent().answer(&context("s", "hi")).await.unwrap_err();
        assert!(matches!(error, AgentError::BadReply { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_broken_or_refused_connection_is_worth_another_try() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_owned();
    let server = Server::answering([half, String::new()]);
    let agent = server.agent();
    for _ in 0..3 {
        let error = agent.answer(&context("s", "hi")).await.unwrap_err();
        assert!(matches!(error, AgentError::Unreachable { .. }), "{error:?}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_given_up() {
    // The kernel accepts the connection; nobody ever reads from it.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", silent.local_addr().unwrap());
    let endpoint = Endpoint::new(&base_url, None, Duration::from_millis(100)).unwrap();
    let agent = OpenAiAgent::new(endpoint, "m".to_owned(), None, 20);
    let error = agent.answer(&context("s", "hi")).await.unwrap_err();
    assert!(matches!(error, AgentError::TimedOut { .. }), "{error:?}");
}

#[test]
fn the_path_is_joined_with_one_slash() {
    let cases = [
        ("https://h/v1", "https://h/v1/chat/completions"),
        ("https://h/v1/", "https://h/v1/chat/completions"),
        ("http://h:1", "http://h:1/chat/completions"),
        ("https://h/v1?api-version=2", "https://h/v1/chat/completions?api-version=2"),
    ];
    for (base_url, expected) in cases {
        assert_eq!(completions_url(base_url).as_ref().map(Url::as_str), Some(expected), "{base_url}");
    }
}

#[test]
fn a_key_that_cannot_be_sent_is_refused_without_being_shown() {
    for value in [None, Some(" "), Some("sec\nret"), Some("sec\u{7f}ret")] {
        let error = api_key("KEY", value.map(OsString::from)).expect_err("a bad key");
        let told = error.to_string();
        assert!(told.contains("KEY") && !told.contains("ret"), "{told}");
    }
    let key = api_key("KEY", Some("secret".into())).unwrap();
    assert!(!format!("{key:?}").contains("secret"));
}
