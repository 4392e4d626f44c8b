//! Tells control commands, which steer the agent, from text for it.

use crate::account::CommandRules;

/// Commands that take arguments, under all their names.
const WITH_ARGUMENTS: &[&str] = &[
    "activation",
    "allowlist",
    "approve",
    "compact",
    "context",
    "elev",
    "elevated",
    "exec",
    "model",
    "models",
    "new",
    "queue",
    "reason",
    "reasoning",
    "reset",
    "send",
    "skill",
    "subagents",
    "t",
    "think",
    "thinking",
    "tts",
    "usage",
    "v",
    "verbose",
];

/// Commands that take none: with one, they are text.
const ALONE: &[&str] = &["commands", "help", "id", "restart", "status", "stop", "whoami"];

/// Words that stop the agent when nothing else is said.
const ABORTS: &[&str] = &["abort", "esc", "exit", "interrupt", "stop", "wait"];

/// Whether `text`, without white space around it, is a control command.
pub(crate) fn is_control(text: &str, rules: &CommandRules) -> bool {
    let Some(command) = text.strip_prefix('/') else {
        return ABORTS.iter().any(|word| text.eq_ignore_ascii_case(word));
    };
    let line = command.lines().next().unwrap_or_default();
    let (name, arguments) = match line.find(|char: char| char == ':' || char.is_whitespace()) {
        Some(end) => line.split_at_checked(end).unwrap_or((line, "")),
        None => (line, ""),
    };
    // "/model: gpt" is "/model gpt".
    let arguments = arguments.trim_start();
    let arguments = arguments.strip_prefix(':').unwrap_or(arguments).trim();
    let named = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
    (named(ALONE) && arguments.is_empty())
        || named(WITH_ARGUMENTS)
        || (rules.config && named(&["config"]))
        || (rules.debug && named(&["debug"]))
        || (rules.bash && named(&["bash"]))
}

/// Whether `text` may hold a command somewhere, so that the agent has to know whether its sender is
/// authorised: it is a control command, or a word in it begins with `/` or `!` and a letter.
pub(crate) fn needs_authorization(text: &str, rules: &CommandRules) -> bool {
    let is_command = |word: &str| {
        let letter = |rest: &str| rest.starts_with(|char: char| char.is_ascii_alphabetic());
        word.strip_prefix(['/', '!']).is_some_and(letter)
    };
    text.split(char::is_whitespace).any(is_command) || is_control(text, rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_commands_exist_only_where_they_are_switched_on() {
        let on = CommandRules { config: true, debug: true, bash: true, ..CommandRules::default() };
        for text in ["/config show", "/DEBUG", "/bash: ls"] {
            assert!(is_control(text, &on), "{text}");
            assert!(!is_control(text, &CommandRules::default()), "{text}");
        }
    }

    #[test]
    fn a_command_ends_with_its_line() {
        assert!(is_control("/help\n[reply context: Bob: x]", &CommandRules::default()));
        assert!(!is_control("stop\n[reply context: Bob: x]", &CommandRules::default()));
    }

    #[test]
    fn a_colon_is_no_argument() {
        assert!(is_control("/help:", &CommandRules::default()));
        assert!(!is_control("/help: x", &CommandRules::default()));
    }
}
