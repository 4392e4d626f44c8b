//! Sends what the agent says.

use zalouser_bridge::{Bridge, Broken};
use zalouser_logic::account::Account;
use zalouser_logic::command::{ChatKind, Command, ExitStatus, Thread};
use zalouser_logic::directory::{Target, parse_target};
use zalouser_logic::outbound::{self, Reply};
use zalouser_zeroclaw::{Http, now};

use crate::bindings::exports::zeroclaw::plugin::channel::{MediaAttachment, SendMessage};
use crate::bindings::wasi::random::random;

/// For how long a send that failed goes on where it stopped when it is made again, in nanoseconds.
const SAME_SEND: u64 = 60_000_000_000;

/// Sends, and keeps what is needed to send nothing twice.
///
/// ZeroClaw gives a message no id, and an agent that says "ok" twice means it, so that neither the text nor the time can
/// tell a message from one that is made again. What can is how the one before ended: a gateway makes a send again when
/// that failed. So every part has a key of its own, out of a number that no other instance has and a counter, and the
/// parts of a message that failed keep theirs for a while, in case that just this message comes next.
pub(crate) struct Outbox {
    instance: u64,
    /// How many keys were given out.
    keys: u64,
    failed: Option<Sending>,
}

/// A message that is being sent, or failed.
struct Sending {
    thread: Thread,
    text: String,
    /// How many of its parts were delivered.
    delivered: usize,
    /// The key of the next part, if nobody knows what became of that.
    key: Option<String>,
    /// When it failed.
    at: u64,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self { instance: random::get_random_u64(), keys: 0, failed: None }
    }

    /// Sends a message, part by part up to the first that fails.
    pub(crate) fn send(
        &mut self,
        account: &Account,
        bridge: &Bridge<Http>,
        message: &SendMessage,
    ) -> Result<(), String> {
        let thread = thread(&message.recipient)?;
        let text = message.content.clone();
        let reply = Reply { thread: thread.clone(), text: text.clone(), media: Vec::new(), model: None };
        let commands = outbound::plan(&account.replies, &reply);
        let mut sending = self.again(thread, text);
        let sent = self.send_parts(account, bridge, &commands, &mut sending);
        let sent = sent.and_then(|()| unsent_files(&message.attachments, commands.len()));
        if sent.is_err() {
            self.failed = Some(Sending { at: now(), ..sending });
        }
        sent
    }

    /// The message that failed last, if this is that one again, else a new one.
    fn again(&mut self, thread: Thread, text: String) -> Sending {
        let same = self.failed.take().filter(|failed| {
            failed.thread == thread && failed.text == text && now().saturating_sub(failed.at) < SAME_SEND
        });
        same.unwrap_or(Sending { thread, text, delivered: 0, key: None, at: 0 })
    }

    fn send_parts(
        &mut self,
        account: &Account,
        bridge: &Bridge<Http>,
        commands: &[Command],
        sending: &mut Sending,
    ) -> Result<(), String> {
        for command in commands.iter().skip(sending.delivered) {
            let key = sending.key.take().unwrap_or_else(|| self.key());
            let (why, is_unknown) = match bridge.carry_out(&account.id, command, Some(key.clone())) {
                Ok(outcome) => match outcome.complaint() {
                    None if outcome.delivered.is_some() => {
                        sending.delivered += 1;
                        continue;
                    }
                    None => ("zca sent nothing and did not say why".to_owned(), false),
                    Some(why) => (why, outcome.status == ExitStatus::TimedOut),
                },
                Err(Broken::Refused(failure)) => (failure.message, false),
                Err(Broken::Unknown(failure)) => (failure.message, true),
            };
            sending.key = is_unknown.then_some(key);
            let what = if is_unknown { "nobody knows whether the next arrived" } else { "the next was not" };
            let (delivered, parts) = (sending.delivered, commands.len());
            return Err(format!("{delivered} of {parts} parts were delivered, {what}: {why}"));
        }
        Ok(())
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("zeroclaw:{:016x}:{}", self.instance, self.keys)
    }
}

/// That files are not sent. Zalo's program sends files by name and addresses, and the gateway hands out bytes.
fn unsent_files(files: &[MediaAttachment], parts: usize) -> Result<(), String> {
    if files.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = files.iter().map(|file| format!("{:?}", file.file_name)).collect();
    let text = if parts > 0 { "the text was delivered, and " } else { "" };
    Err(format!(
        "{text}the files {} were not sent: this channel sends text alone; write an address where each can be fetched, \
         or send it with the tool zalouser, which takes one",
        names.join(", ")
    ))
}

/// A conversation as the gateway knows it.
pub(crate) fn address(thread: &Thread) -> String {
    match thread.kind {
        ChatKind::Direct => format!("user:{}", thread.id),
        ChatKind::Group => format!("group:{}", thread.id),
    }
}

fn thread(recipient: &str) -> Result<Thread, String> {
    match parse_target(recipient) {
        Ok(Target::Thread(thread)) => Ok(thread),
        Ok(Target::Name(_)) | Err(_) => Err(format!(
            "nothing was sent: the recipient {recipient:?} is no conversation; write user:ID or group:ID, with an id \
             that `zalouser directory` lists"
        )),
    }
}
