//! The formats of timestamps, and how each is read.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::error::MomentError;
use super::instant::Moment;
#[cfg(feature = "timestamps")]
use super::pattern::{Pattern, PatternError};
use super::text::{self, Mismatch, Rigour, Written};
use super::zone::Zone;
use super::{number, refusal};

/// How a timestamp is written.
///
/// # Accuracy
///
/// Every form is read exactly and rounded down to a nanosecond. Second 60, a leap second, is read
/// as second 59. A moment outside of 1677-09-21 to 2262-04-11 is refused.
///
/// # Examples
///
/// ```
/// use codec::{Stamp, TimestampFormat, Zone};
///
/// let (auto, utc) = (TimestampFormat::Auto, Zone::UTC);
/// for text in ["2024-05-01T12:00:08.25Z", "1714564808.25", "01/May/2024:14:00:08.25 +0200"] {
///     assert_eq!(auto.parse(text, &utc)?.stamp, Stamp::from_millis(1_714_564_808_250));
/// }
/// assert_eq!(
///     auto.parse("01/02/2024", &utc).unwrap_err().to_string(),
///     "the order of day and month is unknown, expected a pattern such as `%d/%m/%Y` or `%m/%d/%Y`"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TimestampFormat {
    /// Recognises each value by itself, never by its neighbours. The default.
    ///
    /// A number, quoted or not, counts from 1970: seconds below 10^11, milliseconds below 10^14,
    /// microseconds below 10^17, else nanoseconds. A text has one of these forms:
    ///
    /// - RFC 3339, and what programs write instead: a space or `_` for `T`, `/` for `-`, a comma
    ///   before the fraction, `+0200`, `+02`, ` UTC` or no zone, no seconds, no time of day;
    /// - the Common Log Format, `01/May/2024:12:00:08 +0200`, also with a fraction or without zone;
    /// - the date of HTTP, `Sun, 06 Nov 1994 08:49:37 GMT`.
    #[default]
    Auto,
    /// A number of seconds since 1970.
    Seconds,
    /// A number of milliseconds since 1970.
    Milliseconds,
    /// A number of microseconds since 1970.
    Microseconds,
    /// A number of nanoseconds since 1970.
    Nanoseconds,
    /// A text of RFC 3339, such as `1985-04-12T23:20:50.52Z`. `T` and `Z` may be lower case.
    Rfc3339,
    /// A timestamp of the Common Log Format, such as `01/May/2024:12:00:08 +0200`.
    Clf,
    /// A date of HTTP, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    Http,
    /// A pattern, such as `%d.%m.%Y %H:%M:%S`.
    #[cfg(feature = "timestamps")]
    Pattern(Pattern),
}

/// The formats with a name.
const NAMED: [(&str, TimestampFormat); 8] = [
    ("auto", TimestampFormat::Auto),
    ("seconds", TimestampFormat::Seconds),
    ("milliseconds", TimestampFormat::Milliseconds),
    ("microseconds", TimestampFormat::Microseconds),
    ("nanoseconds", TimestampFormat::Nanoseconds),
    ("rfc3339", TimestampFormat::Rfc3339),
    ("clf", TimestampFormat::Clf),
    ("http", TimestampFormat::Http),
];

impl TimestampFormat {
    /// Parses a text, where a number counts as one.
    ///
    /// `zone` is the time zone of texts that name none.
    ///
    /// # Errors
    ///
    /// [`MomentError`] if the text has another form, or names a moment that does not exist.
    ///
    /// # Complexity
    ///
    /// Linear in the text. Only a pattern allocates.
    pub fn parse(&self, text: &str, zone: &Zone) -> Result<Moment, MomentError> {
        read_text(text, self, zone)
    }

    /// Returns the unit of numbers as a power of ten of nanoseconds, if the format fixes it.
    fn unit_power(&self) -> Option<u32> {
        match self {
            Self::Seconds => Some(9),
            Self::Milliseconds => Some(6),
            Self::Microseconds => Some(3),
            Self::Nanoseconds => Some(0),
            _ => None,
        }
    }
}

impl fmt::Display for TimestampFormat {
    /// Writes it so that it can be parsed again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "timestamps")]
        if let Self::Pattern(pattern) = self {
            return f.write_str(pattern.as_str());
        }
        let named = NAMED.iter().find(|(_, format)| format == self);
        f.write_str(named.map_or("", |(name, _)| name))
    }
}

/// A text names no format of timestamps.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The text is neither a name nor a pattern.
    #[error(
        "timestamp format `{found}` is unknown, expected auto, seconds, milliseconds, \
         microseconds, nanoseconds, rfc3339, clf, http, or a pattern such as `%Y-%m-%d %H:%M:%S`"
    )]
    Unknown {
        /// The text.
        found: Box<str>,
    },
    /// The pattern cannot be read.
    #[cfg(feature = "timestamps")]
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

impl FromStr for TimestampFormat {
    type Err = FormatError;

    /// Parses a name, or a pattern, which has a `%`.
    fn from_str(text: &str) -> Result<Self, FormatError> {
        #[cfg(feature = "timestamps")]
        if text.contains('%') {
            return Ok(Self::Pattern(Pattern::new(text)?));
        }
        let named = NAMED.into_iter().find(|(name, _)| *name == text);
        named.map(|(_, format)| format).ok_or_else(|| FormatError::Unknown { found: text.into() })
    }
}

/// Reads a JSON number in a format.
pub(crate) fn read_number(
    literal: &str,
    format: &TimestampFormat,
    zone: &Zone,
) -> Result<Moment, MomentError> {
    match format {
        TimestampFormat::Rfc3339 | TimestampFormat::Clf | TimestampFormat::Http => {
            Err(MomentError::NotText)
        }
        // A pattern may be one of digits only, such as `%s` or `%Y%m%d`.
        _ => read_text(literal, format, zone),
    }
}

/// Reads a text in a format.
pub(crate) fn read_text(
    text: &str,
    format: &TimestampFormat,
    zone: &Zone,
) -> Result<Moment, MomentError> {
    let bytes = text.as_bytes();
    let of_form = |written: Result<Written, Mismatch>, other: MomentError| match written {
        Ok(written) => placed(written, zone),
        Err(Mismatch::Refused(error)) => Err(error),
        Err(Mismatch::OtherForm) => Err(other),
    };
    match format {
        TimestampFormat::Auto => auto(text.trim_ascii().as_bytes(), zone),
        TimestampFormat::Rfc3339 => {
            of_form(text::rfc3339(bytes, Rigour::Standard), MomentError::NotRfc3339)
        }
        TimestampFormat::Clf => of_form(text::clf(bytes, Rigour::Standard), MomentError::NotClf),
        TimestampFormat::Http => of_form(text::http(bytes), MomentError::NotHttp),
        #[cfg(feature = "timestamps")]
        TimestampFormat::Pattern(pattern) => pattern.read(text, zone),
        TimestampFormat::Seconds
        | TimestampFormat::Milliseconds
        | TimestampFormat::Microseconds
        | TimestampFormat::Nanoseconds => number::read(bytes, format.unit_power()),
    }
}

/// Reads a text or a number of any form that is recognised.
fn auto(text: &[u8], zone: &Zone) -> Result<Moment, MomentError> {
    let written = match text {
        [_, _, _, _, b'-' | b'/', ..] => text::rfc3339(text, Rigour::NearMisses),
        [_, _, b'/', b'A'..=b'Z' | b'a'..=b'z', ..] => text::clf(text, Rigour::NearMisses),
        [b'A'..=b'Z' | b'a'..=b'z', ..] => text::http(text),
        _ => return number::read(text, None).map_err(|error| number_error(error, text)),
    };
    match written {
        Ok(written) => placed(written, zone),
        Err(Mismatch::Refused(error)) => Err(error),
        // Such as `1714-9` and `-123-4`: whatever it is, it is not a number.
        Err(Mismatch::OtherForm) => Err(refusal::explain(text)),
    }
}

/// Explains what a text is that is not a number, either.
fn number_error(error: MomentError, text: &[u8]) -> MomentError {
    if error == MomentError::NotNumber { refusal::explain(text) } else { error }
}

/// Returns the moment of a date and time of day in the zone that is written, or in this one.
fn placed(written: Written, zone: &Zone) -> Result<Moment, MomentError> {
    match written.offset {
        Some(offset) => written.civil.at_offset(offset).map(Moment::given),
        None => zone.place(written.civil),
    }
}
