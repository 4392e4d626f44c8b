//! What a gateway counts and times, for a monitoring system. No label has a value that a stranger can
//! choose: they are accounts of the configuration, and words out of closed lists.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::event::{Event, Step, What};
use crate::decision::Decision;
use crate::sandbox::bindings::inbound::Effect;
use crate::sandbox::bindings::types::Command;

/// The media type of what [`Metrics::text`] gives.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All of it. It is fed by every event of the gateway.
pub struct Metrics {
    registry: Registry,
    messages: Family<Judged, Counter>,
    replies: Family<Outcome, Counter>,
    offers: Family<Outcome, Counter>,
    sent: Family<Kind, Counter>,
    restarts: Family<Account, Counter>,
    retries: Family<Account, Counter>,
    failures: Family<Account, Counter>,
    limits: Family<Hit, Counter>,
    journal_failing: Gauge,
    listening: Family<Account, Gauge>,
    queue: Family<Account, Gauge>,
    decision_time: Family<Account, Histogram, Buckets>,
    agent_time: Family<Outcome, Histogram, Buckets>,
    send_time: Family<Outcome, Histogram, Buckets>,
}

/// Makes histograms.
type Buckets = fn() -> Histogram;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Account {
    account: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Judged {
    account: String,
    outcome: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    account: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Hit {
    account: String,
    limit: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    account: String,
    kind: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        // A decision takes microseconds, and 250 ms at most; what processes and networks do takes
        // milliseconds to minutes.
        let short: Buckets = || Histogram::new(exponential_buckets(0.000_02, 4.0, 8));
        let long: Buckets = || Histogram::new(exponential_buckets(0.05, 2.0, 12));
        let mut this = Self {
            registry: Registry::with_prefix("zalouser"),
            messages: Family::default(),
            replies: Family::default(),
            offers: Family::default(),
            sent: Family::default(),
            restarts: Family::default(),
            retries: Family::default(),
            failures: Family::default(),
            limits: Family::default(),
            journal_failing: Gauge::default(),
            listening: Family::default(),
            queue: Family::default(),
            decision_time: Family::new_with_constructor(short),
            agent_time: Family::new_with_constructor(long),
            send_time: Family::new_with_constructor(long),
        };
        this.register();
        this
    }
}

impl Metrics {
    /// Everything in the OpenMetrics text format.
    ///
    /// # Errors
    /// Never for a text that fits into memory.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn register(&mut self) {
        let Self { registry, .. } = self;
        let build = Info::new(vec![
            ("version", env!("CARGO_PKG_VERSION")),
            ("guest_version", zalouser_guests::CHANNEL_VERSION),
            ("component_sha256", zalouser_guests::CHANNEL_SHA256),
        ]);
        registry.register("build", "The program and the component that is part of it", build);
        registry.register(
            "messages",
            "Messages that came in, by what the guest decided and why",
            self.messages.clone(),
        );
        registry.register("replies", "Messages that are done with, by what came of it", self.replies.clone());
        registry.register(
            "pairing_offers",
            "Strangers that were offered a code, or not",
            self.offers.clone(),
        );
        registry.register("sent", "Commands that sent something, by what they sent", self.sent.clone());
        registry.register(
            "listener_restarts",
            "Listeners that ended and were started again",
            self.restarts.clone(),
        );
        registry.register("guest_failures", "Calls into the guest that failed", self.failures.clone());
        registry.register(
            "guest_limits",
            "Calls into the guest that ran into a limit, by the limit",
            self.limits.clone(),
        );
        registry.register(
            "reply_retries",
            "Messages that were put off to be tried again",
            self.retries.clone(),
        );
        registry.register(
            "journal_failing",
            "Whether the journal cannot be written, so that messages are refused",
            self.journal_failing.clone(),
        );
        registry.register("listener_up", "Whether the listener runs", self.listening.clone());
        registry.register(
            "queue_depth",
            "Messages that were let through and wait for an answer or are being answered",
            self.queue.clone(),
        );
        let histograms =
            [("decision", "How long the guest took over what a listener printed", &self.decision_time)];
        for (name, help, family) in histograms {
            registry.register_with_unit(name, help, Unit::Seconds, family.clone());
        }
        let histograms = [
            ("agent", "How long the agent took to answer", &self.agent_time),
            ("send", "How long zca took to send", &self.send_time),
        ];
        for (name, help, family) in histograms {
            registry.register_with_unit(name, help, Unit::Seconds, family.clone());
        }
    }

    /// Takes in what happened.
    pub(super) fn observe(&self, event: &Event) {
        let account = || event.account.clone();
        let by_account = || Account { account: account() };
        match &event.what {
            What::Starting { .. } | What::NotStarted(_) => {
                self.listening.get_or_create(&by_account()).set(0);
                // So that there is a count before the first one.
                drop(self.queue.get_or_create(&by_account()));
                drop(self.restarts.get_or_create(&by_account()));
            }
            What::Stopped => {
                self.listening.get_or_create(&by_account()).set(0);
            }
            What::Listening { .. } => {
                self.listening.get_or_create(&by_account()).set(1);
            }
            What::ListenerEnded { .. } => {
                self.listening.get_or_create(&by_account()).set(0);
                self.restarts.get_or_create(&by_account()).inc();
            }
            What::Decided(effect) => {
                let Some(decision) = Decision::of(effect) else { return };
                let Decision { outcome, reason, .. } = decision;
                self.messages.get_or_create(&Judged { account: account(), outcome, reason }).inc();
                if matches!(**effect, Effect::Deliver(_) | Effect::Pair(_) | Effect::Act(_)) {
                    self.queue.get_or_create(&by_account()).inc();
                }
            }
            What::GuestFailed(incident) => {
                self.failures.get_or_create(&by_account()).inc();
                if let Some(limit) = incident.limit() {
                    self.limits
                        .get_or_create(&Hit {
                            account: account(),
                            limit: limit.to_string().replace(' ', "-"),
                        })
                        .inc();
                }
            }
            What::Refused { refusal, .. } => {
                let judged = Judged { account: account(), outcome: "drop", reason: refusal.name() };
                self.messages.get_or_create(&judged).inc();
                self.queue.get_or_create(&by_account()).dec();
            }
            What::Resumed { count } => {
                self.queue.get_or_create(&by_account()).inc_by(i64::try_from(*count).unwrap_or(i64::MAX));
            }
            What::Withdrawn | What::HandedOut | What::Uncertain { .. } | What::Acted { .. } => {
                self.queue.get_or_create(&by_account()).dec();
            }
            What::Retrying { .. } => {
                self.retries.get_or_create(&by_account()).inc();
            }
            What::Journal { trouble } => {
                self.journal_failing.set(i64::from(trouble.is_some()));
            }
            What::Sent { command, .. } => {
                self.sent.get_or_create(&Kind { account: account(), kind: kind(command) }).inc();
            }
            What::Answered { sent, failure, .. } => {
                let outcome = outcome(failure.is_some(), if *sent > 0 { "sent" } else { "silent" });
                self.replies.get_or_create(&Outcome { account: account(), outcome }).inc();
                self.queue.get_or_create(&by_account()).dec();
            }
            What::Offered { code, failure, .. } => {
                let outcome = outcome(failure.is_some(), if code.is_some() { "sent" } else { "repeated" });
                self.offers.get_or_create(&Outcome { account: account(), outcome }).inc();
                self.queue.get_or_create(&by_account()).dec();
            }
            What::Took { step, time, failed } => self.time(account(), *step, *time, *failed),
            What::Identified(_) | What::Complained(_) => {}
        }
    }

    fn time(&self, account: String, step: Step, time: Duration, failed: bool) {
        let seconds = time.as_secs_f64();
        let family = match step {
            Step::Decision => return self.decision_time.get_or_create(&Account { account }).observe(seconds),
            Step::Agent => &self.agent_time,
            Step::Send => &self.send_time,
        };
        let outcome = outcome(failed, "ok");
        family.get_or_create(&Outcome { account, outcome }).observe(seconds);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn outcome(failed: bool, otherwise: &'static str) -> &'static str {
    if failed { "failed" } else { otherwise }
}

fn kind(command: &Command) -> &'static str {
    match command {
        Command::SendText(_) => "text",
        Command::SendMedia(_) => "media",
        Command::SendLink(_) => "link",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::event::Refusal;
    use super::*;
    use crate::sandbox::bindings::inbound::{DropReason, Dropped};
    use crate::sandbox::bindings::types::{ChatKind, TextMessage, Thread};
    use crate::sandbox::{Error, Incident, Limit};

    fn text(events: impl IntoIterator<Item = What>) -> String {
        let metrics = Metrics::default();
        for what in events {
            metrics.observe(&Event { account: "work".to_owned(), what });
        }
        metrics.text().unwrap()
    }

    #[track_caller]
    fn assert_lines(text: &str, lines: &[&str]) {
        for line in lines {
            assert!(text.lines().any(|it| it == *line), "{line} is missing in\n{text}");
        }
    }

    fn dropped(detail: &str) -> What {
        What::Decided(Arc::new(Effect::Drop(Dropped {
            remembered: None,
            reason: DropReason::NotMentioned,
            thread: Some(Thread { id: detail.to_owned(), kind: ChatKind::Group }),
            sender_id: Some(detail.to_owned()),
            message_id: Some(detail.to_owned()),
            detail: Some(detail.to_owned()),
        })))
    }

    #[test]
    fn an_account_is_counted_from_its_start() {
        let text = text([What::Starting { profile: "p".to_owned() }]);
        let zero = [
            "zalouser_listener_up{account=\"work\"} 0",
            "zalouser_listener_restarts_total{account=\"work\"} 0",
            "zalouser_queue_depth{account=\"work\"} 0",
        ];
        assert_lines(&text, &zero);
        assert!(text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn what_happens_is_counted_by_outcome_and_reason() {
        let ended = || What::ListenerEnded {
            reason: "x".to_owned(),
            recycling: false,
            restart_in: Duration::from_secs(1),
        };
        let thread = || Thread { id: "1".to_owned(), kind: ChatKind::Direct };
        let answered = |sent, failure: Option<&str>| What::Answered {
            thread: thread(),
            sent,
            failure: failure.map(str::to_owned),
        };
        let out_of_time =
            Error::Limit { component: "zalouser".into(), call: "monitor.push", limit: Limit::Time };
        let text = text([
            What::Listening { pid: 1 },
            ended(),
            What::Listening { pid: 2 },
            dropped("1"),
            dropped("2"),
            answered(2, None),
            answered(0, None),
            answered(1, Some("no")),
            What::Refused { thread: thread(), refusal: Refusal::ConversationFull },
            What::GuestFailed(Arc::new(Incident::Recovered(out_of_time))),
        ]);
        let lines = [
            "zalouser_listener_up{account=\"work\"} 1",
            "zalouser_listener_restarts_total{account=\"work\"} 1",
            "zalouser_messages_total{account=\"work\",outcome=\"drop\",reason=\"not-mentioned\"} 2",
            "zalouser_messages_total{account=\"work\",outcome=\"drop\",reason=\"conversation-full\"} 1",
            "zalouser_replies_total{account=\"work\",outcome=\"sent\"} 1",
            "zalouser_replies_total{account=\"work\",outcome=\"silent\"} 1",
            "zalouser_replies_total{account=\"work\",outcome=\"failed\"} 1",
            "zalouser_guest_failures_total{account=\"work\"} 1",
            "zalouser_guest_limits_total{account=\"work\",limit=\"execution-time\"} 1",
        ];
        assert_lines(&text, &lines);
    }

    #[test]
    fn what_the_guest_sends_by_itself_waits_until_it_is_done_also_after_a_restart() {
        let command = || {
            let thread = Thread { id: "1".to_owned(), kind: ChatKind::Direct };
            Command::SendText(TextMessage { thread, text: "closed".to_owned() })
        };
        let acts = || What::Decided(Arc::new(Effect::Act(command())));
        let acted = || What::Acted { command: command(), failure: None };
        let depth = |events: Vec<What>, depth| {
            assert_lines(&text(events), &[&format!("zalouser_queue_depth{{account=\"work\"}} {depth}")]);
        };
        depth(vec![acts(), acts()], 2);
        depth(vec![acts(), acted()], 0);
        depth(vec![What::Resumed { count: 2 }, acted()], 1);
        depth(vec![acts(), What::HandedOut], 0);
    }

    #[test]
    fn what_takes_time_is_timed() {
        let took = |step, millis| What::Took { step, time: Duration::from_millis(millis), failed: false };
        let text = text([took(Step::Send, 300), took(Step::Send, 30_000), took(Step::Decision, 1)]);
        let lines = [
            "# UNIT zalouser_send_seconds seconds",
            "zalouser_send_seconds_count{account=\"work\",outcome=\"ok\"} 2",
            "zalouser_send_seconds_bucket{le=\"0.4\",account=\"work\",outcome=\"ok\"} 1",
            "zalouser_decision_seconds_count{account=\"work\"} 1",
        ];
        assert_lines(&text, &lines);
    }

    #[test]
    fn strangers_cannot_add_series() {
        let strangers = (0..1_000).map(|number| dropped(&format!("stranger {number}")));
        let text = text(strangers);
        assert!(!text.contains("stranger"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("zalouser_messages_total")).count(), 1);
    }
}
