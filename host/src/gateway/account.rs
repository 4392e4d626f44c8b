//! One account: its listener, its monitor, and what comes of the monitor's effects.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::event::What;
use super::intake::Intake;
use super::reply::Replies;
use crate::clock;
use crate::decision::Decision;
use crate::journal::{Admission, Journal};
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::inbound::{Dropped, Effect, ListenerEvent, Remembered};
use crate::sandbox::{self, Monitor, Pushed};
use crate::store::{AllowFile, PairingStore};
use crate::zca::backoff::ListenerEnd;
use crate::zca::listener::{Listener, Output};

/// One account that runs.
pub(super) struct Running {
    pub(super) account: Arc<Account>,
    pub(super) monitor: Monitor,
    pub(super) store: PairingStore,
    pub(super) allow_file: AllowFile,
    pub(super) replies: Arc<Replies>,
    pub(super) journal: Journal,
    pub(super) intake: Intake,
}

impl Running {
    /// Reads the listener and acts on what the guest makes of it, until `stop` turns true. Returns
    /// when the listener's process is gone.
    pub(super) async fn run(mut self, mut listener: Listener, mut stop: watch::Receiver<bool>) {
        let stopped = async move {
            // A sender that is gone will not ask any more: that is a stop, too.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        tokio::pin!(stopped);
        loop {
            let output = tokio::select! {
                output = listener.next() => output,
                () = self.intake.next() => continue,
                () = &mut stopped => break,
            };
            let Some(output) = output else { break };
            if let Err(err) = self.take(output).await {
                self.lose(&err, "what the listener printed is lost");
            }
        }
        listener.stop().await;
    }

    async fn take(&mut self, output: Output) -> Result<(), sandbox::Error> {
        let account = self.account.id.as_str();
        match output {
            Output::Started { pid } => {
                tracing::info!(account, pid, profile = self.account.profile, "listening");
                self.replies.events.tell(account, What::Listening { pid });
            }
            Output::Complaint(line) => {
                tracing::warn!(account, "zca: {line}");
                self.replies.events.tell(account, What::Complained(line));
            }
            Output::Bytes(bytes) => {
                self.refresh_paired().await?;
                let pushed = self.monitor.push(&bytes, clock::now_ms()).await?;
                self.act(pushed);
            }
            Output::Ended { end, restart_in } => {
                log_end(account, &end, restart_in);
                let (reason, recycling) = (reason(&end), is_exchange(&end, restart_in));
                self.replies.events.tell(account, What::ListenerEnded { reason, recycling, restart_in });
                let pushed = self.monitor.finish(clock::now_ms()).await?;
                self.act(pushed);
            }
        }
        Ok(())
    }

    /// Hands the list of paired senders to the guest if somebody changed it.
    async fn refresh_paired(&mut self) -> Result<(), sandbox::Error> {
        let account = self.account.id.as_str();
        let paired = match self.allow_file.changed() {
            Ok(false) => return Ok(()),
            Ok(true) => self.store.allowed(),
            Err(err) => {
                tracing::error!(account, "the list of paired senders cannot be read: {err}");
                return Ok(());
            }
        };
        match paired {
            Ok(paired) => self.monitor.set_paired(paired).await,
            Err(err) => {
                tracing::error!(account, "{err}; those paired before stay so");
                Ok(())
            }
        }
    }

    fn act(&mut self, pushed: Pushed) {
        let account = Arc::clone(&self.account);
        let account = account.id.as_str();
        for failure in pushed.failures {
            self.lose(&failure, "the line that led to it is lost");
        }
        let mut remembered = Vec::new();
        for effect in pushed.effects {
            self.replies.events.tell(account, What::Decided(Box::new(effect.clone())));
            match effect {
                Effect::Deliver(message) => {
                    // It uses up what was remembered, which therefore has to be in the journal before.
                    self.remember(mem::take(&mut remembered));
                    self.intake.admit(Admission::message(&message));
                }
                Effect::Pair(request) => self.intake.admit(Admission::pairing(request)),
                Effect::Drop(ref dropped) => {
                    remembered.extend(self::remembered(dropped));
                    tracing::debug!(
                        account,
                        reason = Decision::of(&effect).map(|it| it.reason),
                        "{}",
                        dropped.detail
                    );
                }
                Effect::Lifecycle(event) => log_listener(account, &event),
                Effect::Log(entry) => super::log(account, &entry),
            }
        }
        self.remember(remembered);
    }

    /// Keeps what the guest remembers for the guest after it.
    fn remember(&self, remembered: Vec<Remembered>) {
        if !remembered.is_empty() {
            self.journal.remember(&self.account.id, self.account.mentions.history_limit, &remembered);
        }
    }

    fn lose(&self, err: &sandbox::Error, loss: &str) {
        tracing::error!(account = self.account.id, "{err}; {loss}");
        self.replies.events.tell(&self.account.id, What::LineLost(err.to_string()));
    }
}

/// What the guest remembers of a message that it dropped.
fn remembered(dropped: &Dropped) -> Option<Remembered> {
    let (thread, message) = dropped.thread.as_ref().zip(dropped.remembered.as_ref())?;
    Some(Remembered { thread_id: thread.id.clone(), message: message.clone() })
}

/// How a listener ended, in words.
fn reason(end: &ListenerEnd) -> String {
    match end {
        ListenerEnd::Exited(code) => format!("the listener ended with exit code {code}"),
        ListenerEnd::Silent => "the listener gave no sign of life and was stopped".to_owned(),
        ListenerEnd::NotStarted(err) => err.to_string(),
    }
}

/// Whether a listener only grew old. One that says so again and again is made to wait, as one that fails.
fn is_exchange(end: &ListenerEnd, restart_in: Duration) -> bool {
    end.is_recycling() && restart_in.is_zero()
}

fn log_end(account: &str, end: &ListenerEnd, restart_in: Duration) {
    let (reason, seconds) = (reason(end), restart_in.as_secs_f32());
    match end {
        end if is_exchange(end, restart_in) => {
            tracing::debug!(account, "the listener is exchanged for a fresh one")
        }
        ListenerEnd::NotStarted(_) => tracing::error!(account, "{reason}; next try in {seconds:.1} s"),
        _ => tracing::warn!(account, "{reason}; next start in {seconds:.1} s"),
    }
}

fn log_listener(account: &str, event: &ListenerEvent) {
    match event {
        ListenerEvent::Session(id) => tracing::debug!(account, "listener session {id}"),
        ListenerEvent::Connected => tracing::info!(account, "connected to zalo"),
        ListenerEvent::Heartbeat => {}
        ListenerEvent::Error(message) => tracing::warn!(account, "the listener reports: {message}"),
        ListenerEvent::Closed(reason) => tracing::info!(account, "the connection was closed: {reason}"),
    }
}
