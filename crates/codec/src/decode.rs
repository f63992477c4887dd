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

use crate::common::{Begun, Common, HEAD, common, head};
use crate::cursor::Cursor;
use crate::error::DecodeError;
use crate::fault::{Fault, Scanned, What};
use crate::limits::Limits;
use crate::policy::{DecodeOptions, Fractions};
use crate::stamp::{self, StampForm, StampKey};

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

impl DecodeOptions {
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
    /// let action = codec::DecodeOptions::default().decode(br#"{"action":"jump","time":100}"#)?;
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
    /// use codec::{DecodeOptions, Stamp, StampForm, StampKey};
    ///
    /// let key = StampKey::new("at", StampForm::Rfc3339)?;
    /// let policy = DecodeOptions { stamp: Some(key), ..DecodeOptions::default() };
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
        self.decode_other(input, &begun)
    }

    /// Takes a line of the common shape, if it is all of the input and within the rules.
    #[inline(always)]
    fn whole<'a>(&self, input: &'a [u8], line: Common) -> Option<Action<'a>> {
        let Common { name, time, end } = line;
        if end != input.len() || !self.allow(end, time.time) {
            return None;
        }
        let name = text_at(input, "", name.start..name.end)?;
        let name = ActionName::with_limit(name, self.limits.name_bytes).ok()?;
        Some(Action { name, time: time.time })
    }

    /// Decodes a line of any shape into an action or a reason.
    #[inline(never)]
    fn decode_other<'a>(
        &self,
        input: &'a [u8],
        begun: &Begun,
    ) -> Result<(Action<'a>, Option<Stamp>), DecodeError> {
        let mut room = String::new();
        let found = if input.len() > self.limits.input_bytes {
            TOO_LONG
        } else {
            self.decode_any(&mut Cursor::new(input), "", begun, &mut room)
        };
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
    /// decoded into `room`.
    ///
    /// `text` is as much of the input as is known to be UTF-8. The cursor is taken to its end, or,
    /// if there is a fault, not beyond it. How long the input is, is not looked at.
    #[inline(always)]
    pub(crate) fn decode_any<'a>(
        &self,
        cursor: &mut Cursor<'a>,
        text: &'a str,
        begun: &Begun,
        room: &mut String,
    ) -> Scanned<Found<'a>> {
        let mut draft;
        let has_member = if let Some(begun) = self.take_over(*cursor, text, begun) {
            (draft, cursor.at) = begun;
            cursor.next_member()?
        } else {
            draft = Draft::default();
            match cursor.peek_token() {
                b'{' => self.open(cursor)?,
                _ if cursor.is_at_end() => return cursor.refuse(What::Empty),
                _ if byte_order_mark(cursor.bytes).is_some() => {
                    return Err(Fault { what: What::ByteOrderMark, at: 0, detail: 0 });
                }
                _ => return self.not_object(*cursor),
            }
        };
        if has_member {
            self.read_members(text, &mut draft, cursor, room)?;
        }
        // The object ended with the byte before.
        let end = cursor.at - 1;
        cursor.end()?;
        draft.finish(end)
    }

    /// Takes over the members that were read before, and says where they end; unless there are none
    /// or one of them is not within the rules.
    #[inline(always)]
    fn take_over<'a>(
        &self,
        cursor: Cursor<'a>,
        text: &'a str,
        begun: &Begun,
    ) -> Option<(Draft<'a>, usize)> {
        let end = begun.end();
        if end == 0 || self.limits.nesting == 0 {
            return None;
        }
        let mut draft = Draft::default();
        if let Some(name) = &begun.name {
            // It was found good but for its length.
            if name.end - name.start > self.limits.name_bytes {
                return None;
            }
            let text = text_at(cursor.bytes, text, name.start..name.end)?;
            (draft.action_at, draft.name) = (Some(name.key), Some(Name::Plain(text)));
        }
        if let Some(time) = &begun.time {
            // Of a number that goes on, this is only the beginning.
            let behind = cursor.bytes.get(time.end);
            let goes_on = matches!(behind, Some(b'0'..=b'9' | b'.' | b'e' | b'E'));
            if goes_on || !self.allow_time(time.time) {
                return None;
            }
            (draft.time_at, draft.time) = (Some(time.key), Some(time.time));
        }
        Some((draft, end))
    }

    /// Goes over the `{`, and over the `}` if there is no member in between. Says whether there is.
    #[inline(always)]
    fn open(&self, cursor: &mut Cursor<'_>) -> Scanned<bool> {
        if self.limits.nesting == 0 {
            return Err(Fault { what: What::NestingTooDeep, at: cursor.at, detail: 1 });
        }
        let has_member = cursor.first_member()?;
        cursor.advance(usize::from(!has_member));
        Ok(has_member)
    }

    /// Refuses any other value, which has to be JSON all the same.
    #[cold]
    #[inline(never)]
    fn not_object<'a>(&self, cursor: Cursor<'a>) -> Scanned<Found<'a>> {
        let mut behind = cursor;
        behind.skip_value(0, self.limits.nesting)?;
        behind.end()?;
        cursor.refuse(What::NotObject)
    }

    /// Reads members to the end of the object; at a key.
    ///
    /// All in one, and part of its caller: handed from function to function, the place and what is
    /// known of the action would go through memory at each step.
    #[inline(always)]
    fn read_members<'a>(
        &self,
        text: &'a str,
        draft: &mut Draft<'a>,
        cursor: &mut Cursor<'a>,
        room: &mut String,
    ) -> Scanned<()> {
        loop {
            let mut at = cursor.at;
            let mut key = cursor.our_key();
            if key != Key::Other {
                cursor.colon()?;
            } else {
                (at, cursor.at, key) = self.skip_others(*cursor)?;
                if key == Key::Other {
                    return Ok(());
                }
            }
            match (key, cursor.peek_token()) {
                (Key::Action, b'"') if draft.action_at.is_none() => {
                    draft.action_at = Some(at);
                    match self.name(text, cursor, room)? {
                        Ok(name) => draft.name = Some(name),
                        Err(fault) => draft.keep_first(fault),
                    }
                }
                (Key::Time, b'-' | b'0'..=b'9') if draft.time_at.is_none() => {
                    draft.time_at = Some(at);
                    match self.time(cursor)? {
                        Ok(time) => draft.time = Some(time),
                        Err(fault) => draft.keep_first(fault),
                    }
                }
                (Key::Stamp, _) => {
                    let stamp;
                    (cursor.at, stamp) = self.read_stamp(at, draft.stamp_at, *cursor)?;
                    draft.stamp_at = draft.stamp_at.or(Some(at));
                    match stamp {
                        Ok(stamp) => draft.stamp = Some(stamp),
                        Err(fault) => draft.keep_first(fault),
                    }
                }
                _ => {
                    let wrong = draft.unwanted(key, at, cursor.at);
                    cursor.at = cursor.skip_unwanted(1, self.limits.nesting)?;
                    if let Some(wrong) = wrong {
                        draft.keep_first(wrong);
                    }
                }
            }
            if !cursor.next_member()? {
                return Ok(());
            }
        }
    }

    /// Goes over members that nobody wants, from the key of the first: to the value of a key that
    /// means something, or, if there is none, to the end of the object.
    ///
    /// Says where the key stands, where the value does, and which key it is.
    ///
    /// This is where lines with many keys spend their time, and so it is kept apart from what is
    /// known of the action: everything it needs has room in registers.
    #[inline(never)]
    fn skip_others(&self, cursor: Cursor<'_>) -> Scanned<(usize, usize, Key)> {
        let mut here = cursor;
        loop {
            let at = here.at;
            let key = self.key(&mut here)?;
            if key != Key::Other {
                return Ok((at, here.at, key));
            }
            here.skip_value(1, self.limits.nesting)?;
            if !here.next_member()? {
                return Ok((at, here.at, Key::Other));
            }
        }
    }

    /// Reads a key and the colon behind it, and says which it is.
    #[inline(always)]
    fn key(&self, cursor: &mut Cursor<'_>) -> Scanned<Key> {
        let mut key = cursor.our_key();
        if key == Key::Other {
            let at = cursor.at;
            let is_plain = cursor.plain_string();
            if self.stamp.is_some() || !is_plain {
                (cursor.at, key) = self.other_key(cursor.placed(at))?;
            }
        }
        cursor.colon()?;
        Ok(key)
    }

    /// Reads a key that has escapes, or may be that of the stamp, and says where it ends.
    #[inline(never)]
    fn other_key(&self, mut cursor: Cursor<'_>) -> Scanned<(usize, Key)> {
        let text = cursor.string()?;
        let key = if text.says("action") {
            Key::Action
        } else if text.says("time") {
            Key::Time
        } else if self.stamp.is_some_and(|stamp| text.says(stamp.key())) {
            Key::Stamp
        } else {
            Key::Other
        };
        Ok((cursor.at, key))
    }

    /// Reads a string as the name.
    #[inline(always)]
    fn name<'a>(
        &self,
        known: &'a str,
        cursor: &mut Cursor<'a>,
        room: &mut String,
    ) -> Scanned<Scanned<Name<'a>>> {
        let start = cursor.at;
        if let Some(place) = cursor.plain_name()
            && place.len() <= self.limits.name_bytes
            && let Some(name) = text_at(cursor.bytes, known, place)
        {
            return Ok(Ok(Name::Plain(name)));
        }
        let name;
        (cursor.at, name) = self.other_name(known, cursor.placed(start), room)?;
        Ok(name)
    }

    /// Reads a string as the name, and says where it ends; what a name may be is decided by
    /// [`ActionName`].
    #[inline(never)]
    fn other_name<'a>(
        &self,
        known: &'a str,
        cursor: Cursor<'a>,
        room: &mut String,
    ) -> Scanned<(usize, Scanned<Name<'a>>)> {
        let mut behind = cursor;
        let text = behind.string()?;
        let max = self.limits.name_bytes;
        if text.len > max {
            // As `ActionName` would say, but before a copy is made of a name of any length.
            let (what, at) = (What::NameTooLong, text.at());
            return Ok((behind.at, Err(Fault { what, at, detail: text.len })));
        }
        let raw = text_at(cursor.bytes, known, text.place()).unwrap_or_default();
        let name = if text.is_escaped() {
            text.decode(raw, room);
            ActionName::with_limit(room.as_str(), max).map(|_| Name::Decoded)
        } else {
            ActionName::with_limit(raw, max).map(|_| Name::Plain(raw))
        };
        let name = name.map_err(|refusal| {
            let at = text.at();
            match refusal {
                NameError::Blank { len } => Fault { what: What::NameBlank, at, detail: len },
                NameError::Control { found, at } => {
                    let (what, at) = (What::NameControl, text.locate(at));
                    Fault { what, at, detail: u32::from(found) as usize }
                }
                NameError::TooLong { len, .. } => {
                    Fault { what: What::NameTooLong, at, detail: len }
                }
                _ => Fault { what: What::NameRefused, at, detail: 0 },
            }
        });
        Ok((behind.at, name))
    }

    /// Reads a number as the time.
    #[inline(always)]
    fn time(&self, cursor: &mut Cursor<'_>) -> Scanned<Scanned<ActionTime>> {
        let at = cursor.at;
        let time = match cursor.plain_time() {
            Some(time) => time,
            None => match cursor.number()?.time() {
                Ok(time) => time,
                Err(fault) => return Ok(Err(fault)),
            },
        };
        let what = What::TimeNotInteger;
        Ok(if self.allow_time(time) { Ok(time) } else { Err(Fault { what, at, detail: 0 }) })
    }

    /// Reads the value of the key of the stamp, which stands at a place, and says where it ends.
    /// Perhaps the key stood at one before.
    #[inline(never)]
    fn read_stamp<'a>(
        &self,
        at: usize,
        before: Option<usize>,
        mut cursor: Cursor<'a>,
    ) -> Scanned<(usize, Scanned<Stamp>)> {
        match (before, self.stamp.map(StampKey::form)) {
            (None, Some(form)) => stamp_here(cursor, form, self.limits.nesting),
            (first, _) => {
                cursor.skip_value(1, self.limits.nesting)?;
                let (what, detail) = (What::DuplicateStamp, first.unwrap_or(at));
                Ok((cursor.at, Err(Fault { what, at, detail })))
            }
        }
    }
}

/// The fault of an input that is longer than the limit, whatever is in it.
pub(crate) const TOO_LONG: Scanned<Found<'_>> =
    Err(Fault { what: What::InputTooLong, at: 0, detail: 0 });

/// Part of an input as text, if it is some. Where it lies in what is `known` to be text, which the
/// input begins with, nothing is looked through once more.
#[inline(always)]
fn text_at<'a>(input: &'a [u8], known: &'a str, place: Range<usize>) -> Option<&'a str> {
    match known.get(place.clone()) {
        None => str::from_utf8(input.get(place)?).ok(),
        text => text,
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

impl Cursor<'_> {
    /// Reads a key if it is one of ours, spelt as nearly everybody does: that takes one load.
    #[inline(always)]
    fn our_key(&mut self) -> Key {
        const ACTION: u64 = u64::from_le_bytes(*b"\"action\"");
        const TIME: u64 = u64::from_le_bytes(*b"\"time\"\0\0");
        let word = self.word();
        if word == ACTION {
            self.advance(8);
            Key::Action
        } else if word << 16 == TIME << 16 {
            self.advance(6);
            Key::Time
        } else {
            Key::Other
        }
    }
}

/// What is known of an action while its object is being read.
#[derive(Default)]
struct Draft<'a> {
    /// Where the key `action` stood first.
    action_at: Option<usize>,
    /// So for the key `time`.
    time_at: Option<usize>,
    /// So for the key of the stamp.
    stamp_at: Option<usize>,
    name: Option<Name<'a>>,
    time: Option<ActionTime>,
    stamp: Option<Stamp>,
    /// The first fault of the schema. Members are read in order, so the first is the leftmost.
    fault: Option<Fault>,
}

impl<'a> Draft<'a> {
    /// What is wrong with a value that is not wanted where it stands. Its key stands at `key_at`.
    #[inline(always)]
    fn unwanted(&mut self, key: Key, key_at: usize, at: usize) -> Option<Fault> {
        let (before, again, what) = match key {
            Key::Action => (&mut self.action_at, What::DuplicateAction, What::ActionNotString),
            Key::Time => (&mut self.time_at, What::DuplicateTime, What::TimeNotNumber),
            Key::Stamp | Key::Other => return None,
        };
        Some(match *before {
            Some(first) => Fault { what: again, at: key_at, detail: first },
            None => {
                *before = Some(key_at);
                Fault { what, at, detail: 0 }
            }
        })
    }

    #[inline(always)]
    fn keep_first(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// Decides, now that the input is known to be JSON, and that the object ends at a place.
    #[inline(always)]
    fn finish(self, at: usize) -> Scanned<Found<'a>> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        // Without a fault, what is not there was not given.
        let missing = |what| Fault { what, at, detail: 0 };
        let name = self.name.ok_or(missing(What::MissingAction))?;
        let time = self.time.ok_or(missing(What::MissingTime))?;
        Ok(Found { name, time, stamp: self.stamp })
    }
}

/// Reads the value of the stamp key, and says where it ends and what moment it is.
#[inline(never)]
fn stamp_here(
    mut cursor: Cursor<'_>,
    form: StampForm,
    nesting: usize,
) -> Scanned<(usize, Scanned<Stamp>)> {
    let token = cursor.peek_token();
    let at = cursor.at;
    let stamp = match (token, form.unit()) {
        (b'-' | b'0'..=b'9', Some(unit)) => cursor.number()?.stamp(unit),
        (b'"', None) => {
            let moment = stamp::rfc3339(&cursor.string()?.text());
            moment.map_err(|what| Fault { what, at, detail: 0 })
        }
        (_, unit) => {
            cursor.skip_value(1, nesting)?;
            let what = if unit.is_some() { What::StampNotNumber } else { What::StampNotString };
            Err(Fault { what, at, detail: 0 })
        }
    };
    Ok((cursor.at, stamp))
}
