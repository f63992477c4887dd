//! What an action looks like in JSON, and which fault is told when there are several.
//!
//! The question whether the input is JSON comes before the question whether it is an action. A
//! fault of syntax, of encoding or against a limit ends the scan. A fault of the schema is kept,
//! the first one only, and the scan goes on: what follows may show that the input is not JSON at
//! all. So the class of a refusal says something about the whole input, and does not depend on the
//! order of keys.

use core_actions::{ActionName, ActionTime, NameError};

use crate::common::common;
use crate::cursor::{Refused, Scanned};
use crate::error::DecodeError;
use crate::limits::Limits;
use crate::number::plain_time;
use crate::scanner::Scanner;
use crate::string::Text;

/// An action as it was sent: a name and how long it took.
///
/// Both are checked, and there is no way to make one of either that is not.
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
    /// What was done; borrowed from the input unless escapes had to be decoded.
    pub name: ActionName<'a>,
    /// How long it took, in the unit of whoever counts.
    pub time: ActionTime,
}

/// Decodes one action from JSON, within the default [`Limits`].
///
/// As [`Limits::decode`], which has the details.
///
/// # Errors
///
/// A [`DecodeError`] for everything that is not exactly one JSON object with one `action` and one
/// `time`.
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
    /// The input is one JSON text by RFC 8259 in UTF-8, white space around it included: an object
    /// with a string `action` and a number `time`, each exactly once, in any order and spelt with
    /// or without escapes. Other keys are ignored, repeated ones too, but their values must be
    /// JSON.
    ///
    /// # Accuracy
    ///
    /// A time without a point or an exponent is exact. Any other is the nearest `f64`, ties to
    /// even, and is an integer if its value is one.
    ///
    /// # Errors
    ///
    /// If the input is too long, [`DecodeError::InputTooLong`]. Else if it is not JSON, or is
    /// nested too deep, the first fault by position, of class [syntax](DecodeError::is_syntax),
    /// [encoding](DecodeError::is_encoding) or [limit](DecodeError::is_limit). Else, if it is no
    /// action, the first fault by position of class [schema](DecodeError::is_schema); where both
    /// keys are missing, `action`.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the input. Allocates nothing unless the name has escapes, which
    /// takes one copy of it, or something is nested deeper than 128 levels. A refusal allocates
    /// less than 1 KiB under the default limits, whatever the input.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{DecodeError, Limits};
    ///
    /// let flat = Limits { nesting: 1, ..Limits::default() };
    /// assert!(flat.decode(br#"{"action":"run","time":75,"lane":3}"#).is_ok());
    /// assert_eq!(
    ///     flat.decode(br#"{"action":"run","time":75,"lane":[3]}"#),
    ///     Err(DecodeError::NestingTooDeep { depth: 2, max: 1, at: 33 })
    /// );
    /// ```
    #[inline]
    pub fn decode<'a>(&self, input: &'a [u8]) -> Result<Action<'a>, DecodeError> {
        if let Some(common) = common(input)
            && common.end == input.len()
            && let Some(name) = input.get(common.name.clone())
            && let Ok(name) = std::str::from_utf8(name)
            && let Ok(name) = ActionName::with_limit(name, self.name_bytes)
        {
            return Ok(Action { name, time: common.time });
        }
        self.decode_general(input)
    }

    #[inline(never)]
    pub(crate) fn decode_general<'a>(&self, input: &'a [u8]) -> Result<Action<'a>, DecodeError> {
        if input.len() > self.input_bytes {
            return Err(DecodeError::InputTooLong { len: input.len(), max: self.input_bytes });
        }
        if let Some(encoding) = byte_order_mark(input) {
            return Err(DecodeError::ByteOrderMark { encoding });
        }
        let mut scanner = Scanner::new(input, self.nesting);
        let mut draft = Draft::default();
        match draft.read_all(&mut scanner, self.name_bytes) {
            Ok(end) => draft.finish(end),
            Err(Refused) => Err(scanner.cursor.fault.unwrap_or(DecodeError::Empty { len: 0 })),
        }
    }
}

/// The encoding that `input` declares in its first bytes, though JSON is always UTF-8.
///
/// UTF-16 is named as well: it is what some shells write when output is sent to a file.
fn byte_order_mark(input: &[u8]) -> Option<&'static str> {
    match input {
        [0xEF, 0xBB, 0xBF, ..] => Some("UTF-8"),
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] => Some("UTF-16"),
        _ => None,
    }
}

/// What is known of an action while its object is being read.
#[derive(Default)]
struct Draft<'a> {
    /// Where the key `action` stood first.
    action_at: Option<usize>,
    /// Where the key `time` stood first.
    time_at: Option<usize>,
    name: Option<ActionName<'a>>,
    time: Option<ActionTime>,
    /// The first fault of the schema. Members are read in order, so the first is the leftmost.
    fault: Option<DecodeError>,
}

impl<'a> Draft<'a> {
    #[inline(always)]
    fn read_all(&mut self, scanner: &mut Scanner<'a>, name_bytes: usize) -> Scanned<usize> {
        let end = match scanner.cursor.peek_token() {
            Some(b'{') => self.read(scanner, name_bytes)?,
            Some(_) => {
                let at = scanner.cursor.at;
                let found = scanner.skip_value()?;
                self.keep_first(DecodeError::NotObject { found, at });
                at
            }
            None => {
                let len = scanner.cursor.at;
                return scanner.cursor.refuse_as(DecodeError::Empty { len });
            }
        };
        scanner.end()?;
        Ok(end)
    }

    /// Reads an object to its end, and says where that is: the offset of the `}`.
    #[inline]
    fn read(&mut self, scanner: &mut Scanner<'a>, name_bytes: usize) -> Scanned<usize> {
        let mut goes_on = scanner.first_member()?;
        while goes_on {
            let key = scanner.key()?;
            if key.says("action") {
                self.read_action(key.at, scanner, name_bytes)?;
            } else if key.says("time") {
                self.read_time(key.at, scanner)?;
            } else {
                scanner.skip_value()?;
            }
            goes_on = scanner.next_member()?;
        }
        Ok(scanner.cursor.at - 1)
    }

    /// Reads the value of a key `action` that stands `at`.
    #[inline]
    fn read_action(
        &mut self,
        at: usize,
        scanner: &mut Scanner<'a>,
        name_bytes: usize,
    ) -> Scanned<()> {
        if let Some(first) = self.action_at {
            self.keep_first(DecodeError::DuplicateAction { first, at });
            return scanner.skip_value().map(|_| ());
        }
        self.action_at = Some(at);
        if scanner.cursor.peek_token() == Some(b'"') {
            match name(scanner.cursor.string()?, name_bytes) {
                Ok(name) => self.name = Some(name),
                Err(fault) => self.keep_first(fault),
            }
        } else {
            let at = scanner.cursor.at;
            let found = scanner.skip_value()?;
            self.keep_first(DecodeError::ActionNotString { found, at });
        }
        Ok(())
    }

    /// Reads the value of a key `time` that stands `at`.
    #[inline]
    fn read_time(&mut self, at: usize, scanner: &mut Scanner<'a>) -> Scanned<()> {
        if let Some(first) = self.time_at {
            self.keep_first(DecodeError::DuplicateTime { first, at });
            return scanner.skip_value().map(|_| ());
        }
        self.time_at = Some(at);
        if let Some(b'-' | b'0'..=b'9') = scanner.cursor.peek_token() {
            if let Some((time, end)) = plain_time(scanner.cursor.input, scanner.cursor.at) {
                scanner.cursor.at = end;
                self.time = Some(time);
                return Ok(());
            }
            match scanner.cursor.number()?.time() {
                Ok(time) => self.time = Some(time),
                Err(fault) => self.keep_first(fault),
            }
        } else {
            let at = scanner.cursor.at;
            let found = scanner.skip_value()?;
            self.keep_first(DecodeError::TimeNotNumber { found, at });
        }
        Ok(())
    }

    #[cold]
    fn keep_first(&mut self, fault: DecodeError) {
        self.fault.get_or_insert(fault);
    }

    /// Decides, now that the input is known to be JSON. The object ends at `end`.
    #[inline]
    fn finish(self, end: usize) -> Result<Action<'a>, DecodeError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        // Without a fault, what is not there was not given.
        let name = self.name.ok_or(DecodeError::MissingAction { at: end })?;
        let time = self.time.ok_or(DecodeError::MissingTime { at: end })?;
        Ok(Action { name, time })
    }
}

/// Takes a string as the name of an action; what a name may be is decided by [`ActionName`].
#[inline]
fn name<'a>(text: Text<'a>, max: usize) -> Result<ActionName<'a>, DecodeError> {
    let (len, at) = (text.len, text.at);
    if len > max {
        // As `ActionName` would say, but before a copy is made of a name that may be of any length.
        return Err(DecodeError::NameTooLong { len, max, at });
    }
    ActionName::with_limit(text.text(), max).map_err(|refusal| match refusal {
        NameError::Blank { len } => DecodeError::NameBlank { len, at },
        NameError::Control { found, at } => DecodeError::NameControl { found, at: text.locate(at) },
        NameError::TooLong { len, max } => DecodeError::NameTooLong { len, max, at },
        source => DecodeError::NameRefused { at, source },
    })
}
