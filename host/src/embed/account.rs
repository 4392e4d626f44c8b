//! One account that runs.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;

use super::channel::Shared;
use super::directory::{self, Listing};
use super::error::{DirectoryError, SendError, Undelivered};
use super::queue::{Messages, Queue};
use crate::gateway;
use crate::plugins::Plugin;
use crate::sandbox;
use crate::sandbox::bindings::config::{self, ReplyFormat};
use crate::sandbox::bindings::directory::Entry;
use crate::sandbox::bindings::outbound::Reply;
use crate::sandbox::bindings::types::Thread;
use crate::tool::{Conclusion, Tool};
use crate::zca::profile::Profile;
use crate::zca::receipt;
use crate::zca::send::send;

/// One account that runs, until it is stopped or dropped.
pub struct Account {
    acting: Arc<Acting>,
    queue: Arc<Queue>,
    /// Dropped, it stops.
    guard: DropGuard,
    run: JoinHandle<Result<(), gateway::StartError>>,
}

/// What it takes to act for an account.
pub(super) struct Acting {
    pub(super) shared: Arc<Shared>,
    pub(super) account: config::Account,
    pub(super) profile: Profile,
    /// What is sent is sent one after the other.
    turn: Mutex<()>,
}

impl Account {
    pub(super) fn new(
        shared: Arc<Shared>,
        account: config::Account,
        queue: Arc<Queue>,
        guard: DropGuard,
        run: JoinHandle<Result<(), gateway::StartError>>,
    ) -> Self {
        let profile = Profile::new(&account.profile);
        let acting = Arc::new(Acting { shared, account, profile, turn: Mutex::default() });
        Self { acting, queue, guard, run }
    }

    /// Its id in the configuration.
    pub fn id(&self) -> &str {
        &self.acting.account.id
    }

    /// The messages that the component lets through. Of each conversation one is given at a time, and of all together
    /// 16: the others wait until those are acknowledged. Streams of one account share its messages.
    pub fn messages(&self) -> Messages {
        Messages(Arc::clone(&self.queue))
    }

    /// Sends Markdown that answers nothing, in as many parts as it takes, and gives Zalo's ids of them as far as they
    /// are known. It is not in the journal; to answer a message, use [`Inbound::reply`](super::Inbound::reply).
    ///
    /// Cancel-safe: once it was polled, it goes on to be sent when the future is dropped, and what fails is logged.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(&self, thread: &Thread, text: impl Into<String>) -> Result<Vec<String>, SendError> {
        self.send_with(thread, text, Vec::new()).await
    }

    /// The same with media: URLs, or paths on this machine's disk that the grants allow.
    ///
    /// # Errors
    /// As of [`Self::send`].
    pub async fn send_with(
        &self,
        thread: &Thread,
        text: impl Into<String>,
        media: Vec<String>,
    ) -> Result<Vec<String>, SendError> {
        let reply = Reply { thread: thread.clone(), text: text.into(), media, model: None };
        let acting = Arc::clone(&self.acting);
        let sent = tokio::spawn(async move {
            let sent = acting.send(reply).await;
            if let Err(err) = &sent {
                tracing::warn!(account = acting.account.id, "not all was sent: {err}");
            }
            sent
        });
        sent.await.map_err(|_| SendError::Ended)?
    }

    /// Carries out a call of the tool, which is JSON, for a model that speaks in `current`. Its answer is JSON, too; a
    /// refused grant is told in it, with the key, as a model is to read it.
    ///
    /// Cancel-safe only before it is polled: dropped later, it ends the process that it runs and starts no other, and
    /// whether that one had sent is unknown.
    ///
    /// # Errors
    /// The component's failure. What was done by then is in the log.
    pub async fn tool(&self, call: &str, current: Option<Thread>) -> Result<Conclusion, sandbox::Error> {
        let Acting { shared, account, .. } = &*self.acting;
        let Plugin { component, gate, .. } = self.acting.plugin()?;
        let tool = Tool::new(component, gate, shared.zca.clone(), account.clone(), current);
        tool.by_clock(Arc::clone(&shared.clock)).call(call).await
    }

    /// Lists people or groups: those that `query` finds, at most `limit` of them.
    ///
    /// Cancel-safe: it changes nothing.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn directory(
        &self,
        listing: Listing,
        query: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Vec<Entry>, DirectoryError> {
        directory::find(&self.acting, listing, query, limit).await
    }

    /// Stops to listen, ends the streams, gives answers that are under way ten seconds, and returns when no process is
    /// left. What is not answered by then is in the journal, and comes first when the account is started again.
    ///
    /// Cancel-safe: dropped, it goes on to stop.
    pub async fn stop(self) {
        let Self { guard, run, .. } = self;
        drop(guard);
        // It neither panics nor fails once it runs.
        let _ = run.await;
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl Acting {
    /// What decides for the account.
    pub(super) fn plugin(&self) -> Result<Plugin, sandbox::Error> {
        // It was put there when the channel was opened.
        self.shared.plugins.of(&self.account.id).map_err(|err| sandbox::Error::Load(err.to_string()))
    }

    async fn send(&self, reply: Reply) -> Result<Vec<String>, SendError> {
        let plugin = self.plugin()?;
        // The prefix marks what an agent answers.
        let format = ReplyFormat { response_prefix: None, ..self.account.replies.clone() };
        let commands = plugin.component.instantiate().await?.plan(&format, &reply).await?;
        let mut done = Undelivered { parts: commands.len(), ..Undelivered::default() };
        let _turn = self.turn.lock().await;
        for command in commands {
            let granted = match plugin.gate.check(&self.account, command, self.shared.clock.now_ms()) {
                Ok(granted) => granted,
                Err(refusal) => {
                    return Err(SendError::Refused { refusal: Box::new(refusal), before: done });
                }
            };
            match send(&self.shared.zca, &self.profile, granted.command()).await {
                Ok(receipt) => {
                    done.message_ids.extend(receipt.message_ids);
                    done.sent += 1;
                }
                Err(err) => {
                    if let receipt::SendError::CaptionLost { sent, .. } = &err {
                        done.message_ids.extend(sent.message_ids.iter().cloned());
                    }
                    return Err(SendError::of(&err, done));
                }
            }
        }
        Ok(done.message_ids)
    }
}
