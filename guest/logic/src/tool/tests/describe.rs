//! What the tool says of itself.

use serde_json::json;

use super::*;
use crate::tool::{Hints, describe};

fn parsed(schema: &str) -> Value {
    serde_json::from_str(schema).unwrap_or_else(|err| panic!("{err} in {schema}"))
}

#[test]
fn an_action_takes_the_arguments_that_are_described_and_no_other() {
    let descriptor = describe();
    let all = parsed(&descriptor.parameters);
    for action in descriptor.actions {
        let schema = parsed(&action.input_schema);
        let code_of = |call: Value| plan(&call.to_string(), &context()).err().map(|error| error.code);
        for name in all["properties"].as_object().unwrap().keys().filter(|name| *name != "action") {
            let code = code_of(json!({ "action": action.name, name: {} }));
            let described = schema["properties"].get(name).is_some();
            let refused = code == Some(ErrorCode::UnknownArgument);
            assert_ne!(described, refused, "{name} of {}", action.name);
        }
        let needs_more = !schema["required"].as_array().unwrap().is_empty();
        let code = code_of(json!({ "action": action.name }));
        assert_eq!(code == Some(ErrorCode::MissingArgument), needs_more, "{}", action.name);
        assert_eq!(schema["additionalProperties"], json!(false));
    }
}

#[test]
fn the_schema_of_a_call_has_the_rules_of_every_action() {
    let descriptor = describe();
    let schema = parsed(&descriptor.parameters);
    let names: Vec<_> = descriptor.actions.iter().map(|action| action.name).collect();
    assert_eq!(schema["properties"]["action"]["enum"], json!(names));
    let mut rule = &schema;
    for action in &descriptor.actions {
        let own = parsed(&action.input_schema);
        assert_eq!(rule["if"]["properties"]["action"]["const"], json!(action.name));
        assert_eq!(rule["then"]["required"], own["required"], "{}", action.name);
        let allowed = rule["then"]["propertyNames"]["enum"].as_array().unwrap();
        for (name, property) in own["properties"].as_object().unwrap() {
            assert!(allowed.contains(&json!(name)), "{name} of {}", action.name);
            assert_eq!(&schema["properties"][name], property, "{name} of {}", action.name);
        }
        rule = &rule["else"];
    }
    assert_eq!(*rule, json!(false), "nothing but these actions");
}

#[test]
fn an_answer_has_what_its_schema_promises() {
    let outcome = |action: &str| match action {
        "me" => printed(r#"{"userId":"999","displayName":"Bot"}"#),
        "friends" | "groups" => printed("[]"),
        "status" => printed(""),
        _ => delivered(&["1"]),
    };
    for action in describe().actions {
        let schema = parsed(&action.output_schema);
        let mut call = json!({ "action": action.name });
        if action.hints.open_world && !action.hints.read_only {
            call["threadId"] = json!("111");
            call[if action.name == "send" { "message" } else { "url" }] = json!("https://a/b");
        }
        for (outcomes, branch) in [(vec![outcome(action.name)], "then"), (vec![], "else")] {
            let (_, answer) = answered(&call.to_string(), &context(), &outcomes);
            assert_eq!(schema["properties"]["action"]["const"], answer["action"]);
            for required in schema[branch]["required"].as_array().unwrap() {
                assert!(answer.get(required.as_str().unwrap()).is_some(), "{required} in {answer}");
            }
            for name in answer.as_object().unwrap().keys() {
                assert!(schema["properties"].get(name).is_some(), "{name} of {}", action.name);
            }
        }
    }
}

#[test]
fn only_what_sends_changes_anything() {
    for action in describe().actions {
        let sends = ["send", "image", "link"].contains(&action.name);
        let expected = Hints {
            read_only: !sends,
            destructive: false,
            idempotent: !sends,
            open_world: !["me", "status"].contains(&action.name),
        };
        assert_eq!(action.hints, expected, "{}", action.name);
    }
}
