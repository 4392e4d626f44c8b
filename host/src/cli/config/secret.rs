//! Texts that may hold a secret by mistake, made fit to be shown.

/// What the keys of well-known services begin with.
const KEY_PREFIXES: [&str; 7] = ["sk-", "pk-", "gsk_", "ghp_", "github_pat_", "xox", "AIza"];

/// The fewest characters of a key.
const KEY_LENGTH: usize = 16;

/// How many characters of a key are shown, so that its owner knows which one it is.
const SHOWN: usize = 4;

/// What a flag is called that takes a secret.
const SECRET_FLAGS: [&str; 5] = ["key", "token", "secret", "password", "auth"];

/// `text` with everything cut short that looks like a key, and without the password of an address.
pub(super) fn masked(text: &str) -> String {
    let is_separator = |char: char| char.is_whitespace() || "=,;:/?&@\"'".contains(char);
    let mut shown = String::new();
    for part in without_password(text).split_inclusive(is_separator) {
        let word = part.trim_end_matches(is_separator);
        let after = part.get(word.len()..).unwrap_or_default();
        if looks_like_key(word) {
            shown.extend(word.chars().take(SHOWN).chain(['…']));
        } else {
            shown.push_str(word);
        }
        shown.push_str(after);
    }
    shown
}

/// The arguments of a command, masked; what follows a flag such as `--api-key` is not shown at all.
pub(super) fn masked_arguments(arguments: &[String]) -> Vec<String> {
    let mut is_secret = false;
    let mut shown = Vec::new();
    for argument in arguments {
        let (flag, value) =
            argument.split_once('=').map_or((argument.as_str(), None), |(flag, value)| (flag, Some(value)));
        let names_secret =
            flag.starts_with('-') && SECRET_FLAGS.iter().any(|name| flag.to_lowercase().ends_with(name));
        shown.push(match value {
            _ if is_secret => "…".to_owned(),
            Some(_) if names_secret => format!("{flag}=…"),
            _ => masked(argument),
        });
        is_secret = names_secret && value.is_none();
    }
    shown
}

/// A long run of letters and digits, or what begins as a key does. The parts of a model's name are shorter,
/// and the name of a variable is in capitals.
fn looks_like_key(word: &str) -> bool {
    let is_mixed = |run: &str| {
        run.len() >= KEY_LENGTH
            && run.contains(|char: char| char.is_ascii_digit())
            && run.contains(|char: char| char.is_ascii_lowercase())
    };
    let is_hex = word.chars().all(|char| char.is_ascii_hexdigit() || char == '-');
    (is_hex && is_mixed(word))
        || word.split(|char: char| !char.is_ascii_alphanumeric()).any(is_mixed)
        || (word.len() >= KEY_LENGTH && KEY_PREFIXES.iter().any(|prefix| word.starts_with(prefix)))
}

fn without_password(text: &str) -> String {
    let shown = text.split_once("://").and_then(|(scheme, rest)| {
        let (authority, _) = rest.split_once(['/', '?', '#']).unwrap_or((rest, ""));
        let (user, _) = authority.rsplit_once('@')?;
        Some(format!("{scheme}://…{}", rest.strip_prefix(user)?))
    });
    shown.unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_key_is_cut() {
        for (text, shown) in [
            ("sk-proj-abcdef0123456789", "sk-p…"),
            ("Bearer eyJhbGciOiJIUzI1NiJ9.e30, then", "Bearer eyJh…, then"),
            ("https://u:p@host/v1", "https://…@host/v1"),
            ("https://host/v1?key=AIzaSyA0123456789abcdef", "https://host/v1?key=AIza…"),
            ("https://api.openai.com/v1", "https://api.openai.com/v1"),
            ("MY_COMPANY_OPENAI_API_KEY_2", "MY_COMPANY_OPENAI_API_KEY_2"),
            ("You are a helpful assistant, 24 hours a day", "You are a helpful assistant, 24 hours a day"),
            ("123e4567-e89b-12d3-a456-426614174000", "123e…"),
            ("--model=claude-3-5-sonnet-20241022", "--model=claude-3-5-sonnet-20241022"),
            ("meta-llama/Llama-3.3-70B", "meta-llama/Llama-3.3-70B"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }

    #[test]
    fn what_a_flag_calls_a_secret_is_not_shown() {
        let arguments = ["bot", "--api-key", "short", "--token=short", "--model", "m"].map(str::to_owned);
        assert_eq!(masked_arguments(&arguments), ["bot", "--api-key", "…", "--token=…", "--model", "m"]);
    }
}
