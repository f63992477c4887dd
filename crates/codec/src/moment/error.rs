//! Why a text or a number is not a moment.

use thiserror::Error;

/// Why a value is not a moment, and what was expected.
///
/// The messages follow the value: "timestamp is `12:00:08`, the date is missing, …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum MomentError {
    /// The text has none of the forms that are recognised.
    #[error("expected one like `2024-05-01T12:00:08Z`, or a pattern that describes it")]
    Unknown,
    /// The text is not one of RFC 3339.
    #[error("expected RFC 3339, such as `1985-04-12T23:20:50.52Z`")]
    NotRfc3339,
    /// The text is not a timestamp of the Common Log Format.
    #[error("expected one like `01/May/2024:12:00:08 +0200`")]
    NotClf,
    /// The text is not a date of HTTP.
    #[error("expected one like `Sun, 06 Nov 1994 08:49:37 GMT`")]
    NotHttp,
    /// The text does not fit the pattern, or names no date that exists.
    #[error("which does not fit the pattern")]
    NotPattern,
    /// The text is not a number.
    #[error("expected a number")]
    NotNumber,
    /// The value is a number, but the format is a text.
    #[error("expected a text")]
    NotText,
    /// The order of day and month is unknown.
    #[error(
        "the order of day and month is unknown, expected a pattern such as `%d/%m/%Y` or `%m/%d/%Y`"
    )]
    DayOrMonth,
    /// The year has two digits.
    #[error("the year has two digits, expected four, or a pattern such as `%y-%m-%d`")]
    ShortYear,
    /// The year is missing, as in the timestamps of syslog.
    #[error("the year is missing, expected a log that writes it, such as `2024-05-01T12:00:08Z`")]
    NoYear,
    /// There is a time of day without a date.
    #[error("the date is missing, expected a log that writes it, such as `2024-05-01T12:00:08Z`")]
    NoDate,
    /// The time zone is a name other than UTC and GMT.
    #[error(
        "names of time zones are ambiguous, expected `UTC`, `GMT`, an offset such as `+02:00`, \
         or a pattern with the name in it"
    )]
    ZoneName,
    /// The year is 0001, which stands for "never".
    #[error("the year 0001 stands for no moment, expected it among the texts that mean missing")]
    YearOne,
    /// The month, day, hour, minute or second does not exist.
    #[error("there is no such date or time of day, expected one that exists")]
    NoSuchTime,
    /// The day of the week is not that of the date.
    #[error("the weekday is not that of the date, expected them to agree")]
    WrongWeekday,
    /// The moment does not fit a [`Stamp`](core_time::Stamp).
    #[error("out of range, expected 1677-09-21 to 2262-04-11")]
    OutOfRange,
}
