//! Cuts what a listener prints into lines.

use std::mem;

/// The longest line that is handed out, in bytes; the same as a guest's. A longer one is handed out cut.
const LINE_MAX: usize = 1 << 20;

/// Cuts bytes into lines, however they arrive.
#[derive(Debug, Default)]
pub(super) struct Lines {
    unfinished: Vec<u8>,
}

impl Lines {
    /// The lines that end in `bytes`, without their ends and without blank ones.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        let mut parts = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            let room = LINE_MAX.saturating_sub(self.unfinished.len());
            self.unfinished.extend_from_slice(part.get(..room).unwrap_or(part));
            if parts.peek().is_some() {
                lines.extend(self.finish());
            }
        }
        lines
    }

    /// The line that has begun, if there is more to it than white space.
    pub(super) fn finish(&mut self) -> Option<Vec<u8>> {
        let mut line = mem::take(&mut self.unfinished);
        line.truncate(line.trim_ascii_end().len());
        Some(line).filter(|line| !line.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_they_are_cut() {
        let printed = "one\r\n\n \ntwo ế\nthree".as_bytes();
        for cut in 0..=printed.len() {
            let mut lines = Lines::default();
            let mut found = lines.push(&printed[..cut]);
            found.extend(lines.push(&printed[cut..]));
            assert_eq!(found, ["one".as_bytes(), "two ế".as_bytes()], "cut at {cut}");
            assert_eq!(lines.finish().unwrap(), b"three", "cut at {cut}");
        }
    }

    #[test]
    fn a_line_without_end_takes_no_more_than_its_bound() {
        let mut lines = Lines::default();
        for _ in 0..40 {
            assert!(lines.push(&vec![b'x'; 64 << 10]).is_empty());
        }
        let found = lines.push(b"\nnext\n");
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [LINE_MAX, 4]);
    }
}
