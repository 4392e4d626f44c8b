//! One account: its listener, its monitor, and what comes of the monitor's effects.

use std::future::pending;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::yield_now;
use tokio::time::sleep_until;

use super::act;
use super::desk::Desk;
use super::event::{Step, What};
use super::intake::Intake;
use super::registry::PairedList;
use super::reply::Replies;
use crate::decision::{Decision, one_line};
use crate::journal::{Admission, EntryId, Journal, Rest};
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::inbound::{Dropped, Effect, ListenerEvent, Remembered};
use crate::sandbox::{Incident, Monitor, Pushed};
use crate::zca::backoff::ListenerEnd;
use crate::zca::listener::{Listener, Output};

/// One account that runs.
pub(crate) struct Running {
    pub(crate) account: Arc<Account>,
    pub(crate) monitor: Monitor,
    pub(crate) paired: PairedList,
    pub(crate) replies: Arc<Replies>,
    pub(super) journal: Journal,
    pub(super) intake: Intake,
}

/// What takes the place of all that judges and answers for an account that runs.
pub(super) struct Renewed {
    pub(super) desk: Arc<Desk>,
    pub(super) monitor: Monitor,
    pub(super) paired: PairedList,
}

impl Running {
    /// Reads the listener and acts on what the guest makes of it, until `stop` turns true. Returns
    /// when the listener's process is gone.
    pub(super) async fn run(
        mut self,
        mut listener: Listener,
        mut stop: watch::Receiver<bool>,
        mut renewals: mpsc::Receiver<Renewed>,
    ) {
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
                    let pushed = self.monitor.resume(self.replies.clock.now_ms()).await;
                    self.act(pushed);
                    continue;
                }
                lines = self.intake.next() => {
                    self.judge_again(lines).await;
                    continue;
                }
                Some(renewed) = renewals.recv() => {
                    self.renew(renewed).await;
                    continue;
                }
                () = &mut stopped => break,
            };
            let Some(output) = output else { break };
            self.take(output).await;
        }
        // What was heard by now is in the journal for the next start.
        listener.end();
        while let Some(output) = listener.next().await {
            self.take(output).await;
        }
        self.keep_held();
    }

    /// Leaves to the next start what no guest has judged, because the component was left alone.
    fn keep_held(&mut self) {
        let account = self.account.id.as_str();
        let lines = self.monitor.take_held();
        if !lines.is_empty() {
            tracing::warn!(account, "{} lines are judged at the next start", lines.len());
        }
        for line in lines {
            if let Err(err) = self.journal.keep_line(account, line) {
                tracing::error!(account, "a line is lost for good: {err}");
            }
        }
    }

    /// Goes on with another component, or by other rules, in the middle of what the listener prints.
    async fn renew(&mut self, renewed: Renewed) {
        let Renewed { desk, mut monitor, paired } = renewed;
        let account = desk.account.id.as_str();
        if let Err(err) = monitor.take_over(&mut self.monitor).await {
            tracing::error!(account, "{err}; the account goes on as before");
            return;
        }
        tracing::info!(account, component = %monitor.component(), "the account goes on by the new configuration");
        self.monitor = monitor;
        self.paired = paired;
        self.account = Arc::clone(&desk.account);
        self.replies = Arc::clone(&desk.replies);
        self.intake.renew(desk);
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
                self.monitor.report_drops(self.replies.events.drop_report());
                let began = Instant::now();
                let pushed = self.monitor.push(&bytes, self.replies.clock.now_ms()).await;
                let (time, failed) = (began.elapsed(), !pushed.incidents.is_empty());
                self.replies.events.tell(&self.account.id, What::Took { step: Step::Decision, time, failed });
                let bytes = self.monitor.held_bytes();
                if bytes > 0 {
                    tracing::debug!(
                        account = self.account.id,
                        bytes,
                        "kept until the component is tried again"
                    );
                }
                self.act(pushed);
                // Whatever else waits for this thread comes first: a flood would keep it for a hundred chunks.
                yield_now().await;
            }
            Output::Ended { end, restart_in } => {
                let reason = end_of_listener(account, &end, restart_in);
                let recycling = is_exchange(&end, restart_in);
                self.replies.events.tell(account, What::ListenerEnded { reason, recycling, restart_in });
                let pushed = self.monitor.finish(self.replies.clock.now_ms()).await;
                self.act(pushed);
            }
        }
    }

    /// Hands the list of paired senders to the guest if somebody changed it.
    async fn refresh_paired(&mut self) {
        match self.paired.changed().await {
            Ok(None) => {}
            Ok(Some(paired)) => {
                let pushed = self.monitor.set_paired(paired).await;
                self.act(pushed);
            }
            Err(err) => {
                tracing::error!(account = self.account.id, "{err}; those paired before stay so");
            }
        }
    }

    fn act(&mut self, pushed: Pushed) {
        let account = Arc::clone(&self.account);
        let account = account.id.as_str();
        for incident in pushed.incidents {
            self.report(incident);
        }
        let mut remembered = Vec::new();
        for effect in pushed.effects {
            let effect = Arc::new(effect);
            self.replies.events.tell(account, What::Decided(Arc::clone(&effect)));
            match &*effect {
                Effect::Deliver(message) => {
                    let mut message = message.clone();
                    // A component speaks for the account that it was given, whatever it says.
                    account.clone_into(&mut message.account_id);
                    // It uses up what was remembered, which therefore has to be in the journal before.
                    self.remember(mem::take(&mut remembered));
                    self.intake.admit(Admission::message(message));
                }
                Effect::Pair(request) => {
                    let mut request = request.clone();
                    account.clone_into(&mut request.account_id);
                    self.intake.admit(Admission::pairing(request));
                }
                Effect::Drop(dropped) => {
                    remembered.extend(self::remembered(dropped));
                    if let Some(Decision { reason, detail: Some(detail), .. }) = Decision::of(&effect) {
                        tracing::debug!(account, reason, "{}", one_line(&detail.to_string()));
                    }
                }
                Effect::Lifecycle(event) => log_listener(account, event),
                Effect::Log(entry) => super::log(account, entry),
                Effect::Act(command) => match Admission::act(account, command.clone()) {
                    Ok(admission) => self.intake.admit(admission),
                    Err(command) => {
                        let failure = Some(act::SENDS_NOTHING.to_owned());
                        act::end(&self.replies, &self.account, command, failure);
                    }
                },
            }
        }
        self.remember(remembered);
    }

    /// Has lines judged that made the guest fail before, since the operator says so.
    async fn judge_again(&mut self, lines: Vec<(EntryId, Vec<u8>)>) {
        if lines.is_empty() {
            return;
        }
        for (entry, line) in lines {
            let rest = match self.monitor.judge_apart(&line, self.replies.clock.now_ms()).await {
                Ok(effects) => {
                    self.act(Pushed { effects, incidents: Vec::new() });
                    Rest::Answered
                }
                Err(failure) => {
                    let account = self.account.id.as_str();
                    tracing::error!(account, "{failure}; the line that led to it stays a dead letter");
                    Rest::Dead(failure.to_string())
                }
            };
            // Behind what came of the line, so that a crash between the two loses nothing.
            if let Err(err) = self.journal.rest(entry, rest).await {
                tracing::error!(account = self.account.id, %entry, "{err}");
                return;
            }
        }
        self.intake.list();
    }

    /// Keeps what the guest remembers for the guest after it.
    fn remember(&self, remembered: Vec<Remembered>) {
        if !remembered.is_empty() {
            self.journal.remember(&self.account.id, self.account.mentions.history_limit, &remembered);
        }
    }

    /// Says once what went wrong with the guest, and keeps the lines that no guest will judge.
    fn report(&self, incident: Incident) {
        let (account, limit) = (self.account.id.as_str(), incident.limit());
        tracing::error!(account, limit = limit.map(tracing::field::display), "{incident}");
        for line in incident.dead_letters() {
            if let Err(err) = self.journal.bury_line(account, line.clone(), &incident.to_string()) {
                tracing::error!(account, "a line is lost for good: {err}");
            }
        }
        self.replies.events.tell(account, What::GuestFailed(Arc::new(incident)));
    }
}

/// Waits until a point in time; for ever when there is none.
pub(crate) async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => pending().await,
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
pub(crate) fn is_exchange(end: &ListenerEnd, restart_in: Duration) -> bool {
    end.is_recycling() && restart_in.is_zero()
}

/// Logs how a listener ended, and gives that in words.
pub(crate) fn end_of_listener(account: &str, end: &ListenerEnd, restart_in: Duration) -> String {
    let (reason, seconds) = (reason(end), restart_in.as_secs_f32());
    match end {
        end if is_exchange(end, restart_in) => {
            tracing::debug!(account, "the listener is exchanged for a fresh one")
        }
        ListenerEnd::NotStarted(_) => tracing::error!(account, "{reason}; next try in {seconds:.1} s"),
        _ => tracing::warn!(account, "{reason}; next start in {seconds:.1} s"),
    }
    reason
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
