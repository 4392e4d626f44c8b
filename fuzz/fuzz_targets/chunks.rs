//! The chunker: its properties are the oracle.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zalouser_logic::account::ChunkMode;
use zalouser_logic::outbound::{chunk, convert_tables};

/// Where no line that may open or close code is longer than this, in UTF-16 code units, such a line is
/// never cut at a limit of eight times that much.
const MARKER: usize = 16;

fuzz_target!(|data: (u16, bool, &str)| {
    let (limit, newline, text) = data;
    let limit = u32::from(limit) % 2_100 + 1;
    let mode = if newline { ChunkMode::Newline } else { ChunkMode::Length };
    let chunks = chunk(text, limit, mode);
    let limit = limit as usize;
    for chunk in &chunks {
        assert!(units(chunk) <= limit || chunk.chars().count() == 1, "longer than {limit}: {chunk:?}");
        assert!(!chunk.trim().is_empty(), "a blank chunk");
    }
    if !newline && units(text) <= limit && !text.trim().is_empty() {
        assert_eq!(chunks, [text], "what fits is not touched");
    }
    if !text.contains(['`', '~']) {
        assert_eq!(visible(&chunks.concat()), visible(text), "only white space is lost");
    }
    // A marker within a line means nothing until a cut before it makes it the beginning of one.
    let marks = |line: &str| line.contains("```") || line.contains("~~~");
    if limit >= 8 * MARKER
        && text.lines().filter(|line| marks(line)).all(|line| is_marker(line) && units(line) <= MARKER)
    {
        let (lost, found) = (without_markers(text), without_markers(&chunks.join("\n")));
        assert_eq!(visible(&found), visible(&lost), "only white space and markers are lost: {chunks:#?}");
        let (_, open) = chunks.split_last().map_or((None, &[][..]), |(last, all)| (Some(last), all));
        for chunk in open {
            assert!(!is_left_open(chunk), "code is left open: {chunk:?}");
        }
    }
    for table in [chunk(&convert(text), u32::MAX, mode)] {
        assert!(table.iter().all(|chunk| !chunk.trim().is_empty()));
    }
});

/// The text with its tables in every other form; it only has to come to an end.
fn convert(text: &str) -> String {
    use zalouser_logic::account::TableStyle;
    let [bullets, code] = [TableStyle::Bullets, TableStyle::Code].map(|style| convert_tables(text, style));
    format!("{bullets}\n\n{code}")
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn visible(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn is_marker(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("```") || line.starts_with("~~~")
}

fn without_markers(text: &str) -> String {
    text.lines().filter(|line| !is_marker(line)).collect::<Vec<_>>().join("\n")
}

/// Whether a chunk ends within fenced code, by CommonMark's rules.
fn is_left_open(chunk: &str) -> bool {
    let mut open: Option<(char, usize)> = None;
    for line in chunk.split('\n') {
        let begun = line.trim_start_matches(' ');
        if line.len() - begun.len() > 3 {
            continue;
        }
        let Some(marker) = begun.chars().next().filter(|c| matches!(c, '`' | '~')) else { continue };
        let length = begun.chars().take_while(|c| *c == marker).count();
        let rest = begun.trim_start_matches(marker);
        match open {
            None if length >= 3 && !(marker == '`' && rest.contains('`')) => open = Some((marker, length)),
            Some((by, least)) if by == marker && length >= least && rest.trim().is_empty() => open = None,
            _ => {}
        }
    }
    open.is_some()
}
