//! How a JSON5 text is written, so that what is added to it looks like the rest.

use serde_json::Value;

use super::outline::{Kind, Node, Outline};

/// The longest list that is written on one line where an object would take several, in characters.
const LIST_LIMIT: usize = 60;

/// The ways of writing that differ between files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// What ends a line.
    pub(crate) line_end: &'static str,
    /// What a level is indented by.
    pub(crate) indent: String,
    /// Whether keys go without quotes where they can.
    bare_keys: bool,
    /// What stands around strings.
    quote: char,
}

impl Style {
    /// The style of a text: plain JSON with two spaces, as the gateways write it, where nothing shows.
    pub(crate) fn of(outline: &Outline<'_>) -> Self {
        let text = outline.text();
        let mut quotes = Quotes::default();
        if let Some(root) = outline.root() {
            quotes.count(root, text);
        }
        Self {
            line_end: if text.contains("\r\n") { "\r\n" } else { "\n" },
            indent: outline.root().and_then(|root| first_indent(root, text)).unwrap_or("  ").to_owned(),
            bare_keys: quotes.bare_keys > 0,
            quote: if quotes.single > quotes.double { '\'' } else { '"' },
        }
    }

    /// A value. Its lines after the first one begin with `indent`; without it there is only one.
    pub(crate) fn value(&self, value: &Value, indent: Option<&str>) -> String {
        let inner = indent.map(|indent| format!("{indent}{}", self.indent));
        let (open, close, entries): (_, _, Vec<_>) = match value {
            Value::Object(members) => {
                let member = |(key, value): (&String, &Value)| self.member(key, value, inner.as_deref());
                ("{", "}", members.iter().map(member).collect())
            }
            Value::Array(items) => {
                ("[", "]", items.iter().map(|item| self.value(item, inner.as_deref())).collect())
            }
            Value::String(text) => return self.string(text),
            other => return other.to_string(),
        };
        if entries.is_empty() {
            return format!("{open}{close}");
        }
        let is_short = entries.iter().map(|entry| entry.chars().count() + 2).sum::<usize>() <= LIST_LIMIT;
        let is_flat = entries.iter().all(|entry| !entry.contains(['{', '[', '\n']));
        match (indent, inner) {
            (Some(indent), Some(inner)) if open == "{" || !is_short || !is_flat => {
                let end = self.line_end;
                let lines = entries.join(&format!(",{end}{inner}"));
                format!("{open}{end}{inner}{lines}{end}{indent}{close}")
            }
            _ if open == "{" => format!("{{ {} }}", entries.join(", ")),
            _ => format!("[{}]", entries.join(", ")),
        }
    }

    /// A member of an object; `indent` is as for a value.
    pub(crate) fn member(&self, key: &str, value: &Value, indent: Option<&str>) -> String {
        let mut chars = key.chars();
        let is_identifier = chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && chars.all(|char| char.is_ascii_alphanumeric() || char == '_');
        let key = if self.bare_keys && is_identifier { key.to_owned() } else { self.string(key) };
        format!("{key}: {}", self.value(value, indent))
    }

    fn string(&self, text: &str) -> String {
        if self.quote == '"' {
            return Value::from(text).to_string();
        }
        let escaped = text.chars().map(|char| match json5::char::escape('\'', char) {
            Some(escape) => escape.to_owned(),
            None if char.is_control() => format!("\\u{:04x}", u32::from(char)),
            None => char.to_string(),
        });
        format!("'{}'", escaped.collect::<String>())
    }
}

/// The white space in front of what stands at `at`, if nothing else is in front of it on its line.
pub(crate) fn indent_at(text: &str, at: usize) -> Option<&str> {
    let line = line_before(text, at);
    line.chars()
        .all(|char| matches!(char, ' ' | '\t' | '\u{feff}'))
        .then_some(line.trim_start_matches('\u{feff}'))
}

/// The white space at the beginning of the line on which `at` is.
pub(crate) fn indent_of_line(text: &str, at: usize) -> &str {
    let line = line_before(text, at).trim_start_matches('\u{feff}');
    let end = line.find(|char| !matches!(char, ' ' | '\t')).unwrap_or(line.len());
    line.get(..end).unwrap_or_default()
}

fn line_before(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default();
    before.rsplit(['\n', '\r']).next().unwrap_or_default()
}

/// The indentation of the first entry that has a line of its own, where the file itself has none.
fn first_indent<'a>(root: &Node, text: &'a str) -> Option<&'a str> {
    let mut indents = root.entries.iter().filter_map(|entry| indent_at(text, entry.start()));
    indents.next().filter(|indent| !indent.is_empty())
}

#[derive(Default)]
struct Quotes {
    single: usize,
    double: usize,
    bare_keys: usize,
}

impl Quotes {
    fn count(&mut self, node: &Node, text: &str) {
        for entry in &node.entries {
            let key = entry.key.as_ref().map(|key| &key.span);
            let value = Some(&entry.node.span).filter(|_| entry.node.kind == Kind::Scalar);
            for (span, is_key) in [(key, true), (value, false)] {
                match span.and_then(|span| text.get(span.clone())).and_then(|written| written.chars().next())
                {
                    Some('"') => self.double += 1,
                    Some('\'') => self.single += 1,
                    Some(_) if is_key => self.bare_keys += 1,
                    _ => {}
                }
            }
            self.count(&entry.node, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn style(text: &str) -> Style {
        Style::of(&Outline::of(text).unwrap())
    }

    #[test]
    fn what_is_added_is_written_as_the_rest_is() {
        let value = json!({ "name": "it's", "5002": [1, true] });
        for (text, written) in [
            ("", "{\n  \"5002\": [1, true],\n  \"name\": \"it's\"\n}"),
            ("{\r\n\t\"a\": 1}", "{\r\n\t\"5002\": [1, true],\r\n\t\"name\": \"it's\"\r\n}"),
            ("{\n    a: 'x',\n}", "{\n    '5002': [1, true],\n    name: 'it\\'s'\n}"),
            ("{ a: \"x\" }", "{\n  \"5002\": [1, true],\n  name: \"it's\"\n}"),
        ] {
            assert_eq!(style(text).value(&value, Some("")), written, "{text:?}");
        }
        assert_eq!(style("").value(&value, None), "{ \"5002\": [1, true], \"name\": \"it's\" }");
    }

    #[test]
    fn every_value_reads_back() {
        let value = json!({
            "a b": [1, -2.5, true, null, "\"'\\\n\u{1}\u{2028}ộ"],
            "long": ["a".repeat(61)],
            "none": [{}, []],
        });
        for text in ["", "{ a: 'x' }"] {
            for indent in [Some("  "), None] {
                let written = style(text).value(&value, indent);
                assert_eq!(zalouser_settings::parse(&written), Ok(value.clone()), "{written}");
                assert_eq!(written.contains('\n'), indent.is_some(), "{written}");
            }
        }
    }

    #[test]
    fn an_indentation_is_only_what_stands_before_everything_on_the_line() {
        let text = "{\r\n\ta: {\n  b: 1 } }";
        for (found, at, of_line) in
            [("{", Some(""), ""), ("a:", Some("\t"), "\t"), ("{\n", None, "\t"), ("b:", Some("  "), "  ")]
        {
            let place = text.find(found).unwrap();
            assert_eq!((indent_at(text, place), indent_of_line(text, place)), (at, of_line), "{found:?}");
        }
    }
}
