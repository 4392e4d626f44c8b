//! Holds the reader against the crate `json5`, whose reading of a text is the right one.

use proptest::prelude::*;

use super::*;

/// What the crate makes of `text`, as [`read`] says it.
fn expected(text: &str) -> Result<Value, Mistake> {
    ::json5::from_str(text).map_err(|err| {
        let told = err.to_string();
        let offset = |position: ::json5::Position| {
            let at = |offset: &usize| ::json5::Position::from_offset(*offset, text) == position;
            let mut offsets = text.char_indices().map(|(offset, _)| offset).chain([text.len()]);
            // The line feed after a carriage return is at no place of its own.
            offsets.rfind(at).expect("the mistake is in the text")
        };
        match err.position() {
            None if err.code() == Some(::json5::ErrorCode::EofParsingValue) => Mistake::Blank,
            position if told.starts_with("EOF") => Mistake::End(position.map(offset)),
            Some(position) => {
                let what = told.split(" at line ").next().unwrap_or_default().to_owned();
                Mistake::Wrong(offset(position), what.into())
            }
            None => panic!("no place: {told}"),
        }
    })
}

/// Whether both are the same but for the last digits of floats.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.keys().eq(other.keys())
                && one.values().zip(other.values()).all(|(one, other)| alike(one, other))
        }
        (Value::Number(one), Value::Number(other)) if one.is_f64() && other.is_f64() => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            // Below the normal ones, floats have fewer digits: what is between two of them is all there is.
            let apart = (other.abs() * 1e-14).max(2.0 * f64::from_bits(1));
            (one - other).abs() <= apart && one.is_sign_negative() == other.is_sign_negative()
        }
        _ => one == other,
    }
}

#[track_caller]
fn check(text: &str) {
    match (read(text, 128), expected(text)) {
        (Ok(read), Ok(expected)) => assert!(alike(&read, &expected), "{text:?}: {read} is not {expected}"),
        (read, expected) => assert_eq!(read, expected, "{text:?}"),
    }
}

/// One of each thing that JSON5 knows, and one of each that it does not. No characters that may stand in
/// an identifier here and nowhere else are among them, nor can be put together.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\u{2028}",
    "\u{a0}",
    "\u{feff}",
    "\u{85}",
    "/",
    "//",
    "/*",
    "*/",
    "// c\n",
    "/* c */",
    "a",
    "a: 1",
    "b:",
    "$_a1",
    "Họ",
    "\\u0061",
    "\\u{61}",
    "\\x",
    "null",
    "nul",
    "true",
    "tru",
    "false",
    "fx",
    "'s'",
    "\"s\"",
    "'",
    "\"",
    "\\",
    "\\n",
    "\\\n",
    "\\\r\n",
    "\\0",
    "\\01",
    "\\1",
    "\\x41",
    "\\x4",
    "\\u00e9",
    "\\ud835",
    "\\udc9c",
    "\\ud835\\udc9c",
    "\\v",
    "\\q",
    "𝒜",
    "0",
    "1",
    "12",
    "-",
    "+",
    ".",
    "5.",
    ".5",
    "1.5",
    "e",
    "E",
    "1e3",
    "1E-3",
    "e+2",
    "0x",
    "0xfF",
    "-0x1",
    "01",
    "-0",
    "-0.0",
    "NaN",
    "-NaN",
    "Infinity",
    "-Infinity",
    "Inf",
    "1e400",
    "1e-400",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "0x80000000000000000000000000000000",
    "-0x80000000000000000000000000000001",
    "0x100000000000000000000000000000000",
    "340282366920938463463374607431768211456",
    "0.1",
    "1.7976931348623157e308",
    "(",
    "\u{0}",
];

#[test]
fn each_piece_and_each_pair_is_read_as_the_crate_reads_it() {
    for one in PIECES {
        check(one);
        for other in PIECES {
            for text in [format!("{one}{other}"), format!("[{one},{other}]"), format!("{{{one}:{other}}}")] {
                check(&text);
            }
            check(&format!("'{one}{other}'"));
            check(&format!("{{a:{one}{other}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_pieces_are_read_as_the_crate_reads_them(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..16),
    ) {
        check(&pieces.concat());
    }

    #[test]
    fn a_document_with_a_mistake_in_it_is_read_as_the_crate_reads_it(
        cut in 0..DOCUMENT.len(), drop in 0..3_usize, piece in prop::sample::select(PIECES),
    ) {
        let rest = DOCUMENT.get(cut + drop..).unwrap_or_default();
        check(&format!("{}{piece}{rest}", &DOCUMENT[..cut]));
    }

    #[test]
    fn a_decimal_number_of_up_to_15_digits_is_the_nearest_float(
        digits in 0..1_000_000_000_000_000_u64, power in -22..=22_i32, negative: bool,
    ) {
        let sign = if negative { "-" } else { "" };
        let (whole, fraction) = (digits / 1_000, digits % 1_000);
        for text in [format!("{sign}{digits}.e{power}"), format!("{sign}{whole}.{fraction:03}")] {
            let text = text.as_str();
            prop_assert_eq!(read(text, 1), expected(text));
        }
    }

    #[test]
    fn any_float_is_nearly_the_same(number: f64) {
        check(&format!("{number:e}"));
        check(&number.to_string());
    }
}

const DOCUMENT: &str = r#"// The gateway's own.
{
  channels: { 'zalouser': { "dmPolicy": "open", allowFrom: ['1', 2, 3.5, 0x1F,], }, },
  /* several
     lines */ messages: { groupChat: { mentionPatterns: ["@?\\bbot\\b", 'it\'s', 'a \
b'] } },
  numbers: [-1, +2, .5, 5., 1e3, NaN, -Infinity, null, true, false], ab: "\ud835\udc9c \x41\0"
}
"#;

#[test]
fn the_whole_document_is_read() {
    check(DOCUMENT);
    assert!(read(DOCUMENT, 4).is_ok());
    assert!(matches!(read(DOCUMENT, 3), Err(Mistake::TooDeep(_))));
}

#[test]
fn every_character_outside_of_identifiers_is_what_the_crate_says_it_is() {
    for char in '\0'..=char::MAX {
        assert_eq!(is_white_space(char), ::json5::char::is_json5_whitespace(char), "{char:?}");
        assert_eq!(ends_line(char), ::json5::char::is_json5_line_terminator(char), "{char:?}");
    }
}

#[test]
fn whatever_may_stand_in_an_identifier_is_read_in_one_and_nothing_more_of_ascii() {
    for char in '\0'..=char::MAX {
        let (start, part) = (is_identifier_start(char), is_identifier(char));
        assert!(start || !::json5::char::is_json5_identifier_start(char), "{char:?}");
        assert!(part || !::json5::char::is_json5_identifier(char), "{char:?}");
        if char.is_ascii() {
            assert_eq!(start, ::json5::char::is_json5_identifier_start(char), "{char:?}");
            assert_eq!(part, ::json5::char::is_json5_identifier(char), "{char:?}");
        }
    }
}
