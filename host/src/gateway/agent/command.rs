//! An agent that is a program: one process a message, the context on its input, the reply on its output.

use std::io;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::process::Command;

use super::error::last_lines;
use super::{AgentError, AgentReply};
use crate::gateway::context::Context;
use crate::process::{self, Ended, Finished, Keep, Limits};

/// How long a program has to end by itself once its time is over.
const GRACE: Duration = Duration::from_secs(2);

/// The longest reply, in bytes.
const MAX_REPLY_BYTES: usize = 1 << 20;

/// How much of the end of what a program prints as an error is looked at, in bytes.
const MAX_STDERR_BYTES: usize = 64 << 10;

/// How many of the last lines that a failed program printed as an error are reported.
const REPORTED_LINES: usize = 5;

/// A program that answers.
#[derive(Debug)]
pub(super) struct CommandAgent {
    program: String,
    arguments: Vec<String>,
    limits: Limits,
}

/// A reply as an object. The gateways of this family write `mediaUrls`, and the first of them as
/// `mediaUrl` too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ReplyObject {
    text: Option<String>,
    media_url: Option<String>,
    media_urls: Option<Vec<String>>,
}

impl CommandAgent {
    /// An agent that runs `command`, at most `timeout` a message.
    pub(super) fn new(command: Vec<String>, timeout: Duration) -> Result<Self, AgentError> {
        let mut words = command.into_iter();
        let program = words.next().filter(|program| !program.trim().is_empty()).ok_or_else(|| {
            AgentError::Settings {
                key: "command",
                problem: "names no program: write it as [\"program\", \"argument\", …]".to_owned(),
            }
        })?;
        let limits = Limits {
            time: timeout,
            grace: GRACE,
            stdout: Keep::All(MAX_REPLY_BYTES),
            stderr: Keep::End(MAX_STDERR_BYTES),
        };
        Ok(Self { program, arguments: words.collect(), limits })
    }

    pub(super) async fn answer(&self, context: &Context) -> Result<AgentReply, AgentError> {
        let mut input = serde_json::to_vec(context).map_err(|error| self.lost(error.into()))?;
        // For programs that read a line.
        input.push(b'\n');
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        let finished = process::run(command, &input, &self.limits).await.map_err(|error| self.lost(error))?;
        self.reply(finished)
    }

    fn reply(&self, finished: Finished) -> Result<AgentReply, AgentError> {
        match finished.ended {
            Ended::Exited(Ok(status)) if status.success() => {
                Ok(parse(&String::from_utf8_lossy(&finished.stdout)))
            }
            Ended::Exited(Ok(status)) => Err(AgentError::Exit {
                program: self.program.clone(),
                status,
                stderr: last_lines(&String::from_utf8_lossy(&finished.stderr), REPORTED_LINES),
            }),
            Ended::Exited(Err(error)) => Err(self.lost(error)),
            Ended::TimedOut => Err(AgentError::TimedOut { agent: self.name(), limit: self.limits.time }),
            Ended::Flooded => Err(AgentError::BadReply {
                agent: self.name(),
                problem: format!("it is longer than {MAX_REPLY_BYTES} bytes"),
            }),
        }
    }

    fn lost(&self, source: io::Error) -> AgentError {
        AgentError::Start { program: self.program.clone(), source }
    }

    fn name(&self) -> String {
        format!("the agent program `{}`", self.program)
    }
}

/// An object with nothing but a reply's keys is a reply; everything else is what the agent says, be it
/// JSON or not. A key that is null says nothing.
fn parse(stdout: &str) -> AgentReply {
    let Some(reply) = object(stdout) else {
        let text = stdout.trim_end_matches(['\r', '\n']).to_owned();
        return AgentReply { text, ..AgentReply::default() };
    };
    let mut media = reply.media_urls.unwrap_or_default();
    if let Some(first) = reply.media_url.filter(|first| !media.contains(first)) {
        media.insert(0, first);
    }
    media.retain(|source| !source.trim().is_empty());
    AgentReply { text: reply.text.unwrap_or_default(), media, model: None }
}

fn object(stdout: &str) -> Option<ReplyObject> {
    let keys: Map<String, Value> =
        serde_json::from_str(stdout).ok().filter(|keys: &Map<_, _>| !keys.is_empty())?;
    serde_json::from_value(Value::Object(keys)).ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::context;
    use super::*;

    fn shell(script: &str, timeout: Duration) -> CommandAgent {
        let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        CommandAgent::new(command, timeout).unwrap()
    }

    async fn answer(script: &str) -> Result<AgentReply, AgentError> {
        shell(script, Duration::from_secs(30)).answer(&context("s", "hi")).await
    }

    #[test]
    fn only_an_object_of_a_replys_keys_is_a_reply_object() {
        let cases: [(&str, &str, &[&str]); 15] = [
            ("hello\n", "hello", &[]),
            (" two\nlines \r\n\n", " two\nlines ", &[]),
            ("", "", &[]),
            ("\n", "", &[]),
            (r#"{"text":"a\n"}"#, "a\n", &[]),
            (" {\"text\":\"a\", \"mediaUrls\":[\"/x\",\" \"]}\n", "a", &["/x"]),
            (r#"{"mediaUrl":"/x"}"#, "", &["/x"]),
            (r#"{"mediaUrl":"/x","mediaUrls":["/x","/y"]}"#, "", &["/x", "/y"]),
            (r#"{"mediaUrl":"/w","mediaUrls":["/x"]}"#, "", &["/w", "/x"]),
            (r#"{"text":null}"#, "", &[]),
            ("{}", "{}", &[]),
            (r#"{"text":1}"#, r#"{"text":1}"#, &[]),
            (r#"{"text":"a","more":1}"#, r#"{"text":"a","more":1}"#, &[]),
            (r#"["text"]"#, r#"["text"]"#, &[]),
            (r#"{"text":"a"} b"#, r#"{"text":"a"} b"#, &[]),
        ];
        for (stdout, text, media) in cases {
            let reply = parse(stdout);
            assert_eq!(
                (reply.text.as_str(), reply.media),
                (text, media.iter().map(|&m| m.to_owned()).collect()),
                "{stdout}"
            );
        }
    }

    #[tokio::test]
    async fn the_context_is_one_line_of_json() {
        let message = context("s", "a\nb");
        let echo = shell("read -r line && printf '%s' \"$line\"", Duration::from_secs(30));
        let reply = echo.answer(&message).await.unwrap();
        assert_eq!(serde_json::from_str::<Context>(&reply.text).unwrap(), message);
    }

    #[tokio::test]
    async fn a_big_context_that_nobody_reads_is_no_obstacle() {
        let message = context("s", &"x".repeat(1 << 20));
        let reply = shell("echo hi", Duration::from_secs(30)).answer(&message).await.unwrap();
        assert_eq!(reply.text, "hi");
    }

    #[tokio::test]
    async fn ill_formed_utf_8_is_replaced() {
        assert_eq!(answer(r"printf 'a\377b'").await.unwrap().text, "a\u{fffd}b");
    }

    #[tokio::test]
    async fn a_failure_tells_the_last_five_lines() {
        let error = answer("echo reply; seq 7 >&2; exit 3").await.unwrap_err();
        let AgentError::Exit { status, stderr, .. } = &error else { panic!("{error:?}") };
        assert_eq!((status.code(), stderr.as_str()), (Some(3), "3 | 4 | 5 | 6 | 7"));
        assert!(error.to_string().contains("/bin/sh"), "{error}");
    }

    #[tokio::test]
    async fn a_reply_without_end_is_not_used() {
        let error = answer("yes").await.unwrap_err();
        assert!(matches!(error, AgentError::BadReply { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_slow_program_is_stopped() {
        let error =
            shell("sleep 60", Duration::from_millis(100)).answer(&context("s", "hi")).await.unwrap_err();
        assert!(matches!(error, AgentError::TimedOut { .. }), "{error:?}");
        assert!(error.to_string().contains("0.1 s"), "{error}");
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let agent = CommandAgent::new(vec!["/nowhere/agent".to_owned()], Duration::from_secs(30)).unwrap();
        let error = agent.answer(&context("s", "hi")).await.unwrap_err();
        assert!(matches!(error, AgentError::Start { .. }), "{error:?}");
        assert!(error.to_string().contains("/nowhere/agent"), "{error}");
    }
}
