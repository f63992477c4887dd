//! Blocks of whole records from a reader, in bounded memory.
//!
//! A block ends at the end of a record, which is a line or a row of CSV; bytes read beyond it start
//! the next block. The buffer grows for a record that is longer, up to the maximum length. Of a
//! record beyond that, only the start is kept: all of it is passed on in pieces as it is read, and
//! its length is counted, so that an input without line ends takes no more memory than one with
//! many.

use std::io::{self, ErrorKind, Read};
use std::mem;

use super::ends::Ends;
use crate::input::detect::MARK;

/// The bytes requested per read: enough to make the call cheap, and still within a cache.
pub(super) const BUFFER_BYTES: usize = 256 * 1024;
/// Length of the longest line end, `\r\n`.
const END_BYTES: usize = 2;

/// A part of the input: whole records. The last one may lack its line end if the input does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'b> {
    /// Offset in the input.
    pub(super) offset: u64,
    pub(super) bytes: &'b [u8],
    /// The length of the line, if the block is the start of one line above the maximum length.
    pub(super) cut_from: Option<usize>,
}

/// Reads blocks of whole records.
#[derive(Debug)]
pub(super) struct BlockReader<R> {
    reader: R,
    /// The bytes requested per read.
    buffer_bytes: usize,
    /// The maximum length of a line that is kept whole, without its line end.
    line_bytes_max: usize,
    ends: Ends,
    /// The start of the next block, which was read with the last one.
    carried: Vec<u8>,
    /// Offset of the next block.
    offset: u64,
    /// Whether nothing was read.
    is_fresh: bool,
    /// The number of bytes that were left out since the last block.
    left_out: u64,
    is_ended: bool,
}

/// The memory of one block, reused for the next.
#[derive(Debug, Default)]
pub(super) struct BlockBuf {
    /// Zeroed once; later reads overwrite it.
    bytes: Vec<u8>,
    /// Length of the block at the start of `bytes`.
    block_bytes: usize,
    bytes_read: u64,
    offset: u64,
    cut_from: Option<usize>,
}

impl BlockBuf {
    /// Returns the block that was read last.
    pub(super) fn block(&self) -> Block<'_> {
        let bytes = self.bytes.get(..self.block_bytes).unwrap_or_default();
        Block { offset: self.offset, bytes, cut_from: self.cut_from }
    }

    /// Returns the number of input bytes in the block, including those of a line that was cut.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Starts a block with `carried` bytes, and makes space for one read. Returns their number.
    fn start(&mut self, carried: &mut Vec<u8>, offset: u64, buffer_bytes: usize) -> usize {
        let filled = carried.len();
        self.grow(filled + buffer_bytes);
        self.bytes[..filled].copy_from_slice(carried);
        carried.clear();
        (self.offset, self.cut_from) = (offset, None);
        filled
    }

    fn grow(&mut self, len: usize) {
        self.bytes.resize(self.bytes.len().max(len), 0);
    }
}

impl<R: Read> BlockReader<R> {
    pub(super) fn new(reader: R, buffer_bytes: usize, line_bytes_max: usize, ends: Ends) -> Self {
        Self {
            reader,
            buffer_bytes,
            line_bytes_max,
            ends,
            carried: Vec::new(),
            offset: 0,
            is_fresh: true,
            left_out: 0,
            is_ended: false,
        }
    }

    /// Puts back the block that was read last, without its first `left_out` bytes.
    #[cfg(feature = "csv")]
    pub(super) fn put_back(&mut self, buf: &BlockBuf, left_out: usize) {
        let block = buf.block().bytes;
        self.carried.splice(0..0, block[left_out..].iter().copied());
        self.offset = buf.offset + left_out as u64;
    }

    /// Reads the next block into `buf`. Returns whether there is one.
    ///
    /// If it is a line above the maximum length, `piece` receives all of it in pieces, without its
    /// line end.
    ///
    /// # Errors
    ///
    /// The error of the reader, unless it was interrupted. The line that was being read is lost,
    /// and no block follows.
    pub(super) fn read(
        &mut self,
        buf: &mut BlockBuf,
        piece: &mut dyn FnMut(&[u8]),
    ) -> io::Result<bool> {
        if mem::take(&mut self.is_fresh) {
            self.skip_mark()?;
        }
        self.ends.start();
        let mut filled = buf.start(&mut self.carried, self.offset, self.buffer_bytes);
        let bytes_kept_max = self.line_bytes_max.saturating_add(END_BYTES);
        // The last line end is searched only in bytes that were not searched before.
        let mut searched = 0;
        loop {
            if let Some(end) = self.ends.last(&buf.bytes[searched..filled]) {
                let end = searched + end;
                self.carried.extend_from_slice(&buf.bytes[end..filled]);
                return Ok(self.finish(buf, end, end));
            }
            if self.is_ended {
                return Ok(self.finish(buf, filled, filled));
            }
            if filled >= bytes_kept_max {
                return self.read_long_line(buf, filled, bytes_kept_max, piece);
            }
            if filled == buf.bytes.len() {
                buf.grow(filled.saturating_mul(2).min(bytes_kept_max));
            }
            searched = filled;
            filled += self.fill(&mut buf.bytes[filled..])?;
        }
    }

    /// Ends the block, which keeps `block_bytes` of `bytes_read`. Returns whether it has any.
    fn finish(&mut self, buf: &mut BlockBuf, block_bytes: usize, bytes_read: usize) -> bool {
        buf.block_bytes = block_bytes;
        buf.bytes_read = bytes_read as u64 + mem::take(&mut self.left_out);
        self.offset += bytes_read as u64;
        buf.bytes_read > 0
    }

    /// Leaves out the byte order mark at the start of the input, if it has one.
    fn skip_mark(&mut self) -> io::Result<()> {
        let mut first = [0; MARK.len()];
        let mut filled = 0;
        while filled < MARK.len() && MARK.starts_with(&first[..filled]) && !self.is_ended {
            filled += self.fill(&mut first[filled..])?;
        }
        if first == MARK {
            (self.offset, self.left_out) = (MARK.len() as u64, MARK.len() as u64);
        } else {
            self.carried.extend_from_slice(&first[..filled]);
        }
        Ok(())
    }

    /// Reads the rest of a line that is too long, and keeps its first `kept` bytes.
    ///
    /// The first `filled` bytes of the line are in `buf` and contain no line end.
    fn read_long_line(
        &mut self,
        buf: &mut BlockBuf,
        filled: usize,
        kept: usize,
        piece: &mut dyn FnMut(&[u8]),
    ) -> io::Result<bool> {
        // If `piece` panics, other threads must not decode the rest of the line as a line.
        self.is_ended = true;
        let mut line = LongLine { len: 0, has_return: false, piece };
        line.append(&buf.bytes[..filled]);
        // The kept bytes stay in place; the others pass through the space behind them.
        buf.grow(kept + self.buffer_bytes);
        let end_bytes = loop {
            let read = self.fill(&mut buf.bytes[kept..])?;
            let fresh = &buf.bytes[kept..kept + read];
            if let Some(end) = self.ends.first(fresh) {
                self.carried.extend_from_slice(&fresh[end..]);
                line.append(&fresh[..end - 1]);
                self.is_ended = false;
                break if line.has_return { END_BYTES } else { 1 };
            }
            line.append(fresh);
            if read == 0 {
                line.release_return();
                break 0;
            }
        };
        buf.cut_from = Some(line.len);
        Ok(self.finish(buf, kept.min(line.len), line.len + end_bytes))
    }

    /// Reads once, and remembers the end of the input. Returns the number of bytes.
    fn fill(&mut self, free: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.reader.read(free) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.is_ended = true;
                    return Err(error);
                }
                Ok(read) => {
                    self.is_ended |= read == 0;
                    return Ok(read);
                }
            }
        }
    }
}

/// A line that is passed on in pieces.
struct LongLine<'p> {
    /// The number of bytes passed on.
    len: usize,
    /// Whether the last byte read is a `\r`, which is part of the line unless a `\n` follows.
    has_return: bool,
    piece: &'p mut dyn FnMut(&[u8]),
}

impl LongLine<'_> {
    fn append(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.release_return();
        let line = bytes.strip_suffix(b"\r");
        self.has_return = line.is_some();
        self.pass_on(line.unwrap_or(bytes));
    }

    /// Passes on the `\r` that was held back: it is not part of the line end.
    fn release_return(&mut self) {
        if mem::take(&mut self.has_return) {
            self.pass_on(b"\r");
        }
    }

    fn pass_on(&mut self, bytes: &[u8]) {
        self.len += bytes.len();
        if !bytes.is_empty() {
            (self.piece)(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads at most a fixed number of bytes per call.
    struct ShortReads<'t>(&'t [u8], usize);

    impl Read for ShortReads<'_> {
        fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
            let max = free.len().min(self.1);
            self.0.read(&mut free[..max])
        }
    }

    /// A line: its offset, the bytes that are kept, and its length without the line end.
    type Line = (u64, Vec<u8>, usize);

    /// Splits a text into lines without a limit on memory.
    fn naive(text: &[u8]) -> Vec<Line> {
        let mut at = 0;
        let mut lines = Vec::new();
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            let ended = line.strip_suffix(b"\n");
            let bytes = ended.map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
            lines.push((at, bytes.to_vec(), bytes.len()));
            at += line.len() as u64;
        }
        lines
    }

    /// Splits a text into lines by way of blocks.
    fn blocks(text: &[u8], buffer_bytes: usize, read_max: usize, limit: usize) -> Vec<Line> {
        let mut blocks =
            BlockReader::new(ShortReads(text, read_max), buffer_bytes, limit, Ends::Lines);
        let (mut buf, mut lines, mut read) = (BlockBuf::default(), Vec::new(), 0);
        let mut whole = Vec::new();
        while blocks.read(&mut buf, &mut |piece| whole.extend_from_slice(piece)).unwrap() {
            let block = buf.block();
            assert_eq!(block.offset, read, "{}", text.escape_ascii());
            read += buf.bytes_read();
            match block.cut_from {
                None => {
                    let own = naive(block.bytes).into_iter();
                    lines.extend(own.map(|(at, line, len)| (at + block.offset, line, len)));
                }
                Some(len) => {
                    assert!(len > limit && block.bytes.len() > limit, "{}", text.escape_ascii());
                    assert!(whole.starts_with(block.bytes), "{}", text.escape_ascii());
                    lines.push((block.offset, std::mem::take(&mut whole), len));
                }
            }
            let max = 2 * (buffer_bytes + limit + END_BYTES) + BUFFER_BYTES.min(buffer_bytes);
            assert!(buf.bytes.len() <= max, "{} bytes of memory", buf.bytes.len());
            assert!(
                whole.is_empty(),
                "pieces of a line that is kept whole: {}",
                text.escape_ascii()
            );
        }
        assert_eq!(read, text.len() as u64);
        lines
    }

    #[track_caller]
    fn check(text: &[u8], buffer_bytes: usize, read_max: usize, limit: usize) {
        let shown = text.escape_ascii().to_string();
        let (expected, found) = (naive(text), blocks(text, buffer_bytes, read_max, limit));
        assert_eq!(found.len(), expected.len(), "{shown:.80} {buffer_bytes} {read_max} {limit}");
        for ((at, line, len), expected) in found.into_iter().zip(expected) {
            assert_eq!((at, len), (expected.0, expected.2), "{shown:.80}");
            assert!(line == expected.1, "{shown:.80}");
        }
    }

    #[test]
    fn every_short_text_is_split_as_without_a_limit() {
        for len in 0..=7 {
            for number in 0..3_usize.pow(len) {
                let digit = |place| b"a\r\n"[number / 3_usize.pow(place) % 3];
                let text: Vec<u8> = (0..len).map(digit).collect();
                for (buffer_bytes, read_max, limit) in
                    [(1, 1, 0), (1, 1, 2), (2, 2, 1), (3, 1, 3), (3, 3, 0), (4, 2, 1), (9, 9, 2)]
                {
                    check(&text, buffer_bytes, read_max, limit);
                }
            }
        }
    }

    #[test]
    fn long_lines_are_cut_wherever_reads_end() {
        for extra in 0..6 {
            let long = vec![b'a'; 40 + extra];
            for end in ["", "\n", "\r\n", "\r\r\n", "\nb", "\r\nb\n", "\n\n\n"] {
                let text = [b"b\n", &long[..], end.as_bytes(), &long, end.as_bytes()].concat();
                for (buffer_bytes, read_max) in [(1, 1), (8, 8), (8, 3), (64, 64), (200, 200)] {
                    for limit in [2, 39, 40, 43, 100] {
                        check(&text, buffer_bytes, read_max, limit);
                    }
                }
            }
        }
    }
}
