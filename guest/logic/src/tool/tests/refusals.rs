//! What is refused before anything is done, and what the model is told to change.

use serde_json::json;

use super::*;

/// A call, the code and the argument of its refusal, and a word that tells what to change.
type Case = (&'static str, ErrorCode, Option<&'static str>, &'static str);

const CASES: &[Case] = &[
    ("", ErrorCode::MissingArgument, Some("action"), "send, image, link, friends"),
    ("send hi", ErrorCode::Malformed, None, "JSON object"),
    (r#"["send"]"#, ErrorCode::Malformed, None, "JSON object"),
    (r#"{"message":"hi"}"#, ErrorCode::MissingArgument, Some("action"), "send, image, link, friends"),
    (r#"{"action":7}"#, ErrorCode::WrongType, Some("action"), "send, image, link, friends"),
    (r#"{"action":"dance"}"#, ErrorCode::UnknownAction, Some("action"), "send, image, link, friends"),
    (r#"{"action":"send","threadId":"111"}"#, ErrorCode::MissingArgument, Some("message"), "message"),
    (
        r#"{"action":"send","threadId":"111","message":" "}"#,
        ErrorCode::MissingArgument,
        Some("message"),
        "message",
    ),
    (r#"{"action":"send","message":"hi"}"#, ErrorCode::MissingArgument, Some("threadId"), "user:ID"),
    (r#"{"action":"image","threadId":"111"}"#, ErrorCode::MissingArgument, Some("url"), "url"),
    (r#"{"action":"link","threadId":"111"}"#, ErrorCode::MissingArgument, Some("url"), "url"),
    (
        r#"{"action":"send","treadId":"111","message":"hi"}"#,
        ErrorCode::UnknownArgument,
        Some("treadId"),
        "did you mean threadId?",
    ),
    (
        r#"{"action":"send","threadId":"111","message":"hi","url":"https://a"}"#,
        ErrorCode::UnknownArgument,
        Some("url"),
        "message, threadId, isGroup, profile",
    ),
    (r#"{"action":"me","limit":5}"#, ErrorCode::UnknownArgument, Some("limit"), "leave it out"),
    (
        r#"{"action":"send","threadId":111,"message":"hi"}"#,
        ErrorCode::WrongType,
        Some("threadId"),
        "double quotes",
    ),
    (
        r#"{"action":"send","threadId":"111","message":{"text":"hi"}}"#,
        ErrorCode::WrongType,
        Some("message"),
        "double quotes",
    ),
    (
        r#"{"action":"send","threadId":"111","message":"hi","isGroup":"true"}"#,
        ErrorCode::WrongType,
        Some("isGroup"),
        "without quotes",
    ),
    (r#"{"action":"friends","limit":"5"}"#, ErrorCode::WrongType, Some("limit"), "1 to 500"),
    (r#"{"action":"friends","limit":0}"#, ErrorCode::InvalidValue, Some("limit"), "1 to 500"),
    (r#"{"action":"groups","limit":501}"#, ErrorCode::InvalidValue, Some("limit"), "1 to 500"),
    (r#"{"action":"groups","limit":1.5}"#, ErrorCode::InvalidValue, Some("limit"), "1 to 500"),
    (
        r#"{"action":"send","threadId":"Alice","message":"hi"}"#,
        ErrorCode::InvalidValue,
        Some("threadId"),
        "friends or groups",
    ),
    (
        r#"{"action":"send","threadId":"group:","message":"hi"}"#,
        ErrorCode::InvalidValue,
        Some("threadId"),
        "group:ID",
    ),
    (
        r#"{"action":"send","threadId":"111","message":"NO_REPLY"}"#,
        ErrorCode::InvalidValue,
        Some("message"),
        "says something",
    ),
    (
        r#"{"action":"link","threadId":"111","url":"/srv/a.png"}"#,
        ErrorCode::InvalidValue,
        Some("url"),
        "https://",
    ),
    (
        r#"{"action":"image","threadId":"111","url":"file:///srv/a.png"}"#,
        ErrorCode::InvalidValue,
        Some("url"),
        "https://",
    ),
    (
        r#"{"action":"image","threadId":"111","url":"https:///a.png"}"#,
        ErrorCode::InvalidValue,
        Some("url"),
        "https://",
    ),
    (
        r#"{"action":"link","threadId":"111","url":"https://a/b c"}"#,
        ErrorCode::InvalidValue,
        Some("url"),
        "https://",
    ),
    (
        r#"{"action":"send","threadId":"user:111","isGroup":true,"message":"hi"}"#,
        ErrorCode::Contradiction,
        Some("isGroup"),
        "leave isGroup out",
    ),
    (
        r#"{"action":"send","threadId":"group:5001","isGroup":false,"message":"hi"}"#,
        ErrorCode::Contradiction,
        Some("isGroup"),
        "leave isGroup out",
    ),
    (r#"{"action":"me","profile":"home"}"#, ErrorCode::OtherProfile, Some("profile"), "leave profile out"),
];

#[test]
fn a_wrong_call_is_refused_with_what_to_change() {
    for (call, code, argument, change) in CASES {
        let error = plan(call, &context()).expect_err(call);
        assert_eq!((error.code, error.argument.as_deref()), (*code, *argument), "{call}: {error:?}");
        assert!(error.hint.contains(change), "{call}: {change:?} is missing in {error:?}");
    }
}

#[test]
fn the_answer_to_a_wrong_call_tells_the_same() {
    for (call, ..) in CASES {
        let error = plan(call, &context()).expect_err(call);
        let (success, answer) = answered(call, &context(), &[]);
        assert!(!success, "{call}");
        assert_eq!(answer["ok"], json!(false), "{call}");
        assert_eq!(answer["delivered"], json!(false), "{call}");
        let mut expected = json!({ "code": error.code.name(), "message": error.message, "hint": error.hint });
        if let Some(argument) = &error.argument {
            expected["argument"] = json!(argument);
        }
        assert_eq!(answer["error"], expected, "{call}");
    }
}

#[test]
fn the_current_conversation_cannot_be_called_what_it_is_not() {
    let call = r#"{"action":"send","message":"hi","isGroup":false}"#;
    let error = plan(call, &from(group("5001"))).unwrap_err();
    assert_eq!(error.code, ErrorCode::Contradiction);
}

#[test]
fn what_was_left_empty_counts_as_left_out() {
    let call = r#"{"action":"me","message":"","url":null,"threadId":" ","limit":null}"#;
    assert_eq!(plan(call, &context()), Ok(vec![Command::WhoAmI]));
}
