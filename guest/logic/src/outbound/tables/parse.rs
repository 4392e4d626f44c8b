//! Finds the tables of a markdown text.

use std::ops::Range;

use zalouser_chunks::fence;

/// A table: its cells without the white space around them, escapes of pipes included.
#[derive(Debug)]
pub(super) struct Table<'a> {
    /// Where it is, without the line end after it.
    pub range: Range<usize>,
    /// One cell a column, at least one.
    pub header: Vec<&'a str>,
    /// At most one cell a column.
    pub rows: Vec<Vec<&'a str>>,
}

/// All tables of `text` outside of fenced code, in order.
pub(super) fn tables(text: &str) -> Vec<Table<'_>> {
    let mut tables: Vec<Table<'_>> = Vec::new();
    let mut fences = fence::scan(text).into_iter().peekable();
    // The line before, if it may be a header, and whether the last table goes on.
    let mut header = None;
    let mut open = false;
    let mut at = 0;
    for line in fence::lines(text) {
        let range = at..at + line.trim_end_matches(['\r', '\n']).len();
        at += line.len();
        while fences.next_if(|fence| fence.end < range.start).is_some() {}
        if fences.peek().is_some_and(|fence| fence.start <= range.start) || ends_table(line) {
            (header, open) = (None, false);
        } else if let Some(table) = tables.last_mut().filter(|_| open) {
            table.range.end = range.end;
            table.rows.push(cells(line).take(table.header.len()).collect());
        } else if let Some(table) = header.take().and_then(|above| table_of(text, above, line, &range)) {
            tables.push(table);
            open = true;
        } else {
            header = Some(range).filter(|_| line.contains('|'));
        }
    }
    tables
}

/// The table whose header is the line at `above` and whose delimiter row is `line` at `range`.
fn table_of<'a>(text: &'a str, above: Range<usize>, line: &str, range: &Range<usize>) -> Option<Table<'a>> {
    if !line.contains('|') || !cells(line).all(is_delimiter) {
        return None;
    }
    let header: Vec<_> = cells(text.get(above.clone())?).collect();
    let same = !header.is_empty() && header.len() == cells(line).count();
    same.then(|| Table { range: above.start..range.end, header, rows: Vec::new() })
}

/// Whether `cell` is as one in the row under the header: dashes, with colons for alignment.
fn is_delimiter(cell: &str) -> bool {
    let dashes = cell.strip_prefix(':').unwrap_or(cell);
    let dashes = dashes.strip_suffix(':').unwrap_or(dashes);
    !dashes.is_empty() && dashes.bytes().all(|byte| byte == b'-')
}

/// Whether `line` is blank or begins another block, so that it belongs to no table.
fn ends_table(line: &str) -> bool {
    let block = line.trim_start_matches(' ');
    if line.len() - block.len() > 3 || block.trim_start().is_empty() || block.starts_with(['>', '\t']) {
        return true;
    }
    let bullet = block.strip_prefix(['-', '*', '+']);
    let digits = block.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = digits.strip_prefix(['.', ')']).filter(|_| (1..=9).contains(&(block.len() - digits.len())));
    let heading =
        Some(block.trim_start_matches('#')).filter(|rest| (1..=6).contains(&(block.len() - rest.len())));
    let marked = [bullet, number, heading].into_iter().flatten();
    let mut marked = marked.filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
    marked.next().is_some() || is_rule(block) || fence::opens_fence(line)
}

/// Whether `block` is a horizontal rule.
fn is_rule(block: &str) -> bool {
    ['-', '*', '_'].iter().any(|mark| {
        let rest = block.trim_matches(|c: char| c == *mark || c.is_whitespace());
        rest.is_empty() && block.matches(*mark).count() >= 3
    })
}

/// The cells of a row: what is between pipes that no backslash escapes. The pipes at either end
/// may be missing.
fn cells(row: &str) -> impl Iterator<Item = &str> {
    let row = row.trim();
    let mut rest = row.strip_prefix('|').unwrap_or(row);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut escaped = false;
        let pipe = rest.bytes().position(|byte| {
            let ends = byte == b'|' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let (cell, after) = match pipe {
            Some(pipe) => (rest.get(..pipe)?, rest.get(pipe + 1..)?),
            None => (rest, ""),
        };
        rest = after;
        Some(cell.trim())
    })
}
