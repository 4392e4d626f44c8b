//! The report for people.

use std::fmt::Write;

use super::report::{AccountReport, GatewayReport, Report};
use crate::decision::one_line;
use crate::gateway::status::{ListenerState, Moment};
use crate::journal::Depths;

/// The whole report, with its last line's end.
pub(super) fn text(report: &Report<'_>, now: Moment) -> String {
    let mut text = format!("{:<12}{}\n", "gateway", gateway(&report.gateway, now));
    let missing = if report.zca.found { "" } else { " (missing)" };
    line(&mut text, "zca", &format!("{}{missing}", report.zca.program.display()));
    for account in &report.accounts {
        text.push('\n');
        text.push_str(&self::account(account, now));
    }
    text
}

fn gateway(gateway: &GatewayReport<'_>, now: Moment) -> String {
    match (gateway.running, gateway.killed_after) {
        (true, _) => {
            let pid = gateway.pid.map_or_else(String::new, |pid| format!(", process {pid}"));
            let since = gateway.started_at.map_or_else(String::new, |at| format!(" for {}", span(at, now)));
            format!("runs{since}{pid}")
        }
        (false, Some(at)) => {
            format!("does not run; it was killed, {} after its last sign of life", ago(at, now))
        }
        (false, None) => "does not run".to_owned(),
    }
}

fn account(account: &AccountReport<'_>, now: Moment) -> String {
    let name = account.name.map_or_else(String::new, |name| format!(" ({name})"));
    let enabled = if account.enabled { "enabled" } else { "disabled" };
    let login = match (account.logged_in, account.identity) {
        (Some(true), Some(identity)) => format!(", logged in as {identity}"),
        (Some(true), None) => ", logged in".to_owned(),
        (Some(false), _) => ", not logged in".to_owned(),
        (None, _) => String::new(),
    };
    let head = format!("{}{name}: {enabled}, profile {}{login}", account.account_id, account.profile);
    let mut text = one_line(&head) + "\n";
    if let Some(listener) = account.listener {
        line(&mut text, "  listener", &self::listener(listener, account, now));
        let (came, went) = (account.last_inbound_at, account.last_outbound_at);
        let waiting = account.waiting.unwrap_or_default();
        let messages = format!("in {}, out {}, {waiting} waiting", when(came, now), when(went, now));
        line(&mut text, "  messages", &messages);
    }
    if let Some(queue) = account.queue {
        let Depths { waiting, failed, unknown, dead } = queue;
        let depths =
            format!("{waiting} waiting, {failed} to be tried again, {unknown} unknown, {dead} dead letters");
        line(&mut text, "  queue", &depths);
    }
    for (outcome, reasons) in account.counts.into_iter().flatten() {
        let total: u64 = reasons.values().sum();
        let each: Vec<_> = reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        line(&mut text, &format!("  {outcome}"), &format!("{total}: {}", each.join(", ")));
    }
    let policy = format!("direct {}, groups {}", account.dm_policy, account.group_policy);
    line(&mut text, "  policy", &policy);
    if let Some(error) = account.last_error {
        line(&mut text, "  error", &format!("{}: {}", ago(error.at, now), error.text));
    }
    for issue in &account.issues {
        line(&mut text, if issue.fatal { "  problem" } else { "  note" }, &issue.message);
        line(&mut text, "", &format!("→ {}", issue.fix));
    }
    text
}

fn listener(listener: &ListenerState, account: &AccountReport<'_>, now: Moment) -> String {
    let restarts = match account.restarts.unwrap_or_default() {
        0 => String::new(),
        1 => ", 1 restart".to_owned(),
        count => format!(", {count} restarts"),
    };
    let sign = account.last_sign_at.map_or_else(String::new, |at| format!(", last heard {}", ago(at, now)));
    match listener {
        ListenerState::Starting => "is being started".to_owned(),
        ListenerState::NotStarted => "was not started".to_owned(),
        ListenerState::Stopped => "was stopped".to_owned(),
        ListenerState::Running { pid, since } => {
            format!("runs for {}, process {pid}{restarts}{sign}", span(*since, now))
        }
        ListenerState::Waiting { until } => format!("starts in {}{restarts}{sign}", span(now, *until)),
    }
}

fn line(text: &mut String, name: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{name:<12}{}", one_line(value));
}

fn when(at: Option<Moment>, now: Moment) -> String {
    at.map_or_else(|| "never".to_owned(), |at| ago(at, now))
}

fn ago(at: Moment, now: Moment) -> String {
    format!("{} ago", span(at, now))
}

/// How long it is from one moment to another, in the largest unit that fits; nothing for backwards.
fn span(from: Moment, to: Moment) -> String {
    match to.saturating_sub(from) / 1_000 {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_the_largest_unit_that_fits() {
        let cases =
            [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_599, "59 min"), (3_600, "1 h"), (172_800, "2 days")];
        for (seconds, expected) in cases {
            assert_eq!(span(5, 5 + seconds * 1_000), expected, "{seconds}");
        }
        assert_eq!(span(5, 0), "0 s", "a clock that was set back");
    }
}
