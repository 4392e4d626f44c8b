//! What a single value has to be. Each function returns what it read or the end of a sentence that
//! says why not.

use serde_json::{Map, Value};

/// What is wrong where an object is expected.
pub(crate) const NOT_AN_OBJECT: &str = "is not an object";

/// The largest whole number up to which a program that reads numbers as 64-bit floats, as the
/// gateways do, sees each one as it is written: 2^53.
const EXACT_LIMIT: u64 = 1 << 53;

/// A string, as typed.
///
/// # Errors
///
/// Any other value.
pub fn string(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| "is not a string".to_owned())
}

/// An id: a string as typed, or the decimal text of a whole number.
///
/// # Errors
///
/// Any other value, and a number whose digits another reader of the same file would not see.
pub fn id(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => match number.as_i64() {
            Some(whole) if whole.unsigned_abs() <= EXACT_LIMIT => Ok(whole.to_string()),
            _ => Err("is not exact as a number; write it in quotes".to_owned()),
        },
        _ => Err("is neither a string nor a number".to_owned()),
    }
}

/// A string with something in it, trimmed.
pub(crate) fn text(value: &Value) -> Result<String, String> {
    let text = string(value)?;
    match text.trim() {
        "" => Err("is blank".to_owned()),
        trimmed => Ok(trimmed.to_owned()),
    }
}

/// `true` or `false`.
pub(crate) fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "is neither true nor false".to_owned())
}

/// A number above 0.
pub(crate) fn positive(value: &Value) -> Result<f64, String> {
    value.as_f64().filter(|number| *number > 0.0).ok_or_else(|| "is not a number above 0".to_owned())
}

/// A whole number, also when it is written with a fraction of zero or an exponent.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        // Exact below this limit, so the conversion loses nothing.
        let exact = number.fract() == 0.0 && number.abs() < EXACT_LIMIT as f64;
        exact.then_some(number as i64)
    })
}

/// The entries of an object.
pub(crate) fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| NOT_AN_OBJECT.to_owned())
}

/// The items of a list.
pub(crate) fn items(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| "is not a list".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_keeps_every_digit_or_is_refused() {
        let inexact = "is not exact as a number; write it in quotes";
        for (value, read) in [
            (json!("0123"), Ok("0123")),
            (json!(111), Ok("111")),
            (json!(9_007_199_254_740_992_u64), Ok("9007199254740992")),
            (json!(9_007_199_254_740_993_u64), Err(inexact)),
            (json!(u64::MAX), Err(inexact)),
            (json!(1e30), Err(inexact)),
            (json!(1.5), Err(inexact)),
            (json!(null), Err("is neither a string nor a number")),
            (json!(["1"]), Err("is neither a string nor a number")),
        ] {
            assert_eq!(id(&value).as_deref().map_err(String::as_str), read, "{value}");
        }
    }

    #[test]
    fn a_whole_number_may_be_written_as_a_float() {
        for (value, read) in [
            (json!(2000), Some(2000)),
            (json!(2e3), Some(2000)),
            (json!(-1), Some(-1)),
            (json!(0.5), None),
            (json!(1e300), None),
            (json!("5"), None),
        ] {
            assert_eq!(whole(&value), read, "{value}");
        }
    }
}
