//! Decides what becomes of each line, in one fixed order.

use std::borrow::Cow;

use zalouser_tolerant::message::{Message, Origin};

use super::access::{Access, Verdict};
use super::context::{self, Findings, Setting};
use super::control;
use super::details::{self, Details};
use super::envelope::{Envelope, Zone};
use super::event::Event;
use super::frame::Frame;
use super::history::History;
use super::mention::{self, Patterns};
use super::recent::Recent;
use super::resolve::{self, Resolution};
use crate::account::Account;
use crate::command::{ChatKind, Command, Outcome};
use crate::effect::{
    Admission, DropReason, DropReport, Dropped, Effect, HistoryEntry, InboundMessage, LogEntry, LogLevel,
    PairingRequest, Remembered,
};
use crate::label::unix_lines;
use crate::session::session_key;

/// For how many conversations the time of the last message is remembered.
const SESSIONS: usize = 4_096;

/// Everything that a decision depends on.
#[derive(Debug)]
pub(crate) struct Judge {
    account: Account,
    access: Access,
    patterns: Patterns,
    envelope: Envelope,
    /// The account's own id, once it is known.
    own_id: Option<String>,
    history: History,
    /// When the last message of each session was written that was let through, in milliseconds.
    last_times: Recent<Option<u64>>,
}

/// What becomes of a message that is not refused.
enum Ruling<'a> {
    Deliver(Findings<'a>),
    Pair,
    /// It does not speak to the account.
    Keep(Details<'a>),
}

impl Judge {
    /// Judges for `account`, and tells times in `zone`.
    pub(crate) fn new(account: Account, zone: Zone) -> Self {
        Self {
            access: Access::new(&account.access, &Resolution::default()),
            patterns: Patterns::new(&account.mentions.patterns),
            envelope: Envelope::new(&account.envelope, zone),
            own_id: None,
            history: History::new(account.mentions.history_limit),
            last_times: Recent::new(),
            account,
        }
    }

    /// What it would like to know.
    pub(crate) fn questions(&self) -> Vec<Command> {
        resolve::questions(&self.account.access)
    }

    /// Takes the outcomes of its questions.
    pub(crate) fn learn(&mut self, outcomes: Vec<Outcome>) -> Vec<LogEntry> {
        let learnt = resolve::learn(&self.account.access, outcomes);
        self.access.replace_rules(&self.account.access, &learnt.resolution);
        self.own_id = learnt.own_id.or_else(|| self.own_id.take());
        learnt.log
    }

    /// Keeps again what another judge kept.
    pub(crate) fn recall(&mut self, messages: Vec<Remembered>) {
        for Remembered { thread_id, message } in messages {
            self.history.push(&thread_id, message);
        }
    }

    /// Replaces the set of senders who were paired.
    pub(crate) fn set_paired(&mut self, senders: &[String]) {
        self.access.set_paired(senders);
    }

    /// Decides what becomes of a line; nothing of a blank one. Tells as much of what is dropped as `drops`
    /// says.
    pub(crate) fn read(&mut self, frame: Frame<'_>, drops: DropReport) -> Option<Effect> {
        let Frame::Line(line) = frame else {
            return Some(Effect::Drop(dropped(DropReason::LineTooLong, None)));
        };
        let line = zalouser_tolerant::text(line);
        let mut mended = String::new();
        match Event::read(&line, &mut mended) {
            Event::Blank => None,
            Event::Banner(text) => Some(debug(format!("zca: {text}"))),
            Event::Unknown(kind) => Some(debug(format!("zca: lifecycle event \"{kind}\" is unknown"))),
            Event::Lifecycle(event) => Some(Effect::Lifecycle(event)),
            Event::Malformed(why) => {
                let detail = format!("zalouser: drop malformed line ({why})");
                Some(Effect::Drop(dropped(DropReason::Malformed, Some(detail))))
            }
            Event::Message(message) => Some(self.receive(message, drops)),
        }
    }

    fn receive(&mut self, mut message: Box<Message<'_>>, drops: DropReport) -> Effect {
        self.learn_own_id(&message);
        match self.rule(&mut message) {
            Ok(Ruling::Deliver(findings)) => Effect::Deliver(Box::new(self.deliver(*message, findings))),
            Ok(Ruling::Pair) => Effect::Pair(PairingRequest {
                account_id: self.account.id.clone(),
                message_id: message.id().into_owned(),
                sender_name: Details::of(&mut message).sender_name.into_owned(),
                thread: message.thread(),
                sender_id: message.sender_id.unwrap_or_default().into_owned(),
            }),
            Ok(Ruling::Keep(details)) => {
                let remembered = self.keep(&message, details);
                drop_message(message, DropReason::NotMentioned, remembered, drops)
            }
            Err(reason) => drop_message(message, reason, None, drops),
        }
    }

    /// In a direct chat, what somebody else wrote is addressed to the account itself.
    fn learn_own_id(&mut self, message: &Message<'_>) {
        if self.own_id.is_some() || message.kind == ChatKind::Group {
            return;
        }
        let others = [Some(&*message.thread_id), message.sender_id.as_deref()];
        let own = message.recipient_id.as_deref().filter(|id| !others.contains(&Some(id)));
        self.own_id = own.map(str::to_owned);
    }

    /// Decides what depends on who wrote a message and where.
    fn rule<'a>(&self, message: &mut Message<'a>) -> Result<Ruling<'a>, DropReason> {
        if details::is_blank(message) {
            return Err(DropReason::Blank);
        }
        let sender_id = message.sender_id.as_ref().ok_or(DropReason::SenderMissing)?;
        if self.own_id.as_deref() == Some(sender_id) {
            return Err(DropReason::OwnMessage);
        }
        match self.access.judge(message.kind, &message.thread_id, message.group_name.as_deref(), sender_id) {
            Verdict::Refuse(reason) => Err(reason),
            Verdict::Pair => Ok(Ruling::Pair),
            Verdict::Admit { admission, require_mention } => {
                let sender_id = sender_id.clone();
                self.rule_on_text(message, sender_id, admission, require_mention)
            }
        }
    }

    /// Decides what depends on the text of a message whose sender is let through.
    fn rule_on_text<'a>(
        &self,
        message: &mut Message<'a>,
        sender_id: Cow<'a, str>,
        admission: Admission,
        require_mention: bool,
    ) -> Result<Ruling<'a>, DropReason> {
        let details = Details::of(message);
        let (rules, kind) = (&self.account.commands, message.kind);
        let is_group = kind == ChatKind::Group;
        let text = unix_lines(message.content.trim()).into_owned();
        let addressed = self.own_id.as_deref();
        let command = addressed.and_then(|id| mention::without_own(&message.content, &details.mentions, id));
        let command_body = command.map_or_else(|| text.clone(), |text| unix_lines(text.trim()).into_owned());
        let authorized = !rules.use_access_groups || self.access.may_command(kind, &sender_id);
        let is_control = control::is_control(&command_body, rules);
        if is_group && is_control && !authorized {
            return Err(DropReason::CommandNotAuthorized);
        }
        let was_mentioned =
            is_group.then(|| mention::speaks_to(&message.content, &details, addressed, &self.patterns));
        if require_mention && was_mentioned == Some(false) && !is_control {
            return Ok(Ruling::Keep(details));
        }
        Ok(Ruling::Deliver(Findings {
            sender_id,
            details,
            admission,
            command_authorized: authorized && control::needs_authorization(&command_body, rules),
            text,
            command_body,
            was_mentioned,
        }))
    }

    /// Keeps a message to go before the next one of its group that is let through, and tells what of it.
    fn keep(&mut self, message: &Message<'_>, details: Details<'_>) -> Option<HistoryEntry> {
        let text = unix_lines(message.content.trim());
        let body = context::readable(&details, &text).to_owned();
        let named = Some(details.sender_name).filter(|name| !name.is_empty());
        let sender = named.or_else(|| message.sender_id.clone()).unwrap_or_default().into_owned();
        let message_id = message.id().into_owned();
        self.history
            .push(&message.thread_id, HistoryEntry { message_id, sender, body, timestamp: details.timestamp })
    }

    fn deliver(&mut self, message: Message<'_>, findings: Findings<'_>) -> InboundMessage {
        let session_key = session_key(&self.account.routes, &message.thread());
        let elapsed = findings.details.timestamp.and_then(|time| {
            let last = self.last_times.touch(&session_key).replace(time);
            if self.last_times.len() > SESSIONS {
                self.last_times.forget_oldest();
            }
            time.checked_sub(last?)
        });
        let is_group = message.kind == ChatKind::Group;
        let history = if is_group { self.history.take(&message.thread_id) } else { Vec::new() };
        let setting = Setting {
            account_id: &self.account.id,
            session_key,
            envelope: &self.envelope,
            prefix: self.account.message_prefix.as_deref(),
            elapsed,
            history,
        };
        context::present(message, findings, setting)
    }
}

fn drop_message(
    message: Box<Message<'_>>,
    reason: DropReason,
    remembered: Option<HistoryEntry>,
    drops: DropReport,
) -> Effect {
    let told = drops == DropReport::Origin || remembered.is_some();
    let origin = told.then(|| message.origin());
    message.discard();
    Effect::Drop(match origin {
        Some(Origin { thread, sender_id, message_id }) => {
            Dropped { reason, detail: None, thread: Some(thread), sender_id, message_id, remembered }
        }
        None => dropped(reason, None),
    })
}

/// Something that goes no further, and of which no more is told.
fn dropped(reason: DropReason, detail: Option<String>) -> Dropped {
    Dropped { reason, detail, thread: None, sender_id: None, message_id: None, remembered: None }
}

fn debug(message: String) -> Effect {
    Effect::Log(LogEntry { level: LogLevel::Debug, message })
}
