//! The timestamp key: its name, and the form of its value.

use thiserror::Error;

/// Names the key that holds the timestamp of an action, and the form of its value.
///
/// # Examples
///
/// ```
/// use codec::{DecodeOptions, Stamp, StampForm, StampKey};
///
/// let key = StampKey::new("at", StampForm::Seconds)?;
/// let options = DecodeOptions { stamp: Some(key), ..DecodeOptions::default() };
/// let line = br#"{"action":"jump","time":100,"at":1700000000.25}"#;
/// let (_, stamp) = options.decode_stamped(line)?;
/// assert_eq!(stamp, Some(Stamp::from_millis(1_700_000_000_250)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StampKey {
    /// Neither `action` nor `time`.
    key: Box<str>,
    form: StampForm,
}

impl StampKey {
    /// Creates a timestamp key.
    ///
    /// # Errors
    ///
    /// [`StampKeyError`] for `action` and `time`, which have a meaning of their own.
    pub fn new(key: impl Into<Box<str>>, form: StampForm) -> Result<Self, StampKeyError> {
        let key = key.into();
        match &*key {
            "action" | "time" => Err(StampKeyError { key }),
            _ => Ok(Self { key, form }),
        }
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the form of the value.
    #[must_use]
    pub fn form(&self) -> StampForm {
        self.form
    }
}

/// The form of a timestamp.
///
/// A number counts from the start of 1970 in UTC. It may be negative and have a fraction and an
/// exponent. It is read exactly and rounded down to a nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StampForm {
    /// A number of seconds.
    Seconds,
    /// A number of milliseconds.
    Milliseconds,
    /// A number of microseconds.
    Microseconds,
    /// A number of nanoseconds.
    Nanoseconds,
    /// A string such as `1985-04-12T23:20:50.52Z` or `1996-12-19T16:39:57-08:00`.
    ///
    /// As in RFC 3339, `T` and `Z` may be lower case. Second 60, a leap second, is read as second
    /// 59.
    #[cfg(feature = "timestamps")]
    Rfc3339,
}

impl StampForm {
    /// Returns the nanoseconds of one unit, or `None` if the form is a string.
    pub(super) fn nanos_per_unit(self) -> Option<u64> {
        match self {
            Self::Seconds => Some(1_000_000_000),
            Self::Milliseconds => Some(1_000_000),
            Self::Microseconds => Some(1_000),
            Self::Nanoseconds => Some(1),
            #[cfg(feature = "timestamps")]
            Self::Rfc3339 => None,
        }
    }
}

/// The timestamp key is `action` or `time`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("key `{key}` is part of every action, expected another key for the timestamp")]
pub struct StampKeyError {
    /// The key, `action` or `time`.
    pub key: Box<str>,
}
