//! A body with what is known of it, as a journal keeps it.
//!
//! Integers are little-endian: the level, the moment, the hash of the request, then the key, the
//! content type and the query, each after its length, then the decompressed body.

use facade::Stamp;
use journal::Level;

/// The form of batches and of the folded state. A journal of another form is refused.
pub(super) const FORM: u64 = 1;

/// What is known of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchHead<'r> {
    pub(super) level: Level,
    /// When the body was recorded.
    pub(super) at: Stamp,
    /// The hash that says whether a repetition is the same request.
    pub(super) content: u128,
    /// Empty without one.
    pub(super) key: &'r str,
    pub(super) content_type: &'r [u8],
    pub(super) query: &'r str,
}

impl<'r> BatchHead<'r> {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let Self { level, at, content, key, content_type, query } = self;
        let mut bytes = vec![level_to_byte(level)];
        bytes.extend(at.as_nanos().to_le_bytes());
        bytes.extend(content.to_le_bytes());
        for text in [key.as_bytes(), content_type, query.as_bytes()] {
            // A head of a request is far shorter.
            bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
            bytes.extend(text);
        }
        bytes
    }

    /// Returns a batch without a body, which is recorded as nothing.
    pub(super) fn nothing(at: Stamp) -> Vec<u8> {
        let level = Level::Synced;
        BatchHead { level, at, content: 0, key: "", content_type: b"", query: "" }.to_bytes()
    }

    /// Splits a batch; `None` if it is not one of this form.
    pub(super) fn split(batch: &'r [u8]) -> Option<(Self, &'r [u8])> {
        let (&level, rest) = batch.split_first()?;
        let (at, rest) = rest.split_first_chunk()?;
        let (content, rest) = rest.split_first_chunk()?;
        let (key, rest) = split_text(rest)?;
        let (content_type, rest) = split_text(rest)?;
        let (query, body) = split_text(rest)?;
        let head = Self {
            level: level_from_byte(level)?,
            at: Stamp::from_nanos(i64::from_le_bytes(*at)),
            content: u128::from_le_bytes(*content),
            key: str::from_utf8(key).ok()?,
            content_type,
            query: str::from_utf8(query).ok()?,
        };
        Some((head, body))
    }
}

fn split_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*len) as usize)
}

pub(super) fn level_to_byte(level: Level) -> u8 {
    match level {
        Level::Memory => 0,
        Level::Written => 1,
        Level::Synced => 2,
    }
}

pub(super) fn level_from_byte(byte: u8) -> Option<Level> {
    [Level::Memory, Level::Written, Level::Synced].get(usize::from(byte)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_split_as_they_were_joined() {
        let head = BatchHead {
            level: Level::Synced,
            at: Stamp::from_nanos(-7),
            content: u128::MAX - 1,
            key: "k",
            content_type: b"text/csv",
            query: "by=a",
        };
        let mut batch = head.to_bytes();
        let len = batch.len();
        batch.extend(b"a,b\n");
        assert_eq!(BatchHead::split(&batch), Some((head, &b"a,b\n"[..])));
        for len in 0..len {
            assert_eq!(BatchHead::split(&batch[..len]), None, "{len} bytes");
        }
        batch[0] = 3;
        assert_eq!(BatchHead::split(&batch), None);
    }
}
