//! Changes one value of a JSON5 text and leaves every other byte as it is.

use std::ops::Range;

use json5::Position;
use serde_json::{Map, Value};

use super::outline::{Entry, Kind, Node, Outline, last_comment_end};
use super::path::{KeyPath, Step};
use super::style::{Style, indent_at, indent_of_line};

/// A change of one value.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Gives the value at a path, with everything above it that is missing.
    Set(KeyPath, Value),
    /// Takes the key or the item at a path away.
    Unset(KeyPath),
}

/// Why a text was not changed.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum EditError {
    /// It is not JSON5.
    #[error("{0}")]
    Syntax(zalouser_settings::Problem),
    /// The path leads through a value that has no such part.
    #[error("{position}: {at} is {found}, so nothing can be set in it at {path}")]
    WrongKind {
        /// Where the value stands, as `line 2 column 5`.
        position: Position,
        /// Its path.
        at: String,
        /// What it is, with its article.
        found: &'static str,
        /// The path that was to be set.
        path: KeyPath,
    },
    /// The index lies beyond the end of its list.
    #[error("{path} is out of reach: the list has {length} items, and the next one would be [{length}]")]
    TooFar {
        /// The path that was to be set.
        path: KeyPath,
        /// How many items there are.
        length: usize,
    },
    /// There is nothing to take away.
    #[error("there is no {0}")]
    Absent(KeyPath),
    /// The change would have changed something else as well.
    #[error("{0} cannot be changed without touching what is around it; edit the file by hand")]
    Unsafe(KeyPath),
}

impl Change {
    /// The path of what it changes.
    pub fn path(&self) -> &KeyPath {
        match self {
            Self::Set(path, _) | Self::Unset(path) => path,
        }
    }

    /// The text with this change.
    ///
    /// # Errors
    /// See [`EditError`]. A text that would say anything but the same with this change is refused.
    pub fn apply(&self, text: &str) -> Result<String, EditError> {
        let outline = Outline::of(text).map_err(EditError::Syntax)?;
        let mut expected = outline.document().clone();
        let splices = match self {
            Self::Set(path, value) => {
                let splices = set(&outline, path, value)?;
                path.set_in(&mut expected, value.clone());
                splices
            }
            Self::Unset(path) => {
                let splices = unset(&outline, path)?;
                path.unset_in(&mut expected);
                splices
            }
        };
        let changed = spliced(text, splices);
        match zalouser_settings::parse(&changed) {
            Ok(document) if document == expected => Ok(changed),
            _ => Err(EditError::Unsafe(self.path().clone())),
        }
    }
}

/// A range of the text, and what takes its place.
type Splice = (Range<usize>, String);

fn spliced(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|(range, _)| range.start);
    let mut changed = String::with_capacity(text.len());
    let mut kept = 0;
    for (range, replacement) in splices {
        changed.push_str(text.get(kept..range.start).unwrap_or_default());
        changed.push_str(&replacement);
        kept = range.end;
    }
    changed.push_str(text.get(kept..).unwrap_or_default());
    changed
}

fn set(outline: &Outline<'_>, path: &KeyPath, value: &Value) -> Result<Vec<Splice>, EditError> {
    let text = outline.text();
    let style = Style::of(outline);
    let Some(mut node) = outline.root() else {
        return Ok(vec![first_value(text, &style, &wrapped(path.steps(), value, path)?)]);
    };
    let mut is_one_line = false;
    for (depth, step) in path.steps().iter().enumerate() {
        is_one_line = on_one_line(text, node).unwrap_or(is_one_line);
        if let Some((_, entry)) = node.entry(step) {
            node = &entry.node;
            continue;
        }
        let rest = path.steps().get(depth + 1..).unwrap_or_default();
        let value = wrapped(rest, value, path)?;
        return match (step, node.kind) {
            (Step::Key(key), Kind::Object) => {
                Ok(inserted(text, node, is_one_line, |indent| style.member(key, &value, indent), &style))
            }
            (Step::Item(index), Kind::List) if *index == node.entries.len() => {
                Ok(inserted(text, node, is_one_line, |indent| style.value(&value, indent), &style))
            }
            (Step::Item(_), Kind::List) => {
                Err(EditError::TooFar { path: path.clone(), length: node.entries.len() })
            }
            (_, kind) => {
                let at = path.steps().get(..depth).filter(|steps| !steps.is_empty());
                Err(EditError::WrongKind {
                    position: Position::from_offset(node.span.start, text),
                    at: at.map_or("the file".to_owned(), |steps| KeyPath::of_steps(steps).to_string()),
                    found: match kind {
                        Kind::Object => "an object",
                        Kind::List => "a list",
                        Kind::Scalar => "neither an object nor a list",
                    },
                    path: path.clone(),
                })
            }
        };
    }
    if text.get(node.span.clone()).map(zalouser_settings::parse) == Some(Ok(value.clone())) {
        return Ok(Vec::new());
    }
    let indent = Some(indent_of_line(text, node.span.start)).filter(|_| !is_one_line);
    Ok(vec![(node.span.clone(), style.value(value, indent))])
}

/// Whether all that is in `node` stands on one line; none when there is nothing in it.
fn on_one_line(text: &str, node: &Node) -> Option<bool> {
    let content = text.get(node.inside()).filter(|content| !content.trim().is_empty())?;
    Some(!content.contains(['\n', '\r']))
}

/// `value` in the objects and lists that `steps` lead through, none of which exists yet.
fn wrapped(steps: &[Step], value: &Value, path: &KeyPath) -> Result<Value, EditError> {
    steps.iter().rev().try_fold(value.clone(), |value, step| match step {
        Step::Key(key) => Ok(Value::Object(Map::from_iter([(key.clone(), value)]))),
        Step::Item(0) => Ok(Value::Array(vec![value])),
        Step::Item(_) => Err(EditError::TooFar { path: path.clone(), length: 0 }),
    })
}

/// Puts the first value into a text that has none, behind its comments.
fn first_value(text: &str, style: &Style, value: &Value) -> Splice {
    let end = style.line_end;
    let written = style.value(value, Some(""));
    match last_comment_end(text) {
        Some(comment) => (comment..text.len(), format!("{end}{written}{end}")),
        None => {
            let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
            (start..text.len(), format!("{written}{end}"))
        }
    }
}

/// Adds an entry behind all that is in `node`, comments included. `entry` writes it, with an indentation
/// where it may take several lines.
fn inserted(
    text: &str,
    node: &Node,
    is_one_line: bool,
    entry: impl Fn(Option<&str>) -> String,
    style: &Style,
) -> Vec<Splice> {
    let inside = node.inside();
    let end = style.line_end;
    let own_indent = indent_of_line(text, node.span.start);
    let line_indents = node.entries.iter().rev().filter_map(|entry| indent_at(text, entry.start()));
    let indent =
        line_indents.map(str::to_owned).next().unwrap_or_else(|| format!("{own_indent}{}", style.indent));
    if on_one_line(text, node).is_none() {
        let written = match (node.kind, is_one_line) {
            (Kind::List, true) => entry(None),
            (Kind::List, false) => entry(Some(own_indent)),
            (_, true) => format!(" {} ", entry(None)),
            (_, false) => format!("{end}{indent}{}{end}{own_indent}", entry(Some(&indent))),
        };
        return vec![(inside, written)];
    }
    let last = node.entries.last();
    let comma = last.is_some_and(|last| last.comma.is_some());
    let mut splices = Vec::new();
    if let Some(last) = last.filter(|_| !comma) {
        splices.push((last.node.span.end..last.node.span.end, ",".to_owned()));
    }
    let comma = if comma { "," } else { "" };
    let behind = last.map_or(inside.start, |last| last.end());
    let behind = behind + last_comment_end(text.get(behind..inside.end).unwrap_or_default()).unwrap_or(0);
    splices.push(match is_one_line {
        true => (behind..behind, format!(" {}{comma}", entry(None))),
        false => (behind..behind, format!("{end}{indent}{}{comma}", entry(Some(&indent)))),
    });
    splices
}

fn unset(outline: &Outline<'_>, path: &KeyPath) -> Result<Vec<Splice>, EditError> {
    let text = outline.text();
    let absent = || EditError::Absent(path.clone());
    let (last, above) = path.steps().split_last().ok_or_else(absent)?;
    let mut node = outline.root().ok_or_else(absent)?;
    for step in above {
        node = &node.entry(step).ok_or_else(absent)?.1.node;
    }
    node.entry(last).ok_or_else(absent)?;
    // A key that is there twice goes away twice, or the first value would come to count.
    let goes = |index: usize| match (last, node.entries.get(index)) {
        (Step::Key(key), Some(entry)) => entry.is_named(key),
        (Step::Item(item), _) => *item == index,
        _ => false,
    };
    if (0..node.entries.len()).all(goes) && !has_comment(text, node) {
        return Ok(vec![(node.inside(), String::new())]);
    }
    let mut splices: Vec<Splice> = Vec::new();
    let mut kept = None;
    for (index, entry) in node.entries.iter().enumerate() {
        if goes(index) {
            splices.push((extent(text, entry.start(), entry.end()), String::new()));
        } else {
            kept = Some(entry);
        }
    }
    // Without a comma behind the last entry before, there is none behind the last one after.
    let had_comma = node.entries.last().is_some_and(|last| last.comma.is_some());
    if let Some(comma) = kept.and_then(|kept| kept.comma).filter(|_| !had_comma) {
        splices.push((comma..comma + 1, String::new()));
    }
    Ok(splices)
}

/// Whether there is a comment in `node` that is not in one of its entries.
fn has_comment(text: &str, node: &Node) -> bool {
    let inside = node.inside();
    let starts = [inside.start].into_iter().chain(node.entries.iter().map(Entry::end));
    let ends = node.entries.iter().map(Entry::start).chain([inside.end]);
    starts.zip(ends).any(|(start, end)| text.get(start..end).and_then(last_comment_end).is_some())
}

/// What goes away with an entry: its line with a comment behind it, if the entry has it for itself, else
/// the white space on one side of it.
fn extent(text: &str, start: usize, end: usize) -> Range<usize> {
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    let line = after.split(['\n', '\r']).next().unwrap_or_default();
    let rest = line.get(last_comment_end(line).unwrap_or(0)..).unwrap_or_default();
    let indent = indent_at(text, start);
    match indent {
        Some(indent) if rest.trim().is_empty() => {
            // The line's end in front of it goes, so that the one behind it stays where it is.
            let kept = before.strip_suffix(indent).unwrap_or(before);
            let kept = kept.strip_suffix('\n').unwrap_or(kept);
            let kept = kept.strip_suffix('\r').unwrap_or(kept);
            kept.len()..end + line.len()
        }
        None if !before.ends_with(['{', '[']) => before.trim_end_matches([' ', '\t']).len()..end,
        _ => start..text.len() - after.trim_start_matches([' ', '\t']).len(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(text: &str, path: &str, value: Value) -> Result<String, EditError> {
        Change::Set(path.parse().unwrap(), value).apply(text)
    }

    fn unset(text: &str, path: &str) -> Result<String, EditError> {
        Change::Unset(path.parse().unwrap()).apply(text)
    }

    #[test]
    fn a_value_is_replaced_where_it_stands() {
        for (text, path, value, changed) in [
            ("{a:1}", "a", json!(2), "{a:2}"),
            ("{ /* a: 0 */ 'a' : 0x1 , // a: 1\n}", "a", json!("x"), "{ /* a: 0 */ 'a' : 'x' , // a: 1\n}"),
            ("{\r\n\ta: {b: [1, 2]},\r\n}", "a.b[1]", json!(3), "{\r\n\ta: {b: [1, 3]},\r\n}"),
            ("{a: 1, a: 2}", "a", json!(3), "{a: 1, a: 3}"),
            ("{\n  a: 1\n}", "a", json!({ "b": {} }), "{\n  a: {\n    b: {}\n  }\n}"),
            ("{ a: 1 }", "a", json!({ "b": [{}] }), "{ a: { b: [{}] } }"),
            ("{ a: 0x10 }", "a", json!(16), "{ a: 0x10 }"),
            ("{ \\u0061: 1 }", "a", json!(2), "{ \\u0061: 2 }"),
        ] {
            assert_eq!(set(text, path, value).as_deref(), Ok(changed), "{path} in {text:?}");
        }
    }

    #[test]
    fn a_new_entry_goes_behind_the_others_and_looks_like_them() {
        for (text, path, changed) in [
            ("{\n  \"a\": 1\n}\n", "b", "{\n  \"a\": 1,\n  \"b\": 0\n}\n"),
            ("{\r\n\ta: 1,\r\n}", "b", "{\r\n\ta: 1,\r\n\tb: 0,\r\n}"),
            ("{\n  a: 1 // one\n  // b: 2\n}", "b", "{\n  a: 1, // one\n  // b: 2\n  b: 0\n}"),
            ("{ a: 1 }", "b", "{ a: 1, b: 0 }"),
            ("{a: 1,}", "b", "{a: 1, b: 0,}"),
            ("{ a: 1 /* x */ }", "b", "{ a: 1, /* x */ b: 0 }"),
            ("{ /* none */ }", "b", "{ /* none */ \"b\": 0 }"),
            ("{ // none\n}", "b", "{ // none\n  \"b\": 0\n}"),
            ("{}", "b", "{\n  \"b\": 0\n}"),
            ("{ a: {} }", "a.b", "{ a: { b: 0 } }"),
            ("{ a: 1 }", "b.c[0].d", "{ a: 1, b: { c: [{ d: 0 }] } }"),
            ("{\n  a: [1, 2]\n}", "a[2]", "{\n  a: [1, 2, 0]\n}"),
            ("{\n  a: []\n}", "a[0]", "{\n  a: [0]\n}"),
            ("{\n  a: [\n    1,\n  ],\n}", "a[1]", "{\n  a: [\n    1,\n    0,\n  ],\n}"),
        ] {
            assert_eq!(set(text, path, json!(0)).as_deref(), Ok(changed), "{path} in {text:?}");
        }
    }

    #[test]
    fn what_is_missing_above_a_value_is_made() {
        for (text, path, changed) in [
            ("", "a.b[0]", "{\n  \"a\": {\n    \"b\": [0]\n  }\n}\n"),
            ("\u{feff}", "a", "\u{feff}{\n  \"a\": 0\n}\n"),
            ("// mine\r\n", "a", "// mine\r\n{\r\n  \"a\": 0\r\n}\r\n"),
            (
                "{\n  a: {\n    b: 1,\n  },\n}",
                "a.c.d",
                "{\n  a: {\n    b: 1,\n    c: {\n      d: 0\n    },\n  },\n}",
            ),
        ] {
            assert_eq!(set(text, path, json!(0)).as_deref(), Ok(changed), "{path} in {text:?}");
        }
    }

    #[test]
    fn an_entry_goes_with_its_line_and_its_comma() {
        for (text, path, changed) in [
            ("{\n  a: 1,\n  b: 2, // two\n  c: 3\n}", "b", "{\n  a: 1,\n  c: 3\n}"),
            ("{\r\n  a: 1, // one\r\n  b: 2 // two\r\n}", "b", "{\r\n  a: 1 // one\r\n}"),
            ("{\n  a: 1,\n  // note\n  b: {\n    c: 1,\n  },\n}", "b", "{\n  a: 1,\n  // note\n}"),
            ("{ a: 1, b: 2 }", "a", "{ b: 2 }"),
            ("{a: 1, b: 2}", "a", "{b: 2}"),
            ("{ a: 1, b: 2 }", "b", "{ a: 1 }"),
            ("{ a: 1, b: 2, }", "b", "{ a: 1, }"),
            ("{\n  a: 1, b: 2\n}", "a", "{\n  b: 2\n}"),
            ("{\n  a: 1\n}", "a", "{}"),
            ("{ a: [1, 2, 3] }", "a[1]", "{ a: [1, 3] }"),
            ("{ a: 1, b: 2, a: 3 }", "a", "{ b: 2 }"),
            ("{ /* x */ a: 1 }", "a", "{ /* x */ }"),
        ] {
            assert_eq!(unset(text, path).as_deref(), Ok(changed), "{path} in {text:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (text, path, told) in [
            ("{\n  a: [] }", "a.b", "line 2 column 6: a is a list, so nothing can be set in it at a.b"),
            (
                "{ a: 1 }",
                "a[0]",
                "line 1 column 6: a is neither an object nor a list, so nothing can be set in it at a[0]",
            ),
            ("[]", "a", "line 1 column 1: the file is a list, so nothing can be set in it at a"),
            (
                "{ a: [1] }",
                "a[2]",
                "a[2] is out of reach: the list has 1 items, and the next one would be [1]",
            ),
            ("{", "a", "the file is not valid JSON5: it ends within what begins at line 1 column 1"),
        ] {
            assert_eq!(set(text, path, json!(0)).unwrap_err().to_string(), told);
        }
        assert_eq!(unset("{ a: {} }", "a.b").unwrap_err().to_string(), "there is no a.b");
    }

    #[test]
    fn setting_and_unsetting_again_gives_the_text_back() {
        for text in [
            "{\n  // c\n  a: 1 // one\n}",
            "{\r\n\t\"a\": [1, 2], /* x */\r\n}\r\n",
            "{ a: 1 }",
            "{ a: {}, // none\n}",
            "{a:1,}",
        ] {
            for path in ["b", "z.y"] {
                let changed = set(text, path, json!({ "x": [true] })).unwrap();
                assert_ne!(changed, text);
                assert_eq!(
                    unset(&changed, &path[..1]).as_deref(),
                    Ok(text),
                    "{path} in {text:?}: {changed:?}"
                );
            }
        }
    }
}
