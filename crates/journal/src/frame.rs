//! The bytes of a log: a head, then a frame for each batch. `README.md` has the form.

use std::io::{self, Read};

/// The longest batch: a body with what is known of it.
pub(crate) const BATCH_BYTES_MAX: usize = 80 << 20;
pub(crate) const HEAD_BYTES: usize = 24;
const FRAME_BYTES: usize = 16;
const MAGIC: &[u8; 8] = b"windrow\x01";

/// Writes the head of a segment.
pub(crate) fn head(index: u64, purpose: u64) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..8].copy_from_slice(MAGIC);
    head[8..16].copy_from_slice(&index.to_le_bytes());
    head[16..].copy_from_slice(&purpose.to_le_bytes());
    head
}

/// Returns the purpose in a head of the segment `index`; `None` if it is not one.
pub(crate) fn purpose(head: &[u8; HEAD_BYTES], index: u64) -> Option<u64> {
    let purpose = u64::from_le_bytes(*head.last_chunk()?);
    (*head == self::head(index, purpose)).then_some(purpose)
}

/// Appends a frame to a buffer.
pub(crate) fn write(buffer: &mut Vec<u8>, number: u64, parts: &[&[u8]]) {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    debug_assert!(len <= BATCH_BYTES_MAX, "is checked before");
    let len = u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
    let number = number.to_le_bytes();
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&len);
    checksum.update(&number);
    parts.iter().for_each(|part| checksum.update(part));
    buffer.extend(len);
    buffer.extend(checksum.finalize().to_le_bytes());
    buffer.extend(number);
    parts.iter().for_each(|part| buffer.extend(*part));
}

/// Reads the next frame into `batch`, and returns its number.
///
/// `None` at what is not a whole frame. `left` is the number of bytes that the file has from here
/// on, so that a damaged length allocates no more than that.
pub(crate) fn read(
    reader: &mut impl Read,
    left: u64,
    batch: &mut Vec<u8>,
) -> io::Result<Option<u64>> {
    if left < FRAME_BYTES as u64 {
        return Ok(None);
    }
    let mut head = [0; FRAME_BYTES];
    reader.read_exact(&mut head)?;
    let [len, sum, low, high] = [0, 4, 8, 12]
        .map(|at| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]));
    let len = len as usize;
    if len > BATCH_BYTES_MAX || len as u64 > left - FRAME_BYTES as u64 {
        return Ok(None);
    }
    batch.resize(len, 0);
    reader.read_exact(batch)?;
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&head[..4]);
    checksum.update(&head[8..]);
    checksum.update(batch);
    let number = u64::from(high) << 32 | u64::from(low);
    Ok((checksum.finalize() == sum).then_some(number))
}

/// Returns the length of the frame of a batch.
pub(crate) fn len(batch: &[u8]) -> u64 {
    (FRAME_BYTES + batch.len()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes, 7, &[b"one", b"", b"two"]);
        write(&mut bytes, u64::MAX, &[]);
        bytes
    }

    fn read_all(bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let (mut reader, mut batch, mut all) = (bytes, Vec::new(), Vec::new());
        while let Some(number) = {
            let left = reader.len() as u64;
            read(&mut reader, left, &mut batch).expect("slices can be read")
        } {
            all.push((number, batch.clone()));
        }
        all
    }

    #[test]
    fn frames_have_the_form_of_the_readme() {
        let expected: &[u8] = b"\x06\0\0\0\xee\xf9y1\x07\0\0\0\0\0\0\0onetwo";
        assert_eq!(&frames()[..22], expected, "{:x?}", &frames()[..22]);
        let expected: &[u8] = b"windrow\x01\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0";
        assert_eq!(head(2, 3), expected);
    }

    #[test]
    fn frames_are_read_up_to_the_first_that_is_not_whole() {
        let bytes = frames();
        let all = [(7, b"onetwo".to_vec()), (u64::MAX, Vec::new())];
        assert_eq!(read_all(&bytes), all);
        for len in 0..bytes.len() {
            let whole = usize::from(len >= 22);
            assert_eq!(read_all(&bytes[..len]), all[..whole], "{len} bytes");
        }
    }

    #[test]
    fn no_changed_bit_passes() {
        let bytes = frames();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read_all(&changed).len(), usize::from(bit / 8 >= 22), "bit {bit}");
        }
        assert!(read_all(&[0; 64]).is_empty(), "a hole in a file is no batch");
    }

    #[test]
    fn heads_of_other_segments_and_versions_are_none() {
        assert_eq!(purpose(&head(2, 3), 2), Some(3));
        assert_eq!(purpose(&head(2, 3), 1), None);
        let mut newer = head(2, 3);
        newer[7] = 2;
        assert_eq!(purpose(&newer, 2), None);
    }
}
