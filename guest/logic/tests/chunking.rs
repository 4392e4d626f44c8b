//! What must hold for every chunk of every text, and that no case of the reference is cut better there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use serde::Deserialize;
use unicode_segmentation::UnicodeSegmentation;
use zalouser_logic::account::ChunkMode;
use zalouser_logic::outbound::chunk;

/// A case recorded from the reference; it has no chunks where it cuts a surrogate pair.
#[derive(Deserialize)]
struct Case {
    name: String,
    limit: u32,
    text: String,
    markdown_length: Option<Vec<String>>,
    markdown_newline: Option<Vec<String>>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("vectors/chunking.json")).unwrap()
}

fn is_marker(line: &str) -> bool {
    let line = line.trim_start_matches(' ');
    line.starts_with("```") || line.starts_with("~~~")
}

/// All grapheme clusters of `text` but for white space and the lines that open or close code.
fn clusters(text: &str) -> Vec<&str> {
    let lines = text.split_inclusive('\n').filter(|line| !is_marker(line));
    lines.flat_map(|line| line.graphemes(true)).filter(|cluster| !cluster.trim().is_empty()).collect()
}

/// What is wrong with `chunks` as the chunks of `text`.
fn faults(text: &str, limit: u32, chunks: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for chunk in chunks {
        if chunk.encode_utf16().count() > usize::try_from(limit).unwrap() {
            faults.push(format!("too long: {chunk:?}"));
        }
        if chunk.trim().is_empty() {
            faults.push("a blank chunk".to_owned());
        }
        if chunk.lines().filter(|line| is_marker(line)).count() % 2 == 1 {
            faults.push(format!("code left open: {chunk:?}"));
        }
    }
    let found: Vec<_> = chunks.iter().flat_map(|chunk| clusters(chunk)).collect();
    if found != clusters(text) {
        faults.push(format!("lost or cut: {text:?} became {chunks:?}"));
    }
    faults
}

#[test]
fn every_case_of_the_reference_is_cut_without_a_fault() {
    for case in cases() {
        for mode in [ChunkMode::Length, ChunkMode::Newline] {
            let chunks = chunk(&case.text, case.limit, mode);
            let faults = faults(&case.text, case.limit, &chunks);
            assert!(faults.is_empty(), "{} {mode:?}: {faults:#?}", case.name);
        }
    }
}

/// How often the link that the cases use is whole in `chunks`.
fn whole_links(chunks: &[String]) -> usize {
    chunks.iter().map(|chunk| chunk.matches("[link](https://example.com/a?b=c)").count()).sum()
}

#[test]
fn a_link_that_the_reference_keeps_whole_is_kept_whole() {
    for case in cases() {
        for (mode, reference) in
            [(ChunkMode::Length, &case.markdown_length), (ChunkMode::Newline, &case.markdown_newline)]
        {
            let chunks = chunk(&case.text, case.limit, mode);
            let expected = reference.as_deref().map_or(0, whole_links);
            assert!(whole_links(&chunks) >= expected, "{} {mode:?}: {chunks:#?}", case.name);
        }
    }
}

#[test]
fn only_a_link_that_the_reference_cuts_costs_another_chunk() {
    for case in cases() {
        let Some(reference) = &case.markdown_length else { continue };
        let chunks = chunk(&case.text, case.limit, ChunkMode::Length);
        let saved = whole_links(&chunks) - whole_links(reference);
        assert!(chunks.len() <= reference.len() + saved, "{}: {chunks:#?} {reference:#?}", case.name);
    }
}

/// Words that are hard to cut: clusters of many code points, links, parentheses, URLs.
#[test]
fn no_cut_within_a_line_makes_a_marker_of_what_follows() {
    for marker in ["```", "~~~"] {
        let text = format!("{} {marker}code more words", "word ".repeat(19).trim_end());
        for chunk in chunk(&text, 100, ChunkMode::Length) {
            assert!(!is_marker(&chunk), "{chunk:?} opens code that the text does not");
        }
    }
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-zđờ]{1,9}",
        1 => Just("👩‍👩‍👧‍👦🇻🇳🇻🇳n̈".to_owned()),
        1 => "(e\u{301}){1,40}",
        1 => "\\([a-z é]{1,30}\\)",
        1 => "!?\\[[a-z ]{1,9}\\]\\(https://a\\.b/[a-z?=]{1,20}\\)",
        1 => "<?https://a\\.b/[a-z?=()]{1,30}>?",
        1 => "[\\[\\]()!:\\\\]{1,4}",
    ]
}

fn prose() -> impl Strategy<Value = String> {
    let gap = prop_oneof![6 => Just(" "), 2 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\n\n"),
        1 => Just("  \n \t"), 1 => Just("\u{3000}"), 1 => Just(" \u{301}"), 1 => Just("\u{a0}")];
    proptest::collection::vec((word(), gap), 1..30)
        .prop_map(|words| words.into_iter().flat_map(|(word, gap)| [word, gap.to_owned()]).collect())
}

fn code() -> impl Strategy<Value = String> {
    let line = "( {0,9}[a-z(é😀)]{0,30} ?[a-z]{0,40})";
    let marker = prop_oneof![Just("```"), Just("~~~~"), Just("  ```"), Just("`````````")];
    (marker, "[a-z]{0,6}", proptest::collection::vec(line, 0..12)).prop_map(|(marker, info, lines)| {
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        format!("\n{marker}{info}\n{lines}{marker}\n")
    })
}

fn markdown() -> impl Strategy<Value = String> {
    proptest::collection::vec(prop_oneof![prose(), code()], 1..6).prop_map(|parts| parts.concat())
}

fn mode() -> impl Strategy<Value = ChunkMode> {
    prop_oneof![Just(ChunkMode::Length), Just(ChunkMode::Newline)]
}

proptest! {
    #[test]
    fn markdown_is_cut_without_a_fault(text in markdown(), limit in 40_u32..200, mode in mode()) {
        let chunks = chunk(&text, limit, mode);
        let faults = faults(&text, limit, &chunks);
        prop_assert!(faults.is_empty(), "{text:?} at {limit}: {faults:#?}");
    }

    #[test]
    fn prose_is_cut_without_a_fault_at_any_limit_that_takes_its_clusters(
        text in prose(),
        limit in 11_u32..60,
        mode in mode(),
    ) {
        let chunks = chunk(&text, limit, mode);
        let faults = faults(&text, limit, &chunks);
        prop_assert!(faults.is_empty(), "{text:?} at {limit}: {faults:#?}");
    }

    #[test]
    fn anything_is_cut_within_the_limit(
        text in prop_oneof![markdown(), "\\PC{0,99}", "[`~\n ()a\\[\\]\u{301}\u{200d}\u{600}😀\r]{0,200}"],
        limit in 1_u32..60,
        mode in mode(),
    ) {
        for chunk in chunk(&text, limit, mode) {
            let units = chunk.encode_utf16().count();
            prop_assert!(units <= usize::try_from(limit).unwrap() || chunk.chars().count() == 1, "{chunk:?}");
            prop_assert!(!chunk.trim().is_empty(), "{text:?}");
        }
    }

    #[test]
    fn unfenced_text_loses_only_white_space(text in "[^`~]{0,200}", limit in 1_u32..60, mode in mode()) {
        let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        prop_assert_eq!(visible(&chunk(&text, limit, mode).concat()), visible(&text));
    }
}
