//! The first bytes of an input, which decide its form and are read again.

use std::io::{self, Cursor, ErrorKind, Read};

/// The number of bytes that decide the form.
const HEAD_BYTES: usize = 64 * 1024;

/// The first bytes of an input.
#[derive(Debug)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    is_whole: bool,
    /// The error that ended the reading.
    failure: Option<io::Error>,
}

/// How much of an input is read to decide its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// The first 64 KiB or the whole input, and of JSON the first line.
    Full,
    /// What arrives with the first line that is not blank, since the next may arrive much later.
    Line,
}

impl Head {
    /// Reads the first bytes of an input.
    ///
    /// An error ends it. It is returned by [`before`](Self::before) after the bytes, so that they
    /// are not lost.
    pub(crate) fn read(input: &mut impl Read, patience: Patience) -> Self {
        let mut head = Self { bytes: Vec::new(), is_whole: false, failure: None };
        let mut buffer = vec![0; HEAD_BYTES];
        while head.bytes.len() < HEAD_BYTES && !head.is_enough(patience) {
            let free = HEAD_BYTES - head.bytes.len();
            match input.read(&mut buffer[..free]) {
                Ok(0) => {
                    head.is_whole = true;
                    break;
                }
                Ok(read) => head.bytes.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    head.failure = Some(error);
                    break;
                }
            }
        }
        head
    }

    /// Returns the first bytes of an input that were read already.
    pub(crate) fn of(bytes: &[u8], is_whole: bool) -> Self {
        Self { bytes: bytes.to_vec(), is_whole, failure: None }
    }

    /// Returns the bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns whether the bytes are the whole input.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }

    fn is_enough(&self, patience: Patience) -> bool {
        let is_json = || matches!(self.bytes.trim_ascii_start().first(), Some(b'{' | b'['));
        (patience == Patience::Line || is_json()) && self.has_line()
    }

    /// Returns whether the first line that is not blank is there, and the next if it is needed.
    ///
    /// An object in any layout is known by the line after its first.
    fn has_line(&self) -> bool {
        let text = self.bytes.trim_ascii_start();
        let Some(len) = text.iter().position(|&byte| byte == b'\n') else { return false };
        let (line, rest) = text.split_at(len);
        let is_json = matches!(line.first(), Some(b'{' | b'['));
        !is_json || line.trim_ascii_end().ends_with(b"}") || !rest.trim_ascii().is_empty()
    }

    /// Returns the error that ended the reading.
    pub(crate) fn into_failure(self) -> Option<io::Error> {
        self.failure
    }

    /// Returns a reader of the bytes, of the error, and of the rest of the input.
    pub(crate) fn before<R: Read>(self, rest: R) -> Rejoined<R> {
        let Self { bytes, is_whole, failure } = self;
        Rejoined { head: Cursor::new(bytes), is_whole, failure, rest }
    }
}

/// Reads the first bytes of an input, then the rest.
#[derive(Debug)]
pub(crate) struct Rejoined<R> {
    head: Cursor<Vec<u8>>,
    /// Whether the input has ended. A terminal would ask for its end once more.
    is_whole: bool,
    failure: Option<io::Error>,
    rest: R,
}

impl<R: Read> Read for Rejoined<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.head.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        match self.failure.take() {
            Some(error) => Err(error),
            None if self.is_whole => Ok(0),
            None => self.rest.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::readahead::tests::Failing;
    use super::*;

    /// Returns one piece per read, and fails if another is asked for.
    struct Pieces<'p>(&'p [&'static str]);

    impl Read for Pieces<'_> {
        fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
            let (first, rest) = self.0.split_first().expect("no more than the first line is read");
            self.0 = rest;
            (*first).as_bytes().read(free)
        }
    }

    #[test]
    fn one_line_of_json_is_enough() {
        let head = Head::read(&mut Pieces(&["\n{\"a\":1}\n"]), Patience::Full);
        assert_eq!(head.bytes(), b"\n{\"a\":1}\n");
    }

    #[test]
    fn end_of_the_input_is_read_once() {
        let mut rest = &b"ab"[..];
        let mut rejoined = Head::read(&mut rest, Patience::Full).before(&b"cd"[..]);
        let mut found = Vec::new();
        rejoined.read_to_end(&mut found).unwrap();
        assert_eq!(found, b"ab");
    }

    #[track_caller]
    fn check_line(pieces: &[&'static str], expected: &str) {
        let head = Head::read(&mut Pieces(pieces), Patience::Line);
        assert_eq!((str::from_utf8(head.bytes()).unwrap(), head.is_whole()), (expected, false));
    }

    #[test]
    fn one_line_of_a_live_stream_is_enough() {
        check_line(&["a=1 b=2\n"], "a=1 b=2\n");
        check_line(&["\n \n", "a=", "1\nb"], "\n \na=1\nb");
        check_line(&["{\"a\":1}\r\n"], "{\"a\":1}\r\n");
        // The next line shows whether the first was cut, or the object extends over several.
        check_line(&["{\n", "\n", "\"a\""], "{\n\n\"a\"");
        check_line(&["[\n", "{"], "[\n{");
    }

    #[test]
    fn bytes_and_errors_are_read_again() {
        for len in [0, 1, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 1, 3 * HEAD_BYTES] {
            let input: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            let mut rest = &input[..];
            let head = Head::read(&mut rest, Patience::Full);
            assert_eq!(head.bytes().len(), len.min(HEAD_BYTES));
            assert_eq!(head.is_whole(), len < HEAD_BYTES);
            let mut found = Vec::new();
            head.before(rest).read_to_end(&mut found).unwrap();
            assert!(found == input, "{len}");
        }
        let mut failing = (&b"ab"[..]).chain(Failing);
        let mut rejoined = Head::read(&mut failing, Patience::Full).before(&b"cd"[..]);
        let mut found = Vec::new();
        let error = rejoined.read_to_end(&mut found).unwrap_err();
        assert_eq!((&found[..], error.kind()), (&b"ab"[..], ErrorKind::TimedOut));
    }
}
