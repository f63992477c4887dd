//! What is known of an action while its object is being read.

use core_actions::ActionTime;

use crate::error::code::{ErrorCode, ScanError, ScanResult};
use crate::scan::cursor::Cursor;
use crate::scan::string::Text;

/// A valid name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name<'a> {
    /// A part of the input.
    Plain(&'a str),
    /// A name with escapes, decoded into a [`Scratch`].
    Unescaped,
}

/// The content of a valid action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    pub(crate) name: Name<'a>,
    pub(crate) time: ActionTime,
}

/// Memory of the caller for what a line does not hold as it is.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// The last name with escapes, decoded.
    pub(crate) name: String,
    /// Whether the time has a unit. It is set by a line that has one, and by no line cleared:
    /// lines of the default form have none, and would take longer.
    pub(crate) has_unit: bool,
}

/// The keys with a meaning, named as those of the default form, and all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Action,
    Time,
    Other,
}

impl Key {
    /// Returns the key that a word is, or begins with: `action` or `time` in quotes.
    #[inline(always)]
    pub(super) fn of_word(word: u64) -> Self {
        const ACTION: u64 = u64::from_le_bytes(*b"\"action\"");
        const TIME: u64 = u64::from_le_bytes(*b"\"time\"\0\0");
        if word == ACTION {
            Self::Action
        } else if word << 16 == TIME << 16 {
            Self::Time
        } else {
            Self::Other
        }
    }

    /// Returns the key that a text is, with or without escapes.
    pub(super) fn of_text(text: Text<'_>, name: &str, time: &str) -> Self {
        if text.is(name) {
            Self::Action
        } else if text.is(time) {
            Self::Time
        } else {
            Self::Other
        }
    }
}

impl Cursor<'_> {
    /// Reads the key if it is `action` or `time` without escapes: one load and two comparisons.
    #[inline(always)]
    pub(super) fn known_key(&mut self) -> Key {
        let key = Key::of_word(self.word());
        match key {
            Key::Action => self.advance(8),
            Key::Time => self.advance(6),
            Key::Other => {}
        }
        key
    }
}

/// A value that is valid JSON, as the schema sees it.
///
/// Not a `Result` in a `Result`: a [`ScanError`] ends the scan, a schema error is kept while the
/// scan goes on.
pub(super) enum Checked<T> {
    Valid(T),
    Refused(ScanError),
}

/// The members read so far.
#[derive(Default)]
pub(super) struct Draft<'a> {
    /// The offset of the first key `action`.
    pub(super) action_at: Option<usize>,
    /// The offset of the first key `time`.
    pub(super) time_at: Option<usize>,
    pub(super) name: Option<Name<'a>>,
    pub(super) time: Option<ActionTime>,
    /// The first schema error. Members are read in order, so it is also the first by position.
    error: Option<ScanError>,
}

impl<'a> Draft<'a> {
    #[inline(always)]
    pub(super) fn keep_first(&mut self, error: ScanError) {
        self.error.get_or_insert(error);
    }

    /// Returns the schema error of a value of the wrong type, or of a repeated key.
    #[inline(always)]
    pub(super) fn unwanted(&mut self, key: Key, key_at: usize, at: usize) -> Option<ScanError> {
        let (first_at, repeated, wrong_type) = match key {
            Key::Action => {
                (&mut self.action_at, ErrorCode::DuplicateAction, ErrorCode::ActionNotString)
            }
            Key::Time => (&mut self.time_at, ErrorCode::DuplicateTime, ErrorCode::TimeNotNumber),
            Key::Other => return None,
        };
        Some(match *first_at {
            Some(first) => ScanError { code: repeated, at: key_at, detail: first },
            None => {
                *first_at = Some(key_at);
                ScanError { code: wrong_type, at, detail: 0 }
            }
        })
    }

    /// Returns the action, or its first schema error, once the whole input is known to be JSON.
    ///
    /// The object ends at `end`.
    #[inline(always)]
    pub(super) fn finish(self, end: usize) -> ScanResult<Found<'a>> {
        if let Some(error) = self.error {
            return Err(error);
        }
        // Without an error, a value that is not there has no key.
        let missing = |code| ScanError { code, at: end, detail: 0 };
        let name = self.name.ok_or(missing(ErrorCode::MissingAction))?;
        let time = self.time.ok_or(missing(ErrorCode::MissingTime))?;
        Ok(Found { name, time })
    }
}
