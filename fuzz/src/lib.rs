//! What the fuzz targets share.

use std::sync::LazyLock;

use zalouser_logic::account::Account;
use zalouser_logic::config::{self, Environment};
use zalouser_logic::effect::Effect;

/// A configuration under which a message can come to anything: direct chats are paired, one group is open,
/// one has to be spoken to, all others are closed.
pub const CONFIG: &str = r#"{
    channels: { zalouser: {
        dmPolicy: "pairing", allowFrom: ["111"], groupPolicy: "allowlist",
        groups: { "5001": { requireMention: false }, "5002": { requireMention: true } },
    } },
    messages: { groupChat: { mentionPatterns: ["@?bot\\b"], historyLimit: 5 } },
}"#;

static ACCOUNT: LazyLock<Account> = LazyLock::new(|| {
    let configuration = config::load(CONFIG, &Environment::default()).expect("it is in order");
    configuration.accounts.into_iter().next().expect("there is one")
});

/// The account of [`CONFIG`].
pub fn account() -> Account {
    ACCOUNT.clone()
}

/// Inflates an input such that it can reach limits far beyond its own length: `0xff`, which is never part of
/// text, and the byte after it stand for that many times 64 KiB of the letter `a`, up to 4 MiB in all.
pub fn inflate(data: &[u8]) -> Vec<u8> {
    const UNIT: usize = 64 << 10;
    const MOST: usize = 4 << 20;
    let mut inflated = Vec::with_capacity(data.len());
    let mut bytes = data.iter();
    while let Some(byte) = bytes.next() {
        let count = if *byte == 0xff { usize::from(*bytes.as_slice().first().unwrap_or(&0)) } else { 0 };
        if count == 0 || inflated.len() + count * UNIT > MOST {
            inflated.push(*byte);
        } else {
            bytes.next();
            inflated.resize(inflated.len() + count * UNIT, b'a');
        }
    }
    inflated
}

/// What a command did: how it ended, what it printed, and behind a NUL what it printed as an error.
pub fn outputs(data: &[u8]) -> Option<(u8, &str, &str)> {
    let (status, printed) = data.split_first()?;
    let printed = std::str::from_utf8(printed).ok()?;
    let (stdout, stderr) = printed.split_once('\0').unwrap_or((printed, ""));
    Some((*status, stdout, stderr))
}

/// Checks what holds for a line that is shown.
pub fn check_line(text: &str) {
    assert!(!text.contains(|c: char| c.is_control()), "{text:?}");
}

/// Checks what holds for every effect.
pub fn check(effect: &Effect) {
    match effect {
        Effect::Deliver(message) => {
            assert!(!message.thread.id.is_empty() && !message.sender_id.is_empty(), "{message:?}");
            assert!(!message.raw_body.trim().is_empty() || !message.media.is_empty(), "{message:?}");
            assert_eq!(message.session_key, message.session_key.to_lowercase());
            check_line(&message.sender_name);
            check_line(&message.conversation_label);
        }
        Effect::Pair(request) => {
            assert!(!request.sender_id.is_empty() && !request.thread.id.is_empty(), "{request:?}");
            check_line(&request.sender_name);
        }
        Effect::Drop(dropped) => dropped.detail.iter().for_each(|detail| check_line(detail)),
        Effect::Log(entry) => check_line(&entry.message),
        Effect::Lifecycle(_) => {}
    }
}
