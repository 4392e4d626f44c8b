//! The text of a configuration file as a value.

use json5::{ErrorCode, Position};
use serde_json::{Map, Value};

use crate::depth;
use crate::problem::Problem;

/// The most levels of lists and objects in a file. No gateway's file has more than a dozen; the
/// parser recurses, and its stack, in a sandbox too, takes several times this many.
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
    read(json5).map_err(|mistake| Problem::new("", mistake.problem))
}

/// The line and the column, both from 1 and the latter in characters, of what [`parse`] refuses in a
/// text; none when it refuses nothing.
pub fn mistake_at(json5: &str) -> Option<(usize, usize)> {
    let position = read(json5).err()?.position;
    Some((position.line + 1, position.column + 1))
}

struct Mistake {
    problem: String,
    position: Position,
}

fn read(json5: &str) -> Result<Value, Mistake> {
    if let Some(offset) = depth::exceeded_at(json5, DEPTH_LIMIT) {
        let position = Position::from_offset(offset, json5);
        let problem = format!("is nested more than {DEPTH_LIMIT} levels deep at {position}");
        return Err(Mistake { problem, position });
    }
    json5::from_str(json5).or_else(|err| {
        // Only outside of all lists and objects does the parser leave the position out.
        if err.code() == Some(ErrorCode::EofParsingValue) && err.position().is_none() {
            return Ok(Value::Object(Map::new()));
        }
        Err(mistake(err, json5))
    })
}

fn mistake(err: json5::Error, json5: &str) -> Mistake {
    let told = err.to_string();
    let end = || Position::from_offset(json5.len(), json5);
    let position = err.position().unwrap_or_else(end);
    let mistake = if !told.starts_with("EOF") {
        told
    } else if err.position().is_some() {
        format!("it ends within what begins at {position}")
    } else {
        format!("it ends too early, at {position}")
    };
    Mistake { problem: format!("is not valid JSON5: {mistake}"), position }
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
    fn nesting_is_bounded_before_the_parser_recurses() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse(&nested(128)).is_ok());
        for levels in [129, 1_000_000] {
            let problem = "is nested more than 128 levels deep at line 1 column 129";
            assert_eq!(parse(&nested(levels)), Err(Problem::new("", problem)));
        }
    }
}
