//! What an action looks like in JSON, and which fault is told when there are several.
//!
//! The question whether the input is JSON comes before the question whether it is an action. A
//! fault of syntax, of encoding or against a limit ends the scan. A fault of the schema is kept,
//! the first one only, and the scan goes on: what follows may show that the input is not JSON at
//! all. So the class of a refusal says something about the whole input, and does not depend on the
//! order of keys.

use core_actions::{ActionName, ActionTime, NameError};
use core_time::Stamp;

use crate::cursor::Cursor;
use crate::error::DecodeError;
use crate::fault::{Fault, Scanned, What};
use crate::limits::Limits;
use crate::policy::{Fractions, Policy};
use crate::stamp::{self, StampForm, StampKey};
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
        let mut room = String::new();
        let found = self.decode_any(input, None, &mut room)?;
        let found = found.map_err(|fault| fault.explain(input, self.limits))?;
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
    /// A name with escapes is decoded into `room`. `text` is the input once more, if it is known to
    /// be UTF-8.
    ///
    /// # Errors
    ///
    /// What is refused before a look at its content, on the outside; a [`Fault`] inside.
    #[inline(never)]
    pub(crate) fn decode_any<'a>(
        &self,
        input: &'a [u8],
        text: Option<&'a str>,
        room: &mut String,
    ) -> Result<Scanned<Found<'a>>, DecodeError> {
        if input.len() > self.limits.input_bytes {
            let max = self.limits.input_bytes;
            return Err(DecodeError::InputTooLong { len: input.len(), max });
        }
        if let Some(encoding) = byte_order_mark(input) {
            return Err(DecodeError::ByteOrderMark { encoding });
        }
        Ok(Draft::new(self, input, text, room).read())
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
    input: &'a [u8],
    /// The input, if it is known to be UTF-8.
    text: Option<&'a str>,
    /// Where a name with escapes is decoded.
    room: &'d mut String,
    /// How many bytes were left where the key `action` stood first.
    action_left: Option<usize>,
    /// So for the key `time`.
    time_left: Option<usize>,
    /// So for the key of the stamp.
    stamp_left: Option<usize>,
    name: Option<Name<'a>>,
    time: Option<ActionTime>,
    stamp: Option<Stamp>,
    /// The first fault of the schema. Members are read in order, so the first is the leftmost.
    fault: Option<Fault>,
}

impl<'d, 'a> Draft<'d, 'a> {
    #[inline(always)]
    fn new(
        rules: &'d Rules<'d>,
        input: &'a [u8],
        text: Option<&'a str>,
        room: &'d mut String,
    ) -> Self {
        let (action_left, time_left, stamp_left) = (None, None, None);
        let (name, time, stamp, fault) = (None, None, None, None);
        Self {
            rules,
            input,
            text,
            room,
            action_left,
            time_left,
            stamp_left,
            name,
            time,
            stamp,
            fault,
        }
    }

    /// Reads all of the input.
    #[inline(always)]
    fn read(mut self) -> Scanned<Found<'a>> {
        let mut cursor = Cursor { rest: self.input };
        match cursor.peek_token() {
            Some(b'{') => self.read_object(&mut cursor)?,
            Some(_) => {
                let left = cursor.left();
                cursor.skip_value(0, self.rules.limits.nesting)?;
                self.keep_first(Fault { what: What::NotObject, left, detail: 0 });
            }
            None => return cursor.refuse(What::Empty),
        }
        // The object ended with the byte before.
        let end = cursor.left() + 1;
        cursor.end()?;
        self.finish(end)
    }

    #[inline(always)]
    fn read_object(&mut self, cursor: &mut Cursor<'a>) -> Scanned<()> {
        if self.rules.limits.nesting == 0 {
            let (what, left) = (What::NestingTooDeep, cursor.left());
            return Err(Fault { what, left, detail: 1 });
        }
        if !cursor.first_member()? {
            cursor.advance(1);
            return Ok(());
        }
        loop {
            // Our keys as nearly everybody spells them are two loads each.
            if cursor.rest.starts_with(b"\"action\":") {
                let left = cursor.left();
                cursor.advance(9);
                self.read_action(left, cursor)?;
            } else if cursor.rest.starts_with(b"\"time\":") {
                let left = cursor.left();
                cursor.advance(7);
                self.read_time(left, cursor)?;
            } else {
                let key = cursor.key()?;
                self.read_other(key, cursor)?;
            }
            if !cursor.next_member()? {
                return Ok(());
            }
        }
    }

    /// Reads the value of a key, which may be any.
    #[inline(always)]
    fn read_other(&mut self, key: Text<'a>, cursor: &mut Cursor<'a>) -> Scanned<()> {
        if key.says("action") {
            self.read_action(key.left, cursor)
        } else if key.says("time") {
            self.read_time(key.left, cursor)
        } else if let Some(stamp) = self.rules.stamp
            && key.says(stamp.key())
        {
            self.read_stamp(key.left, cursor, stamp)
        } else {
            cursor.skip_value(1, self.rules.limits.nesting)
        }
    }

    /// Reads the value of a key `action` that stands where so many bytes are `left`.
    #[inline(always)]
    fn read_action(&mut self, left: usize, cursor: &mut Cursor<'a>) -> Scanned<()> {
        if let Some(first) = self.action_left {
            self.keep_first(Fault { what: What::DuplicateAction, left, detail: first });
            return cursor.skip_value(1, self.rules.limits.nesting);
        }
        self.action_left = Some(left);
        if cursor.peek_token() == Some(b'"') {
            let text = cursor.string()?;
            match self.name(text) {
                Ok(name) => self.name = Some(name),
                Err(fault) => self.keep_first(fault),
            }
            return Ok(());
        }
        let left = cursor.left();
        cursor.skip_value(1, self.rules.limits.nesting)?;
        self.keep_first(Fault { what: What::ActionNotString, left, detail: 0 });
        Ok(())
    }

    /// Takes a string as the name; what a name may be is decided by [`ActionName`].
    #[inline(always)]
    fn name(&mut self, text: Text<'a>) -> Scanned<Name<'a>> {
        let max = self.rules.limits.name_bytes;
        if text.len > max {
            // As `ActionName` would say, but before a copy is made of a name of any length.
            return Err(Fault { what: What::NameTooLong, left: text.left, detail: text.len });
        }
        let name = match self.plain(text) {
            Some(plain) => ActionName::with_limit(plain, max).map(Name::Plain),
            None => {
                text.decode(self.room);
                ActionName::with_limit(self.room.as_str(), max).map(|_| Name::Decoded)
            }
        };
        name.map_err(|refusal| {
            let left = text.left;
            match refusal {
                NameError::Blank { len } => Fault { what: What::NameBlank, left, detail: len },
                NameError::Control { found, at } => {
                    let (what, left) = (What::NameControl, text.locate(at));
                    Fault { what, left, detail: u32::from(found) as usize }
                }
                NameError::TooLong { len, .. } => {
                    Fault { what: What::NameTooLong, left, detail: len }
                }
                _ => Fault { what: What::NameRefused, left, detail: 0 },
            }
        })
    }

    /// What a string says, if that stands in the input as it is.
    #[inline(always)]
    fn plain(&self, text: Text<'a>) -> Option<&'a str> {
        match self.text {
            // It is known to be text, and need not be looked through once more.
            Some(all) if text.len == text.raw.len() => {
                let start = self.input.len() - text.left + 1;
                all.get(start..start + text.len)
            }
            _ => text.plain(),
        }
    }

    /// Reads the value of a key `time` that stands where so many bytes are `left`.
    #[inline(always)]
    fn read_time(&mut self, left: usize, cursor: &mut Cursor<'a>) -> Scanned<()> {
        if let Some(first) = self.time_left {
            self.keep_first(Fault { what: What::DuplicateTime, left, detail: first });
            return cursor.skip_value(1, self.rules.limits.nesting);
        }
        self.time_left = Some(left);
        let token = cursor.peek_token();
        let left = cursor.left();
        let time = if let Some(time) = cursor.plain_time() {
            Ok(time)
        } else if let Some(b'-' | b'0'..=b'9') = token {
            cursor.number()?.time()
        } else {
            cursor.skip_value(1, self.rules.limits.nesting)?;
            Err(Fault { what: What::TimeNotNumber, left, detail: 0 })
        };
        match time {
            Ok(time) if self.allow_time(time) => self.time = Some(time),
            Ok(_) => self.keep_first(Fault { what: What::TimeNotInteger, left, detail: 0 }),
            Err(fault) => self.keep_first(fault),
        }
        Ok(())
    }

    #[inline(always)]
    fn allow_time(&self, time: ActionTime) -> bool {
        self.rules.allow_time(time)
    }

    /// Reads the value of the key of the stamp, which stands where so many bytes are `left`.
    #[inline(always)]
    fn read_stamp(&mut self, left: usize, cursor: &mut Cursor<'a>, key: &StampKey) -> Scanned<()> {
        if let Some(first) = self.stamp_left {
            self.keep_first(Fault { what: What::DuplicateStamp, left, detail: first });
            return cursor.skip_value(1, self.rules.limits.nesting);
        }
        self.stamp_left = Some(left);
        let stamp;
        (*cursor, stamp) = stamp_here(*cursor, key.form(), self.rules.limits.nesting)?;
        match stamp {
            Ok(stamp) => self.stamp = Some(stamp),
            Err(fault) => self.keep_first(fault),
        }
        Ok(())
    }

    #[inline(always)]
    fn keep_first(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// Decides, now that the input is known to be JSON. From the end of the object on, so many
    /// bytes are left.
    #[inline(always)]
    fn finish(self, left: usize) -> Scanned<Found<'a>> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        // Without a fault, what is not there was not given.
        let missing = |what| Fault { what, left, detail: 0 };
        let name = self.name.ok_or(missing(What::MissingAction))?;
        let time = self.time.ok_or(missing(What::MissingTime))?;
        Ok(Found { name, time, stamp: self.stamp })
    }
}

/// Reads the value of the stamp key, and says what moment it is and what comes behind it.
#[inline(never)]
fn stamp_here(
    mut cursor: Cursor<'_>,
    form: StampForm,
    nesting: usize,
) -> Scanned<(Cursor<'_>, Scanned<Stamp>)> {
    let token = cursor.peek_token();
    let left = cursor.left();
    let stamp = match (token, form.unit()) {
        (Some(b'-' | b'0'..=b'9'), Some(unit)) => cursor.number()?.stamp(unit),
        (Some(b'"'), None) => {
            let moment = stamp::rfc3339(&cursor.string()?.text());
            moment.map_err(|what| Fault { what, left, detail: 0 })
        }
        (_, unit) => {
            cursor.skip_value(1, nesting)?;
            let what = if unit.is_some() { What::StampNotNumber } else { What::StampNotString };
            Err(Fault { what, left, detail: 0 })
        }
    };
    Ok((cursor, stamp))
}
