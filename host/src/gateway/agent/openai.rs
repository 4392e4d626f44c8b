//! An agent that is a chat endpoint of OpenAI's protocol: text only and without streaming. Of media, the
//! model learns what `Body` says of it; the files and URLs themselves are not sent.

mod completion;
mod history;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::ffi::OsString;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Client, Response, Url, redirect};
use serde_json::{Value, json};

use crate::gateway::context::Context;

use self::history::History;
use super::{AgentError, AgentReply, ModelName};

/// The longest response that is read, in bytes.
const MAX_RESPONSE_BYTES: usize = 1 << 20;

/// The host of OpenAI itself: the only one whose owner is known by its name.
const OPENAI_HOST: &str = "api.openai.com";

/// A model behind an endpoint, with what was said to it lately.
#[derive(Debug)]
pub(super) struct OpenAiAgent {
    endpoint: Endpoint,
    model: ModelName,
    system_prompt: Option<String>,
    history: History,
}

/// Where the model is asked, and how.
#[derive(Debug)]
pub(super) struct Endpoint {
    client: Client,
    url: Url,
    headers: HeaderMap,
    timeout: Duration,
}

/// The value of the `Authorization` header for the key in the environment variable `name`.
pub(super) fn api_key(name: &str, value: Option<OsString>) -> Result<HeaderValue, AgentError> {
    let wrong = |problem: &str| AgentError::Settings {
        key: "apiKeyEnv",
        problem: format!("names {name}, {problem}"),
    };
    let value = value.unwrap_or_default().into_string().unwrap_or_default();
    if value.trim().is_empty() {
        return Err(wrong("which is not set in the environment: set it to the endpoint's key"));
    }
    let mut header = HeaderValue::from_str(&format!("Bearer {}", value.trim()))
        .map_err(|_| wrong("whose value no HTTP header can hold: set it to the bare key"))?;
    header.set_sensitive(true);
    Ok(header)
}

impl Endpoint {
    /// The endpoint under `base_url`, asked with `api_key` if there is one.
    pub(super) fn new(
        base_url: &str,
        api_key: Option<HeaderValue>,
        timeout: Duration,
    ) -> Result<Self, AgentError> {
        let url = completions_url(base_url).ok_or_else(|| AgentError::Settings {
            key: "baseUrl",
            problem: "is not an http or https URL: write it as \"https://api.openai.com/v1\"".to_owned(),
        })?;
        // Fails when there is one already, which then serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A key goes to the host that the operator named, and to no other.
        let mut builder = Client::builder().redirect(redirect::Policy::none()).no_proxy();
        if url.scheme() == "http" {
            // A model on this machine works where no certificates are installed.
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build().map_err(|error| AgentError::Tls { problem: root_cause(&error) })?;
        let headers = api_key.into_iter().map(|key| (AUTHORIZATION, key)).collect();
        Ok(Self { client, url, headers, timeout })
    }

    /// Asks for a completion; the answer's text, which may be empty.
    async fn complete(&self, request: &Value) -> Result<String, AgentError> {
        let answer = tokio::time::timeout(self.timeout, self.exchange(request)).await;
        let too_late = |_| AgentError::TimedOut { agent: self.name(), limit: self.timeout };
        let body = answer.map_err(too_late)??;
        completion::text(&body).map_err(|problem| AgentError::BadReply { agent: self.name(), problem })
    }

    async fn exchange(&self, request: &Value) -> Result<Vec<u8>, AgentError> {
        let unreachable = |error: reqwest::Error| AgentError::Unreachable {
            endpoint: self.name(),
            problem: root_cause(&error.without_url()),
        };
        let post = self.client.post(self.url.clone()).headers(self.headers.clone()).json(request);
        let mut response = post.send().await.map_err(unreachable)?;
        let (body, whole) = beginning(&mut response).await.map_err(unreachable)?;
        let status = response.status();
        if !status.is_success() {
            let location = response.headers().get(LOCATION).filter(|_| status.is_redirection());
            let message = location.map_or_else(
                || completion::complaint(&body),
                |location| format!("go to {location:?}; put that into agent.baseUrl"),
            );
            return Err(AgentError::Http { endpoint: self.name(), status: status.as_u16(), message });
        }
        if !whole {
            let problem = format!("it is longer than {MAX_RESPONSE_BYTES} bytes");
            return Err(AgentError::BadReply { agent: self.name(), problem });
        }
        Ok(body)
    }

    /// The URL for messages: without what may be secret in it.
    fn name(&self) -> String {
        format!("{}{}", self.url.origin().ascii_serialization(), self.url.path())
    }
}

impl OpenAiAgent {
    /// The model called `model` at `endpoint`, which is sent up to `history_messages` earlier messages.
    pub(super) fn new(
        endpoint: Endpoint,
        model: String,
        system_prompt: Option<String>,
        history_messages: usize,
    ) -> Self {
        let provider = if endpoint.url.host_str() == Some(OPENAI_HOST) { "openai" } else { "" };
        Self {
            endpoint,
            model: ModelName { provider: provider.to_owned(), model },
            system_prompt: system_prompt.filter(|prompt| !prompt.trim().is_empty()),
            history: History::new(history_messages),
        }
    }

    pub(super) async fn answer(&self, context: &Context) -> Result<AgentReply, AgentError> {
        let text = self.endpoint.complete(&self.request(context)).await?;
        // Some endpoints refuse a conversation in which somebody said nothing.
        if !text.trim().is_empty() {
            self.history.remember(&context.session_key, &context.body, &text);
        }
        Ok(AgentReply { text, media: Vec::new(), model: Some(self.model.clone()) })
    }

    fn request(&self, context: &Context) -> Value {
        let message = |role: &str, content: &str| json!({ "role": role, "content": content });
        let mut messages = Vec::from_iter(self.system_prompt.iter().map(|prompt| message("system", prompt)));
        for exchange in self.history.recall(&context.session_key) {
            messages.push(message("user", &exchange.question));
            messages.push(message("assistant", &exchange.answer));
        }
        messages.push(message("user", &context.body));
        json!({ "model": self.model.model, "messages": messages })
    }
}

fn completions_url(base_url: &str) -> Option<Url> {
    let mut url = Url::parse(base_url.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.path_segments_mut().ok()?.pop_if_empty().extend(["chat", "completions"]);
    Some(url)
}

/// The body of a response up to the limit, and whether that is all of it.
async fn beginning(response: &mut Response) -> reqwest::Result<(Vec<u8>, bool)> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        if body.len() + piece.len() > MAX_RESPONSE_BYTES {
            return Ok((body, false));
        }
        body.extend_from_slice(&piece);
    }
    Ok((body, true))
}

/// The innermost cause, which alone says what is wrong: the others are of the kind "error sending request".
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
