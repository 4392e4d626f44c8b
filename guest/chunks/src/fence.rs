//! Finds fenced code in markdown.

use std::iter;

use memchr::memchr;

/// A fenced code block, as positions in the text. Its lines run from `start` to `end`; both markers
/// are part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence<'a> {
    /// The opening line with its info string, without white space at its end.
    pub open: &'a str,
    /// The line that closes it: the opening marker with its indentation.
    pub close: &'a str,
    /// Where the opening line begins.
    pub start: usize,
    /// Where the first line of code begins.
    pub body_start: usize,
    /// Where the closing line begins, or the end of a text that never closes it.
    pub body_end: usize,
    /// Where the closing line ends, without its line feed.
    pub end: usize,
    /// Whether the text closes it.
    pub closed: bool,
}

impl Fence<'_> {
    fn is_closed_by(&self, line: &str) -> bool {
        let marker = self.close.trim_start_matches(' ');
        marker_of(line).is_some_and(|(indent, length)| {
            let found = line.get(indent..indent + length).unwrap_or_default();
            found.starts_with(marker)
                && line.get(indent + length..).is_some_and(|rest| rest.trim_end().is_empty())
        })
    }
}

/// The lines of a text, each with its line feed. What std has for that takes twice as long in the component.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    iter::from_fn(move || {
        let end = memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |feed| feed + 1);
        let (line, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(line).filter(|line| !line.is_empty())
    })
}

/// All fenced blocks of `text`, in order. Markers are as CommonMark has them: at most three spaces,
/// then three or more of `` ` `` or `~`; a block without a closing marker runs to the end.
pub fn scan(text: &str) -> Vec<Fence<'_>> {
    let mut fences: Vec<Fence<'_>> = Vec::new();
    let mut at = 0;
    for line in lines(text) {
        let start = at;
        at += line.len();
        let end = if line.ends_with('\n') { at - 1 } else { at };
        match fences.last_mut().filter(|fence| !fence.closed) {
            Some(fence) if fence.is_closed_by(line) => {
                (fence.body_end, fence.end, fence.closed) = (start, end, true);
            }
            Some(_) => {}
            None => fences.extend(opened_by(line, start, text.len())),
        }
    }
    fences
}

/// Whether `line` would open a fenced block.
pub fn opens_fence(line: &str) -> bool {
    opened_by(line, 0, line.len()).is_some()
}

fn opened_by(line: &str, start: usize, text_end: usize) -> Option<Fence<'_>> {
    let (indent, length) = marker_of(line)?;
    let (close, info) = line.split_at_checked(indent + length)?;
    // Three backticks with more of them on the same line are inline code.
    if close.ends_with('`') && info.contains('`') {
        return None;
    }
    Some(Fence {
        open: line.trim_end(),
        close,
        start,
        body_start: start + line.len(),
        body_end: text_end,
        end: text_end,
        closed: false,
    })
}

/// The indentation and the length of the fence marker that `line` begins with.
fn marker_of(line: &str) -> Option<(usize, usize)> {
    let run = |from: usize, wanted: u8| line.bytes().skip(from).take_while(|byte| *byte == wanted).count();
    let indent = run(0, b' ');
    let marker = line.as_bytes().get(indent).copied().filter(|first| matches!(first, b'`' | b'~'))?;
    let length = run(indent, marker);
    (indent <= 3 && length >= 3).then_some((indent, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_marker_at_least_as_long_closes_a_fence() {
        let text = "a\n````rs\n```\n~~~~\n````` x\n  `````\t\r\nb";
        let fences = scan(text);
        let [fence] = fences.as_slice() else { panic!("one fence expected: {fences:?}") };
        assert_eq!((fence.open, fence.close), ("````rs", "````"));
        assert_eq!(&text[fence.body_start..fence.body_end], "```\n~~~~\n````` x\n");
        assert_eq!(&text[fence.start..fence.end], &text[2..text.len() - 2]);
    }

    #[test]
    fn what_is_no_fence_opens_none() {
        for text in ["    ```", "``", "``` a `b`", "x ```", "\t~~~"] {
            assert_eq!(scan(text), [], "{text:?}");
        }
    }

    #[test]
    fn an_unclosed_fence_runs_to_the_end() {
        let fences = scan("~~~\na\n");
        assert_eq!(
            fences.iter().map(|f| (f.body_start, f.body_end, f.end, f.closed)).collect::<Vec<_>>(),
            [(4, 6, 6, false)]
        );
    }
}
