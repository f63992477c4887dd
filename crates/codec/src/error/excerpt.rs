//! The start of a number, stored inline.

use std::fmt;
use std::str;

/// The maximum number of bytes that are kept.
const SHOWN_BYTES: usize = 32;
/// Follows a number that was cut.
const REST: &str = "…";

/// A number as written, cut to 32 bytes and `…` if it is longer.
///
/// Stored inline, so that a refused line allocates nothing.
///
/// # Examples
///
/// ```
/// use codec::{DecodeErrorKind, Excerpt, decode};
///
/// let error = decode(br#"{"action":"jump","time":-1}"#).unwrap_err();
/// assert_eq!(error.kind, DecodeErrorKind::TimeNegative { found: Excerpt::from("-1") });
///
/// assert_eq!(Excerpt::from("1".repeat(33).as_str()).as_str(), "1".repeat(32) + "…");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Excerpt {
    len: u8,
    /// UTF-8 up to `len`, then zeros.
    bytes: [u8; SHOWN_BYTES + REST.len()],
}

impl Excerpt {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.bytes.get(..self.len.into()).and_then(|b| str::from_utf8(b).ok()).unwrap_or_default()
    }

    /// Keeps the start of a number, which is ASCII.
    pub(crate) fn new(literal: &[u8]) -> Self {
        let mut excerpt = Self { len: 0, bytes: [0; SHOWN_BYTES + REST.len()] };
        let shown = literal.len().min(SHOWN_BYTES);
        excerpt.push(&literal[..shown]);
        if literal.len() > shown {
            excerpt.push(REST.as_bytes());
        }
        excerpt
    }

    fn push(&mut self, bytes: &[u8]) {
        for (&byte, place) in bytes.iter().zip(&mut self.bytes[self.len.into()..]) {
            *place = byte;
            self.len += 1;
        }
    }
}

impl From<&str> for Excerpt {
    fn from(text: &str) -> Self {
        // Cut between two characters.
        let shown = text.floor_char_boundary(SHOWN_BYTES);
        let mut excerpt = Self::new(&text.as_bytes()[..shown]);
        if text.len() > shown {
            excerpt.push(REST.as_bytes());
        }
        excerpt
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
