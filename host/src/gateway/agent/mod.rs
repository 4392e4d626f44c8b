//! Who answers: a program, a chat endpoint, or an echo.

mod command;
mod echo;
mod error;
mod openai;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::gateway::Outlet;
use crate::gateway::context::Context;

use self::command::CommandAgent;
pub use self::error::AgentError;
use self::openai::OpenAiAgent;

/// How long an agent may take for an answer unless its settings say otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(120);

/// How many messages of a conversation a chat endpoint is sent again unless its settings say otherwise.
pub const DEFAULT_HISTORY_MESSAGES: usize = 20;

/// Which agent answers, and how it is reached: `agent` in the shim's own settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentSettings {
    /// A program that is run once for each message. What it leaves running in its process group is killed.
    Command {
        /// The program and its arguments; at least the program.
        command: Vec<String>,
        /// How long one run may take.
        timeout: Duration,
    },
    /// A chat endpoint that speaks OpenAI's protocol.
    OpenAi {
        /// The `http` or `https` URL in front of `/chat/completions`, as `https://api.openai.com/v1`.
        base_url: String,
        /// The model, by the endpoint's own name.
        model: String,
        /// The environment variable that holds the key; none for an endpoint that needs none.
        api_key_env: Option<String>,
        /// What the model is told before everything else.
        system_prompt: Option<String>,
        /// How many earlier messages of a conversation, both sides counted, go before a new one.
        history_messages: usize,
        /// How long one answer may take.
        timeout: Duration,
    },
    /// Every message is its own answer.
    Echo,
}

/// What an agent answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentReply {
    /// Markdown. May be empty.
    pub text: String,
    /// URLs, or paths on this machine's disk.
    pub media: Vec<String>,
    /// Who wrote it, if known.
    pub model: Option<ModelName>,
}

/// The model that wrote a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelName {
    /// Who offers it; empty when unknown.
    pub provider: String,
    /// What it is called there.
    pub model: String,
}

/// An answer that is under way.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<AgentReply, AgentError>> + Send + 'a>>;

/// A way of answering that this program does not know by itself.
pub trait Answer: fmt::Debug + Send + Sync {
    /// Answers one message. What goes through `outlet` is sent at once, and the reply after it.
    fn answer<'a>(&'a self, context: &'a Context, outlet: &'a Outlet) -> Answering<'a>;
}

/// Answers messages. Conversations share it by reference and do not wait for one another; the
/// messages of one conversation are expected one at a time.
#[derive(Debug)]
pub struct Agent(Kind);

#[derive(Debug)]
enum Kind {
    Command(CommandAgent),
    OpenAi(Box<OpenAiAgent>),
    Echo,
    Other(Arc<dyn Answer>),
}

impl AgentReply {
    /// Whether there is nothing to send: the agent chose not to answer.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.media.is_empty()
    }
}

impl Agent {
    /// Makes an agent. Reads the key of a chat endpoint from the environment, and starts nothing.
    ///
    /// # Errors
    /// [`AgentError::Settings`] when the settings cannot work, [`AgentError::Tls`] when the machine
    /// has no certificates to check an `https` endpoint with.
    pub fn new(settings: AgentSettings) -> Result<Self, AgentError> {
        let kind = match settings {
            AgentSettings::Command { command, timeout } => {
                Kind::Command(CommandAgent::new(command, timeout)?)
            }
            AgentSettings::OpenAi {
                base_url,
                model,
                api_key_env,
                system_prompt,
                history_messages,
                timeout,
            } => {
                let api_key = api_key_env.map(|name| openai::api_key(&name, std::env::var_os(&name)));
                let endpoint = openai::Endpoint::new(&base_url, api_key.transpose()?, timeout)?;
                Kind::OpenAi(Box::new(OpenAiAgent::new(endpoint, model, system_prompt, history_messages)))
            }
            AgentSettings::Echo => Kind::Echo,
        };
        Ok(Self(kind))
    }

    /// An agent that answers in a way of its own.
    pub fn of(answer: Arc<dyn Answer>) -> Self {
        Self(Kind::Other(answer))
    }

    /// Answers one message. An empty reply means that nothing is to be sent beside what went through
    /// `outlet`, which only an agent of another program uses. Dropping the future
    /// ends the work: a program is killed with all that it started in its process group.
    ///
    /// # Errors
    /// Any [`AgentError`] but those of [`Agent::new`].
    pub async fn answer(&self, context: &Context, outlet: &Outlet) -> Result<AgentReply, AgentError> {
        match &self.0 {
            Kind::Command(agent) => agent.answer(context).await,
            Kind::OpenAi(agent) => agent.answer(context).await,
            Kind::Echo => Ok(echo::answer(context)),
            Kind::Other(agent) => agent.answer(context, outlet).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A direct message that says `text`.
    pub(super) fn context(session: &str, text: &str) -> Context {
        serde_json::from_value(serde_json::json!({
            "Body": format!("[introduced] {text}"), "RawBody": text, "CommandBody": text,
            "From": "zalouser:1", "To": "zalouser:1", "SessionKey": session, "AccountId": "default",
            "ChatType": "direct", "ConversationLabel": "user:1", "SenderId": "1", "CommandAuthorized": false,
            "Provider": "zalouser", "Surface": "zalouser", "MessageSid": "m1",
            "OriginatingChannel": "zalouser", "OriginatingTo": "zalouser:1",
        }))
        .unwrap()
    }

    #[test]
    fn agents_can_be_shared_between_tasks() {
        fn shared(_: impl Send + Sync) {}
        fn spawned(_: impl Send) {}
        fn answered(agent: &Agent, context: &Context, outlet: &Outlet) {
            spawned(agent.answer(context, outlet));
        }
        let _ = answered;
        shared(Agent::new(AgentSettings::Echo).unwrap());
    }

    #[test]
    fn settings_that_cannot_work_name_the_key() {
        let endpoint = |base_url: &str, api_key_env: Option<&str>| AgentSettings::OpenAi {
            base_url: base_url.to_owned(),
            model: "m".to_owned(),
            api_key_env: api_key_env.map(str::to_owned),
            system_prompt: None,
            history_messages: DEFAULT_HISTORY_MESSAGES,
            timeout: DEFAULT_TIMEOUT,
        };
        let run = |command: &[&str]| AgentSettings::Command {
            command: command.iter().map(|&word| word.to_owned()).collect(),
            timeout: DEFAULT_TIMEOUT,
        };
        let cases = [
            (run(&[]), "agent.command"),
            (run(&[" "]), "agent.command"),
            (endpoint("localhost/v1", None), "agent.baseUrl"),
            (endpoint("ftp://localhost", None), "agent.baseUrl"),
            (endpoint("http://localhost", Some("ZALOUSER_TEST_UNSET")), "agent.apiKeyEnv"),
        ];
        for (settings, key) in cases {
            let error = Agent::new(settings.clone()).expect_err(&format!("{settings:?}"));
            assert!(matches!(error, AgentError::Settings { .. }), "{error:?}");
            assert!(error.to_string().contains(key), "{error}");
            assert!(!error.is_retryable(), "{error}");
        }
    }

    #[test]
    fn a_reply_of_white_space_is_no_answer() {
        let reply = |text: &str, media: &[&str]| AgentReply {
            text: text.to_owned(),
            media: media.iter().map(|&source| source.to_owned()).collect(),
            model: None,
        };
        assert!(reply(" \n", &[]).is_empty());
        assert!(!reply("", &["/a.jpg"]).is_empty());
        assert!(!reply("a", &[]).is_empty());
    }
}
