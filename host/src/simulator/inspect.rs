//! Prints values as Node's `util.inspect` does, which is what `zca` answers with when nobody asks for JSON.

use std::fmt;

/// How many characters fit on one line.
const LINE: usize = 80;

/// How many levels of records and lists may share one line.
const COMPACT_LEVELS: usize = 3;

/// A value to be printed.
#[derive(Clone, Debug)]
pub(super) enum Inspected {
    /// `null`
    Null,
    /// `true`
    True,
    /// A number.
    Number(u64),
    /// A text, in quotes.
    Text(String),
    /// A list.
    List(Vec<Inspected>),
    /// A record.
    Record(Vec<(&'static str, Inspected)>),
}

impl Inspected {
    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Prints the value `indent` columns from the left, and tells how many levels there are in it.
    fn layout(&self, indent: usize) -> (String, usize) {
        let (open, close, items): (_, _, Vec<(String, usize)>) = match self {
            Self::Null => return ("null".to_owned(), 0),
            Self::True => return ("true".to_owned(), 0),
            Self::Number(number) => return (number.to_string(), 0),
            Self::Text(text) => return (quoted(text), 0),
            Self::List(items) if items.is_empty() => return ("[]".to_owned(), 0),
            Self::Record(items) if items.is_empty() => return ("{}".to_owned(), 0),
            Self::List(items) => ('[', ']', items.iter().map(|item| item.layout(indent + 2)).collect()),
            Self::Record(items) => {
                let field = |(name, value): &(&str, Self)| {
                    let (text, levels) = value.layout(indent + 2);
                    (format!("{name}: {text}"), levels)
                };
                ('{', '}', items.iter().map(field).collect())
            }
        };
        let levels = 1 + items.iter().map(|(_, levels)| *levels).max().unwrap_or(0);
        let texts: Vec<String> = items.into_iter().map(|(text, _)| text).collect();
        let width: usize = texts.iter().map(|text| text.chars().count() + 1).sum();
        // Node reserves one column for the brace, one for each item and ten for good measure.
        let fits = width + texts.len() + indent + 1 + 10 <= LINE;
        let text = if levels <= COMPACT_LEVELS && fits && !texts.iter().any(|text| text.contains('\n')) {
            format!("{open} {} {close}", texts.join(", "))
        } else {
            let pad = " ".repeat(indent);
            format!("{open}\n{pad}  {}\n{pad}{close}", texts.join(&format!(",\n{pad}  ")))
        };
        (text, levels)
    }
}

impl fmt::Display for Inspected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.layout(0).0)
    }
}

/// Quotes a text with the first kind of quote that is not part of it.
fn quoted(text: &str) -> String {
    let quote = ['\'', '"', '`'].into_iter().find(|quote| !text.contains(*quote)).unwrap_or('\'');
    let escaped = text.replace('\\', "\\\\").replace('\n', "\\n");
    let escaped = if quote == '\'' { escaped.replace('\'', "\\'") } else { escaped };
    format!("{quote}{escaped}{quote}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_with_what_it_does_not_contain() {
        assert_eq!(quoted("plain"), "'plain'");
        assert_eq!(quoted("O'Brien"), "\"O'Brien\"");
        assert_eq!(quoted("'\"`"), "'\\'\"`'");
        assert_eq!(quoted("a\\b\nc"), "'a\\\\b\\nc'");
    }

    #[test]
    fn what_is_too_wide_or_too_deep_takes_a_line_for_each_item() {
        let wide = Inspected::List(vec![Inspected::text("x".repeat(40)), Inspected::text("y".repeat(40))]);
        assert_eq!(wide.to_string(), format!("[\n  '{}',\n  '{}'\n]", "x".repeat(40), "y".repeat(40)));
        let deep = (0..4).fold(Inspected::Null, |inner, _| Inspected::List(vec![inner]));
        assert_eq!(deep.to_string(), "[\n  [ [ [ null ] ] ]\n]");
    }
}
