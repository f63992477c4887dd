//! The first bytes of an input, which are looked at.

use std::io::{self, Read};

/// The maximum number of bytes that are looked at.
pub(crate) const SAMPLE_BYTES: u64 = 1024 * 1024;

/// The first bytes of an input, up to the end of a line.
#[derive(Debug)]
pub(crate) struct Sample {
    bytes: Vec<u8>,
    is_whole: bool,
}

impl Sample {
    /// Reads the first [`SAMPLE_BYTES`] of an input.
    ///
    /// # Errors
    ///
    /// The error of the input.
    pub(crate) fn read(input: &mut impl Read) -> io::Result<Self> {
        let mut bytes = Vec::new();
        // One more shows whether there is more.
        input.take(SAMPLE_BYTES + 1).read_to_end(&mut bytes)?;
        let is_whole = bytes.len() as u64 <= SAMPLE_BYTES;
        Ok(Self::new(bytes, is_whole))
    }

    /// Creates a sample of the first bytes of an input. A line that is cut is left out.
    pub(crate) fn new(mut bytes: Vec<u8>, is_whole: bool) -> Self {
        if !is_whole {
            let end = bytes.iter().rposition(|&byte| byte == b'\n');
            bytes.truncate(end.map_or(bytes.len(), |end| end + 1));
        }
        Self { bytes, is_whole }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns whether it is the whole input.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_ends_with_a_line() {
        let cut = Sample::new(b"ab\nc".to_vec(), false);
        assert_eq!((cut.bytes(), cut.is_whole()), (&b"ab\n"[..], false));
        assert_eq!(Sample::new(b"ab\nc".to_vec(), true).bytes(), b"ab\nc");
        // A single long line is better than nothing.
        assert_eq!(Sample::new(b"abc".to_vec(), false).bytes(), b"abc");
    }

    #[test]
    fn no_more_than_a_mebibyte_is_looked_at() {
        let line = [&[b'x'; 63][..], b"\n"].concat();
        for (extra, is_whole) in [(0, true), (1, false)] {
            let mut text = line.repeat(SAMPLE_BYTES as usize / line.len());
            text.extend_from_slice(&vec![b'y'; extra]);
            let sample = Sample::read(&mut &text[..]).unwrap();
            assert_eq!(sample.is_whole(), is_whole);
            assert_eq!(sample.bytes().len() as u64, SAMPLE_BYTES);
        }
    }
}
