//! From what the agent says to what arrives.

use serde_json::json;
use zalouser::simulator::{CallFault, Faults, SentKind};

use super::{alice, echo, open, to};
use crate::setting::{Setting, config, shell};

/// How many UTF-16 code units Zalo takes in one message.
const LIMIT: usize = 2000;

#[test]
fn a_text_that_looks_like_an_option_arrives_whole() {
    let setting = Setting::with(open(), echo());
    let mut gateway = setting.gateway();
    let texts = ["- a list\n- of two", "-p", "--profile=other", "-g", "--", "--raw --debug", "-5"];
    setting.say(&texts.map(alice));
    assert_eq!(gateway.until_texts(&setting, texts.len()), to("111", &texts));
}

#[test]
fn a_long_answer_with_code_and_emoji_arrives_in_order_and_readable() {
    let prose: String = (0..40).map(|index| format!("Câu số {index} có dấu và 👩‍👩‍👧‍👦 nữa. ")).collect();
    let code: Vec<_> =
        (0..70).map(|index| format!("    let line_{index} = \"{}\"; // 😀", "x".repeat(20))).collect();
    let answer = format!("{prose}\n\n```rust\nfn main() {{\n{}\n}}\n```\n\n{prose}Hết.", code.join("\n"));
    assert!(answer.encode_utf16().count() > 6_000, "{}", answer.encode_utf16().count());

    let setting = Setting::new();
    let file = setting.write("answer", &answer);
    setting.configure(&config(open(), json!({ "agent": shell("cat \"$1\"", &[&file]) })));
    let mut gateway = setting.gateway();
    setting.say(&[alice("tell me")]);
    gateway.until("the end of the answer", || setting.texts().pop()?.1.ends_with("Hết.").then_some(()));

    let sent = setting.sent();
    assert!(sent.len() > 3, "{}", sent.len());
    let mut lines = Vec::new();
    for sent in &sent {
        assert_eq!(sent.argv.last(), sent.text.as_ref(), "it was not cut again on its way");
        let text = sent.text.as_deref().unwrap();
        assert!(text.encode_utf16().count() <= LIMIT, "{}", text.encode_utf16().count());
        let fences = text.lines().filter(|line| line.starts_with("```")).count();
        assert_eq!(fences % 2, 0, "a block of code is closed where it was opened:\n{text}");
        lines.extend(text.lines().filter(|line| !line.starts_with("```")).map(str::to_owned));
    }
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let unfenced = answer.replace("```rust\n", "").replace("```\n", "");
    assert_eq!(words(&lines.join("\n")), words(&unfenced), "nothing but white space is lost");
    let code_lines: Vec<_> = lines.iter().filter(|line| line.trim_start().starts_with("let ")).collect();
    assert_eq!(code_lines, code.iter().collect::<Vec<_>>(), "code keeps its lines and its indentation");
}

#[test]
fn media_goes_with_its_caption_or_behind_the_text() {
    let script = r#"
        read -r context
        for kind in jpg mp4 mp3 pdf; do
            case "$context" in *"\"RawBody\":\"$kind\""*)
                echo "{\"text\":\"look\",\"mediaUrls\":[\"https://example.invalid/a.$kind\"]}" ;;
            esac
        done"#;
    // Beside the running listener a film goes as a file, whose caption follows it.
    let cases = [
        ("jpg", vec![(SentKind::Image, Some("look"), None)]),
        ("mp4", vec![(SentKind::Upload, None, None), (SentKind::Text, None, Some("look"))]),
        ("mp3", vec![(SentKind::Text, None, Some("look")), (SentKind::Voice, None, None)]),
        ("pdf", vec![(SentKind::Text, None, Some("look")), (SentKind::Upload, None, None)]),
    ];
    let setting = Setting::with(open(), shell(script, &[]));
    let mut gateway = setting.gateway();
    let mut before = 0;
    for (kind, expected) in cases {
        setting.say(&[alice(kind)]);
        gateway.until(&format!("what comes of {kind}"), || {
            (setting.sent().len() >= before + expected.len()).then_some(())
        });
        let sent = setting.sent().split_off(before);
        let told: Vec<_> =
            sent.iter().map(|sent| (sent.kind, sent.caption.as_deref(), sent.text.as_deref())).collect();
        assert_eq!(told, expected, "{kind}");
        for url in sent.iter().filter_map(|sent| sent.url.as_deref()) {
            assert_eq!(url, format!("https://example.invalid/a.{kind}"));
        }
        before += expected.len();
    }
}

#[test]
fn an_agent_cannot_have_a_file_of_this_machine_sent() {
    let script = r#"
        read -r context
        case "$context" in
            *'"RawBody":"steal"'*) echo '{"mediaUrls":["/etc/passwd"]}' ;;
            *) echo fine ;;
        esac"#;
    let setting = Setting::with(open(), shell(script, &[]));
    let mut gateway = setting.gateway();
    setting.say(&[alice("steal"), alice("next")]);
    assert_eq!(gateway.until_texts(&setting, 1), to("111", &["fine"]));
    assert!(gateway.log().contains("/etc/passwd"), "{}", gateway.log());
    assert_eq!(setting.sent().len(), 1);
}

#[test]
fn a_nul_in_an_answer_does_not_keep_the_rest_from_arriving() {
    let setting = Setting::with(open(), shell("printf 'a\\000b'", &[]));
    let mut gateway = setting.gateway();
    setting.say(&[alice("hello")]);
    let texts = gateway.until_texts(&setting, 1);
    assert!(texts[0].1.starts_with('a') && texts[0].1.ends_with('b'), "{texts:?}");
}

#[test]
fn a_part_that_fails_ends_the_answer_and_what_arrived_is_told() {
    let part = |name: &str| format!("{name} {}", "x".repeat(1_500));
    let answer = [part("one"), part("two"), part("three")].join("\n\n");
    let script = r#"
        read -r context
        case "$context" in *'"RawBody":"long"'*) cat "$1" ;; *) echo next ;; esac"#;
    let setting = Setting::new();
    let file = setting.write("answer", &answer);
    setting.configure(&config(open(), json!({ "agent": shell(script, &[&file]) })));
    let refusal = CallFault {
        matching: Some("two x".to_owned()),
        exit: Some(1),
        stderr: Some("Error: the network is gone".to_owned()),
        ..CallFault::default()
    };
    setting.simulator.set_faults(&Faults { send: vec![refusal], ..Faults::default() }).unwrap();
    let mut gateway = setting.gateway();
    setting.say(&[alice("long"), alice("short")]);
    let texts = gateway.until_texts(&setting, 2);
    assert_eq!(texts, to("111", &[&part("one"), "next"]), "the third part is not sent");
    gateway.until_logged("the network is gone");
    gateway.until_logged("1 of 3 parts were delivered before");
}
