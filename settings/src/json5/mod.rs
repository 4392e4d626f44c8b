//! Reads JSON5.
//!
//! The crate `json5` would do; but its tables of what may stand in an identifier, and its many ways to
//! deserialize, are a seventh of the guest, which has a limit. The tests hold this reader against it.

mod chars;
mod number;
mod string;

use std::borrow::Cow;

use serde_json::{Map, Value};

pub(crate) use chars::ends_line;
use chars::{is_identifier, is_identifier_start, is_white_space};

/// Why a text is not JSON5, or not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// There is nothing in it but white space and comments.
    Blank,
    /// It ends within the list or object that begins there, in bytes, or outside of all.
    End(Option<usize>),
    /// More lists and objects are nested in each other than are read; the bracket stands there, in bytes.
    TooDeep(usize),
    /// Something is wrong at this place, in bytes.
    Wrong(usize, Cow<'static, str>),
}

/// Reads the one value in `text`, with at most `levels` lists and objects nested in each other: the
/// reader recurses.
pub(crate) fn read(text: &str, levels: usize) -> Result<Value, Mistake> {
    let mut reader = Reader { text, at: 0 };
    reader.skip_blank()?;
    let value = match reader.peek() {
        None => return Err(Mistake::Blank),
        Some(_) => reader.value(levels)?,
    };
    reader.skip_blank()?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => reader.wrong("trailing characters"),
    }
}

type Read<T> = Result<T, Mistake>;

struct Reader<'a> {
    text: &'a str,
    /// How much of it was read, in bytes.
    at: usize,
}

impl Reader<'_> {
    /// What is not read yet.
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Read<char> {
        let char = self.peek().ok_or(Mistake::End(None))?;
        self.at += char.len_utf8();
        Ok(char)
    }

    /// Reads `char` if it is the next one.
    fn next_is(&mut self, char: char) -> bool {
        let found = self.rest().starts_with(char);
        if found {
            self.at += char.len_utf8();
        }
        found
    }

    /// Says that something is wrong with what comes next.
    fn wrong<T>(&self, what: &'static str) -> Read<T> {
        Err(Mistake::Wrong(self.at, what.into()))
    }

    fn expect(&mut self, char: char, what: &'static str) -> Read<()> {
        match self.peek() {
            None => Err(Mistake::End(None)),
            Some(_) if self.next_is(char) => Ok(()),
            Some(_) => self.wrong(what),
        }
    }

    fn expect_word(&mut self, word: &str, what: &'static str) -> Read<()> {
        word.chars().try_for_each(|char| self.expect(char, what))
    }

    /// Skips white space and comments.
    fn skip_blank(&mut self) -> Read<()> {
        while let Some(char) = self.peek() {
            if is_white_space(char) {
                self.at += char.len_utf8();
            } else if self.next_is('/') {
                self.skip_comment()?;
            } else {
                break;
            }
        }
        Ok(())
    }

    fn skip_comment(&mut self) -> Read<()> {
        if self.next_is('/') {
            let length = self.rest().find(ends_line).unwrap_or(self.rest().len());
            self.at += length;
        } else {
            self.expect('*', "expected comment")?;
            self.at += self.rest().find("*/").ok_or(Mistake::End(None))? + 2;
        }
        Ok(())
    }

    /// Reads a value that begins here.
    fn value(&mut self, levels: usize) -> Read<Value> {
        match self.peek().ok_or(Mistake::End(None))? {
            'n' => self.expect_word("null", "expected null").map(|()| Value::Null),
            't' => self.expect_word("true", "expected bool").map(|()| Value::Bool(true)),
            'f' => self.expect_word("false", "expected bool").map(|()| Value::Bool(false)),
            '"' | '\'' => self.string().map(Value::String),
            '+' | '-' | '.' | 'I' | 'N' | '0'..='9' => self.number(),
            '[' | '{' => self.nested(levels),
            _ => self.wrong("expected value"),
        }
    }

    /// Reads a list or an object that begins here.
    fn nested(&mut self, levels: usize) -> Read<Value> {
        let begin = self.at;
        let Some(levels) = levels.checked_sub(1) else { return Err(Mistake::TooDeep(begin)) };
        let read = if self.next_is('[') {
            self.list(levels).map(Value::Array)
        } else {
            self.at += 1;
            self.object(levels).map(Value::Object)
        };
        read.map_err(|mistake| match mistake {
            Mistake::End(None) => Mistake::End(Some(begin)),
            other => other,
        })
    }

    fn list(&mut self, levels: usize) -> Read<Vec<Value>> {
        let mut items = Vec::new();
        while !self.ends(']', items.is_empty())? {
            items.push(self.value(levels)?);
        }
        Ok(items)
    }

    fn object(&mut self, levels: usize) -> Read<Map<String, Value>> {
        let mut entries = Map::new();
        while !self.ends('}', entries.is_empty())? {
            let key = self.key()?;
            self.skip_blank()?;
            self.expect(':', "expected colon")?;
            self.skip_blank()?;
            let value = self.value(levels)?;
            entries.insert(key, value);
        }
        Ok(entries)
    }

    /// Whether a list or an object ends here, with `bracket`; if not, what follows is the next of it, or
    /// the `first`.
    fn ends(&mut self, bracket: char, first: bool) -> Read<bool> {
        self.skip_blank()?;
        if self.next_is(bracket) {
            return Ok(true);
        }
        if !first {
            self.expect(',', "expected comma")?;
            self.skip_blank()?;
        }
        Ok(self.next_is(bracket))
    }

    fn key(&mut self) -> Read<String> {
        if matches!(self.peek(), Some('"' | '\'')) { self.string() } else { self.identifier() }
    }

    fn identifier(&mut self) -> Read<String> {
        let mut identifier = String::new();
        loop {
            let begin = self.at;
            let char = self.next()?;
            let escaped = char == '\\';
            let char = if escaped {
                self.expect('u', "invalid escape sequence")?;
                self.unicode_escape(begin)?
            } else {
                char
            };
            let fits = if identifier.is_empty() { is_identifier_start(char) } else { is_identifier(char) };
            if fits {
                identifier.push(char);
                continue;
            }
            self.at = begin;
            if escaped || identifier.is_empty() {
                return self.wrong("expected identifier");
            }
            return Ok(identifier);
        }
    }
}

#[cfg(test)]
mod tests;
