//! BlockReader of whole lines out of a reader, in bounded memory.
//!
//! A block ends where a line does, and what was read beyond is carried over into the next. A line
//! that is longer than the buffer makes it grow, up to the longest line allowed. Of a longer one
//! only the beginning is kept. All of it is handed on in pieces as it is read, and its length is
//! counted, so that an input without any line end takes no more memory than one with many.

use std::io::{self, ErrorKind, Read};

use memchr::{memchr, memrchr};

/// How much is asked of a reader at once: enough for a call to cost nothing, and still in a cache.
pub(crate) const BUFFER_BYTES: usize = 256 * 1024;
/// Room for the longest line end, `\r\n`.
const END_BYTES: usize = 2;

/// Part of an input: whole lines, of which the last may lack its end if the input does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'b> {
    /// Where it begins in the input.
    pub(crate) offset: u64,
    pub(crate) bytes: &'b [u8],
    /// If it is a single line that is longer than the limit and of which only the beginning is
    /// here, its length.
    pub(crate) cut_from: Option<usize>,
}

/// Splits what is read into blocks of whole lines.
#[derive(Debug)]
pub(crate) struct BlockReader<R> {
    reader: R,
    /// How much is asked for at once.
    buffer_bytes: usize,
    /// The longest line that is kept whole, in bytes without its end.
    line_bytes_max: usize,
    /// What was read of the next block.
    carried: Vec<u8>,
    /// Where the next block begins.
    offset: u64,
    is_ended: bool,
}

/// Room for a block, to be used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct BlockBuf {
    bytes: Vec<u8>,
    block: usize,
    read: u64,
    offset: u64,
    cut_from: Option<usize>,
}

impl BlockBuf {
    /// The block that was last read into it.
    pub(crate) fn block(&self) -> Block<'_> {
        let bytes = self.bytes.get(..self.block).unwrap_or_default();
        Block { offset: self.offset, bytes, cut_from: self.cut_from }
    }

    /// How many bytes of the input it is, including those of a long line that were not kept.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read
    }
}

impl<R: Read> BlockReader<R> {
    pub(crate) fn new(reader: R, buffer_bytes: usize, line_bytes_max: usize) -> Self {
        let carried = Vec::new();
        Self { reader, buffer_bytes, line_bytes_max, carried, offset: 0, is_ended: false }
    }

    /// Reads the next block, and says whether there is one.
    ///
    /// If it is a line that is not kept whole, `piece` is called with all of it, in pieces and
    /// without its end.
    ///
    /// # Errors
    ///
    /// What the reader says, other than that it was interrupted. The line that was being read is
    /// lost, and there is no next block.
    pub(crate) fn read(
        &mut self,
        room: &mut BlockBuf,
        piece: &mut dyn FnMut(&[u8]),
    ) -> io::Result<bool> {
        let mut filled = self.carried.len();
        // Once it was filled with zeros, a buffer is only ever written over.
        room.bytes.resize(room.bytes.len().max(self.buffer_bytes + filled), 0);
        room.bytes[..filled].copy_from_slice(&self.carried);
        self.carried.clear();
        (room.offset, room.cut_from) = (self.offset, None);
        let longest = self.line_bytes_max.saturating_add(END_BYTES);
        let mut fresh = 0..filled;
        room.block = loop {
            if let Some(last) = memrchr(b'\n', &room.bytes[fresh.clone()]) {
                let end = fresh.start + last + 1;
                self.carried.extend_from_slice(&room.bytes[end..filled]);
                break end;
            }
            if self.is_ended {
                break filled;
            }
            if filled >= longest {
                return self.cut(room, filled, longest, piece);
            }
            if filled == room.bytes.len() {
                room.bytes.resize(filled.saturating_mul(2).min(longest), 0);
            }
            let read = self.fill(&mut room.bytes[filled..])?;
            self.is_ended = read == 0;
            fresh = filled..filled + read;
            filled = fresh.end;
        };
        room.read = room.block as u64;
        self.offset += room.read;
        Ok(room.block > 0)
    }

    /// Reads to the end of a line that is too long, of which `filled` bytes were read and have no
    /// end in them. The first `kept` of them are kept.
    fn cut(
        &mut self,
        room: &mut BlockBuf,
        filled: usize,
        kept: usize,
        piece: &mut dyn FnMut(&[u8]),
    ) -> io::Result<bool> {
        // If `piece` panics, other threads must not take the rest of the line for a line.
        self.is_ended = true;
        let mut line = LongLine { len: 0, has_return: false, piece };
        line.append(&room.bytes[..filled]);
        // What was kept stays where it is, and the rest goes through the space behind it.
        let rest = kept;
        room.bytes.resize(room.bytes.len().max(rest + self.buffer_bytes), 0);
        let end_bytes = loop {
            let read = self.fill(&mut room.bytes[rest..])?;
            let fresh = &room.bytes[rest..rest + read];
            if let Some(end) = memchr(b'\n', fresh) {
                self.carried.extend_from_slice(&fresh[end + 1..]);
                line.append(&fresh[..end]);
                self.is_ended = false;
                break if line.has_return { END_BYTES } else { 1 };
            }
            line.append(fresh);
            if read == 0 {
                line.release_return();
                break 0;
            }
        };
        room.read = (line.len + end_bytes) as u64;
        self.offset += room.read;
        (room.block, room.cut_from) = (kept.min(line.len), Some(line.len));
        Ok(true)
    }

    fn fill(&mut self, free: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.reader.read(free) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.is_ended = true;
                    return Err(error);
                }
                read => return read,
            }
        }
    }
}

/// A line that is handed on in pieces.
struct LongLine<'p> {
    /// How much of it was handed on.
    len: usize,
    /// Whether a `\r` was read behind that, which belongs to the line unless a `\n` follows.
    has_return: bool,
    piece: &'p mut dyn FnMut(&[u8]),
}

impl LongLine<'_> {
    fn append(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.release_return();
        let bytes = bytes.strip_suffix(b"\r").inspect(|_| self.has_return = true).unwrap_or(bytes);
        self.hand_on(bytes);
    }

    /// Hands on the `\r` that was held back, if there is one: more of the line follows, or nothing.
    fn release_return(&mut self) {
        if std::mem::take(&mut self.has_return) {
            self.hand_on(b"\r");
        }
    }

    fn hand_on(&mut self, bytes: &[u8]) {
        self.len += bytes.len();
        if !bytes.is_empty() {
            (self.piece)(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives no more than so many bytes at once.
    struct Sips<'t>(&'t [u8], usize);

    impl Read for Sips<'_> {
        fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
            let most = free.len().min(self.1);
            self.0.read(&mut free[..most])
        }
    }

    /// A line: where it begins, what is kept of it, and how long it is without its end.
    type Line = (u64, Vec<u8>, usize);

    /// LineDecoder as one would split them without a limit to memory.
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

    /// LineDecoder by way of blocks.
    fn blocks(text: &[u8], buffer_bytes: usize, sip: usize, limit: usize) -> Vec<Line> {
        let mut blocks = BlockReader::new(Sips(text, sip), buffer_bytes, limit);
        let (mut room, mut lines, mut read) = (BlockBuf::default(), Vec::new(), 0);
        let mut whole = Vec::new();
        while blocks.read(&mut room, &mut |piece| whole.extend_from_slice(piece)).unwrap() {
            let block = room.block();
            assert_eq!(block.offset, read, "{}", text.escape_ascii());
            read += room.bytes_read();
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
            let most = 2 * (buffer_bytes + limit + END_BYTES) + BUFFER_BYTES.min(buffer_bytes);
            assert!(room.bytes.len() <= most, "{} bytes of room", room.bytes.len());
            assert!(whole.is_empty(), "pieces of a line that is kept: {}", text.escape_ascii());
        }
        assert_eq!(read, text.len() as u64);
        lines
    }

    #[track_caller]
    fn check(text: &[u8], buffer_bytes: usize, sip: usize, limit: usize) {
        let shown = text.escape_ascii().to_string();
        let (expected, found) = (naive(text), blocks(text, buffer_bytes, sip, limit));
        assert_eq!(found.len(), expected.len(), "{shown:.80} {buffer_bytes} {sip} {limit}");
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
                for (buffer_bytes, sip, limit) in
                    [(1, 1, 0), (1, 1, 2), (2, 2, 1), (3, 1, 3), (3, 3, 0), (4, 2, 1), (9, 9, 2)]
                {
                    check(&text, buffer_bytes, sip, limit);
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
                for (buffer_bytes, sip) in [(1, 1), (8, 8), (8, 3), (64, 64), (200, 200)] {
                    for limit in [2, 39, 40, 43, 100] {
                        check(&text, buffer_bytes, sip, limit);
                    }
                }
            }
        }
    }
}
