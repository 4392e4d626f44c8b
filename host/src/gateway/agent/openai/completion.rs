//! What a chat endpoint sends back.

use serde::Deserialize;
use serde_json::Value;

use super::super::error::excerpt;

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    content: Option<Content>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
}

/// The text of a completion's first choice, empty when the model said nothing. The error says why
/// `body` is not a completion.
pub(super) fn text(body: &[u8]) -> Result<String, String> {
    let unusable = |problem: String| match stated_error(body) {
        Some(error) => format!("it is an error: {error}"),
        None => format!("it is not a chat completion: {problem}"),
    };
    let completion: Completion =
        serde_json::from_slice(body).map_err(|error| unusable(excerpt(&error.to_string())))?;
    let choice =
        completion.choices.into_iter().next().ok_or_else(|| unusable("it has no choices".to_owned()))?;
    Ok(match choice.message.content {
        None => String::new(),
        Some(Content::Text(text)) => text,
        Some(Content::Parts(parts)) => {
            parts.into_iter().filter(|part| part.kind == "text").filter_map(|part| part.text).collect()
        }
    })
}

/// What the body of a refused request says is wrong.
pub(super) fn complaint(body: &[u8]) -> String {
    stated_error(body).unwrap_or_else(|| excerpt(&String::from_utf8_lossy(body)))
}

/// The error message in a JSON body: OpenAI's place for it, and those of servers that only resemble it.
fn stated_error(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    ["/error/message", "/error", "/message", "/detail"]
        .iter()
        .find_map(|place| body.pointer(place)?.as_str())
        .map(excerpt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_read_from_either_form_of_content() {
        let cases = [
            (r#"{"id":1,"choices":[{"message":{"role":"assistant","content":"a"}},{"message":{}}]}"#, "a"),
            (
                r#"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{}},{"type":"text","text":"b"}]}}]}"#,
                "ab",
            ),
            (r#"{"choices":[{"message":{"content":null}}]}"#, ""),
            (r#"{"choices":[{"message":{"content":[]}}]}"#, ""),
        ];
        for (body, expected) in cases {
            assert_eq!(text(body.as_bytes()).as_deref(), Ok(expected), "{body}");
        }
    }

    #[test]
    fn what_is_not_a_completion_says_so() {
        let cases = [
            ("<html>", "not a chat completion"),
            (r#"{"choices":[]}"#, "no choices"),
            (r#"{"choices":[{"message":{"content":1}}]}"#, "not a chat completion"),
            (r#"{"error":{"message":"overloaded"}}"#, "overloaded"),
        ];
        for (body, expected) in cases {
            let problem = text(body.as_bytes()).expect_err(body);
            assert!(problem.contains(expected), "{body}: {problem}");
        }
    }

    #[test]
    fn the_complaint_is_found_wherever_servers_put_it() {
        let cases = [
            (r#"{"error":{"message":"bad key"}}"#, "bad key"),
            (r#"{"error":"no model"}"#, "no model"),
            (r#"{"message":"slow\ndown"}"#, "slow down"),
            (r#"{"detail":"nope"}"#, "nope"),
            ("Bad Gateway\n", "Bad Gateway"),
            ("", ""),
        ];
        for (body, expected) in cases {
            assert_eq!(complaint(body.as_bytes()), expected, "{body}");
        }
    }
}
