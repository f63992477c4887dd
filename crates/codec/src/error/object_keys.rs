//! The first keys of an object, for a message.

use std::fmt;

use crate::scan::cursor::Cursor;

/// The maximum number of keys that are kept.
const KEYS: usize = 5;
/// The maximum number of characters of a key that are kept.
const CHARACTERS: usize = 32;

/// The first keys of an object where a text or a number was expected.
///
/// Displays as ` with the keys ...`, or as nothing if there are none.
///
/// # Examples
///
/// ```
/// use codec::{DecodeOptions, Fields};
///
/// let options = DecodeOptions { fields: Fields::any(), ..DecodeOptions::default() };
/// let error = options.decode(br#"{"action":{"id":7,"name":"jump"},"time":1}"#).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "field `action` is an object with the keys `id` and `name`, expected a text, a number or \
///      a boolean (byte 10)"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObjectKeys {
    /// The keys, on the heap: an error has no room for them, and few errors have any.
    first: Option<Box<FirstKeys>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct FirstKeys {
    /// Cut if they are long.
    keys: Vec<Box<str>>,
    /// Whether the object has more keys.
    has_more: bool,
}

impl ObjectKeys {
    /// Returns the keys.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.first.iter().flat_map(|first| &first.keys).map(|key| &**key)
    }

    /// Reads the keys of a valid object.
    pub(crate) fn of(object: &str) -> Self {
        let mut found = FirstKeys::default();
        let mut cursor = Cursor::new(object.as_bytes());
        let mut has_member = cursor.begin_object(usize::MAX).unwrap_or(false);
        while has_member {
            if found.keys.len() == KEYS {
                found.has_more = true;
                break;
            }
            let Ok(key) = cursor.string() else { break };
            found.keys.push(key.text().chars().take(CHARACTERS).collect());
            let next = cursor.colon().and_then(|()| cursor.skip_value(1, usize::MAX));
            has_member = next.and_then(|()| cursor.next_member()).unwrap_or(false);
        }
        Self { first: Some(found.into()) }
    }
}

impl fmt::Display for ObjectKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(FirstKeys { keys, has_more }) = self.first.as_deref() else { return Ok(()) };
        let last = keys.len().saturating_sub(1);
        for (index, key) in keys.iter().enumerate() {
            f.write_str(match index {
                0 if last == 0 && !has_more => " with the key ",
                0 => " with the keys ",
                _ if index == last && !has_more => " and ",
                _ => ", ",
            })?;
            write!(f, "`{}`", Safe(key))?;
        }
        if *has_more { f.write_str(" and more") } else { Ok(()) }
    }
}

/// Displays a text so that it does not change how a terminal shows what follows.
///
/// Letters and digits of all scripts, ASCII punctuation and spaces are kept; others are escaped.
pub(super) struct Safe<'t>(pub(super) &'t str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '`' => f.write_str("\\u{60}"),
            ' '..='~' | '…' => write!(f, "{character}"),
            _ if character.is_alphanumeric() => write!(f, "{character}"),
            _ => write!(f, "{}", character.escape_unicode()),
        })
    }
}
