//! Finds what a cut should not go through: links, URLs and parentheses.

use std::collections::VecDeque;
use std::ops::Range;

use super::measure::units_at;

/// Which kind of text a range holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A parenthesis goes on until a blank line.
    Prose,
    /// A parenthesis ends with its line, since that is where code is cut.
    Code,
}

/// The parts of a text that are to stay whole. Both ends of them ascend.
#[derive(Debug, Default)]
pub(super) struct Spans(Vec<Range<usize>>);

impl Spans {
    /// The beginning of the span that a cut at `at` would go through.
    pub(super) fn cut_by(&self, at: usize) -> Option<usize> {
        let before = self.0.partition_point(|span| span.start < at);
        let last = before.checked_sub(1).and_then(|index| self.0.get(index))?;
        (last.end > at).then_some(last.start)
    }

    /// Adds the outermost spans of `range` that take at most `room` UTF-16 code units. Ranges must
    /// be added in order.
    pub(super) fn add(&mut self, text: &str, range: Range<usize>, room: usize, kind: Kind) {
        let bytes = text.as_bytes();
        let mut scan = Scan::new(room, kind);
        let mut url_end = range.start;
        let mut escaped = false;
        for (at, byte) in bytes.iter().copied().enumerate().take(range.end).skip(range.start) {
            scan.units += units_at(byte);
            if std::mem::take(&mut escaped) || at < url_end {
                continue;
            }
            match byte {
                b'\n' => scan.end_line(),
                b' ' | b'\t' | b'\r' => continue,
                b'\\' => escaped = bytes.get(at + 1).is_some_and(u8::is_ascii_punctuation),
                b'[' => scan.open_bracket(at, bytes),
                b']' => scan.close_bracket(at, bytes),
                b'(' => scan.open_group(at),
                b')' => self.extend(scan.close_group(at)),
                b':' => {
                    if let Some(url) = url_around(text, url_end..range.end, at) {
                        url_end = url.end;
                        let whole = bracketed(bytes, url.clone());
                        self.extend(Some(whole).filter(|whole| whole.len() <= room));
                    }
                }
                _ => {}
            }
            scan.blank_line = byte == b'\n';
        }
    }

    fn extend(&mut self, span: Option<Range<usize>>) {
        let Some(span) = span else { return };
        while self.0.last().is_some_and(|last| last.start >= span.start) {
            self.0.pop();
        }
        self.0.push(span);
    }
}

/// An opening bracket: its position, and the UTF-16 code units before it.
#[derive(Clone, Copy)]
struct Opening {
    at: usize,
    units: usize,
}

struct Scan {
    room: usize,
    kind: Kind,
    /// UTF-16 code units up to and with the current byte.
    units: usize,
    blank_line: bool,
    brackets: VecDeque<Opening>,
    groups: VecDeque<Opening>,
    /// The bracket of a link whose text has just ended.
    link: Option<Opening>,
}

impl Scan {
    fn new(room: usize, kind: Kind) -> Self {
        let (brackets, groups) = (VecDeque::new(), VecDeque::new());
        Self { room, kind, units: 0, blank_line: true, brackets, groups, link: None }
    }

    fn end_line(&mut self) {
        if self.blank_line || self.kind == Kind::Code {
            self.brackets.clear();
            self.groups.clear();
        }
    }

    fn open_bracket(&mut self, at: usize, bytes: &[u8]) {
        let image = at.checked_sub(1).is_some_and(|before| bytes.get(before) == Some(&b'!'));
        let shift = usize::from(image && self.units > 1);
        let opening = Opening { at: at - shift, units: self.units - 1 - shift };
        push_bounded(&mut self.brackets, opening, self.room);
    }

    fn close_bracket(&mut self, at: usize, bytes: &[u8]) {
        let opening = self.brackets.pop_back();
        self.link = opening.filter(|_| bytes.get(at + 1) == Some(&b'('));
    }

    fn open_group(&mut self, at: usize) {
        let opening = self.link.take().unwrap_or(Opening { at, units: self.units - 1 });
        push_bounded(&mut self.groups, opening, self.room);
    }

    fn close_group(&mut self, at: usize) -> Option<Range<usize>> {
        let opening = self.groups.pop_back()?;
        (self.units - opening.units <= self.room).then_some(opening.at..at + 1)
    }
}

/// Adds `opening` to `open` and forgets the oldest if it is too far back to matter, so that a text
/// of brackets alone takes no more memory than one chunk of it.
fn push_bounded(open: &mut VecDeque<Opening>, opening: Opening, room: usize) {
    if open.front().is_some_and(|oldest| opening.units.saturating_sub(oldest.units) > room) {
        open.pop_front();
    }
    open.push_back(opening);
}

/// The URL within `range` whose scheme ends at the colon `at`. It is ASCII; a parenthesis or bracket
/// that it does not open itself ends it.
fn url_around(text: &str, range: Range<usize>, at: usize) -> Option<Range<usize>> {
    /// More than any scheme in use has, so that looking back takes constant time.
    const LONGEST_SCHEME: usize = 16;
    let after = text.get(at..range.end)?.strip_prefix("://")?;
    let before = text.as_bytes().get(range.start..at)?;
    let scheme = before.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric());
    let scheme = Some(scheme.take(LONGEST_SCHEME).count()).filter(|length| *length > 0)?;
    let mut open = 0_usize;
    let length = after.bytes().position(|byte| match byte {
        b'(' | b'[' => {
            open += 1;
            false
        }
        b')' | b']' if open > 0 => {
            open -= 1;
            false
        }
        b')' | b']' | b'<' | b'>' | b'"' | b'`' => true,
        byte => !byte.is_ascii_graphic(),
    });
    let length = length.unwrap_or(after.len());
    (length > 0).then(|| at - scheme..at + "://".len() + length)
}

/// `url` with the angle brackets around it, if it has them.
fn bracketed(bytes: &[u8], url: Range<usize>) -> Range<usize> {
    let before = url.start.checked_sub(1);
    match (before, before.and_then(|before| bytes.get(before)), bytes.get(url.end)) {
        (Some(start), Some(b'<'), Some(b'>')) => start..url.end + 1,
        _ => url,
    }
}
