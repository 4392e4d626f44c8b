//! JSON-RPC 2.0 in both directions, one message a line.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};

use super::protocol::Code;

/// The longest line that is read, in bytes: a configuration or a text with much to spare.
const LINE_MAX: usize = 16 << 20;

/// Behind it nothing is written.
const END: &str = "";

/// How many messages wait for a peer that does not read.
const OUTBOX: usize = 256;

/// What went wrong with a request, as its sender is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub(super) struct Failure {
    pub(super) code: i64,
    pub(super) message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<Value>,
}

impl Failure {
    pub(super) fn new(code: Code, message: impl fmt::Display) -> Self {
        Self { code: code as i64, message: message.to_string(), data: None }
    }

    pub(super) fn with_data(self, data: impl Serialize) -> Self {
        Self { data: serde_json::to_value(data).ok(), ..self }
    }
}

/// A message of the peer.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    Request { id: Value, method: String, params: Value },
    Notification { method: String, params: Value },
    Answer { id: Value, result: Result<Value, Failure> },
}

impl Message {
    /// Reads a line. The error is what to answer, and to which id.
    pub(super) fn read(line: &[u8]) -> Result<Self, (Value, Failure)> {
        #[derive(Deserialize)]
        struct Any {
            id: Option<Value>,
            method: Option<String>,
            params: Option<Value>,
            result: Option<Value>,
            error: Option<Failure>,
        }
        let value: Value = serde_json::from_slice(line)
            .map_err(|err| (Value::Null, Failure::new(Code::Parse, format!("the line is no JSON: {err}"))))?;
        let id = value.get("id").cloned().unwrap_or_default();
        let wrong = |what: &str| (id.clone(), Failure::new(Code::InvalidRequest, what));
        let any: Any = serde_json::from_value(value).map_err(|err| wrong(&err.to_string()))?;
        match any {
            Any { id: Some(id), .. } if !(id.is_number() || id.is_string()) => {
                Err(wrong("an id is a number or a string"))
            }
            Any { id: Some(id), method: Some(method), params, .. } => {
                Ok(Self::Request { id, method, params: params.unwrap_or_default() })
            }
            Any { id: None, method: Some(method), params, .. } => {
                Ok(Self::Notification { method, params: params.unwrap_or_default() })
            }
            Any { id: Some(id), error: Some(failure), .. } => Ok(Self::Answer { id, result: Err(failure) }),
            Any { id: Some(id), result, .. } => {
                Ok(Self::Answer { id, result: Ok(result.unwrap_or_default()) })
            }
            Any { .. } => Err(wrong("a message has a method or answers one by its id")),
        }
    }
}

/// The next line without its end, or none at the end of the input. A line that is too long is an error,
/// after which there is no telling where the next one begins.
pub(super) async fn next_line(input: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        let buffer = input.fill_buf().await?;
        if buffer.is_empty() {
            return Ok((!line.is_empty()).then_some(line));
        }
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let taken = end.unwrap_or(buffer.len());
        line.extend(buffer.iter().take(taken));
        input.consume(end.map_or(taken, |end| end + 1));
        if line.len() > LINE_MAX {
            return Err(io::Error::other(format!("a line is longer than {LINE_MAX} bytes")));
        }
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

/// Writes what is put into a [`Peer`]'s outbox until it is closed, or the other side is gone.
pub(super) async fn write(mut outbox: mpsc::Receiver<String>, mut output: impl AsyncWrite + Unpin) {
    while let Some(line) = outbox.recv().await.filter(|line| line != END) {
        let written = async {
            output.write_all(line.as_bytes()).await?;
            output.write_all(b"\n").await?;
            output.flush().await
        };
        // Its input ends then, too, and with that everything.
        if written.await.is_err() {
            return;
        }
    }
}

/// The other side. All clones are the same one.
#[derive(Clone)]
pub(super) struct Peer {
    outbox: mpsc::Sender<String>,
    asked: Arc<Mutex<Asked>>,
}

/// The requests of ours that are not answered.
#[derive(Default)]
struct Asked {
    last: u64,
    is_gone: bool,
    waiting: HashMap<u64, oneshot::Sender<Result<Value, Failure>>>,
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Peer")
    }
}

impl Peer {
    /// A peer, and what is to be written to it.
    pub(super) fn new() -> (Self, mpsc::Receiver<String>) {
        let (outbox, lines) = mpsc::channel(OUTBOX);
        (Self { outbox, asked: Arc::default() }, lines)
    }

    /// Asks something. Dropped before it is answered, the request is taken back.
    ///
    /// # Errors
    /// What the peer answers, or that it is gone.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        params: impl Serialize,
    ) -> Result<T, Failure> {
        let (sender, answer) = oneshot::channel();
        let gone = || Failure::new(Code::Internal, "the gateway is gone");
        let id = {
            let mut asked = self.asked();
            if asked.is_gone {
                return Err(gone());
            }
            asked.last += 1;
            let id = asked.last;
            asked.waiting.insert(id, sender);
            id
        };
        let question = Question { peer: self, id };
        let line = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.outbox.send(line.to_string()).await.map_err(|_| gone())?;
        let result = answer.await.map_err(|_| gone())??;
        drop(question);
        let unfit =
            |err| Failure::new(Code::Internal, format!("what it answers to {method} cannot be read: {err}"));
        serde_json::from_value(result).map_err(unfit)
    }

    /// Notes that nothing will be answered any more.
    pub(super) fn hang_up(&self) {
        let mut asked = self.asked();
        asked.is_gone = true;
        asked.waiting.clear();
    }

    /// Tells something, unless the peer does not read: what it is told then is out of date when it does.
    pub(super) fn tell(&self, method: &str, params: impl Serialize) {
        let line = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        let _ = self.outbox.try_send(line.to_string());
    }

    /// Answers a request of the peer.
    pub(super) async fn answer(&self, id: Value, result: Result<Value, Failure>) {
        let line = match result {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(error) => json!({ "jsonrpc": "2.0", "id": id, "error": error }),
        };
        // Nobody is left to be answered when this fails.
        let _ = self.outbox.send(line.to_string()).await;
    }

    /// Closes the outbox behind what is in it.
    pub(super) async fn close(&self) {
        // An error says that it is closed.
        let _ = self.outbox.send(END.to_owned()).await;
    }

    /// Takes an answer of the peer. One to a request that nobody waits for any more is left.
    pub(super) fn take(&self, id: &Value, result: Result<Value, Failure>) {
        let waiting = id.as_u64().and_then(|id| self.asked().waiting.remove(&id));
        if let Some(waiting) = waiting {
            let _ = waiting.send(result);
        }
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is taken back if it is dropped without an answer.
struct Question<'a> {
    peer: &'a Peer,
    id: u64,
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        if self.peer.asked().waiting.remove(&self.id).is_some() {
            self.peer.tell("$/cancelRequest", json!({ "id": self.id }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_request_a_notification_or_an_answer() {
        let text = |text: &str| text.to_owned();
        let cases = [
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"b":2}}"#,
                Message::Request { id: json!(1), method: text("a"), params: json!({ "b": 2 }) },
            ),
            (
                r#"{"id":"x","method":"a"}"#,
                Message::Request { id: json!("x"), method: text("a"), params: Value::Null },
            ),
            (r#"{"method":"a"}"#, Message::Notification { method: text("a"), params: Value::Null }),
            (r#"{"id":3,"result":null}"#, Message::Answer { id: json!(3), result: Ok(Value::Null) }),
            (
                r#"{"id":3,"error":{"code":7,"message":"no"}}"#,
                Message::Answer {
                    id: json!(3),
                    result: Err(Failure { code: 7, message: text("no"), data: None }),
                },
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(Message::read(line.as_bytes()), Ok(expected), "{line}");
        }
    }

    #[test]
    fn what_is_no_message_is_answered_by_its_id() {
        let cases = [
            ("{", Code::Parse, Value::Null),
            ("[]", Code::InvalidRequest, Value::Null),
            ("{}", Code::InvalidRequest, Value::Null),
            (r#"{"id":{},"method":"a"}"#, Code::InvalidRequest, json!({})),
            (r#"{"id":4,"method":5}"#, Code::InvalidRequest, json!(4)),
        ];
        for (line, code, id) in cases {
            let (answered, failure) = Message::read(line.as_bytes()).unwrap_err();
            assert_eq!((answered, failure.code), (id, code as i64), "{line}");
        }
    }

    #[tokio::test]
    async fn lines_end_at_a_line_feed_and_the_last_one_need_not() {
        let mut input = b"a\n\nb".as_slice();
        let mut lines = Vec::new();
        while let Some(line) = next_line(&mut input).await.unwrap() {
            lines.push(String::from_utf8(line).unwrap());
        }
        assert_eq!(lines, ["a", "", "b"]);
        let mut endless = tokio::io::BufReader::new(tokio::io::repeat(b'x'));
        next_line(&mut endless).await.expect_err("it is too long");
    }

    #[tokio::test]
    async fn a_question_that_nobody_waits_for_is_taken_back() {
        let (peer, mut lines) = Peer::new();
        let told = |line: Option<String>| serde_json::from_str::<Value>(&line.unwrap()).unwrap();
        let asking = peer.clone();
        let task = tokio::spawn(async move { asking.ask::<Value>("a", json!({})).await });
        assert_eq!(told(lines.recv().await)["id"], json!(1));
        task.abort();
        assert_eq!(told(lines.recv().await)["method"], json!("$/cancelRequest"));
        peer.take(&json!(1), Ok(Value::Null));

        let asking = peer.clone();
        let task = tokio::spawn(async move { asking.ask::<u64>("a", json!({})).await });
        assert_eq!(told(lines.recv().await)["id"], json!(2));
        peer.take(&json!(2), Ok(json!(7)));
        assert_eq!(task.await.unwrap(), Ok(7));

        peer.hang_up();
        peer.ask::<Value>("a", json!({})).await.expect_err("nobody is there");
    }
}
