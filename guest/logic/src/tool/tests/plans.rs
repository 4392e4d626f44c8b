//! Which commands a call takes.

use super::*;
use crate::command::MediaKind;

fn planned(call: &str, context: &CallContext) -> Vec<Command> {
    plan(call, context).unwrap_or_else(|error| panic!("{call} is refused: {error:?}"))
}

fn text(thread: Thread, text: &str) -> Command {
    Command::SendText { thread, text: text.into() }
}

#[test]
fn an_action_takes_the_command_of_its_kind() {
    let to = || thread(ChatKind::Direct, "111");
    let media = |kind, source: &str, caption: Option<&str>| Command::SendMedia {
        thread: to(),
        kind,
        source: source.into(),
        caption: caption.map(Into::into),
    };
    for (call, expected) in [
        (r#"{"action":"send","threadId":"111","message":"hi"}"#, vec![text(to(), "hi")]),
        (
            r#"{"action":"image","threadId":"111","url":"https://a/b.png","message":"look"}"#,
            vec![media(MediaKind::Image, "https://a/b.png", Some("look"))],
        ),
        (
            r#"{"action":"image","threadId":"111","url":"https://a/b.mp4"}"#,
            vec![media(MediaKind::Video, "https://a/b.mp4", None)],
        ),
        (
            r#"{"action":"image","threadId":"111","url":"https://a/b.ogg","message":"hear"}"#,
            vec![text(to(), "hear"), media(MediaKind::Voice, "https://a/b.ogg", None)],
        ),
        (
            r#"{"action":"image","threadId":"111","url":"/srv/a b.pdf"}"#,
            vec![media(MediaKind::File, "/srv/a b.pdf", None)],
        ),
        (
            r#"{"action":"link","threadId":"111","url":" HTTPS://a/b?c "}"#,
            vec![Command::SendLink { thread: to(), url: "HTTPS://a/b?c".into() }],
        ),
        (r#"{"action":"friends","query":"an","limit":3}"#, vec![Command::ListFriends]),
        (r#"{"action":"groups"}"#, vec![Command::ListGroups]),
        (r#"{"action":"me","profile":"w"}"#, vec![Command::WhoAmI]),
        (r#"{"action":"status"}"#, vec![Command::SessionStatus]),
    ] {
        assert_eq!(planned(call, &context()), expected, "{call}");
    }
}

#[test]
fn a_long_message_is_cut_and_its_tables_converted_as_in_a_reply_but_not_introduced() {
    let mut context = context();
    context.account.replies.text_chunk_limit = 5;
    let call = r#"{"action":"send","threadId":"group:5001","message":"one two"}"#;
    assert_eq!(planned(call, &context), [text(group("5001"), "one"), text(group("5001"), "two")]);
    context.account.replies.text_chunk_limit = 2_000;
    context.account.replies.tables = crate::account::TableStyle::Bullets;
    let call = r#"{"action":"send","threadId":"group:5001","message":"| a |\n|---|\n| 1 |"}"#;
    assert_eq!(planned(call, &context), [text(group("5001"), "• a: 1")]);
}

#[test]
fn the_thread_is_the_one_that_is_meant() {
    use ChatKind::{Direct, Group};
    let nobody = None;
    let in_group = || Some(group("5001"));
    for (arguments, current, kind, id) in [
        (r#""threadId":"111""#, nobody.clone(), Direct, "111"),
        (r#""threadId":" user:111 ""#, nobody.clone(), Direct, "111"),
        (r#""threadId":"group:5001""#, nobody.clone(), Group, "5001"),
        (r#""threadId":"zlu:g:5001","isGroup":true"#, nobody.clone(), Group, "5001"),
        (r#""threadId":"5001","isGroup":true"#, nobody.clone(), Group, "5001"),
        (r#""threadId":"111","isGroup":false"#, in_group(), Direct, "111"),
        (r#""threadId":"111""#, in_group(), Direct, "111"),
        (r#""threadId":"5001""#, in_group(), Group, "5001"),
        (r#""threadId":"5001","isGroup":false"#, in_group(), Direct, "5001"),
        (r#""threadId":null"#, in_group(), Group, "5001"),
        (r#""threadId":" ","isGroup":true"#, in_group(), Group, "5001"),
        (r#""message":"hi""#, Some(thread(Direct, "111")), Direct, "111"),
    ] {
        let call = format!(r#"{{"action":"send","message":"hi",{arguments}}}"#);
        let context = CallContext { current_thread: current, ..context() };
        assert_eq!(planned(&call, &context), [text(thread(kind, id), "hi")], "{arguments}");
    }
}
