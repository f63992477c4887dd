//! What an action looks like in JSON, and which fault is told when there are several.
//!
//! The question whether the input is JSON comes before the question whether it is an action. A
//! fault of syntax, of encoding or against a limit ends the scan. A fault of the schema is kept,
//! the first one only, and the scan goes on: what follows may show that the input is not JSON at
//! all. So the class of a refusal says something about the whole input, and does not depend on the
//! order of keys.

use core_actions::{ActionName, ActionTime, NameError};
use core_time::Stamp;

use crate::common::common;
use crate::cursor::{Refused, Scanned};
use crate::error::DecodeError;
use crate::excerpt::Excerpt;
use crate::limits::Limits;
use crate::number::plain_time;
use crate::policy::{Fractions, Policy};
use crate::scanner::Scanner;
use crate::stamp::StampKey;
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
    /// nothing else either, whatever the input.
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
    pub fn decode<'a>(&self, input: &'a [u8]) -> Result<Action<'a>, DecodeError> {
        let rules = Rules { limits: *self, fractions: Fractions::Allowed, stamp: None };
        rules.decode(input).map(|(action, _)| action)
    }
}

impl Policy {
    /// Decodes one action from JSON, by this policy.
    ///
    /// As [`Limits::decode`], with the choices of the policy besides. Where it names a stamp key,
    /// that key is checked, and what it says is left out: [`decode_stamped`](Self::decode_stamped)
    /// tells it.
    ///
    /// # Errors
    ///
    /// As [`Limits::decode`], and [`DecodeError::TimeNotInteger`] if fractions are refused.
    ///
    /// # Examples
    ///
    /// ```
    /// let action = codec::Policy::default().decode(br#"{"action":"jump","time":100}"#)?;
    /// assert_eq!(action.name.as_str(), "jump");
    /// # Ok::<(), codec::DecodeError>(())
    /// ```
    pub fn decode<'a>(&self, input: &'a [u8]) -> Result<Action<'a>, DecodeError> {
        self.rules().decode(input).map(|(action, _)| action)
    }

    /// Decodes one action and the moment it happened, if the policy names a key for that and the
    /// object has it.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode), and the variants of [`DecodeError`] about stamps for a key that
    /// is repeated, or is no moment in the form that the policy names.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{Policy, Stamp, StampForm, StampKey};
    ///
    /// let key = StampKey::new("at", StampForm::Rfc3339)?;
    /// let policy = Policy { stamp: Some(key), ..Policy::default() };
    /// let line = br#"{"action":"jump","time":100,"at":"1970-01-01T01:00:00.5+01:00"}"#;
    /// let (action, stamp) = policy.decode_stamped(line)?;
    /// assert_eq!(action.name.as_str(), "jump");
    /// assert_eq!(stamp, Some(Stamp::from_millis(500)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decode_stamped<'a>(
        &self,
        input: &'a [u8],
    ) -> Result<(Action<'a>, Option<Stamp>), DecodeError> {
        self.rules().decode(input)
    }
}

/// What one line is decoded by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'p> {
    pub(crate) limits: Limits,
    pub(crate) fractions: Fractions,
    pub(crate) stamp: Option<&'p StampKey>,
}

/// A name that was found valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name<'a> {
    /// It stands in the input.
    Plain(ActionName<'a>),
    /// It had escapes, and was decoded into the room that was given for that.
    Decoded,
}

/// What a line was found to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    pub(crate) name: Name<'a>,
    pub(crate) time: ActionTime,
    pub(crate) stamp: Option<Stamp>,
}

impl Found<'_> {
    /// The name, which may have been decoded into `room`.
    #[inline]
    pub(crate) fn name<'n>(&'n self, room: &'n str) -> &'n str {
        match &self.name {
            Name::Plain(name) => name.as_str(),
            Name::Decoded => room,
        }
    }
}

impl Rules<'_> {
    #[inline(always)]
    fn decode<'a>(&self, input: &'a [u8]) -> Result<(Action<'a>, Option<Stamp>), DecodeError> {
        if let Some(common) = common(input)
            && common.end == input.len()
            && self.allow(common.end, common.time)
            && let Some(Ok(name)) = input.get(common.name).map(str::from_utf8)
            && let Ok(name) = ActionName::with_limit(name, self.limits.name_bytes)
        {
            return Ok((Action { name, time: common.time }, None));
        }
        let mut room = String::new();
        let found = self.decode_any(input, &mut room)?;
        let name = match found.name {
            Name::Plain(name) => name,
            // It was checked in that room; this is the only way to make a name of it.
            Name::Decoded => ActionName::with_limit(room, self.limits.name_bytes)
                .map_err(|source| DecodeError::NameRefused { at: 0, source })?,
        };
        Ok((Action { name, time: found.time }, found.stamp))
    }

    /// Whether a line of the common shape is within these rules, its name aside.
    #[inline(always)]
    pub(crate) fn allow(&self, len: usize, time: ActionTime) -> bool {
        len <= self.limits.input_bytes && self.limits.nesting > 0 && self.allow_time(time)
    }

    #[inline(always)]
    fn allow_time(&self, time: ActionTime) -> bool {
        self.fractions == Fractions::Allowed || time.as_integer().is_some()
    }

    /// Decodes a line of any shape: the one that says what is taken and what is refused.
    ///
    /// A name with escapes is decoded into `room`.
    #[inline(never)]
    pub(crate) fn decode_any<'a>(
        &self,
        input: &'a [u8],
        room: &mut String,
    ) -> Result<Found<'a>, DecodeError> {
        if input.len() > self.limits.input_bytes {
            let max = self.limits.input_bytes;
            return Err(DecodeError::InputTooLong { len: input.len(), max });
        }
        if let Some(encoding) = byte_order_mark(input) {
            return Err(DecodeError::ByteOrderMark { encoding });
        }
        let scanner = Scanner::new(input, self.limits.nesting);
        let mut draft = Draft::new(self, scanner, room);
        match draft.read() {
            Ok(end) => draft.finish(end),
            // A scan that ends early has said why.
            Err(Refused) => Err(draft.scanner.cursor.take_fault()),
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
struct Draft<'d, 'a> {
    rules: &'d Rules<'d>,
    scanner: Scanner<'a>,
    /// Where a name with escapes is decoded.
    room: &'d mut String,
    /// Where the key `action` stood first.
    action_at: Option<usize>,
    /// Where the key `time` stood first.
    time_at: Option<usize>,
    /// Where the key of the stamp stood first.
    stamp_at: Option<usize>,
    name: Option<Name<'a>>,
    time: Option<ActionTime>,
    stamp: Option<Stamp>,
    /// The first fault of the schema. Members are read in order, so the first is the leftmost.
    fault: Option<DecodeError>,
}

impl<'d, 'a> Draft<'d, 'a> {
    #[inline(always)]
    fn new(rules: &'d Rules<'d>, scanner: Scanner<'a>, room: &'d mut String) -> Self {
        let (action_at, time_at, stamp_at) = (None, None, None);
        let (name, time, stamp, fault) = (None, None, None, None);
        Self { rules, scanner, room, action_at, time_at, stamp_at, name, time, stamp, fault }
    }

    /// Reads all of the input, and says where its object ends: the offset of the `}`.
    #[inline(always)]
    fn read(&mut self) -> Scanned<usize> {
        let end = match self.scanner.cursor.peek_token() {
            Some(b'{') => self.read_object()?,
            Some(_) => {
                let at = self.scanner.cursor.at;
                let found = self.scanner.skip_value()?;
                self.keep_first(DecodeError::NotObject { found, at });
                at
            }
            None => {
                let len = self.scanner.cursor.at;
                return self.scanner.cursor.refuse_as(DecodeError::Empty { len });
            }
        };
        self.scanner.end()?;
        Ok(end)
    }

    #[inline(always)]
    fn read_object(&mut self) -> Scanned<usize> {
        let mut goes_on = self.scanner.first_member()?;
        while goes_on {
            let key = self.scanner.key()?;
            if key.says("action") {
                self.read_action(key.at)?;
            } else if key.says("time") {
                self.read_time(key.at)?;
            } else if let Some(stamp) = self.rules.stamp
                && key.says(stamp.key())
            {
                self.read_stamp(key.at, stamp)?;
            } else {
                self.scanner.skip_value()?;
            }
            goes_on = self.scanner.next_member()?;
        }
        Ok(self.scanner.cursor.at - 1)
    }

    /// Reads the value of a key `action` that stands `at`.
    #[inline]
    fn read_action(&mut self, at: usize) -> Scanned<()> {
        if let Some(first) = self.action_at {
            return self.refuse_repeated(DecodeError::DuplicateAction { first, at });
        }
        self.action_at = Some(at);
        if self.scanner.cursor.peek_token() == Some(b'"') {
            let text = self.scanner.cursor.string()?;
            match name(text, self.rules.limits.name_bytes, self.room) {
                Ok(name) => self.name = Some(name),
                Err(fault) => self.keep_first(fault),
            }
        } else {
            let at = self.scanner.cursor.at;
            let found = self.scanner.skip_value()?;
            self.keep_first(DecodeError::ActionNotString { found, at });
        }
        Ok(())
    }

    /// Reads the value of a key `time` that stands `at`.
    #[inline]
    fn read_time(&mut self, at: usize) -> Scanned<()> {
        if let Some(first) = self.time_at {
            return self.refuse_repeated(DecodeError::DuplicateTime { first, at });
        }
        self.time_at = Some(at);
        let cursor = &mut self.scanner.cursor;
        if let Some(b'-' | b'0'..=b'9') = cursor.peek_token() {
            let at = cursor.at;
            let time = if let Some((time, end)) = plain_time(cursor.input, at) {
                cursor.at = end;
                Ok(time)
            } else {
                cursor.number()?.time()
            };
            match time {
                Ok(time) if self.rules.allow_time(time) => self.time = Some(time),
                Ok(_) => {
                    let literal = cursor.input.get(at..cursor.at).unwrap_or_default();
                    let found = Excerpt::new(literal);
                    self.keep_first(DecodeError::TimeNotInteger { found, at });
                }
                Err(fault) => self.keep_first(fault),
            }
        } else {
            let at = cursor.at;
            let found = self.scanner.skip_value()?;
            self.keep_first(DecodeError::TimeNotNumber { found, at });
        }
        Ok(())
    }

    /// Reads the value of the key of the stamp, which stands `at`.
    fn read_stamp(&mut self, at: usize, key: &StampKey) -> Scanned<()> {
        if let Some(first) = self.stamp_at {
            return self.refuse_repeated(DecodeError::DuplicateStamp { first, at });
        }
        self.stamp_at = Some(at);
        let token = self.scanner.cursor.peek_token();
        let at = self.scanner.cursor.at;
        let stamp = match (token, key.form().unit()) {
            (Some(b'-' | b'0'..=b'9'), Some(unit)) => self.scanner.cursor.number()?.stamp(unit),
            (Some(b'"'), None) => {
                let text = self.scanner.cursor.string()?;
                crate::stamp::parse_rfc3339(&text.text(), at)
            }
            (_, unit) => {
                let found = self.scanner.skip_value()?;
                let expected = if unit.is_some() { "a number" } else { "a string" };
                Err(DecodeError::StampKind { found, expected, at })
            }
        };
        match stamp {
            Ok(stamp) => self.stamp = Some(stamp),
            Err(fault) => self.keep_first(fault),
        }
        Ok(())
    }

    #[cold]
    fn refuse_repeated(&mut self, fault: DecodeError) -> Scanned<()> {
        self.keep_first(fault);
        self.scanner.skip_value().map(|_| ())
    }

    #[cold]
    fn keep_first(&mut self, fault: DecodeError) {
        self.fault.get_or_insert(fault);
    }

    /// Decides, now that the input is known to be JSON. The object ends at `end`.
    #[inline]
    fn finish(self, end: usize) -> Result<Found<'a>, DecodeError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        // Without a fault, what is not there was not given.
        let name = self.name.ok_or(DecodeError::MissingAction { at: end })?;
        let time = self.time.ok_or(DecodeError::MissingTime { at: end })?;
        Ok(Found { name, time, stamp: self.stamp })
    }
}

/// Takes a string as the name of an action; what a name may be is decided by [`ActionName`].
#[inline]
fn name<'a>(text: Text<'a>, max: usize, room: &mut String) -> Result<Name<'a>, DecodeError> {
    let (len, at) = (text.len, text.at);
    if len > max {
        // As `ActionName` would say, but before a copy is made of a name that may be of any length.
        return Err(DecodeError::NameTooLong { len, max, at });
    }
    let name = match text.plain() {
        Some(plain) => ActionName::with_limit(plain, max).map(Name::Plain),
        None => {
            text.decode(room);
            ActionName::with_limit(room.as_str(), max).map(|_| Name::Decoded)
        }
    };
    name.map_err(|refusal| match refusal {
        NameError::Blank { len } => DecodeError::NameBlank { len, at },
        NameError::Control { found, at } => DecodeError::NameControl { found, at: text.locate(at) },
        NameError::TooLong { len, max } => DecodeError::NameTooLong { len, max, at },
        source => DecodeError::NameRefused { at, source },
    })
}
