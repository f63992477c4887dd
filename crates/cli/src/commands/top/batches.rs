//! Splits a stream into batches of whole lines.
//!
//! The codec reports refused lines at the end of its input, and a stream may not end. So the codec
//! reads batch by batch. A batch is what one read returned, up to its last line end. An unfinished
//! line of any length is continued by the next read.

use std::io::{self, Read};

use memchr::memrchr;

/// The size of a read, the same as that of the codec.
const BUFFER_BYTES: usize = 256 * 1024;

/// A reader that returns end of input after each batch.
#[derive(Debug)]
pub(crate) struct Batches<R> {
    stream: R,
    buffer: Vec<u8>,
    /// The part of the buffer that is still to be returned.
    unread: std::ops::Range<usize>,
    /// Whether the batch has ended.
    at_end: bool,
    /// Whether the stream has ended.
    is_over: bool,
}

impl<R: Read> Batches<R> {
    pub(crate) fn new(stream: R) -> Self {
        let buffer = vec![0; BUFFER_BYTES];
        Self { stream, buffer, unread: 0..0, at_end: false, is_over: false }
    }

    /// Returns whether there are no more batches.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }
}

impl<R: Read> Read for Batches<R> {
    /// Reads from the current batch; at its end returns 0 once.
    fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
        if std::mem::take(&mut self.at_end) {
            return Ok(0);
        }
        if self.unread.is_empty() {
            let read = self.stream.read(&mut self.buffer)?;
            self.unread = 0..read;
            self.is_over = read == 0;
        }
        let unread = &self.buffer[self.unread.clone()];
        let batch = memrchr(b'\n', unread).map_or(unread, |end| &unread[..=end]);
        let read = batch.len().min(free.len());
        free[..read].copy_from_slice(&batch[..read]);
        self.at_end = read == batch.len() && batch.ends_with(b"\n");
        self.unread.start += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns one piece per read.
    struct Pieces(Vec<&'static str>);

    impl Read for Pieces {
        fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0);
            free[..piece.len()].copy_from_slice(piece.as_bytes());
            Ok(piece.len())
        }
    }

    #[track_caller]
    fn check(pieces: &[&'static str], expected: &[&str]) {
        let mut stream = Batches::new(Pieces(pieces.to_vec()));
        let mut batches = Vec::new();
        while !stream.is_over() {
            let mut batch = Vec::new();
            let mut free = [0; 3]; // Does not divide the lengths.
            loop {
                match stream.read(&mut free).unwrap() {
                    0 => break,
                    read => batch.extend_from_slice(&free[..read]),
                }
            }
            batches.push(String::from_utf8(batch).unwrap());
        }
        assert_eq!(batches, expected);
    }

    #[test]
    fn batch_ends_at_a_line_end() {
        check(&[], &[""]);
        check(&["one\n"], &["one\n", ""]);
        check(&["one\ntwo\n", "three\n"], &["one\ntwo\n", "three\n", ""]);
        check(&["one\ntwo\nthr", "ee\n"], &["one\ntwo\n", "three\n", ""]);
        check(&["one\nt", "w", "o", "\nthr", "ee"], &["one\n", "two\n", "three"]);
        check(&["\n", "\n\n"], &["\n", "\n\n", ""]);
    }
}
