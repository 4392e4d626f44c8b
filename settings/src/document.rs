//! The text of a configuration file as a value.

use serde_json::{Map, Value};

use crate::json5::{self, Mistake};
use crate::problem::Problem;

/// The most levels of lists and objects in a file. No gateway's file has more than a dozen; the
/// reader recurses, and its stack, in a sandbox too, takes several times this many.
const DEPTH_LIMIT: usize = 128;

/// Parses a JSON5 text. One without a value, blank or with nothing but comments, is an empty
/// object.
///
/// A whole number keeps all its digits up to 64 bits, a larger one becomes a float. `NaN` and
/// infinities become `null`. Of a key that an object has twice, the last value counts.
///
/// # Errors
///
/// A problem with the text as a whole, which says the line and the column: it is not JSON5, or has
/// more than 128 levels.
pub fn parse(json5: &str) -> Result<Value, Problem> {
    read(json5).map_err(|mistake| Problem::new("", told(&mistake, json5)))
}

/// The line and the column, both from 1 and the latter in characters, of what [`parse`] refuses in a
/// text; none when it refuses nothing.
pub fn mistake_at(json5: &str) -> Option<(usize, usize)> {
    Some(position(offset(&read(json5).err()?, json5), json5))
}

fn read(json5: &str) -> Result<Value, Mistake> {
    match json5::read(json5, DEPTH_LIMIT) {
        Err(Mistake::Blank) => Ok(Value::Object(Map::new())),
        read => read,
    }
}

/// What is wrong, and where, as the end of a sentence.
fn told(mistake: &Mistake, json5: &str) -> String {
    let (line, column) = position(offset(mistake, json5), json5);
    let place = format!("line {line} column {column}");
    match mistake {
        Mistake::TooDeep(_) => format!("is nested more than {DEPTH_LIMIT} levels deep at {place}"),
        Mistake::Wrong(_, what) => format!("is not valid JSON5: {what} at {place}"),
        Mistake::End(Some(_)) => format!("is not valid JSON5: it ends within what begins at {place}"),
        Mistake::End(None) | Mistake::Blank => format!("is not valid JSON5: it ends too early, at {place}"),
    }
}

fn offset(mistake: &Mistake, json5: &str) -> usize {
    match mistake {
        Mistake::TooDeep(offset) | Mistake::Wrong(offset, _) | Mistake::End(Some(offset)) => *offset,
        Mistake::End(None) | Mistake::Blank => json5.len(),
    }
}

/// The line and the column, both from 1, of a byte of `json5`. A carriage return with a line feed is one
/// end of a line.
fn position(offset: usize, json5: &str) -> (usize, usize) {
    let (mut line, mut column) = (1, 1);
    let mut before = json5.get(..offset).unwrap_or(json5).chars().peekable();
    while let Some(char) = before.next() {
        if json5::ends_line(char) {
            if char == '\r' {
                before.next_if_eq(&'\n');
            }
            (line, column) = (line + 1, 1);
        } else {
            column += 1;
        }
    }
    (line, column)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_without_a_value_is_an_empty_object() {
        for json5 in ["", " \r\n", "\u{feff}", "// nothing yet", "/* nothing */\n"] {
            assert_eq!(parse(json5), Ok(json!({})), "{json5:?}");
        }
    }

    #[test]
    fn a_whole_number_keeps_its_digits() {
        assert_eq!(parse("9007199254740993"), Ok(json!(9_007_199_254_740_993_u64)));
        assert_eq!(parse("18446744073709551615"), Ok(json!(u64::MAX)));
    }

    #[test]
    fn a_mistake_says_where_it_is() {
        for (json5, problem) in [
            ("{\n  a: 1\n  b: 2\n}", "is not valid JSON5: expected comma at line 3 column 3"),
            ("{ a: 1 } x", "is not valid JSON5: trailing characters at line 1 column 10"),
            ("{\n  a: [1,", "is not valid JSON5: it ends within what begins at line 2 column 6"),
            ("'a", "is not valid JSON5: it ends too early, at line 1 column 3"),
            ("{} /*", "is not valid JSON5: it ends too early, at line 1 column 6"),
        ] {
            assert_eq!(parse(json5), Err(Problem::new("", problem)), "{json5:?}");
            let (line, column) = mistake_at(json5).unwrap();
            assert!(problem.ends_with(&format!("line {line} column {column}")), "{json5:?}: {line}:{column}");
        }
        assert_eq!(mistake_at("// nothing yet"), None);
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse(&nested(128)).is_ok());
        for levels in [129, 1_000_000] {
            let problem = "is nested more than 128 levels deep at line 1 column 129";
            assert_eq!(parse(&nested(levels)), Err(Problem::new("", problem)));
        }
    }
}
