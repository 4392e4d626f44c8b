//! Cuts a stream of bytes into lines, of bounded length, wherever the stream itself is cut.

use std::mem;

use memchr::memchr;

/// The longest line that is read, in bytes without its line feed. Zalo's longest text is a small
/// part of this; what is longer is not a message.
pub(crate) const LINE_LIMIT: usize = 1 << 20;

/// A line buffer larger than this is given back once its line was read, so that one long line does
/// not cost its memory for ever.
const KEPT_CAPACITY: usize = 16 << 10;

/// What the stream consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// A line, without its line feed.
    Line(&'a [u8]),
    /// A line that is longer than the limit begins here. Nothing is kept of it.
    TooLong,
}

/// Cuts a stream into lines.
#[derive(Debug)]
pub(crate) struct Framer {
    limit: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The line so far.
    Collecting(Vec<u8>),
    /// The line is too long, and its rest is skipped.
    Skipping,
}

impl Framer {
    /// A framer whose lines have at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, state: State::Collecting(Vec::new()) }
    }

    /// Takes the next bytes and hands over every frame that they complete. A line that lies within
    /// `chunk` is not copied.
    pub(crate) fn push(&mut self, chunk: &[u8], mut take: impl FnMut(Frame<'_>)) {
        let mut rest = chunk;
        while let Some((line, after)) = split_line(rest) {
            self.end_line(line, &mut take);
            rest = after;
        }
        self.collect(rest, &mut take);
    }

    fn end_line(&mut self, end: &[u8], take: &mut impl FnMut(Frame<'_>)) {
        match &mut self.state {
            State::Collecting(begun) if begun.is_empty() && end.len() <= self.limit => take(Frame::Line(end)),
            State::Collecting(_) => {
                self.collect(end, take);
                let State::Collecting(line) = mem::replace(&mut self.state, State::Collecting(Vec::new()))
                else {
                    return;
                };
                take(Frame::Line(&line));
                self.state = State::Collecting(emptied(line));
            }
            State::Skipping => self.state = State::Collecting(Vec::new()),
        }
    }

    fn collect(&mut self, part: &[u8], take: &mut impl FnMut(Frame<'_>)) {
        let State::Collecting(line) = &mut self.state else { return };
        if line.len() + part.len() <= self.limit {
            line.extend_from_slice(part);
        } else {
            self.state = State::Skipping;
            take(Frame::TooLong);
        }
    }
}

/// The first line of `bytes` and what comes after its line feed.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, rest) = bytes.split_at_checked(memchr(b'\n', bytes)?)?;
    Some((line, rest.split_first()?.1))
}

fn emptied(mut buffer: Vec<u8>) -> Vec<u8> {
    if buffer.capacity() > KEPT_CAPACITY {
        return Vec::new();
    }
    buffer.clear();
    buffer
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The frames of a stream that comes in `chunks`, with lines of at most 8 bytes.
    fn frames<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Option<Vec<u8>>> {
        let mut framer = Framer::new(8);
        let mut frames = Vec::new();
        let mut take = |frame: Frame<'_>| {
            frames.push(match frame {
                Frame::Line(line) => Some(line.to_vec()),
                Frame::TooLong => None,
            });
        };
        for chunk in chunks {
            framer.push(chunk, &mut take);
        }
        framer.push(b"\n", &mut take);
        frames
    }

    #[test]
    fn a_line_of_the_limit_is_read_and_a_longer_one_is_not() {
        let stream: &[u8] = b"12345678\n123456789\nend";
        assert_eq!(frames([stream]), [Some(b"12345678".to_vec()), None, Some(b"end".to_vec())]);
    }

    #[test]
    fn an_endless_line_is_reported_once_and_not_kept() {
        let mut framer = Framer::new(8);
        let mut too_long = 0;
        for _ in 0..1_000 {
            framer.push(b"xxxx", |frame| too_long += usize::from(frame == Frame::TooLong));
        }
        assert_eq!(too_long, 1);
        assert!(matches!(framer.state, State::Skipping));
    }

    proptest! {
        #[test]
        fn where_the_stream_is_cut_changes_nothing(
            stream in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..64),
            size in 1_usize..9,
        ) {
            prop_assert_eq!(frames(stream.chunks(size)), frames([stream.as_slice()]));
        }
    }
}
