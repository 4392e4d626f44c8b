//! Puts the configured prefix in front of a reply.

use zalouser_chunks::fence;

use super::ModelInfo;
use crate::account::ReplyFormat;

/// `text` behind the prefix of `format` and a space. Without the prefix if there is none, if `text`
/// is blank, or if it begins with the prefix already.
pub(super) fn prefixed(text: String, format: &ReplyFormat, model: Option<&ModelInfo>) -> String {
    let template = format.response_prefix.as_deref().unwrap_or_default();
    let prefix = resolved(template, format.identity_name.as_deref(), model);
    let prefix = prefix.trim();
    if prefix.is_empty() || text.trim_start().is_empty() || text.starts_with(prefix) {
        return text;
    }
    // Code is fenced only if its marker begins a line.
    let fenced = text.lines().next().is_some_and(fence::opens_fence);
    let separator = if fenced { "\n" } else { " " };
    [prefix, separator, text.as_str()].concat()
}

/// `template` with its variables filled in. Those that are unknown, or have no value, stay.
fn resolved(template: &str, identity: Option<&str>, model: Option<&ModelInfo>) -> String {
    let mut resolved = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, variable)) = rest.split_once('{') {
        resolved.push_str(before);
        let value = variable.split_once('}').and_then(|(name, after)| {
            let value = value_of(&name.to_ascii_lowercase(), identity, model)?;
            Some((value, after))
        });
        match value {
            Some((value, after)) => {
                resolved.push_str(&value);
                rest = after;
            }
            None => {
                resolved.push('{');
                rest = variable;
            }
        }
    }
    resolved.push_str(rest);
    resolved
}

fn value_of(name: &str, identity: Option<&str>, model: Option<&ModelInfo>) -> Option<String> {
    let given = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
    match name {
        "identity.name" | "identityname" => given(identity?),
        "model" => given(&model?.model),
        "modelfull" => Some(format!("{}/{}", given(&model?.provider)?, given(&model?.model)?)),
        "provider" => given(&model?.provider),
        "thinkinglevel" | "think" => given(model?.thinking_level.as_deref()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixed_with(prefix: &str, text: &str) -> String {
        let format = ReplyFormat {
            response_prefix: Some(prefix.into()),
            identity_name: Some("Bo".into()),
            ..ReplyFormat::default()
        };
        let model = ModelInfo { provider: "open".into(), model: "m-1".into(), thinking_level: None };
        prefixed(text.into(), &format, Some(&model))
    }

    #[test]
    fn variables_are_filled_in_whatever_their_case() {
        for (prefix, expected) in [
            ("[{model}]", "[m-1] a"),
            ("{modelFull}:", "open/m-1: a"),
            ("{PROVIDER}", "open a"),
            ("{identity.name}{IdentityName}", "BoBo a"),
            ("{think} {thinkingLevel}", "{think} {thinkingLevel} a"),
            ("{x} {{model} {model", "{x} {m-1 {model a"),
        ] {
            assert_eq!(prefixed_with(prefix, "a"), expected);
        }
    }

    #[test]
    fn what_a_variable_stands_for_is_not_read_as_a_variable() {
        let model = ModelInfo { model: "{provider}".into(), provider: "open".into(), thinking_level: None };
        assert_eq!(resolved("{model}", None, Some(&model)), "{provider}");
    }

    #[test]
    fn the_prefix_is_not_repeated_and_never_stands_alone() {
        assert_eq!(prefixed_with("[Bo]", "[Bo] a"), "[Bo] a");
        assert_eq!(prefixed_with("[Bo]", ""), "");
        assert_eq!(prefixed_with("", "a"), "a");
    }

    #[test]
    fn code_still_begins_on_a_line_of_its_own() {
        assert_eq!(prefixed_with("Bo:", "```\na\n```"), "Bo:\n```\na\n```");
    }
}
