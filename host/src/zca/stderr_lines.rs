//! What a listener complains of, line by line, so that no amount of it fills the memory or the log.

use std::time::{Duration, Instant};

use super::plain::plain;

/// The longest line that is kept, in bytes. The rest of it is thrown away.
const LINE_MAX: usize = 2 * 1024;

/// How many lines are let through in one window of time.
const LINES_PER_WINDOW: u32 = 50;

/// That window.
const WINDOW: Duration = Duration::from_secs(10);

/// Cuts bytes into lines, and counts what is too much.
#[derive(Default)]
pub(super) struct StderrLines {
    line: Vec<u8>,
    window: Option<Instant>,
    let_through: u32,
    left_out: u64,
}

impl StderrLines {
    /// Takes the next bytes, cut anywhere, and gives the lines that they end.
    pub(super) fn push(&mut self, bytes: &[u8], now: Instant) -> Vec<String> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            let room = LINE_MAX.saturating_sub(self.line.len());
            self.line.extend(text.iter().take(room));
            if text.len() < piece.len() {
                lines.extend(self.finish(now));
            }
        }
        lines
    }

    /// Ends the current line. None when it is blank or too much.
    pub(super) fn finish(&mut self, now: Instant) -> Option<String> {
        let line = plain(&String::from_utf8_lossy(&std::mem::take(&mut self.line)), LINE_MAX);
        if line.is_empty() {
            return None;
        }
        if self.window.is_none_or(|began| now.saturating_duration_since(began) >= WINDOW) {
            (self.window, self.let_through) = (Some(now), 0);
        }
        if self.let_through >= LINES_PER_WINDOW {
            self.leave_out();
            return None;
        }
        self.let_through += 1;
        match std::mem::take(&mut self.left_out) {
            0 => Some(line),
            count => Some(format!("{line} ({count} lines before it were left out)")),
        }
    }

    /// Counts a line that was let through and could not be passed on.
    pub(super) fn leave_out(&mut self) {
        self.left_out = self.left_out.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_wherever_the_bytes_are_cut() {
        let (mut lines, now) = (StderrLines::default(), Instant::now());
        let (first, second) = "Lỗi một\r\n\n hai\nba".as_bytes().split_at(3);
        assert!(lines.push(first, now).is_empty());
        assert_eq!(lines.push(second, now), ["Lỗi một", "hai"]);
        assert_eq!(lines.finish(now).as_deref(), Some("ba"));
        assert_eq!(lines.finish(now), None);
    }

    #[test]
    fn a_line_without_an_end_is_kept_in_part() {
        let (mut lines, now) = (StderrLines::default(), Instant::now());
        for _ in 0..4 {
            lines.push(&[b'x'; LINE_MAX], now);
        }
        assert_eq!(lines.push(b"\nnext\n", now), ["x".repeat(LINE_MAX), "next".to_owned()]);
    }

    #[test]
    fn a_flood_is_counted_and_ends_with_its_window() {
        let (mut lines, now) = (StderrLines::default(), Instant::now());
        let flood = "x\n".repeat(53);
        assert_eq!(lines.push(flood.as_bytes(), now).len(), 50);
        assert_eq!(lines.push(b"y\n", now + WINDOW), ["y (3 lines before it were left out)"]);
    }
}
