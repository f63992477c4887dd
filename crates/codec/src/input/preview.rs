//! The fields of one line whose keys are not known before, for programs that list them.
//!
//! Readers look up the fields of their options only, and so need no such list.

use super::{embedded, logfmt};

/// Returns the text before the JSON object at the end of a line, and the object.
///
/// It is found as [`Input::embedded`](crate::Input::embedded) finds it. Its text is not checked.
/// `None` without an object, and for a part of a line that a container runtime cut.
///
/// # Complexity
///
/// Linear in the length of the line.
///
/// # Examples
///
/// ```
/// let (prefix, object) = codec::split_embedded(br#"10:00 INFO {"a":1}"#).unwrap();
/// assert_eq!((prefix, object), (&b"10:00 INFO "[..], &br#"{"a":1}"#[..]));
/// assert!(codec::split_embedded(b"10:00 INFO").is_none());
/// ```
#[must_use]
pub fn split_embedded(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = embedded::find(line).ok()?;
    Some(line.split_at(at))
}

/// Returns the pairs of a line of [logfmt](crate::Form::Logfmt), in order.
///
/// A key without a value is `true`. A value with escapes that JSON does not have is as written.
/// Bytes that are not UTF-8 are replaced by U+FFFD. `None` if the line is not well formed.
///
/// # Complexity
///
/// Linear in the length of the line.
///
/// # Examples
///
/// ```
/// let pairs = codec::logfmt_pairs(br#"path=/cart took="12 ms" cached"#).unwrap();
/// let pairs: Vec<_> = pairs.iter().map(|(key, value)| (&**key, &**value)).collect();
/// assert_eq!(pairs, [("path", "/cart"), ("took", "12 ms"), ("cached", "true")]);
/// assert!(codec::logfmt_pairs(b"path=\"/cart").is_none());
/// ```
#[must_use]
pub fn logfmt_pairs(line: &[u8]) -> Option<Vec<(String, String)>> {
    logfmt::pairs(line).ok()
}
