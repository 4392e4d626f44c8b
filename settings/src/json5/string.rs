//! Strings, and the escapes in them.

use super::chars::ends_line;
use super::{Mistake, Read, Reader};

const INVALID_ESCAPE: &str = "invalid escape sequence";

impl Reader<'_> {
    /// Reads a string whose quote comes next.
    pub(super) fn string(&mut self) -> Read<String> {
        let quote = self.next()?;
        let mut string = String::new();
        loop {
            let begin = self.at;
            match self.next()? {
                char if char == quote => return Ok(string),
                '\n' | '\r' => return Err(Mistake::Wrong(begin, "line terminator in string".into())),
                '\\' => string.extend(self.escape(begin)?),
                char => string.push(char),
            }
        }
    }

    /// Reads what follows a backslash, which stands at `begin`; a line that goes on there is no character.
    fn escape(&mut self, begin: usize) -> Read<Option<char>> {
        let invalid = Mistake::Wrong(begin, INVALID_ESCAPE.into());
        Ok(Some(match self.next()? {
            '\r' => {
                self.next_is('\n');
                return Ok(None);
            }
            char if ends_line(char) => return Ok(None),
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            '0' if self.peek().is_some_and(|char| char.is_ascii_digit()) => return Err(invalid),
            '0' => '\0',
            '1'..='9' => return Err(invalid),
            'x' => char::from_u32(self.hex_digits(2, begin)?).ok_or(invalid)?,
            'u' => self.unicode_escape(begin)?,
            char => char,
        }))
    }

    /// Reads what follows a `\u`, which stands at `begin`: a UTF-16 code unit, or two with a `\u` between
    /// them.
    pub(super) fn unicode_escape(&mut self, begin: usize) -> Read<char> {
        let unit = self.hex_digits(4, begin)?;
        if let Some(char) = char::from_u32(unit) {
            return Ok(char);
        }
        self.expect_word("\\u", INVALID_ESCAPE)?;
        let second = self.hex_digits(4, begin)?;
        if !(0xd800..0xdc00).contains(&unit) || !(0xdc00..0xe000).contains(&second) {
            return Err(Mistake::Wrong(begin, format!("unpaired surrogate found: {unit:x}").into()));
        }
        let char = char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (second - 0xdc00));
        char.ok_or_else(|| Mistake::Wrong(begin, INVALID_ESCAPE.into()))
    }

    fn hex_digits(&mut self, count: usize, begin: usize) -> Read<u32> {
        let mut value = 0;
        for _ in 0..count {
            let digit = self.next()?.to_digit(16);
            value = 16 * value + digit.ok_or_else(|| Mistake::Wrong(begin, INVALID_ESCAPE.into()))?;
        }
        Ok(value)
    }
}
