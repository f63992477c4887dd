//! How much of everything an input may have.

use core_actions::NAME_BYTES_MAX;

/// The longest input, the deepest nesting and the longest name that are taken.
///
/// Every combination makes sense, so every field may be set. Build one from the defaults,
/// `Limits { nesting: 8, ..Limits::default() }`, and a limit added later will not break the line.
///
/// # Accuracy
///
/// Each number is the last that is allowed: an input of exactly [`input_bytes`](Self::input_bytes)
/// bytes is taken, one more is refused.
///
/// # Complexity
///
/// The memory that decoding may take follows from the limits alone: a name with escapes is copied
/// (at most `name_bytes`), and nesting beyond 128 levels costs one bit per level, doubled when the
/// space for it grows.
///
/// # Examples
///
/// ```
/// use codec::{DecodeError, Limits};
///
/// let strict = Limits { name_bytes: 4, ..Limits::default() };
/// assert!(strict.decode(br#"{"action":"jump","time":1}"#).is_ok());
/// assert_eq!(
///     strict.decode(br#"{"action":"jumps","time":1}"#),
///     Err(DecodeError::NameTooLong { len: 5, max: 4, at: 10 })
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The longest name of an action, in bytes of UTF-8 after its escapes are decoded. 256 by
    /// default.
    pub name_bytes: usize,
    /// How many objects and arrays may be open at once. The action itself is the first, so that 0
    /// refuses everything. 128 by default.
    pub nesting: usize,
    /// The longest input, in bytes, white space included. 1 MiB by default.
    pub input_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { name_bytes: NAME_BYTES_MAX, nesting: 128, input_bytes: 1 << 20 }
    }
}
