//! Lines of any length in bounded memory.
//!
//! A line up to the limit is handed out whole. Of a longer one only the beginning is kept, and its
//! length is counted while the rest is thrown away, so that a file without any line end takes no
//! more memory than one with many.

use std::io::{self, BufRead, BufReader, Read};

/// How much is asked of a file at once.
const BUFFER_BYTES: usize = 256 * 1024;
/// How much of the rest of a line that is too long is looked at together.
const REST_BYTES: u64 = 64 * 1024;
/// Room for the longest line end, `\r\n`.
const END_BYTES: u64 = 2;

/// Splits what is read into lines.
///
/// A line ends with `\n` or `\r\n`, or where the input does; nothing after the last end is no line.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    /// The longest line that is kept whole, in bytes without its end.
    limit: usize,
    line: Vec<u8>,
    rest: Vec<u8>,
    number: u64,
}

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: u64,
    /// The line; one that is longer than the limit is cut anywhere after it.
    pub(crate) bytes: &'a [u8],
    /// How long the line was before it was cut.
    pub(crate) len: usize,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(reader: R, limit: usize) -> Self {
        let reader = BufReader::with_capacity(BUFFER_BYTES, reader);
        Self { reader, limit, line: Vec::new(), rest: Vec::new(), number: 0 }
    }

    /// How many lines there were so far.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next line, if there is one.
    ///
    /// # Errors
    ///
    /// What the reader says. The line that was being read is lost.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let most = self.limit as u64 + END_BYTES;
        let read = self.reader.by_ref().take(most).read_until(b'\n', &mut self.line)?;
        let len = if self.line.ends_with(b"\n") {
            self.line.pop();
            self.line.pop_if(|last| *last == b'\r');
            self.line.len()
        } else if read as u64 == most {
            self.skip()?
        } else {
            read
        };
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(Line { number: self.number, bytes: &self.line, len }))
    }

    /// Goes to the end of a line that is too long, and says how long it is.
    fn skip(&mut self) -> io::Result<usize> {
        let (mut len, mut last) = (self.line.len(), self.line.last().copied());
        loop {
            self.rest.clear();
            self.reader.by_ref().take(REST_BYTES).read_until(b'\n', &mut self.rest)?;
            match self.rest.as_slice() {
                [] => return Ok(len),
                [b'\n'] if last == Some(b'\r') => return Ok(len - 1),
                [rest @ .., b'\r', b'\n'] | [rest @ .., b'\n'] => return Ok(len + rest.len()),
                [.., byte] => last = Some(*byte),
            }
            len += self.rest.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as one would split them without a limit to memory.
    fn split(text: &[u8]) -> Vec<&[u8]> {
        let mut lines: Vec<_> = text.split(|&byte| byte == b'\n').collect();
        let last = lines.pop().filter(|last| !last.is_empty());
        let mut lines: Vec<_> =
            lines.into_iter().map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
        lines.extend(last);
        lines
    }

    #[track_caller]
    fn check(text: &[u8], limit: usize) {
        let mut lines = Lines::new(text, limit);
        for (index, expected) in split(text).into_iter().enumerate() {
            let shown = text.escape_ascii();
            let found = lines.next().unwrap().unwrap_or_else(|| panic!("{shown}: ends too early"));
            assert_eq!((found.number, found.len), (index as u64 + 1, expected.len()), "{shown}");
            let kept = found.bytes.len().min(expected.len());
            assert!(kept > limit || kept == expected.len(), "{shown}: {kept} bytes kept");
            assert_eq!(&found.bytes[..kept], &expected[..kept], "{shown}");
        }
        assert_eq!(lines.next().unwrap(), None, "{}", text.escape_ascii());
    }

    #[test]
    fn every_short_text_is_split_as_without_a_limit() {
        for len in 0..=8 {
            for number in 0..3_usize.pow(len) {
                let digit = |place| b"a\r\n"[number / 3_usize.pow(place) % 3];
                let text: Vec<u8> = (0..len).map(digit).collect();
                for limit in 0..4 {
                    check(&text, limit);
                }
            }
        }
    }

    #[test]
    fn length_is_counted_where_line_ends_straddle_what_is_read_at_once() {
        for extra in 0..4 {
            let long = vec![b'a'; 2 + 2 * REST_BYTES as usize + extra];
            for end in ["", "\n", "\r\n", "\r\r\n", "\nb", "\r\nb\n"] {
                check(&[&long, end.as_bytes()].concat(), 2);
            }
        }
    }

    #[test]
    fn long_line_is_not_kept() {
        let text = [&[b'a'; 1 << 20][..], b"\nb\n"].concat();
        let mut lines = Lines::new(text.as_slice(), 10);
        let line = lines.next().unwrap().unwrap();
        assert_eq!((line.bytes.len(), line.len), (12, 1 << 20));
        assert_eq!(lines.next().unwrap().unwrap().bytes, b"b");
        assert!(lines.line.capacity() < 64, "{}", lines.line.capacity());
        assert!(lines.rest.capacity() <= 2 * REST_BYTES as usize, "{}", lines.rest.capacity());
    }
}
