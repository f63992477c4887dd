//! Timestamps and durations on the command line and in results.

use std::time::Duration;

use clap::ValueEnum;
use facade::Stamp;
use facade::codec::{Path, Timestamp, TimestampFormat, Zone};

use crate::options::INPUT_OPTIONS;

/// The options about timestamps.
#[derive(Debug, clap::Args)]
pub(crate) struct StampArgs {
    /// Key of the timestamp of an action
    #[arg(long, value_name = "KEY", value_parser = key, help_heading = INPUT_OPTIONS)]
    stamp_key: Option<String>,

    /// Format of the timestamp
    #[arg(long, value_enum, default_value_t = Form::Seconds, requires = "stamp_key")]
    #[arg(help_heading = INPUT_OPTIONS)]
    stamp_form: Form,
}

/// The format of a timestamp: a number since 1970, or text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Seconds since 1970, with or without a fraction
    #[value(alias = "s")]
    Seconds,
    /// Milliseconds since 1970
    #[value(alias = "ms")]
    Milliseconds,
    /// Microseconds since 1970
    #[value(alias = "us")]
    Microseconds,
    /// Nanoseconds since 1970
    #[value(alias = "ns")]
    Nanoseconds,
    /// Text such as "2023-11-14T22:13:20.5Z"
    Rfc3339,
}

impl From<Form> for TimestampFormat {
    fn from(form: Form) -> Self {
        match form {
            Form::Seconds => Self::Seconds,
            Form::Milliseconds => Self::Milliseconds,
            Form::Microseconds => Self::Microseconds,
            Form::Nanoseconds => Self::Nanoseconds,
            Form::Rfc3339 => Self::Rfc3339,
        }
    }
}

/// Checks a key.
fn key(text: &str) -> Result<String, String> {
    match text {
        "action" | "time" => Err(format!(
            "key `{text}` is part of every action, expected another key for the timestamp"
        )),
        key => Ok(key.to_owned()),
    }
}

impl StampArgs {
    /// Returns the time zone of days and labels.
    pub(crate) fn zone(&self) -> &Zone {
        &Zone::UTC
    }

    /// Returns the key, if one was given.
    pub(crate) fn key(&self) -> Option<Timestamp> {
        let key = self.stamp_key.as_deref()?;
        Some(Timestamp::new(Path::key(key), self.stamp_form.into()))
    }
}

/// Parses a duration above zero.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("duration is zero, expected at least 1ns, such as `10s`".into()),
        Ok(time) => Ok(time),
        Err(error) => Err(format!("{error}, expected a duration such as `10s`, `5m` or `1h 30m`")),
    }
}

/// Formats a duration so that it can be parsed again. The largest unit is a day.
pub(crate) fn span(span: Duration) -> String {
    let mut left = span.as_nanos();
    let mut parts = Vec::new();
    for (unit, nanos) in [
        ("d", 86_400_000_000_000),
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("ns", 1),
    ] {
        if left >= nanos {
            parts.push(format!("{}{unit}", left / nanos));
            left %= nanos;
        }
    }
    if parts.is_empty() { "0s".into() } else { parts.join(" ") }
}

/// Formats a timestamp in RFC 3339, with the digits that multiples of `width` need.
pub(crate) fn write(zone: &Zone, stamp: Stamp, width: Duration) -> String {
    let nanos = width.subsec_nanos();
    let digits = (0..9_u32).find(|&digits| nanos.is_multiple_of(10_u32.pow(9 - digits)));
    zone.format(stamp, digits.unwrap_or(9) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_have_the_digits_that_their_width_needs() {
        let stamp = Stamp::from_nanos(1_700_000_000_120_000_000);
        let cases = [
            (Duration::from_secs(60), "2023-11-14T22:13:20Z"),
            (Duration::from_millis(1_500), "2023-11-14T22:13:20.1Z"),
            (Duration::from_millis(1), "2023-11-14T22:13:20.120Z"),
            (Duration::from_nanos(1), "2023-11-14T22:13:20.120000000Z"),
        ];
        for (width, expected) in cases {
            assert_eq!(write(&Zone::UTC, stamp, width), expected);
        }
        assert_eq!(write(&Zone::UTC, Stamp::MIN, Duration::from_secs(1)), "1677-09-21T00:12:43Z");
    }

    #[test]
    fn formatted_durations_parse_to_the_same_value() {
        let cases = [
            (1, "1ns"),
            (1_500_000, "1ms 500us"),
            (10_000_000_000, "10s"),
            (90_000_000_000, "1m 30s"),
            (360 * 86_400_000_000_000, "360d"),
        ];
        for (nanos, expected) in cases {
            let time = Duration::from_nanos(nanos);
            assert_eq!((span(time).as_str(), positive_duration(expected)), (expected, Ok(time)));
        }
        assert_eq!(span(Duration::ZERO), "0s");
    }

    #[test]
    fn zero_duration_is_refused() {
        assert_eq!(positive_duration("1h 30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(
            positive_duration("0s").unwrap_err(),
            "duration is zero, expected at least 1ns, such as `10s`"
        );
        assert_eq!(
            positive_duration("ten").unwrap_err(),
            "expected number at 0, expected a duration such as `10s`, `5m` or `1h 30m`"
        );
    }
}
