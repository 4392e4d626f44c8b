//! Mends JSON in which half a surrogate pair stands alone.
//!
//! JavaScript's strings may hold such a half, so anybody can send one, and `zca` writes it as an
//! escape that is no character. Such a message is to lose that half and not more.

/// How an escape of a UTF-16 code unit begins, and how long it is.
const ESCAPE: &str = "\\u";
const ESCAPE_LEN: usize = 6;

/// `json` with every lone surrogate's escape replaced by that of U+FFFD, or none if there is none.
pub(crate) fn mend(json: &str) -> Option<String> {
    let mut mended = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        let escape = at + found;
        at = match (unit(json, escape), unit(json, escape + ESCAPE_LEN)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => escape + 2 * ESCAPE_LEN,
            (Some(0xd800..=0xdfff), _) => {
                mended.push_str(json.get(copied..escape)?);
                mended.push_str("\\ufffd");
                copied = escape + ESCAPE_LEN;
                copied
            }
            (Some(_), _) => escape + ESCAPE_LEN,
            // Another escape: what is escaped is one character, perhaps a backslash.
            (None, _) => escape + 1 + json.get(escape + 1..)?.chars().next()?.len_utf8(),
        };
    }
    mended.push_str(json.get(copied..)?);
    (copied > 0).then_some(mended)
}

/// The code unit whose escape begins at `at`.
fn unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE_LEN)?.strip_prefix(ESCAPE)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lone_surrogates_are_replaced() {
        for (json, mended) in [
            (r#""a\ud83db""#, Some(r#""a\ufffdb""#)),
            (r#""\uDE00""#, Some(r#""\ufffd""#)),
            (r#""\ud83d\ud83d\ude00""#, Some(r#""\ufffd\ud83d\ude00""#)),
            (r#""\\ud83d""#, None),
            (r#""\\\ud83d""#, Some(r#""\\\ufffd""#)),
            (r#""\u00e9\n""#, None),
            (r#""\"#, None),
        ] {
            assert_eq!(mend(json).as_deref(), mended, "{json}");
        }
    }
}
