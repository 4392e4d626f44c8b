//! Reads ids and what may stand in front of them, as an operator types them.

/// What may stand in front of an id or a name of this channel.
const CHANNEL_PREFIXES: [&str; 2] = ["zalouser:", "zlu:"];

/// Whether `text` consists of digits, as Zalo's ids do.
pub(crate) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An entry as it was typed, without white space around it and without the channel's name.
pub(crate) fn without_channel(entry: &str) -> &str {
    let entry = entry.trim();
    after_prefix(entry, &CHANNEL_PREFIXES).unwrap_or(entry)
}

/// What follows the one of `prefixes` with which `text` begins, whatever its case; trimmed at its
/// beginning.
pub(crate) fn after_prefix<'a>(text: &'a str, prefixes: &[&str]) -> Option<&'a str> {
    let after = |prefix: &&str| {
        let (head, tail) = text.split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then(|| tail.trim_start())
    };
    prefixes.iter().find_map(after)
}
