//! Where rows end: at a line end outside of quotes.

use memchr::{memchr, memchr2, memrchr};

use super::options::Delimiter;

/// Finds the ends of rows in an input that arrives in pieces.
///
/// Only quotes and line ends are looked at, so that text without quotes is passed at the speed of
/// `memchr`.
#[derive(Debug, Clone)]
pub(crate) struct RowEnds {
    delimiter: u8,
    state: State,
    /// The last byte that was passed, or a line end at the start of the input.
    last: u8,
}

/// Where the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Plain,
    Quoted,
    /// After a quote in quotes: another quote is text, any other byte is outside.
    AfterQuote,
}

impl RowEnds {
    /// Starts at the start of a row.
    #[inline]
    pub(crate) fn new(delimiter: Delimiter) -> Self {
        Self { delimiter: delimiter.byte(), state: State::Plain, last: b'\n' }
    }

    /// Continues at the start of another row.
    pub(crate) fn start(&mut self) {
        (self.state, self.last) = (State::Plain, b'\n');
    }

    /// Passes the first row that ends in `bytes`, and returns its length with its line end.
    ///
    /// Passes all bytes if no row ends there.
    #[inline]
    pub(crate) fn first(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.state != State::Plain {
                at = self.pass_quoted(bytes, at);
                continue;
            }
            let Some(found) = memchr2(b'"', b'\n', &bytes[at..]) else { break };
            if bytes[at + found] == b'\n' {
                self.last = b'\n';
                return Some(at + found + 1);
            }
            at = self.pass_plain(bytes, at, at + found);
        }
        self.last = bytes.last().copied().unwrap_or(self.last);
        None
    }

    /// Passes all bytes, and returns the end of the last row that ends there.
    pub(crate) fn last(&mut self, bytes: &[u8]) -> Option<usize> {
        let (mut at, mut end) = (0, None);
        while at < bytes.len() {
            if self.state != State::Plain {
                at = self.pass_quoted(bytes, at);
                continue;
            }
            let quote = memchr(b'"', &bytes[at..]).map(|found| at + found);
            let plain = &bytes[at..quote.unwrap_or(bytes.len())];
            end = memrchr(b'\n', plain).map(|newline| at + newline + 1).or(end);
            let Some(quote) = quote else { break };
            at = self.pass_plain(bytes, at, quote);
        }
        self.last = bytes.last().copied().unwrap_or(self.last);
        end
    }

    /// Passes the text from `at` to a quote, which opens a field at its start only.
    #[inline]
    fn pass_plain(&mut self, bytes: &[u8], at: usize, quote: usize) -> usize {
        let before = if quote > at { bytes[quote - 1] } else { self.last };
        if before == self.delimiter || before == b'\n' {
            self.state = State::Quoted;
        }
        self.last = b'"';
        quote + 1
    }

    /// Passes text in quotes, or nothing if the quotes have ended.
    #[inline]
    fn pass_quoted(&mut self, bytes: &[u8], at: usize) -> usize {
        if self.state == State::AfterQuote {
            let is_text = bytes[at] == b'"';
            self.state = if is_text { State::Quoted } else { State::Plain };
            self.last = b'"';
            return at + usize::from(is_text);
        }
        match memchr(b'"', &bytes[at..]) {
            Some(found) => {
                self.state = State::AfterQuote;
                at + found + 1
            }
            None => bytes.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the ends of rows, byte by byte.
    fn naive(bytes: &[u8]) -> Vec<usize> {
        let (mut ends, mut is_quoted, mut is_start) = (Vec::new(), false, true);
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            at += 1;
            if is_quoted {
                let is_doubled = byte == b'"' && bytes.get(at) == Some(&b'"');
                at += usize::from(is_doubled);
                is_quoted = byte != b'"' || is_doubled;
            } else {
                is_quoted = byte == b'"' && is_start;
                is_start = matches!(byte, b',' | b'\n');
                ends.extend((byte == b'\n').then_some(at));
            }
        }
        ends
    }

    #[test]
    fn rows_end_at_the_same_places_in_pieces_of_any_size() {
        for len in 0..=7 {
            for number in 0..4_usize.pow(len) {
                let byte = |place| b"a,\"\n"[number / 4_usize.pow(place) % 4];
                let text: Vec<u8> = (0..len).map(byte).collect();
                let shown = text.escape_ascii();
                let expected = naive(&text);
                for size in 1..=text.len() {
                    let mut last = RowEnds::new(Delimiter::default());
                    let mut start = 0;
                    for piece in text.chunks(size) {
                        let range = start..start + piece.len();
                        let in_piece = |end: &&usize| **end > range.start && **end <= range.end;
                        let wanted = expected.iter().rfind(in_piece).map(|end| end - start);
                        assert_eq!(last.last(piece), wanted, "{shown} {size}");
                        start = range.end;
                    }
                    let mut first = RowEnds::new(Delimiter::default());
                    let (mut found, mut start) = (Vec::new(), 0);
                    for piece in text.chunks(size) {
                        let mut rest = piece;
                        while let Some(end) = first.first(rest) {
                            start += end;
                            found.push(start);
                            rest = &rest[end..];
                        }
                        start += rest.len();
                    }
                    assert_eq!(found, expected, "{shown} {size}");
                }
            }
        }
    }
}
