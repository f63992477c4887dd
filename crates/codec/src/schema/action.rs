//! An action, and its decoding from one JSON text.

use std::borrow::Cow;

use core_actions::{ActionName, ActionTime};

use super::decoder::Rules;
use super::draft::{Name, Scratch};
use super::fast_path::{DefaultKeys, FastLine, HEAD, Partial, fast_line, head};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::options::{Fractions, Limits};
use crate::scan::cursor::Cursor;
use crate::scan::string::{long_text, text_at};

/// A decoded action: a valid name and a valid time.
///
/// # Examples
///
/// ```
/// use codec::{Action, ActionName, ActionTime, decode};
///
/// let Action { name, time } = decode(br#"{"time":2.5e1,"action":"\u006aump"}"#)?;
/// assert_eq!(name, ActionName::new("jump")?);
/// assert_eq!(time, ActionTime::from(25_u64));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action<'a> {
    /// The name of the action; borrowed from the input unless it has escapes.
    pub name: ActionName<'a>,
    /// The time of the action, in the unit of the input.
    pub time: ActionTime,
}

/// Decodes one action from JSON, within the default [`Limits`].
///
/// See [`Limits::decode`] for the accepted input.
///
/// # Errors
///
/// A [`DecodeError`] for any input other than one JSON object with one `action` and one `time`.
///
/// # Examples
///
/// ```
/// use codec::{ActionTime, decode};
///
/// let action = decode(br#"{"action":"jump", "time":100}"#)?;
/// assert_eq!(action.name.as_str(), "jump");
/// assert_eq!(action.time, ActionTime::from(100_u64));
/// # Ok::<(), codec::DecodeError>(())
/// ```
pub fn decode(input: &[u8]) -> Result<Action<'_>, DecodeError> {
    Limits::default().decode(input)
}

impl Limits {
    /// Decodes one action from JSON, within these limits.
    ///
    /// The input is one JSON text as defined by RFC 8259, in UTF-8, with optional white space
    /// around it. It is an object with a string `action` and a number `time`, each exactly once, in
    /// any order, with or without escapes in the keys. Other keys are ignored, repeated ones too,
    /// but their values must be valid JSON.
    ///
    /// # Accuracy
    ///
    /// A time without a point or an exponent is exact. Any other time is the nearest `f64`, ties to
    /// even; it is an integer if its value is one.
    ///
    /// # Errors
    ///
    /// The first of these that applies:
    ///
    /// 1. [`DecodeErrorKind::InputTooLong`].
    /// 2. The first error by position of class [syntax](DecodeError::is_syntax),
    ///    [encoding](DecodeError::is_encoding) or [limit](DecodeError::is_limit).
    /// 3. The first error by position of class [schema](DecodeError::is_schema). If both keys are
    ///    missing, the error names `action`.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the input. Allocates only for a name with escapes, which is copied
    /// once, and for nesting deeper than 128 levels. A refusal allocates nothing in addition.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{DecodeErrorKind, Limits};
    ///
    /// let flat = Limits { nesting: 1, ..Limits::default() };
    /// assert!(flat.decode(br#"{"action":"run","time":75,"lane":3}"#).is_ok());
    /// let error = flat.decode(br#"{"action":"run","time":75,"lane":[3]}"#).unwrap_err();
    /// assert_eq!(error.kind, DecodeErrorKind::NestingTooDeep { depth: 2, max: 1 });
    /// assert_eq!(error.at, 33);
    /// ```
    pub fn decode<'a>(&self, input: &'a [u8]) -> Result<Action<'a>, DecodeError> {
        Rules { limits: *self, fractions: Fractions::Allowed }.decode(input)
    }
}

impl Rules {
    #[inline(always)]
    pub(super) fn decode<'a>(&self, input: &'a [u8]) -> Result<Action<'a>, DecodeError> {
        let mut padded = [0; HEAD];
        let partial = match fast_line(head(input, &mut padded)) {
            Ok(line) => match self.accept_fast(input, line) {
                Some(action) => return Ok(action),
                None => line.into(),
            },
            Err(partial) => partial,
        };
        self.decode_slow(input, &partial)
    }

    /// Accepts a line of the fast path, if it is the whole input and follows the rules.
    #[inline(always)]
    fn accept_fast<'a>(&self, input: &'a [u8], line: FastLine) -> Option<Action<'a>> {
        let FastLine { name, time, end } = line;
        if end != input.len() || !self.allow(end, time.time) {
            return None;
        }
        let name = text_at(input, "", name.start..name.end)?;
        let name = ActionName::with_limit(name, self.limits.name_bytes).ok()?;
        Some(Action { name, time: time.time })
    }

    /// Decodes an input of any shape.
    #[inline(never)]
    fn decode_slow<'a>(
        &self,
        input: &'a [u8],
        partial: &Partial,
    ) -> Result<Action<'a>, DecodeError> {
        let mut scratch = Scratch::default();
        let found = if input.len() > self.limits.input_bytes {
            Err(self.too_long(input.len()))
        } else {
            let text = long_text(input);
            let mut cursor = Cursor::new(input).known(!text.is_empty());
            self.decode_any(&DefaultKeys, &mut cursor, text, partial, &mut scratch)
        };
        let found = found.map_err(|error| error.explain(input, self.limits))?;
        let name: Cow<'_, str> = match found.name {
            Name::Plain(name) => name.into(),
            Name::Unescaped => scratch.name.into(),
        };
        // The name is valid, but the constructor is the only way to an `ActionName`.
        let name = ActionName::with_limit(name, self.limits.name_bytes).map_err(|source| {
            DecodeError { kind: DecodeErrorKind::NameRefused { source }, at: 0 }
        })?;
        Ok(Action { name, time: found.time })
    }
}
