//! Finds the best places to cut a text that does not fit in one chunk.

use super::measure::{advance, cluster_floor, stands_alone, units};
use super::spans::{Kind, Spans};
use crate::fence::{self, Fence};

/// Cuts `text` into chunks of at most `limit` UTF-16 code units.
pub(super) fn cut(text: &str, limit: usize) -> Vec<String> {
    if text.trim_start().is_empty() {
        return Vec::new();
    }
    if advance(text, 0, limit) == text.len() {
        return vec![text.to_owned()];
    }
    let cutter = Cutter::new(text, limit);
    let indent = text.len() - text.trim_start().len();
    let mut at = text.get(..indent).and_then(|blank| blank.rfind('\n')).map_or(0, |feed| feed + 1);
    let mut chunks = Vec::new();
    while at < text.len() {
        let piece = cutter.piece(at);
        // White space that a mark makes part of a cluster is left over if that had to be cut.
        chunks.extend(Some(cutter.render(&piece)).filter(|chunk| !chunk.trim_start().is_empty()));
        at = piece.next;
    }
    chunks
}

/// What becomes one chunk, as positions in the text.
#[derive(Clone, Copy)]
struct Piece<'t> {
    /// The fenced block that it continues and therefore opens again.
    reopens: Option<&'t Fence<'t>>,
    from: usize,
    to: usize,
    /// The fenced block that goes on after it and that it therefore closes.
    closes: Option<&'t Fence<'t>>,
    /// Where the next piece begins.
    next: usize,
}

/// What a piece may hold.
#[derive(Clone, Copy)]
struct Window<'t> {
    /// The fenced block in which it begins.
    inside: Option<&'t Fence<'t>>,
    at: usize,
    /// The first position that is not white space.
    first: usize,
    /// How many UTF-16 code units of the text it may hold.
    room: usize,
    /// The position after that many.
    end: usize,
}

impl<'t> Window<'t> {
    fn until(&self, to: usize, next: usize) -> Piece<'t> {
        Piece { reopens: self.inside, from: self.at, to, closes: None, next }
    }
}

struct Cutter<'t> {
    text: &'t str,
    limit: usize,
    fences: Vec<Fence<'t>>,
    spans: Spans,
}

impl<'t> Cutter<'t> {
    fn new(text: &'t str, limit: usize) -> Self {
        let mut fences = fence::scan(text);
        // Where markers would take up most of a chunk, the code is cut like any other text:
        // repeating them would make many times as much of it.
        fences.retain(|fence| limit.saturating_sub(markers(fence)) >= limit.div_ceil(4));
        let mut spans = Spans::default();
        let mut prose = 0;
        for fence in &fences {
            spans.add(text, prose..fence.start, limit, Kind::Prose);
            spans.add(text, fence.body_start..fence.body_end, limit - markers(fence), Kind::Code);
            prose = fence.end;
        }
        spans.add(text, prose..text.len(), limit, Kind::Prose);
        Self { text, limit, fences, spans }
    }

    fn render(&self, piece: &Piece<'_>) -> String {
        let content = self.slice(piece.from, piece.to).trim_end();
        let reopening = piece.reopens.map_or(["", ""], |fence| [fence.open, "\n"]);
        let closing = piece.closes.map_or(["", ""], |fence| ["\n", fence.close]);
        [reopening.concat().as_str(), content, closing.concat().as_str()].concat()
    }

    /// The piece that begins at `at`, where something follows that is not white space.
    fn piece(&self, at: usize) -> Piece<'_> {
        let inside = self.fence_before(at).filter(|fence| at < fence.body_end);
        let room = self.limit - inside.map_or(0, |fence| units(fence.open) + 1);
        let end = advance(self.text, at, room);
        let window = Window { inside, at, first: self.skip_blank(at), room, end };
        match self.fence_before(end).filter(|fence| fence.end > end || !fence.closed) {
            Some(fence) => self.piece_with_code(window, fence),
            None if end == self.text.len() => window.until(end, end),
            None => self.piece_of_prose(window),
        }
    }

    /// The piece of a window that ends inside of `fence`: what precedes the fence if that nearly
    /// fills a chunk or leaves the fence whole, else as many lines of code as fit.
    fn piece_with_code<'s>(&'s self, window: Window<'s>, fence: &'s Fence<'s>) -> Piece<'s> {
        let Window { at, room, end, .. } = window;
        let before = (fence.start > at).then(|| window.until(fence.start, fence.start));
        let half_full = fence.start.saturating_sub(at) >= (end - at) / 2;
        if let Some(before) = before.filter(|_| half_full || self.fits(fence)) {
            return before;
        }
        // The markers of another block that the piece begins in may leave none for this one's.
        let last = advance(self.text, at, room.saturating_sub(units(fence.close) + 1));
        let body = at.max(fence.body_start);
        let code_end = body + self.slice(body, fence.body_end).trim_end().len();
        if code_end <= last {
            let next = self.resume(fence.end);
            return Piece { closes: Some(fence), ..window.until(code_end, next) };
        }
        let first = self.skip_blank(body);
        let cut = self.last_feed(first, last);
        if let Some(before) = before.filter(|_| cut.is_none()) {
            return before;
        }
        if first > at && first >= last {
            return self.piece(first);
        }
        match cut.or_else(|| self.cut_in_line(first, last)) {
            Some(to) => Piece { closes: Some(fence), ..window.until(to, self.resume(to)) },
            None => self.piece_without_markers(first, fence),
        }
    }

    /// The piece from `first` that holds a grapheme cluster too large for a chunk with markers.
    fn piece_without_markers(&self, first: usize, fence: &Fence<'_>) -> Piece<'_> {
        let to = self.end_of_characters(first, advance(self.text, first, self.limit));
        let rest = self.slice(to, fence.body_end);
        let next = self.resume(if rest.trim_start().is_empty() { fence.end } else { to });
        Piece { reopens: None, from: first, to, closes: None, next }
    }

    /// The piece of a window that ends outside of fenced code.
    fn piece_of_prose<'s>(&'s self, window: Window<'s>) -> Piece<'s> {
        let Window { at, first, end, .. } = window;
        let natural = self.end_of_lines(window).or_else(|| self.end_of_word(first, end));
        if natural.is_none() && first > at {
            // Without its indentation the line may fit.
            return self.piece(first);
        }
        let to = natural.unwrap_or_else(|| self.end_of_characters(at, end));
        window.until(to, self.resume(to))
    }

    /// The end of the last paragraph, if that makes at least half a chunk, else of the last line.
    fn end_of_lines(&self, window: Window<'_>) -> Option<usize> {
        let Window { at, first, end, .. } = window;
        let code_end = self.fence_before(end).map_or(at, |fence| fence.end.max(at));
        let half = at + (end - at) / 2;
        let mut last_line = None;
        let mut before = self.past_line_end(end);
        while let Some(feed) = self.slice(code_end, before).rfind('\n').map(|feed| code_end + feed)
            && feed > first
            && (feed >= half || last_line.is_none())
        {
            if let Some(span) = self.spans.cut_by(feed) {
                before = span;
                continue;
            }
            if feed >= half && (feed == code_end || self.is_blank_line(feed + 1)) {
                return Some(feed);
            }
            last_line.get_or_insert(feed);
            before = feed;
        }
        last_line
    }

    /// The end of the last line of code in `first..=last`.
    fn last_feed(&self, first: usize, last: usize) -> Option<usize> {
        self.slice(first, self.past_line_end(last)).rfind('\n').map(|feed| first + feed)
    }

    /// The best cut in `first..=last` that leaves no grapheme cluster and none of the spans in two.
    fn cut_in_line(&self, first: usize, last: usize) -> Option<usize> {
        self.end_of_word(first, last)
            .or_else(|| Some(self.end_of_cluster(first, last)).filter(|to| *to > first))
    }

    /// The end of the last word in `first..=last`.
    fn end_of_word(&self, first: usize, last: usize) -> Option<usize> {
        let next = self.slice(last, self.text.len()).chars().next().map_or(0, char::len_utf8);
        let mut before = last + next;
        while let Some(space) = self.slice(first, before).rfind(may_break).map(|space| first + space) {
            match self.spans.cut_by(space) {
                Some(span) => before = span,
                None if space > first && self.is_cut_off(space) && !self.is_marked(space) => {
                    return Some(space);
                }
                None => before = space,
            }
        }
        None
    }

    /// The last position in `from..=last` that is outside of clusters and spans; `from` if there is
    /// none after it.
    fn end_of_cluster(&self, from: usize, last: usize) -> usize {
        let mut to = cluster_floor(self.text, from, last);
        while let Some(span) = self.spans.cut_by(to) {
            if span <= from {
                return cluster_floor(self.text, from, last);
            }
            to = cluster_floor(self.text, from, span);
        }
        to
    }

    /// Like [`Self::end_of_cluster`], but cuts a cluster that does not fit, and always after `from`.
    fn end_of_characters(&self, from: usize, last: usize) -> usize {
        let first = self.slice(from, self.text.len()).chars().next().map_or(0, char::len_utf8);
        let to = self.end_of_cluster(from, last);
        if to > from { to } else { last.max(from + first) }
    }

    /// Where the text goes on after a cut: white space is skipped, but not the indentation of a line.
    fn resume(&self, at: usize) -> usize {
        let next = self.skip_blank(at);
        if next == self.text.len() {
            return next;
        }
        self.slice(at, next).rfind('\n').map_or(next, |feed| at + feed + 1)
    }

    fn skip_blank(&self, at: usize) -> usize {
        let rest = self.slice(at, self.text.len());
        let mut blank = rest.char_indices().map(|(offset, c)| (at + offset, c));
        blank
            .find(|(at, c)| !c.is_whitespace() || !self.is_cut_off(*at))
            .map_or(self.text.len(), |(at, _)| at)
    }

    /// Whether the white space at `at` may be taken away without changing what is next to it.
    fn is_cut_off(&self, at: usize) -> bool {
        self.slice(at, self.text.len()).starts_with(char::is_control) || stands_alone(self.text, at)
    }

    /// Whether what goes on after a cut at `at` would open or close code, because it then begins a line.
    fn is_marked(&self, at: usize) -> bool {
        let rest = self.slice(at, self.text.len()).trim_start();
        rest.starts_with("```") || rest.starts_with("~~~")
    }

    /// The position after the line feed that follows `at`, if only white space is between.
    fn past_line_end(&self, at: usize) -> usize {
        let rest = self.slice(at, self.text.len());
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
        if self.slice(at + blank, self.text.len()).starts_with('\n') { at + blank + 1 } else { at }
    }

    fn is_blank_line(&self, at: usize) -> bool {
        let mut rest = self.slice(at, self.text.len()).chars();
        rest.find(|c| *c == '\n' || !c.is_whitespace()).is_none_or(|c| c == '\n')
    }

    /// Whether a chunk can hold `fence` as it is.
    fn fits(&self, fence: &Fence<'_>) -> bool {
        let closing = if fence.closed { 0 } else { units(fence.close) + 1 };
        let length = self.slice(fence.start, fence.end).trim_end().len();
        advance(self.text, fence.start, self.limit - closing) >= fence.start + length
    }

    /// The last fence that begins before `at`.
    fn fence_before(&self, at: usize) -> Option<&Fence<'t>> {
        let before = self.fences.partition_point(|fence| fence.start < at);
        before.checked_sub(1).and_then(|index| self.fences.get(index))
    }

    fn slice(&self, from: usize, to: usize) -> &'t str {
        self.text.get(from..to).unwrap_or_default()
    }
}

/// How many UTF-16 code units it takes to open and to close `fence` on lines of their own.
fn markers(fence: &Fence<'_>) -> usize {
    units(fence.open) + units(fence.close) + 2
}

/// Whether a line may end at this character.
fn may_break(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}')
}
