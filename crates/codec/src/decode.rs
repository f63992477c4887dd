//! What an action looks like in JSON, and which fault is told when there are several.
//!
//! The question whether the input is JSON comes before the question whether it is an action. A
//! fault of syntax, of encoding or against a limit ends the scan. A fault of the schema is kept,
//! the first one only, and the scan goes on: what follows may show that the input is not JSON at
//! all. So the class of a refusal says something about the whole input, and does not depend on the
//! order of keys.

use std::borrow::Cow;
use std::ops::Range;

use core_actions::{ActionName, ActionTime, NameError};
use core_time::Stamp;

use crate::common::{Begun, Common, CommonTime, HEAD, common, head};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name<'a> {
    /// It stands in the input.
    Plain(&'a str),
    /// It had escapes, and was decoded into the room that was given for that.
    Decoded,
}

/// What a line was found to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
            Name::Plain(name) => name,
            Name::Decoded => room,
        }
    }
}

impl Rules<'_> {
    #[inline(always)]
    fn decode<'a>(&self, input: &'a [u8]) -> Result<(Action<'a>, Option<Stamp>), DecodeError> {
        let mut padded = [0; HEAD];
        let begun = match common(head(input, &mut padded)) {
            Ok(line) => match self.whole(input, line) {
                Some(action) => return Ok((action, None)),
                None => line.into(),
            },
            Err(begun) => begun,
        };
        self.decode_other(input, begun)
    }

    /// Takes a line of the common shape, if it is all of the input and within the rules.
    #[inline(always)]
    fn whole<'a>(&self, input: &'a [u8], line: Common) -> Option<Action<'a>> {
        let Common { name, time, end } = line;
        if end != input.len() || !self.allow(end, time.time) {
            return None;
        }
        let name = text_at(input, None, name.start..name.end)?;
        let name = ActionName::with_limit(name, self.limits.name_bytes).ok()?;
        Some(Action { name, time: time.time })
    }

    /// Decodes a line of any shape into an action or a reason.
    #[inline(never)]
    fn decode_other<'a>(
        &self,
        input: &'a [u8],
        begun: Begun,
    ) -> Result<(Action<'a>, Option<Stamp>), DecodeError> {
        let mut room = String::new();
        let found = self.decode_any(input, None, begun, &mut room);
        let found = found.map_err(|fault| fault.explain(input, self.limits))?;
        let name: Cow<'_, str> = match found.name {
            Name::Plain(name) => name.into(),
            Name::Decoded => room.into(),
        };
        // It was found valid; this is the only way to make a name of it.
        let name = ActionName::with_limit(name, self.limits.name_bytes)
            .map_err(|source| DecodeError::NameRefused { at: 0, source })?;
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
    /// What was `begun` by the path of the common shape is not read again. A name with escapes is
    /// decoded into `room`. `text` is the input once more, if it is known to be UTF-8.
    #[inline(never)]
    pub(crate) fn decode_any<'a>(
        &self,
        input: &'a [u8],
        text: Option<&'a str>,
        begun: Begun,
        room: &mut String,
    ) -> Scanned<Found<'a>> {
        let refuse = |what| Err(Fault { what, left: 0, detail: 0 });
        if input.len() > self.limits.input_bytes {
            return refuse(What::InputTooLong);
        }
        if byte_order_mark(input).is_some() {
            return refuse(What::ByteOrderMark);
        }
        Draft::new(self, input, text, room).read(begun)
    }
}

/// Part of an input as text, if it is some. Where all of it is known to be text, nothing is looked
/// through once more.
#[inline(always)]
fn text_at<'a>(input: &'a [u8], text: Option<&'a str>, place: Range<usize>) -> Option<&'a str> {
    match text {
        Some(text) => text.get(place),
        None => str::from_utf8(input.get(place)?).ok(),
    }
}

/// The encoding that `input` declares in its first bytes, though JSON is always UTF-8.
///
/// UTF-16 is named as well: it is what some shells write when output is sent to a file.
pub(crate) fn byte_order_mark(input: &[u8]) -> Option<&'static str> {
    match input {
        [0xEF, 0xBB, 0xBF, ..] => Some("UTF-8"),
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] => Some("UTF-16"),
        _ => None,
    }
}

/// The keys that mean something, and the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Action,
    Time,
    Stamp,
    Other,
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
    fn read(mut self, begun: Begun) -> Scanned<Found<'a>> {
        let mut cursor = Cursor { rest: self.input };
        let has_member = if let Some(at) = self.take_over(begun) {
            cursor.advance(at);
            cursor.next_member()?
        } else {
            match cursor.peek_token() {
                Some(b'{') => self.open(&mut cursor)?,
                Some(_) => return self.not_object(cursor),
                None => return cursor.refuse(What::Empty),
            }
        };
        if has_member {
            self.read_members(&mut cursor)?;
        }
        // The object ended with the byte before.
        let end = cursor.left() + 1;
        cursor.end()?;
        self.finish(end)
    }

    /// Takes over the members that were read before, and says where they end; unless there are none
    /// or one of them is not within the rules.
    #[inline(always)]
    fn take_over(&mut self, begun: Begun) -> Option<usize> {
        let Begun { name, time } = begun;
        let (len, end) = (self.input.len(), begun.end());
        if self.rules.limits.nesting == 0 || time.is_some_and(|time| !self.allow_time(time.time)) {
            return None;
        }
        if let Some(name) = name {
            // It was found good but for its length.
            let text = text_at(self.input, self.text, name.start..name.end)?;
            if text.len() > self.rules.limits.name_bytes {
                return None;
            }
            (self.action_left, self.name) = (Some(len - name.key), Some(Name::Plain(text)));
        }
        if let Some(CommonTime { key, time, .. }) = time {
            (self.time_left, self.time) = (Some(len - key), Some(time));
        }
        (end > 0).then_some(end)
    }

    /// Goes over the `{`, and over the `}` if there is no member in between. Says whether there is.
    #[inline(always)]
    fn open(&self, cursor: &mut Cursor<'a>) -> Scanned<bool> {
        if self.rules.limits.nesting == 0 {
            let (what, left) = (What::NestingTooDeep, cursor.left());
            return Err(Fault { what, left, detail: 1 });
        }
        let has_member = cursor.first_member()?;
        cursor.advance(usize::from(!has_member));
        Ok(has_member)
    }

    /// Refuses any other value, which has to be JSON all the same.
    #[cold]
    #[inline(never)]
    fn not_object(&self, cursor: Cursor<'a>) -> Scanned<Found<'a>> {
        self.skip(cursor, 0)?.end()?;
        cursor.refuse(What::NotObject)
    }

    /// Reads members to the end of the object; at a key.
    #[inline(always)]
    fn read_members(&mut self, cursor: &mut Cursor<'a>) -> Scanned<()> {
        loop {
            let left = cursor.left();
            match self.key(cursor)? {
                Key::Action => *cursor = self.read_action(left, *cursor)?,
                Key::Time => *cursor = self.read_time(left, *cursor)?,
                Key::Stamp => *cursor = self.read_stamp(left, *cursor)?,
                Key::Other => cursor.skip_value(1, self.rules.limits.nesting)?,
            }
            if !cursor.next_member()? {
                return Ok(());
            }
        }
    }

    /// Reads a key and the colon behind it, and says which it is.
    #[inline(always)]
    fn key(&self, cursor: &mut Cursor<'a>) -> Scanned<Key> {
        // Our keys as nearly everybody spells them are two loads each.
        if cursor.rest.starts_with(b"\"action\":") {
            cursor.advance(9);
            return Ok(Key::Action);
        }
        if cursor.rest.starts_with(b"\"time\":") {
            cursor.advance(7);
            return Ok(Key::Time);
        }
        let key = cursor.key()?;
        Ok(if key.says("action") {
            Key::Action
        } else if key.says("time") {
            Key::Time
        } else if self.rules.stamp.is_some_and(|stamp| key.says(stamp.key())) {
            Key::Stamp
        } else {
            Key::Other
        })
    }

    /// Goes over a value that is not wanted where it stands, which is rare.
    #[cold]
    #[inline(never)]
    fn skip(&self, mut cursor: Cursor<'a>, around: usize) -> Scanned<Cursor<'a>> {
        cursor.skip_value(around, self.rules.limits.nesting)?;
        Ok(cursor)
    }

    /// Reads the value of a key `action` that stands where so many bytes are `left`.
    #[inline(never)]
    fn read_action(&mut self, left: usize, mut cursor: Cursor<'a>) -> Scanned<Cursor<'a>> {
        if let Some(first) = self.action_left {
            self.keep_first(Fault { what: What::DuplicateAction, left, detail: first });
            return self.skip(cursor, 1);
        }
        self.action_left = Some(left);
        if cursor.peek_token() == Some(b'"') {
            let text = cursor.string()?;
            match self.name(text) {
                Ok(name) => self.name = Some(name),
                Err(fault) => self.keep_first(fault),
            }
            return Ok(cursor);
        }
        let left = cursor.left();
        cursor = self.skip(cursor, 1)?;
        self.keep_first(Fault { what: What::ActionNotString, left, detail: 0 });
        Ok(cursor)
    }

    /// What a string says, if that stands in the input as it is.
    #[inline(always)]
    fn plain(&self, text: Text<'a>) -> Option<&'a str> {
        let start = self.input.len() - text.left + 1;
        // Every escape is longer than what it stands for.
        let is_plain = text.len == text.raw.len();
        if is_plain { text_at(self.input, self.text, start..start + text.len) } else { None }
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
            Some(plain) => ActionName::with_limit(plain, max).map(|_| Name::Plain(plain)),
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

    /// Reads the value of a key `time` that stands where so many bytes are `left`.
    #[inline(never)]
    fn read_time(&mut self, left: usize, mut cursor: Cursor<'a>) -> Scanned<Cursor<'a>> {
        if let Some(first) = self.time_left {
            self.keep_first(Fault { what: What::DuplicateTime, left, detail: first });
            return self.skip(cursor, 1);
        }
        self.time_left = Some(left);
        let token = cursor.peek_token();
        let left = cursor.left();
        let time = if let Some(time) = cursor.plain_time() {
            Ok(time)
        } else if let Some(b'-' | b'0'..=b'9') = token {
            cursor.number()?.time()
        } else {
            cursor = self.skip(cursor, 1)?;
            Err(Fault { what: What::TimeNotNumber, left, detail: 0 })
        };
        match time {
            Ok(time) if self.allow_time(time) => self.time = Some(time),
            Ok(_) => self.keep_first(Fault { what: What::TimeNotInteger, left, detail: 0 }),
            Err(fault) => self.keep_first(fault),
        }
        Ok(cursor)
    }

    #[inline(always)]
    fn allow_time(&self, time: ActionTime) -> bool {
        self.rules.allow_time(time)
    }

    /// Reads the value of the key of the stamp, which stands where so many bytes are `left`.
    #[inline(never)]
    fn read_stamp(&mut self, left: usize, mut cursor: Cursor<'a>) -> Scanned<Cursor<'a>> {
        let Some(form) = self.rules.stamp.map(StampKey::form) else { return Ok(cursor) };
        if let Some(first) = self.stamp_left {
            self.keep_first(Fault { what: What::DuplicateStamp, left, detail: first });
            return self.skip(cursor, 1);
        }
        self.stamp_left = Some(left);
        let stamp;
        (cursor, stamp) = stamp_here(cursor, form, self.rules.limits.nesting)?;
        match stamp {
            Ok(stamp) => self.stamp = Some(stamp),
            Err(fault) => self.keep_first(fault),
        }
        Ok(cursor)
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
