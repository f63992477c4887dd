//! Patterns of timestamps, as `strptime` has them.

use std::fmt;

use jiff::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use thiserror::Error;

use super::civil::{Civil, Clock, stamp};
use super::error::MomentError;
use super::instant::Moment;
use super::zone::Zone;

/// A pattern of timestamps, such as `%d.%m.%Y %H:%M:%S`.
///
/// The directives are those of `jiff::fmt::strtime`. It must name a date; a time of day that it
/// does not name is midnight.
#[derive(Clone, PartialEq, Eq)]
pub struct Pattern {
    text: Box<str>,
}

/// A text is not a pattern of timestamps.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PatternError {
    /// A directive is unknown, or cannot be read, only written.
    #[error("pattern `{pattern}` cannot be read: {reason}")]
    Directive {
        /// The pattern.
        pattern: Box<str>,
        /// Which directive, and why.
        reason: Box<str>,
    },
    /// The pattern names no date.
    #[error(
        "pattern `{pattern}` gives no date, expected a year, a month and a day such as `%Y-%m-%d`, \
         or `%s`"
    )]
    NoDate {
        /// The pattern.
        pattern: Box<str>,
    },
}

impl Pattern {
    /// Checks a pattern.
    ///
    /// # Errors
    ///
    /// [`PatternError`] if a directive cannot be read, or if no date is among them.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::Pattern;
    ///
    /// assert!(Pattern::new("%d.%m.%Y %H:%M").is_ok());
    /// assert_eq!(
    ///     Pattern::new("%b %d %H:%M").unwrap_err().to_string(),
    ///     "pattern `%b %d %H:%M` gives no date, expected a year, a month and a day such as \
    ///      `%Y-%m-%d`, or `%s`"
    /// );
    /// ```
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, PatternError> {
        let pattern = Self { text: text.into() };
        let refused = |error: jiff::Error| {
            // Whether it was written or read does not matter here.
            let reason = error.to_string();
            let reason = reason.split_once(" failed: ").map_or(&*reason, |(_, reason)| reason);
            PatternError::Directive { pattern: pattern.text.clone(), reason: reason.into() }
        };
        // A moment is written and read again. Its numbers have the maximum number of digits.
        let sample = Timestamp::constant(1_703_454_826, 123_456_789);
        let sample = BrokenDownTime::from(&sample.to_zoned_datetime(TimeZone::UTC));
        let sample = sample.to_string(&*pattern.text).map_err(refused)?;
        let read = BrokenDownTime::parse(&*pattern.text, &sample).map_err(refused)?;
        if read.timestamp().is_none() && read.to_datetime().is_err() {
            return Err(PatternError::NoDate { pattern: pattern.text });
        }
        Ok(pattern)
    }

    /// Returns the pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Reads a text.
    pub(super) fn read(&self, text: &str, zone: &Zone) -> Result<Moment, MomentError> {
        let read = BrokenDownTime::parse(&*self.text, text).map_err(|_| MomentError::NotPattern)?;
        if read.timestamp().is_some() || read.offset().is_some() || read.iana_time_zone().is_some()
        {
            let moment = read.to_zoned_datetime().map_err(|_| MomentError::NotPattern)?;
            return stamp(moment.timestamp().as_nanosecond()).map(Moment::given);
        }
        let local = read.to_datetime().map_err(|_| MomentError::NotPattern)?;
        zone.place(civil(local)?)
    }
}

/// Returns a date and time of day of `jiff`. Their numbers are checked.
fn civil(local: jiff::civil::DateTime) -> Result<Civil, MomentError> {
    let number = |number: i8| u8::try_from(number).map_err(|_| MomentError::NoSuchTime);
    let clock = Clock {
        hour: number(local.hour())?,
        minute: number(local.minute())?,
        second: number(local.second())?,
        nanos: u32::try_from(local.subsec_nanosecond()).map_err(|_| MomentError::NoSuchTime)?,
    };
    let year = u16::try_from(local.year()).map_err(|_| MomentError::OutOfRange)?;
    Ok(Civil { year, month: number(local.month())?, day: number(local.day())?, clock })
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}
