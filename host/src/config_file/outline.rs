//! Where each key and each value of a JSON5 text stands in it.

use std::ops::Range;

use json5::Position;
use json5::char::{is_json5_line_terminator, is_json5_whitespace};
use serde_json::{Map, Value};
use zalouser_settings::Problem;

use super::path::{KeyPath, Step};

/// A JSON5 text with its value, and with the places of everything in it. All ranges are in bytes.
#[derive(Debug)]
pub(crate) struct Outline<'a> {
    text: &'a str,
    document: Value,
    root: Option<Node>,
}

/// A value in the text.
#[derive(Debug)]
pub(crate) struct Node {
    /// Where it stands, with its quotes or brackets.
    pub(crate) span: Range<usize>,
    /// What it is.
    pub(crate) kind: Kind,
    /// What it holds, in the order of the text.
    pub(crate) entries: Vec<Entry>,
}

/// What a value in the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    List,
    Scalar,
}

/// A member of an object or an item of a list.
#[derive(Debug)]
pub(crate) struct Entry {
    /// None for an item.
    pub(crate) key: Option<Key>,
    /// Its value.
    pub(crate) node: Node,
    /// Where the comma after it stands, if there is one.
    pub(crate) comma: Option<usize>,
}

/// A key in the text.
#[derive(Debug)]
pub(crate) struct Key {
    /// What it says.
    pub(crate) name: String,
    /// Where it stands, with its quotes.
    pub(crate) span: Range<usize>,
}

impl<'a> Outline<'a> {
    /// Finds everything in `text`.
    ///
    /// # Errors
    /// It is not JSON5, or nested too deep.
    pub(crate) fn of(text: &'a str) -> Result<Self, Problem> {
        // What follows relies on this: it looks at no more of the syntax than it has to, and recurses
        // once a level, of which there are at most 128 now.
        let document = zalouser_settings::parse(text)?;
        let mut cursor = Cursor { text, at: 0 };
        cursor.skip_blank();
        let root = match cursor.peek() {
            None => None,
            Some(_) => match cursor.node() {
                Some(root) => Some(root),
                None => return Err(Problem::new("", "has a syntax that only a part of this program reads")),
            },
        };
        Ok(Self { text, document, root })
    }

    /// The text.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// What it says. One without a value is an empty object.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// Its one value; none when it has nothing but comments and white space.
    pub(crate) fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }

    /// Where an editor finds `problem`: the key that is unknown, the value that is wrong, the section in
    /// which a key is missing. None when it is not in this file.
    pub(crate) fn position(&self, problem: &Problem) -> Option<Position> {
        let path: KeyPath = problem.path.parse().ok()?;
        let mut node = self.root()?;
        let mut place = None;
        for (index, step) in path.steps().iter().enumerate() {
            let Some((_, entry)) = node.entry(step) else { break };
            let is_value = problem.found.is_some() && index + 1 == path.steps().len();
            let span = entry.key.as_ref().filter(|_| !is_value).map_or(&entry.node.span, |key| &key.span);
            place = Some(span.start);
            node = &entry.node;
        }
        Some(Position::from_offset(place?, self.text))
    }
}

impl Node {
    /// The entry to which `step` leads, and its index. Of a key that is there twice the last one counts.
    pub(crate) fn entry(&self, step: &Step) -> Option<(usize, &Entry)> {
        let mut entries = self.entries.iter().enumerate();
        match (step, self.kind) {
            (Step::Key(key), Kind::Object) => entries.rfind(|(_, entry)| entry.is_named(key)),
            (Step::Item(index), Kind::List) => entries.nth(*index),
            _ => None,
        }
    }

    /// What is between its brackets.
    pub(crate) fn inside(&self) -> Range<usize> {
        self.span.start + 1..self.span.end - 1
    }
}

impl Entry {
    /// Whether it is a member of this name.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.key.as_ref().is_some_and(|key| key.name == name)
    }

    /// Where it begins: with its key, if it has one.
    pub(crate) fn start(&self) -> usize {
        self.key.as_ref().map_or(self.node.span.start, |key| key.span.start)
    }

    /// Where it ends, with the comma after it.
    pub(crate) fn end(&self) -> usize {
        self.comma.map_or(self.node.span.end, |comma| comma + 1)
    }
}

/// Where the last comment in `text` ends, in which there is no value.
pub(crate) fn last_comment_end(text: &str) -> Option<usize> {
    let mut cursor = Cursor { text, at: 0 };
    let mut end = None;
    loop {
        cursor.skip_while(is_json5_whitespace);
        if !cursor.skip_comment() {
            return end;
        }
        end = Some(cursor.at);
    }
}

/// Goes through a text that is known to be JSON5. A method returns none where it is not.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_while(&mut self, predicate: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|char| !predicate(char)).unwrap_or(rest.len());
    }

    /// Skips `expected`, if it is next, and says where it stood.
    fn take(&mut self, expected: char) -> Option<usize> {
        let at = self.at;
        (self.peek() == Some(expected)).then(|| self.at += expected.len_utf8())?;
        Some(at)
    }

    /// Skips a comment without the line's end, if one is next.
    fn skip_comment(&mut self) -> bool {
        let rest = self.rest();
        let length = if rest.starts_with("//") {
            rest.find(is_json5_line_terminator)
        } else if let Some(inside) = rest.strip_prefix("/*") {
            inside.find("*/").map(|end| end + 4)
        } else {
            return false;
        };
        self.at += length.unwrap_or(rest.len());
        true
    }

    fn skip_blank(&mut self) {
        loop {
            self.skip_while(is_json5_whitespace);
            if !self.skip_comment() {
                return;
            }
        }
    }

    fn node(&mut self) -> Option<Node> {
        let (kind, close) = match self.peek()? {
            '{' => (Kind::Object, '}'),
            '[' => (Kind::List, ']'),
            _ => return Some(Node { span: self.word()?, kind: Kind::Scalar, entries: Vec::new() }),
        };
        let start = self.at;
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.skip_blank();
            if self.take(close).is_some() {
                return Some(Node { span: start..self.at, kind, entries });
            }
            let key = if kind == Kind::Object { Some(self.key()?) } else { None };
            let node = self.node()?;
            self.skip_blank();
            let comma = self.take(',');
            entries.push(Entry { key, node, comma });
        }
    }

    /// Reads a key with the colon after it, up to the value.
    fn key(&mut self) -> Option<Key> {
        let span = self.word()?;
        let written = self.text.get(span.clone())?;
        let name = match written.contains(['"', '\'', '\\']) {
            false => written.to_owned(),
            true => {
                json5::from_str::<Map<String, Value>>(&format!("{{{written}:0}}")).ok()?.into_iter().next()?.0
            }
        };
        self.skip_blank();
        self.take(':')?;
        self.skip_blank();
        Some(Key { name, span })
    }

    /// Skips a string, or what has neither brackets nor white space in it.
    fn word(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        match self.peek()? {
            quote @ ('"' | '\'') => {
                let mut chars = self.rest().char_indices().skip(1);
                let end = loop {
                    match chars.next()? {
                        (_, '\\') => drop(chars.next()),
                        (at, char) if char == quote => break at + 1,
                        _ => {}
                    }
                };
                self.at += end;
            }
            _ => self.skip_while(|char| !is_json5_whitespace(char) && !"{}[],:/\"'".contains(char)),
        }
        (self.at > start).then_some(start..self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts with everything that JSON5 has over JSON.
    const TEXTS: [&str; 9] = [
        "",
        "\u{feff}// nothing yet ộ",
        "{}",
        "{/* a */ b /* : */: /* , */ 1 /* } */, // ]\n c: [1,2,],}",
        "{\r\n  // one\r\n  a: 'x\\\r\ny', // \u{2028} b: 0xFF,\r\n}\r\n",
        r#"{ null: null, true: [true], Infinity: -Infinity, "q\"}": '\'', 'Họ': +.5, \u0061b: 5., }"#,
        "{a: 1, b: 2, a: {c: 3}}",
        "[[], {}, [{ 'x': [ ] }], 1e5, 'ộ', \"//\", '/* */']",
        "{ a: '\u{2028}', $b_\u{301}: NaN }//",
    ];

    /// Every path in `node`.
    fn paths(node: &Node, parent: &[Step], found: &mut Vec<Vec<Step>>) {
        for (index, entry) in node.entries.iter().enumerate() {
            let step = entry.key.as_ref().map_or(Step::Item(index), |key| Step::Key(key.name.clone()));
            let path = [parent, &[step]].concat();
            paths(&entry.node, &path, found);
            found.push(path);
        }
    }

    #[test]
    fn the_text_at_each_place_says_what_the_document_says() {
        for text in TEXTS {
            let outline = Outline::of(text).unwrap();
            let Some(root) = outline.root() else { continue };
            let mut found = Vec::new();
            paths(root, &[], &mut found);
            for steps in found {
                let (mut node, mut value) = (root, outline.document());
                for step in &steps {
                    node = &node.entry(step).unwrap().1.node;
                    value = match step {
                        Step::Key(key) => &value[key],
                        Step::Item(index) => &value[index],
                    };
                }
                let written = &text[node.span.clone()];
                assert_eq!(zalouser_settings::parse(written).as_ref(), Ok(value), "{steps:?} of {text:?}");
            }
        }
    }

    fn at(text: &str, problem: &Problem) -> Option<(usize, usize)> {
        let position = Outline::of(text).unwrap().position(problem)?;
        Some((position.line + 1, position.column + 1))
    }

    #[test]
    fn a_problem_is_placed_by_what_it_blames() {
        let text = "{\r\n  a: { ộ: 'x', \"b c\":\n  [1,\n   2] },\r\n  a: 0,\n a: {\n'b c': [ 1, 2 ] } }";
        let value = serde_json::json!(0);
        for (problem, place) in [
            (Problem::new("a", "is not a known key"), Some((6, 2))),
            (Problem::new("a", "is wrong").found(&value), Some((6, 5))),
            (Problem::new("a.missing.key", "is missing"), Some((6, 2))),
            (Problem::new(r#"a["b c"]"#, "is wrong").found(&value), Some((7, 8))),
            (Problem::new(r#"a["b c"][1]"#, "is wrong").found(&value), Some((7, 13))),
            (Problem::new("ZCA_PROFILE", "is wrong").found(&value), None),
            (Problem::new("", "is wrong"), None),
        ] {
            assert_eq!(at(text, &problem), place, "{problem}");
        }
    }

    #[test]
    fn a_column_counts_characters() {
        assert_eq!(
            at("{ 'Họ Nhà': 1 }", &Problem::new("[\"Họ Nhà\"]", "").found(&serde_json::json!(1))),
            Some((1, 13))
        );
    }

    #[test]
    fn comments_without_a_value_have_an_end() {
        for (text, end) in [("", None), (" \r\n", None), ("// a\n/* b */ \n", Some(12)), ("// ộ", Some(6))]
        {
            assert_eq!(last_comment_end(text), end, "{text:?}");
        }
    }
}
