//! The schema: which JSON is an action, and which error is reported if there are several.
//!
//! Whether the input is JSON is decided before whether it is an action. An error of syntax, of
//! encoding or against a limit ends the scan. The first schema error is kept while the scan goes
//! on, because the rest may show that the input is not JSON. So the class of an error describes the
//! whole input, and does not depend on the order of keys.

use core_actions::{ActionName, ActionTime, NameError};

use super::draft::{Checked, Draft, Found, Key, Name, Scratch};
use super::fast_path::{Keys, Partial};
use crate::error::code::{ErrorCode, ScanError, ScanResult};
use crate::options::{DecodeOptions, Fractions, Limits};
use crate::scan::cursor::Cursor;
use crate::scan::string::text_at;

/// The options that apply to one line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) limits: Limits,
    pub(crate) fractions: Fractions,
}

impl DecodeOptions {
    /// Returns the rules for one line.
    #[inline]
    pub(crate) fn rules(&self) -> Rules {
        Rules { limits: self.limits, fractions: self.fractions }
    }
}

/// A member whose key has a meaning.
struct Member {
    key: Key,
    key_at: usize,
    value_at: usize,
}

impl Rules {
    /// Returns whether a line of the fast path follows the rules, its name aside.
    #[inline(always)]
    pub(crate) fn allow(&self, len: usize, time: ActionTime) -> bool {
        len <= self.limits.input_bytes && self.limits.nesting > 0 && self.allow_time(time)
    }

    /// Returns the error of an input of `len` bytes, which is above the limit.
    #[cold]
    pub(crate) fn too_long(&self, len: usize) -> ScanError {
        ScanError { code: ErrorCode::InputTooLong, at: self.limits.input_bytes, detail: len }
    }

    #[inline(always)]
    pub(super) fn allow_time(&self, time: ActionTime) -> bool {
        self.fractions == Fractions::Allowed || time.as_integer().is_some()
    }

    /// Decodes a line of any shape. This function alone decides what is accepted.
    ///
    /// `keys` are those of the name and of the time.
    /// Members in `partial` are not read again. A name with escapes is decoded into `scratch`.
    /// `text` is the part of the input, from its start, that is known to be UTF-8. The cursor moves
    /// to the end of the line, or not beyond the error. The length of the line is not checked.
    #[inline(always)]
    pub(crate) fn decode_any<'a>(
        &self,
        keys: &impl Keys,
        cursor: &mut Cursor<'a>,
        text: &'a str,
        partial: &Partial,
        scratch: &mut Scratch,
    ) -> ScanResult<Found<'a>> {
        let mut draft;
        let has_member = if let Some(resumed) = self.resume(*cursor, text, partial) {
            (draft, cursor.at) = resumed;
            cursor.next_member()?
        } else {
            draft = Draft::default();
            if cursor.peek_token() != b'{' {
                return Err(cursor.not_object(self.limits.nesting));
            }
            cursor.open_object(self.limits.nesting)?
        };
        if has_member {
            self.read_members(keys, text, &mut draft, cursor, scratch)?;
        }
        // The object ended with the byte before.
        let end = cursor.at - 1;
        cursor.end()?;
        draft.finish(end)
    }

    /// Returns a draft of the members in `partial`, and their end.
    ///
    /// Returns `None` if there are none, or if one of them does not follow the rules.
    #[inline(always)]
    fn resume<'a>(
        &self,
        cursor: Cursor<'a>,
        text: &'a str,
        partial: &Partial,
    ) -> Option<(Draft<'a>, usize)> {
        let end = partial.end();
        if end == 0 || self.limits.nesting == 0 {
            return None;
        }
        let mut draft = Draft::default();
        if let Some(name) = &partial.name {
            // The fast path has checked all but its length.
            if name.end - name.start > self.limits.name_bytes {
                return None;
            }
            let text = text_at(cursor.bytes, text, name.start..name.end)?;
            (draft.action_at, draft.name) = (Some(name.key), Some(Name::Plain(text)));
        }
        if let Some(time) = &partial.time {
            // The number may go on.
            let next = cursor.bytes.get(time.end);
            let goes_on = matches!(next, Some(b'0'..=b'9' | b'.' | b'e' | b'E'));
            if goes_on || !self.allow_time(time.time) {
                return None;
            }
            (draft.time_at, draft.time) = (Some(time.key), Some(time.time));
        }
        Some((draft, end))
    }

    /// Reads members to the end of the object. The cursor is at a key.
    ///
    /// One function, inlined into its caller: split up, the cursor and the draft would go through
    /// memory at each call.
    #[inline(always)]
    fn read_members<'a>(
        &self,
        keys: &impl Keys,
        text: &'a str,
        draft: &mut Draft<'a>,
        cursor: &mut Cursor<'a>,
        scratch: &mut Scratch,
    ) -> ScanResult<()> {
        loop {
            let mut key_at = cursor.at;
            let mut key = keys.known(cursor);
            if key != Key::Other {
                cursor.colon()?;
            } else {
                let next = self.skip_others(keys, *cursor)?;
                (key, key_at, cursor.at) = (next.key, next.key_at, next.value_at);
                if key == Key::Other {
                    return Ok(());
                }
            }
            match (key, cursor.peek_token()) {
                (Key::Action, b'"') if draft.action_at.is_none() => {
                    draft.action_at = Some(key_at);
                    match self.name(text, cursor, scratch)? {
                        Checked::Valid(name) => draft.name = Some(name),
                        Checked::Refused(error) => draft.keep_first(error),
                    }
                }
                (Key::Time, b'-' | b'0'..=b'9') if draft.time_at.is_none() => {
                    draft.time_at = Some(key_at);
                    match self.time(cursor)? {
                        Checked::Valid(time) => draft.time = Some(time),
                        Checked::Refused(error) => draft.keep_first(error),
                    }
                }
                (Key::Time, b'"') if keys.quoted().is_some() && draft.time_at.is_none() => {
                    // Only other keys than the default have such times. Their errors are not seen:
                    // a line with one is read again by the reader of fields.
                    let refused =
                        ScanError { code: ErrorCode::TimeNotNumber, at: cursor.at, detail: 0 };
                    let time = self.quoted_time(keys, *cursor);
                    let time = time.filter(|(time, ..)| self.allow_time(*time)).ok_or(refused)?;
                    draft.time_at = Some(key_at);
                    draft.time = Some(time.0);
                    (scratch.has_unit, cursor.at) = (time.1, time.2);
                }
                _ => {
                    let error = draft.unwanted(key, key_at, cursor.at);
                    cursor.at = cursor.skip_unwanted(1, self.limits.nesting)?;
                    if let Some(error) = error {
                        draft.keep_first(error);
                    }
                }
            }
            if !cursor.next_member()? {
                return Ok(());
            }
        }
    }

    /// Skips members with other keys, and returns the first member with a known key.
    ///
    /// If there is none, returns a member with [`Key::Other`], whose value is the end of the
    /// object. Lines with many keys spend their time here; apart from the draft, everything fits
    /// into registers.
    #[inline(never)]
    fn skip_others(&self, keys: &impl Keys, cursor: Cursor<'_>) -> ScanResult<Member> {
        let mut here = cursor; // A copy in registers: a large argument lies in memory.
        loop {
            let key_at = here.at;
            let key = self.key(keys, &mut here)?;
            if key != Key::Other {
                return Ok(Member { key, key_at, value_at: here.at });
            }
            here.skip_value(1, self.limits.nesting)?;
            if !here.next_member()? {
                return Ok(Member { key, key_at, value_at: here.at });
            }
        }
    }

    /// Reads a key and its colon.
    #[inline(always)]
    fn key(&self, keys: &impl Keys, cursor: &mut Cursor<'_>) -> ScanResult<Key> {
        let mut key = keys.known(cursor);
        if key == Key::Other {
            let at = cursor.at;
            if !cursor.plain_string() {
                (cursor.at, key) = self.other_key(keys, cursor.placed(at))?;
            }
        }
        cursor.colon()?;
        Ok(key)
    }

    /// Reads a key that has escapes. Returns its end too.
    #[inline(never)]
    fn other_key(&self, keys: &impl Keys, mut cursor: Cursor<'_>) -> ScanResult<(usize, Key)> {
        let text = cursor.string()?;
        Ok((cursor.at, keys.of_text(text)))
    }

    /// Reads a string as the name.
    #[inline(always)]
    pub(super) fn name<'a>(
        &self,
        known: &'a str,
        cursor: &mut Cursor<'a>,
        scratch: &mut Scratch,
    ) -> ScanResult<Checked<Name<'a>>> {
        let start = cursor.at;
        if let Some(place) = cursor.plain_name()
            && place.len() <= self.limits.name_bytes
            && let Some(name) = text_at(cursor.bytes, known, place)
        {
            return Ok(Checked::Valid(Name::Plain(name)));
        }
        let name;
        (cursor.at, name) = self.other_name(known, cursor.placed(start), scratch)?;
        Ok(name)
    }

    /// Reads any string as the name, by the rules of [`ActionName`]. Returns its end too.
    #[inline(never)]
    fn other_name<'a>(
        &self,
        known: &'a str,
        cursor: Cursor<'a>,
        scratch: &mut Scratch,
    ) -> ScanResult<(usize, Checked<Name<'a>>)> {
        let mut here = cursor; // A copy in registers: a large argument lies in memory.
        let text = here.string()?;
        let (at, max) = (text.at(), self.limits.name_bytes);
        let refused = |code, at, detail| Checked::Refused(ScanError { code, at, detail });
        if text.len > max {
            // `ActionName` would refuse it too, but only after a copy of any length was made.
            return Ok((here.at, refused(ErrorCode::NameTooLong, at, text.len)));
        }
        let raw = text_at(cursor.bytes, known, text.range()).unwrap_or_default();
        let (name, text_of_name) = if text.is_escaped() {
            text.decode(raw, &mut scratch.name);
            (Name::Unescaped, scratch.name.as_str())
        } else {
            (Name::Plain(raw), raw)
        };
        let name = match ActionName::with_limit(text_of_name, max) {
            Ok(_) => Checked::Valid(name),
            Err(NameError::Blank { len }) => refused(ErrorCode::NameBlank, at, len),
            Err(NameError::Control { found, at }) => {
                refused(ErrorCode::NameControl, text.locate(at), u32::from(found) as usize)
            }
            Err(NameError::TooLong { len, .. }) => refused(ErrorCode::NameTooLong, at, len),
            Err(_) => refused(ErrorCode::NameRefused, at, 0),
        };
        Ok((here.at, name))
    }

    /// Reads a time in quotes, if it is written as most are.
    ///
    /// Returns whether it has a unit, and its end.
    #[inline(never)]
    pub(super) fn quoted_time(
        &self,
        keys: &impl Keys,
        cursor: Cursor<'_>,
    ) -> Option<(ActionTime, bool, usize)> {
        let mut here = cursor.placed(cursor.at + 1);
        let number = here.plain()?;
        let (time, has_unit, len) = keys.quoted()?.read(number, here.word())?;
        Some((time, has_unit, here.at + len))
    }

    /// Reads a number as the time.
    #[inline(always)]
    pub(super) fn time(&self, cursor: &mut Cursor<'_>) -> ScanResult<Checked<ActionTime>> {
        let at = cursor.at;
        let time = match cursor.plain_time() {
            Some(time) => time,
            None => match cursor.number()?.time() {
                Ok(time) => time,
                Err(error) => return Ok(Checked::Refused(error)),
            },
        };
        if self.allow_time(time) {
            return Ok(Checked::Valid(time));
        }
        Ok(Checked::Refused(ScanError { code: ErrorCode::TimeNotInteger, at, detail: 0 }))
    }
}
