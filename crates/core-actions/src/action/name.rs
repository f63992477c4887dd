//! What an action may be called, decided in one place.

use std::borrow::Cow;
use std::fmt;

use core_time::counted;
use thiserror::Error;

/// The default maximum length of an action name, in bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 256;

/// A valid name of an action, borrowed where it can be.
///
/// A name has at least one character that is not Unicode `White_Space`, none of category `Cc`
/// (control), and at most [`NAME_BYTES_MAX`] bytes. Anything else is allowed, and nothing is
/// changed: no case folding, no normalisation, no trimming.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionName, NameError};
///
/// let name = ActionName::new("barrel roll")?;
/// assert_eq!(name.as_str(), "barrel roll");
///
/// assert_eq!(ActionName::new("\u{2003}"), Err(NameError::Blank { len: 3 }));
/// # Ok::<(), NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionName<'a>(Cow<'a, str>);

impl<'a> ActionName<'a> {
    /// Checks a name against the rules above.
    ///
    /// # Errors
    ///
    /// [`NameError::TooLong`] above [`NAME_BYTES_MAX`] bytes, [`NameError::Control`] for a control
    /// character, [`NameError::Blank`] for nothing but white space (or nothing at all).
    ///
    /// # Complexity
    ///
    /// Linear in the length of the name, which is looked at first. Does not allocate.
    pub fn new(name: impl Into<Cow<'a, str>>) -> Result<Self, NameError> {
        Self::with_limit(name, NAME_BYTES_MAX)
    }

    /// Checks a name as [`new`](Self::new) does, with a limit of its own for the length in bytes.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    #[inline]
    pub fn with_limit(name: impl Into<Cow<'a, str>>, max: usize) -> Result<Self, NameError> {
        let name = name.into();
        let len = name.len();
        if len > max {
            return Err(NameError::TooLong { len, max });
        }
        if !is_plain(name.as_bytes()) {
            check_characters(&name)?;
        }
        Ok(Self(name))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as text that outlives what it was read from.
    #[must_use]
    pub fn into_owned(self) -> ActionName<'static> {
        ActionName(Cow::Owned(self.0.into_owned()))
    }
}

/// Checks a name by its characters.
fn check_characters(name: &str) -> Result<(), NameError> {
    if let Some((at, found)) = name.char_indices().find(|(_, c)| c.is_control()) {
        return Err(NameError::Control { found, at });
    }
    if name.chars().all(char::is_whitespace) {
        return Err(NameError::Blank { len: name.len() });
    }
    Ok(())
}

/// Whether a name is visible ASCII and spaces, the first of them visible: most are, and eight bytes
/// are looked at together, where the rules go by the character.
#[inline]
fn is_plain(name: &[u8]) -> bool {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    // Highest bits: of a byte itself, of one that is 0x7F plus 1, of one below 0x20 less 0x20. The
    // carry or borrow into the next byte comes only from a byte that is marked as well.
    let marks = |word: u64| {
        (word | word.wrapping_add(ONES) | word.wrapping_sub(ONES * 0x20)) & (ONES * 0x80)
    };
    let is_plain = |word: &[u8; 8]| marks(u64::from_le_bytes(*word)) == 0;
    if !name.first().is_some_and(|first| first.is_ascii_graphic()) {
        return false;
    }
    // What is left behind the last whole word is looked at with some of what comes before it.
    if let Some(last) = name.last_chunk() {
        return name.as_chunks().0.iter().all(is_plain) && is_plain(last);
    }
    match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        (Some(&[a, b, c, d]), Some(&[e, f, g, h])) => is_plain(&[a, b, c, d, e, f, g, h]),
        _ => name.iter().all(|byte| matches!(byte, b' '..=b'~')),
    }
}

impl fmt::Display for ActionName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for ActionName<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Why a text cannot be the name of an action.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameError {
    /// The name is empty or has only white space.
    #[error("action name is blank, it needs a character that is not white space")]
    Blank {
        /// Length of the name, in bytes.
        len: usize,
    },
    /// The name has a control character (Unicode category `Cc`).
    #[error(
        "action name holds the control character U+{:04X}, none is allowed (byte {at} of the name)",
        u32::from(*found)
    )]
    Control {
        /// The first such character.
        found: char,
        /// Where it starts in the name, in bytes.
        at: usize,
    },
    /// The name is longer than allowed.
    #[error("action name is {}, limit is {max}", counted(*len, "byte"))]
    TooLong {
        /// Length of the name, in bytes.
        len: usize,
        /// The longest name allowed, in bytes.
        max: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: Result<(), &str>) {
        let found = ActionName::new(name).map(|_| ()).map_err(|e| e.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "name {name:?}");
    }

    #[test]
    fn any_visible_name_is_allowed() {
        for name in ["jump", "barrel roll", " x ", "0", "日本", "\u{feff}", "\u{200b}", "\"", "{}"]
        {
            check(name, Ok(()));
        }
    }

    #[test]
    fn blank_names_are_refused() {
        check("", Err("action name is blank, it needs a character that is not white space"));
        check("  ", Err("action name is blank, it needs a character that is not white space"));
        check(
            "\u{a0}\u{2003}\u{3000}",
            Err("action name is blank, it needs a character that is not white space"),
        );
    }

    #[test]
    fn control_characters_are_refused_where_they_stand() {
        let check_control = |name: &str, found: &str, at: usize| {
            let holds = format!("action name holds the control character {found}, none is allowed");
            check(name, Err(&format!("{holds} (byte {at} of the name)")));
        };
        check_control("a\nb", "U+000A", 1);
        check_control("é\u{85}", "U+0085", 2);
        check_control("\u{7f}", "U+007F", 0);
        check("\u{ad}", Ok(())); // A soft hyphen is of category Cf, one step outside Cc.
    }

    #[test]
    fn quick_look_agrees_with_the_rules() {
        for byte in 0..=0x7F_u8 {
            for next in [b'!', b' ', b'~', 0x1F, 0x7F] {
                for place in 0..10 {
                    let mut name = [b'a'; 12];
                    (name[place], name[place + 1]) = (byte, next);
                    let name = str::from_utf8(&name).unwrap();
                    let expected = !name.chars().any(char::is_control);
                    assert_eq!(ActionName::new(name).is_ok(), expected, "{name:?}");
                    assert!(!is_plain(name.as_bytes()) || expected, "{name:?}");
                }
            }
        }
        assert!(is_plain(b"a") && is_plain(b"barrel roll") && !is_plain(b" a") && !is_plain(b""));
    }

    #[test]
    fn length_is_counted_in_bytes() {
        check(&"x".repeat(256), Ok(()));
        check(&"x".repeat(257), Err("action name is 257 bytes, limit is 256"));
        check(&"é".repeat(128), Ok(()));
        check(&"é".repeat(129), Err("action name is 258 bytes, limit is 256"));
        assert!(ActionName::with_limit("abc", 2).is_err());
        assert!(ActionName::with_limit("ab", 2).is_ok());
    }
}
