//! One account of a bridge: what its listener prints is recorded, with what the guest makes of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::lines::Lines;
use super::protocol::{Happened, ListenerState};
use crate::decision::Record;
use crate::gateway::{Running, What, end_of_listener, is_exchange, log, until};
use crate::journal::{Identity, Journal, JournalError, NewEvent};
use crate::sandbox::Pushed;
use crate::sandbox::bindings::inbound::Effect;
use crate::zca::listener::{Listener, Output};

/// How long to wait before something is recorded again that the journal did not take.
const AGAIN: Duration = Duration::from_secs(1);

/// Records what happens to one account.
pub(super) struct Recorder {
    pub(super) running: Running,
    pub(super) journal: Journal,
    pub(super) lines: Lines,
    /// Counts what was recorded.
    pub(super) news: watch::Sender<u64>,
    pub(super) stop: CancellationToken,
}

/// What the guest makes of a line.
#[derive(Default)]
struct Judged {
    decision: Option<serde_json::Value>,
    identity: Identity,
    /// Whether it only says how the listener is, which the events of the listener say.
    is_lifecycle: bool,
}

impl Recorder {
    /// Records until it is told to stop. Returns when the listener's process is gone.
    pub(super) async fn run(mut self, mut listener: Listener) {
        let stop = self.stop.clone();
        loop {
            let release = self.running.monitor.confined_until();
            tokio::select! {
                output = listener.next() => match output {
                    Some(output) => self.take(output).await,
                    None => break,
                },
                // What was kept for the guest is recorded already.
                () = until(release) => {
                    let pushed = self.running.monitor.resume(self.running.replies.clock.now_ms()).await;
                    self.judged(pushed);
                }
                () = stop.cancelled() => break,
            }
        }
        listener.end();
        while let Some(output) = listener.next().await {
            self.take(output).await;
        }
    }

    async fn take(&mut self, output: Output) {
        let id = self.running.account.id.clone();
        match output {
            Output::Started { pid } => {
                tracing::info!(account = id, pid, profile = self.running.account.profile, "listening");
                self.tell(What::Listening { pid });
                let started = Happened::Listener { state: ListenerState::Started, detail: None };
                self.record(vec![(started, Identity::default())]).await;
            }
            Output::Complaint(line) => {
                tracing::warn!(account = id, "zca: {line}");
                self.tell(What::Complained(line));
            }
            Output::Bytes(bytes) => {
                self.refresh_paired().await;
                let lines = self.lines.push(&bytes);
                self.record_lines(lines).await;
            }
            Output::Ended { end, restart_in } => {
                let last = self.lines.finish();
                self.record_lines(last.into_iter().collect()).await;
                let pushed = self.running.monitor.finish(self.running.replies.clock.now_ms()).await;
                self.judged(pushed);
                let reason = end_of_listener(&id, &end, restart_in);
                let ended = Happened::Listener { state: ListenerState::Ended, detail: Some(reason.clone()) };
                let recycling = is_exchange(&end, restart_in);
                self.tell(What::ListenerEnded { reason, recycling, restart_in });
                self.record(vec![(ended, Identity::default())]).await;
            }
        }
    }

    async fn refresh_paired(&mut self) {
        match self.running.paired.changed().await {
            Ok(None) => {}
            Ok(Some(paired)) => {
                let pushed = self.running.monitor.set_paired(paired).await;
                self.judged(pushed);
            }
            Err(err) => {
                tracing::error!(account = self.running.account.id, "{err}; those paired before stay so")
            }
        }
    }

    async fn record_lines(&mut self, lines: Vec<Vec<u8>>) {
        let mut events = Vec::new();
        for mut line in lines {
            let text = String::from_utf8_lossy(&line).into_owned();
            line.push(b'\n');
            let now = self.running.replies.clock.now_ms();
            // What was kept for the guest is recorded already; what it decides of that is not about this line.
            if self.running.monitor.confined_until().is_some() {
                let pushed = self.running.monitor.resume(now).await;
                self.judged(pushed);
            }
            let pushed = self.running.monitor.push(&line, now).await;
            let judged = self.judged(pushed);
            if !judged.is_lifecycle {
                events.push((Happened::Line { line: text, decision: judged.decision }, judged.identity));
            }
        }
        self.record(events).await;
    }

    /// Tells and logs what the guest made of something, and gives what is recorded of it.
    fn judged(&mut self, pushed: Pushed) -> Judged {
        let account = self.running.account.id.as_str();
        for incident in pushed.incidents {
            tracing::error!(account, "{incident}");
            self.tell(What::GuestFailed(incident.into()));
        }
        let mut judged = Judged {
            is_lifecycle: !pushed.effects.is_empty()
                && pushed.effects.iter().all(|effect| matches!(effect, Effect::Lifecycle(_))),
            ..Judged::default()
        };
        for mut effect in pushed.effects {
            match &mut effect {
                // A component speaks for the account that it was given, whatever it says.
                Effect::Deliver(message) => {
                    account.clone_into(&mut message.account_id);
                    judged.identity = Identity::of(message);
                }
                Effect::Pair(request) => account.clone_into(&mut request.account_id),
                Effect::Log(entry) => log(account, entry),
                Effect::Drop(_) | Effect::Lifecycle(_) | Effect::Act(_) => {}
            }
            if judged.decision.is_none() {
                judged.decision =
                    Record::of(account, &effect).and_then(|record| serde_json::to_value(record).ok());
            }
            let is_for_the_gateway = matches!(effect, Effect::Deliver(_) | Effect::Pair(_) | Effect::Act(_));
            self.tell(What::Decided(Arc::new(effect)));
            if is_for_the_gateway {
                self.tell(What::HandedOut);
            }
        }
        judged
    }

    /// Records events in this order, and returns when they are on disk. What the disk does not take is held back, and
    /// the listener with it, until it does.
    async fn record(&mut self, events: Vec<(Happened, Identity)>) {
        let (account, at) = (self.running.account.id.clone(), self.running.replies.clock.now_ms());
        let events = events.into_iter().filter_map(|(happened, identity)| {
            let body = serde_json::to_string(&happened).ok()?;
            Some(NewEvent { account: account.clone(), at, body, identity })
        });
        // All are given to the journal before the first is waited for, so that one wait for the disk does for all.
        let asked: Vec<_> = events.map(|event| (self.journal.record(event.clone()), event)).collect();
        for (asked, event) in asked {
            let mut recorded = match asked {
                Ok(doing) => doing.await,
                Err(error) => Err(error),
            };
            while let Err(error) = recorded {
                if matches!(error, JournalError::Closed) {
                    return;
                }
                tracing::error!(account = event.account, "an event waits to be recorded: {error}");
                tokio::select! {
                    () = sleep(AGAIN) => {}
                    () = self.stop.cancelled() => {
                        tracing::error!(account = event.account, "an event is lost: {error}");
                        return;
                    }
                }
                recorded = match self.journal.record(event.clone()) {
                    Ok(doing) => doing.await,
                    Err(error) => Err(error),
                };
            }
            self.news.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    fn tell(&self, what: What) {
        self.running.replies.events.tell(&self.running.account.id, what);
    }
}
