//! What a call is answered.

use serde_json::json;

use super::*;

const SEND: &str = r#"{"action":"send","threadId":"group:5001","message":"one two three"}"#;

/// A send of which each word is a message.
fn three_parts() -> CallContext {
    let mut context = context();
    context.account.replies.text_chunk_limit = 5;
    context
}

#[test]
fn what_was_sent_is_told_with_its_ids() {
    let outcomes = [delivered(&["1"]), delivered(&["2", "3"]), delivered(&[])];
    let expected = json!({
        "action": "send", "ok": true, "delivered": true, "threadId": "5001", "isGroup": true,
        "messageIds": ["1", "2", "3"], "sent": 3, "parts": 3,
    });
    assert_eq!(answered(SEND, &three_parts(), &outcomes), (true, expected));
}

#[test]
fn a_failure_tells_whether_anything_was_delivered() {
    let failed = || ended(ExitStatus::Exited(1), "Warning: slow\nError: no route\n");
    let late = || ended(ExitStatus::TimedOut, "");
    let refused = || ended(ExitStatus::Refused("set grants.x".into()), "");
    let half = || Outcome { delivered: Some(vec!["9".into()]), ..failed() };
    for (outcomes, delivered, sent, ids, code, message) in [
        (vec![failed()], json!(false), 0, json!([]), "failed", "no route"),
        (vec![delivered(&["1"]), failed()], json!("partly"), 1, json!(["1"]), "failed", "no route"),
        (vec![late()], json!("unknown"), 0, json!([]), "timed-out", "it took too long"),
        (vec![delivered(&["1"]), late()], json!("partly"), 1, json!(["1"]), "timed-out", "it took too long"),
        (vec![refused()], json!(false), 0, json!([]), "refused", "set grants.x"),
        (vec![half()], json!("partly"), 0, json!(["9"]), "failed", "no route"),
        (
            vec![ended(ExitStatus::NotStarted("no zca".into()), "")],
            json!(false),
            0,
            json!([]),
            "not-started",
            "no zca",
        ),
        (vec![delivered(&["1"])], json!("partly"), 1, json!(["1"]), "not-run", "did not carry it out"),
        (vec![], json!(false), 0, json!([]), "not-run", "did not carry it out"),
        (vec![printed("")], json!(false), 0, json!([]), "nothing-sent", "sent nothing"),
    ] {
        let (success, answer) = answered(SEND, &three_parts(), &outcomes);
        assert!(!success, "{outcomes:?}");
        assert_eq!(answer["delivered"], delivered, "{outcomes:?}");
        assert_eq!((&answer["sent"], &answer["parts"]), (&json!(sent), &json!(3)), "{outcomes:?}");
        assert_eq!(answer["messageIds"], ids, "{outcomes:?}");
        assert_eq!(answer["error"]["code"], json!(code), "{outcomes:?}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(message), "{answer}");
        assert!(!answer["error"]["hint"].as_str().unwrap().is_empty(), "{answer}");
    }
}

#[test]
fn friends_are_listed_as_the_arguments_that_reach_them() {
    let people = printed(
        r#"[{"userId":"111","displayName":"Alice Nguyễn"},{"userId":"222","displayName":"Bob"},
            {"userId":"333","displayName":"Nguyên"}]"#,
    );
    let expected = json!({
        "action": "friends", "ok": true, "total": 2,
        "friends": [{ "threadId": "333", "isGroup": false, "name": "Nguyên" }],
    });
    let call = r#"{"action":"friends","query":"nguyen","limit":1}"#;
    assert_eq!(answered(call, &context(), &[people]), (true, expected));
}

#[test]
fn groups_are_listed_with_their_size() {
    let groups =
        printed(r#"[{"groupId":"5001","name":"Work","totalMember":3},{"groupId":"5002","name":""}]"#);
    let expected = json!({
        "action": "groups", "ok": true, "total": 2,
        "groups": [
            { "threadId": "5001", "isGroup": true, "name": "Work", "memberCount": 3 },
            { "threadId": "5002", "isGroup": true, "name": "" },
        ],
    });
    assert_eq!(answered(r#"{"action":"groups"}"#, &context(), &[groups]), (true, expected));
}

#[test]
fn no_more_are_listed_than_a_model_can_use() {
    let rows: Vec<_> = (0..600).map(|id| json!({ "userId": id.to_string(), "displayName": "A" })).collect();
    let people = [printed(&json!(rows).to_string())];
    for (call, listed) in [(r#"{"action":"friends"}"#, 50), (r#"{"action":"friends","limit":500}"#, 500)] {
        let (_, answer) = answered(call, &context(), &people);
        assert_eq!(answer["total"], json!(600), "{call}");
        assert_eq!(answer["friends"].as_array().unwrap().len(), listed, "{call}");
    }
}

#[test]
fn the_account_says_who_it_is() {
    let own = printed(r#"{"userId":"999","displayName":"Bot"}"#);
    let expected = json!({
        "action": "me", "ok": true, "userId": "999", "name": "Bot", "account": "work", "profile": "w",
    });
    assert_eq!(answered(r#"{"action":"me"}"#, &context(), &[own]), (true, expected));
}

#[test]
fn to_be_logged_out_is_an_answer() {
    let call = r#"{"action":"status"}"#;
    let status = |logged_in| json!({ "action": "status", "ok": true, "loggedIn": logged_in, "account": "work", "profile": "w" });
    assert_eq!(answered(call, &context(), &[printed("{ loggedIn: true }")]), (true, status(true)));
    let missing = ended(ExitStatus::Exited(1), "Error: Profile w: not logged in\n");
    let mut expected = status(false);
    expected["detail"] = json!("Profile w: not logged in");
    assert_eq!(answered(call, &context(), &[missing]), (true, expected));
}

#[test]
fn a_question_without_an_answer_says_why() {
    let failed = ended(ExitStatus::Exited(1), "Error: no session\n");
    for (action, outcome, code, message) in [
        ("friends", failed.clone(), "failed", "no session"),
        ("me", failed, "failed", "no session"),
        ("groups", printed("hello"), "unreadable", "not what it was asked for"),
        ("me", printed("[]"), "unreadable", "not what it was asked for"),
        ("status", ended(ExitStatus::TimedOut, ""), "timed-out", "took too long"),
        ("status", ended(ExitStatus::Refused("set x".into()), ""), "refused", "set x"),
    ] {
        let call = format!(r#"{{"action":"{action}"}}"#);
        let (success, answer) = answered(&call, &context(), &[outcome]);
        assert!(!success, "{answer}");
        assert_eq!((&answer["action"], &answer["ok"]), (&json!(action), &json!(false)), "{answer}");
        assert_eq!(answer["error"]["code"], json!(code), "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(message), "{answer}");
    }
    let (success, answer) = answered(r#"{"action":"me"}"#, &context(), &[]);
    assert_eq!((success, &answer["error"]["code"]), (false, &json!("not-run")));
}
