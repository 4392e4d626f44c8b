//! What is read of the stream, whatever comes in it.

use proptest::prelude::*;

use super::*;
use crate::effect::{ListenerEvent, LogLevel};

fn monitor() -> Monitor {
    Monitor::new(account(), Vec::new())
}

fn effects(chunks: &[&[u8]]) -> Vec<Effect> {
    let mut monitor = monitor();
    let mut effects: Vec<_> =
        chunks.iter().flat_map(|chunk| monitor.push(chunk, 0, DropReport::Origin)).collect();
    effects.extend(monitor.push(b"\n", 0, DropReport::Origin));
    effects
}

#[test]
fn lifecycle_lines_tell_how_the_listener_is() {
    for (line, event) in [
        (
            r#"{"kind":"lifecycle","event":"session_id","session_id":"m-1"}"#,
            ListenerEvent::Session("m-1".into()),
        ),
        (r#"{"kind":"lifecycle","event":"connected","session_id":"m-1"}"#, ListenerEvent::Connected),
        (r#"{"kind":"lifecycle","event":"heartbeat"}"#, ListenerEvent::Heartbeat),
        (r#"{"kind":"lifecycle","event":"error","message":"a\nb"}"#, ListenerEvent::Error("ab".into())),
        (
            r#"{"kind":"lifecycle","event":"closed","code":1006,"reason":"x"}"#,
            ListenerEvent::Closed("1006 x".into()),
        ),
    ] {
        assert_eq!(effects(&[line.as_bytes()]), [Effect::Lifecycle(event)], "{line}");
    }
}

#[test]
fn other_lines_are_logged_or_dropped_and_blank_ones_ignored() {
    let stream = format!(
        "\n \r\nListening...\r\n{}\n{{\"kind\":\"lifecycle\",\"event\":\"new\"}}\n",
        "x".repeat(1_000)
    );
    let effects = effects(&[stream.as_bytes()]);
    let [Effect::Log(banner), Effect::Log(long), Effect::Log(unknown)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(banner.message, "zca: Listening...");
    assert!(long.message.len() <= 205, "a long line is cut");
    assert_eq!(unknown.level, LogLevel::Debug);
}

#[test]
fn a_malformed_line_costs_nothing_but_itself() {
    let nested = format!("{}1{}", "{\"metadata\":".repeat(50_000), "}".repeat(50_000));
    let deep = format!(r#"{{"threadId":"111","x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let next = direct(json!({})).to_string();
    for (line, reason) in [
        ("{", Some(DropReason::Malformed)),
        (r#"{"content":"hi"}"#, Some(DropReason::Malformed)),
        (r#"{"threadId":"","content":"hi"}"#, Some(DropReason::Malformed)),
        (r#"{"threadId":{"a":1},"content":"hi"}"#, Some(DropReason::Malformed)),
        (r#"{"threadId":"111"} x"#, Some(DropReason::Malformed)),
        (&nested, Some(DropReason::Malformed)),
        (&deep, Some(DropReason::Blank)),
    ] {
        let effects = effects(&[format!("{line}\n{next}\n").as_bytes()]);
        let [Effect::Drop(dropped), Effect::Deliver(_)] = &effects[..] else {
            panic!("{:.80}: {effects:.200?}", line);
        };
        assert_eq!(Some(dropped.reason), reason, "{line:.80}");
    }
}

#[test]
fn a_line_over_a_mebibyte_is_dropped_and_the_next_is_read() {
    let long = direct(json!({"content": "x".repeat(1 << 20)}));
    let effects = effects(&[format!("{long}\n{}\n", direct(json!({}))).as_bytes()]);
    let [Effect::Drop(dropped), Effect::Deliver(_)] = &effects[..] else { panic!() };
    assert_eq!(dropped.reason, DropReason::LineTooLong);
}

#[test]
fn ill_formed_text_is_mended() {
    let line = br#"{"threadId":"111","content":"a\ud83d"#;
    let effects = effects(&[line, b"\xff\"}\n"]);
    let [Effect::Deliver(message)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(message.raw_body, "a\u{fffd}\u{fffd}");
}

#[test]
fn ids_may_be_numbers_and_fields_without_weight_anything() {
    let message = direct(json!({
        "threadId": 111, "msgId": 7001, "metadata": {"fromId": 111, "senderDisplayName": ["x"]}, "quote": 1,
        "mentions": [null, {"uid": {}}, 7], "mediaPaths": "x", "ts": null,
    }));
    let message = delivered(&mut monitor(), &message);
    assert_eq!((message.sender_id.as_str(), message.message_id.as_str()), ("111", "7001"));
    assert_eq!((message.media.len(), message.reply_to), (0, None));
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(direct(json!({"content": "Xin chào 😀\r\n"})).to_string().into_bytes()),
        Just(group(json!({"content": "/new"})).to_string().into_bytes()),
        Just(br#"{"kind":"lifecycle","event":"heartbeat"}"#.to_vec()),
        Just("Đã kết nối".as_bytes().to_vec()),
        Just(br#"{"threadId":"1","content":"\ud83d"}"#.to_vec()),
        proptest::collection::vec(any::<u8>(), 0..8),
    ]
}

proptest! {
    #[test]
    fn where_the_stream_is_cut_changes_no_effect(
        lines in proptest::collection::vec(line(), 0..8),
        end in prop_oneof![Just("\n"), Just("\r\n")],
        size in 1_usize..64,
    ) {
        let stream = lines.join(end.as_bytes());
        let chunks: Vec<_> = stream.chunks(size).collect();
        prop_assert_eq!(effects(&chunks), effects(&[&stream]));
    }
}
