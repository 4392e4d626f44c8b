//! One account: its listener, its monitor, and what comes of the monitor's effects.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep_until;

use super::act;
use super::event::What;
use super::lanes::Lanes;
use super::pairing;
use super::reply::Replies;
use crate::clock;
use crate::decision::{Decision, one_line};
use crate::grants;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::inbound::{Effect, InboundMessage, ListenerEvent, PairingRequest};
use crate::sandbox::bindings::types::{ChatKind, Command, Thread};
use crate::sandbox::{Incident, Monitor, Pushed};
use crate::store::{AllowFile, PairingStore};
use crate::zca::backoff::ListenerEnd;
use crate::zca::listener::{Listener, Output};

/// One account that runs.
pub(super) struct Running {
    pub(super) account: Arc<Account>,
    /// Whether it is the one that is meant when none is named.
    pub(super) is_default: bool,
    pub(super) monitor: Monitor,
    pub(super) store: PairingStore,
    pub(super) allow_file: AllowFile,
    pub(super) replies: Arc<Replies>,
    pub(super) lanes: Lanes,
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
            let release = self.monitor.confined_until();
            let output = tokio::select! {
                output = listener.next() => output,
                () = until(release) => {
                    let pushed = self.monitor.resume(clock::now_ms()).await;
                    self.act(pushed);
                    continue;
                }
                () = &mut stopped => break,
            };
            let Some(output) = output else { break };
            self.take(output).await;
        }
        listener.stop().await;
    }

    async fn take(&mut self, output: Output) {
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
                self.refresh_paired().await;
                let pushed = self.monitor.push(&bytes, clock::now_ms()).await;
                self.act(pushed);
            }
            Output::Ended { end, restart_in } => {
                log_end(account, &end, restart_in);
                let (reason, recycling) = (reason(&end), end.is_recycling());
                self.replies.events.tell(account, What::ListenerEnded { reason, recycling, restart_in });
                let pushed = self.monitor.finish(clock::now_ms()).await;
                self.act(pushed);
            }
        }
    }

    /// Hands the list of paired senders to the guest if somebody changed it.
    async fn refresh_paired(&mut self) {
        let account = self.account.id.as_str();
        let paired = match self.allow_file.changed() {
            Ok(false) => return,
            Ok(true) => self.store.allowed(),
            Err(err) => {
                tracing::error!(account, "the list of paired senders cannot be read: {err}");
                return;
            }
        };
        match paired {
            Ok(paired) => {
                let pushed = self.monitor.set_paired(paired).await;
                self.act(pushed);
            }
            Err(err) => tracing::error!(account, "{err}; those paired before stay so"),
        }
    }

    fn act(&self, pushed: Pushed) {
        let account = self.account.id.as_str();
        for incident in pushed.incidents {
            self.report(incident);
        }
        for effect in pushed.effects {
            self.replies.events.tell(account, What::Decided(Box::new(effect.clone())));
            match effect {
                Effect::Deliver(message) => self.deliver(message),
                Effect::Pair(request) => self.pair(request),
                Effect::Drop(ref dropped) => {
                    tracing::debug!(
                        account,
                        reason = Decision::of(&effect).map(|it| it.reason),
                        "{}",
                        one_line(&dropped.detail)
                    );
                }
                Effect::Lifecycle(event) => log_listener(account, &event),
                Effect::Log(entry) => super::log(account, &entry),
                Effect::Act(command) => self.carry_out(command),
            }
        }
    }

    fn deliver(&self, message: InboundMessage) {
        let (account, replies) = (Arc::clone(&self.account), Arc::clone(&self.replies));
        let thread = message.thread.clone();
        let lane = lane(&account, &thread);
        let refused = self.lanes.submit(&lane, async move { replies.answer(&account, message).await });
        if refused.is_err() {
            self.refuse(&lane, thread);
        }
    }

    fn pair(&self, request: PairingRequest) {
        let (account, replies) = (Arc::clone(&self.account), Arc::clone(&self.replies));
        let (store, is_default) = (self.store.clone(), self.is_default);
        let thread = request.thread.clone();
        let lane = lane(&account, &thread);
        let refused = self.lanes.submit(&lane, async move {
            pairing::offer(&replies, store, &account, is_default, request).await;
        });
        if refused.is_err() {
            self.refuse(&lane, thread);
        }
    }

    fn carry_out(&self, command: Command) {
        let (account, replies) = (Arc::clone(&self.account), Arc::clone(&self.replies));
        let Some(thread) = grants::recipient(&command).cloned() else {
            return act::end(&replies, &account, command, Some(act::SENDS_NOTHING.to_owned()));
        };
        let lane = lane(&account, &thread);
        let (kept, answers) = (command.clone(), Arc::clone(&replies));
        let refused = self.lanes.submit(&lane, async move { act::act(&answers, &account, kept).await });
        if let Err(full) = refused {
            act::end(&replies, &self.account, command, Some(full.to_string()));
        }
    }

    fn refuse(&self, lane: &str, thread: Thread) {
        tracing::error!(
            account = self.account.id,
            lane,
            "a message was dropped: {} of this conversation are waiting already",
            Lanes::CAPACITY
        );
        self.replies.events.tell(&self.account.id, What::LaneFull { thread });
    }

    /// Says once what went wrong with the guest.
    fn report(&self, incident: Incident) {
        let (account, limit) = (self.account.id.as_str(), incident.limit());
        tracing::error!(account, limit = limit.map(tracing::field::display), "{incident}");
        self.replies.events.tell(account, What::GuestFailed(Arc::new(incident)));
    }
}

/// Waits until a point in time; for ever when there is none.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => pending().await,
    }
}

/// Messages of one thread of one account are handled in order.
fn lane(account: &Account, thread: &Thread) -> String {
    let kind = match thread.kind {
        ChatKind::Direct => "direct",
        ChatKind::Group => "group",
    };
    format!("{}:{kind}:{}", account.id, thread.id)
}

/// How a listener ended, in words.
fn reason(end: &ListenerEnd) -> String {
    match end {
        ListenerEnd::Exited(code) => format!("the listener ended with exit code {code}"),
        ListenerEnd::Silent => "the listener gave no sign of life and was stopped".to_owned(),
        ListenerEnd::NotStarted(err) => err.to_string(),
    }
}

fn log_end(account: &str, end: &ListenerEnd, restart_in: Duration) {
    let (reason, seconds) = (reason(end), restart_in.as_secs_f32());
    match end {
        end if end.is_recycling() => tracing::debug!(account, "the listener is exchanged for a fresh one"),
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
