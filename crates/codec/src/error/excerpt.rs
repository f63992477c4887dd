//! A bounded part of what was found, kept in place.

use std::fmt;
use std::str;

/// How much of a number a message repeats, in bytes.
const SHOWN_BYTES: usize = 32;
/// What stands for the rest.
const REST: &str = "…";

/// A number as it was written; of more than 32 bytes the first 32 and `…`.
///
/// Kept in place rather than allocated: a refusal costs no more than an acceptance, however many
/// there are.
///
/// # Examples
///
/// ```
/// use codec::{DecodeError, Excerpt, decode};
///
/// let refusal = decode(br#"{"action":"jump","time":-1}"#).unwrap_err();
/// assert_eq!(refusal, DecodeError::TimeNegative { found: Excerpt::from("-1"), at: 24 });
///
/// assert_eq!(Excerpt::from("1".repeat(33).as_str()).as_str(), "1".repeat(32) + "…");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Excerpt {
    len: u8,
    /// UTF-8 up to `len`, and zeros from there on.
    bytes: [u8; SHOWN_BYTES + REST.len()],
}

impl Excerpt {
    /// The part as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.bytes.get(..self.len.into()).and_then(|b| str::from_utf8(b).ok()).unwrap_or_default()
    }

    /// Keeps the beginning of a number, which is ASCII.
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
        // Cut before a character that would not be whole.
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
