//! Timestamps and durations on the command line and in results.

use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use facade::Stamp;
use facade::codec::{Counts, Fields, MomentError, Path, Timestamp, TimestampFormat, Zone, visible};

use crate::diagnostics;
use crate::options::{self, INPUT_OPTIONS};
use crate::output::render::{counted, grouped};

/// The precision of moments for people.
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// The options about timestamps.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = INPUT_OPTIONS)]
pub(crate) struct TimestampArgs {
    /// Field of the timestamp, such as `ts` or `request.start`
    #[arg(long, value_name = "PATH", value_parser = Path::parse)]
    timestamp: Option<Path>,

    /// Format of the timestamp: a name or a pattern [default: auto]
    ///
    /// `auto` recognises each value by itself: RFC 3339 and its variants, `01/May/2024:12:00:08
    /// +0200`, dates of HTTP, and numbers since 1970 by their magnitude. The other names accept one
    /// form. A pattern such as `%d.%m.%Y %H:%M:%S` has the directives of strptime.
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    #[arg(value_parser = options::offering(TimestampFormat::from_str, || FORMATS))]
    timestamp_format: Option<TimestampFormat>,

    /// Time zone of timestamps without one, and of days [default: UTC]
    ///
    /// A name such as Europe/Berlin, `local`, or an offset such as +02:00.
    #[arg(long, value_name = "ZONE")]
    timezone: Option<Zone>,

    /// Count only records at or after this time
    ///
    /// A timestamp in any form that `auto` recognises, or a time before now such as `-1h`.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<Limit>,

    /// Count only records before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    to: Option<Limit>,

    /// The old name of --timestamp, for one key
    #[arg(long, value_name = "KEY", value_parser = key)]
    #[arg(hide = true, conflicts_with = "timestamp")]
    stamp_key: Option<String>,

    /// The old name of --timestamp-format
    #[arg(long, value_enum, hide = true, conflicts_with = "timestamp_format")]
    stamp_form: Option<OldForm>,
}

/// The named formats, for shells to complete.
const FORMATS: &[&str] =
    &["auto", "seconds", "milliseconds", "microseconds", "nanoseconds", "rfc3339", "clf", "http"];

/// The values of the old name of `--timestamp-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OldForm {
    #[value(alias = "s")]
    Seconds,
    #[value(alias = "ms")]
    Milliseconds,
    #[value(alias = "us")]
    Microseconds,
    #[value(alias = "ns")]
    Nanoseconds,
    Rfc3339,
}

impl From<OldForm> for TimestampFormat {
    fn from(form: OldForm) -> Self {
        match form {
            OldForm::Seconds => Self::Seconds,
            OldForm::Milliseconds => Self::Milliseconds,
            OldForm::Microseconds => Self::Microseconds,
            OldForm::Nanoseconds => Self::Nanoseconds,
            OldForm::Rfc3339 => Self::Rfc3339,
        }
    }
}

/// The value of `--from` or `--to`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Limit {
    BeforeNow(Duration),
    /// A text that is a moment in every time zone.
    At(String),
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let before = text.strip_prefix('-').map(humantime::parse_duration);
        if let Some(Ok(before)) = before {
            return Ok(Self::BeforeNow(before));
        }
        match TimestampFormat::Auto.parse(text, &Zone::UTC) {
            Ok(_) => Ok(Self::At(text.to_owned())),
            Err(MomentError::Unknown) => {
                Err("expected a time such as `2024-05-01T12:00:08Z`, or `-1h` before now".into())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Limit {
    fn stamp(&self, zone: &Zone, now: Stamp) -> Stamp {
        match self {
            Self::BeforeNow(before) => now - *before,
            // At the edge of the range, it may be outside in another zone.
            Self::At(text) => {
                TimestampFormat::Auto.parse(text, zone).map_or(Stamp::MAX, |moment| moment.stamp)
            }
        }
    }
}

impl TimestampArgs {
    /// Returns the time zone of days and labels.
    pub(crate) fn zone(&self) -> &Zone {
        self.timezone.as_ref().unwrap_or(&Zone::UTC)
    }

    /// Returns the timestamp, if its field was given.
    pub(crate) fn timestamp(&self) -> Option<Timestamp> {
        let old = self.stamp_key.as_deref().map(Path::key);
        // The old option had another default.
        let default = if old.is_some() { TimestampFormat::Seconds } else { TimestampFormat::Auto };
        let path = self.timestamp.clone().or(old)?;
        let format = self.format().unwrap_or(default);
        Some(Timestamp { path, format, zone: self.zone().clone() })
    }

    fn format(&self) -> Option<TimestampFormat> {
        self.timestamp_format.clone().or(self.stamp_form.map(TimestampFormat::from))
    }

    /// Sets the fields of the timestamp and its limits, some of which are before `now`.
    ///
    /// A timestamp that `fields` already has, such as that of a pattern, keeps its path.
    ///
    /// # Errors
    ///
    /// What is wrong, if an option needs a timestamp and there is none, or if no moment is within
    /// the limits.
    pub(crate) fn apply(&self, fields: &mut Fields, now: Stamp) -> Result<(), String> {
        if let Some(timestamp) = self.timestamp() {
            fields.timestamp = Some(timestamp);
        } else if let Some(timestamp) = &mut fields.timestamp {
            timestamp.zone = self.zone().clone();
            timestamp.format = self.format().unwrap_or_default();
        } else if let Some(option) = self.needs_timestamp() {
            return Err(format!(
                "`{option}` needs the field of the timestamp\n  use `--timestamp PATH`"
            ));
        }
        fields.from = self.from.as_ref().map(|limit| limit.stamp(self.zone(), now));
        fields.to = self.to.as_ref().map(|limit| limit.stamp(self.zone(), now));
        if let (Some(from), Some(to)) = (fields.from, fields.to)
            && from >= to
        {
            let [from, to] = [from, to].map(|limit| write(self.zone(), limit, Duration::ZERO));
            return Err(format!("`--from` is {from}, expected a time before {to}"));
        }
        Ok(())
    }

    /// Returns the option that was given and needs a timestamp.
    fn needs_timestamp(&self) -> Option<&'static str> {
        let given = [
            ("--from", self.from.is_some()),
            ("--to", self.to.is_some()),
            ("--timestamp-format", self.timestamp_format.is_some()),
            ("--stamp-form", self.stamp_form.is_some()),
            ("--timezone", self.timezone.is_some()),
        ];
        given.into_iter().find(|&(_, is_given)| is_given).map(|(option, _)| option)
    }

    /// Reports the present names of options that were given by their old ones.
    pub(crate) fn report_old_names(&self) {
        let renamed = match (self.stamp_key.is_some(), self.stamp_form.is_some()) {
            (false, false) => return,
            (true, false) => "`--stamp-key` is now called `--timestamp`",
            (false, true) => "`--stamp-form` is now called `--timestamp-format`",
            (true, true) => {
                "`--stamp-key` and `--stamp-form` are now called `--timestamp` and \
                 `--timestamp-format`"
            }
        };
        diagnostics::report(renamed);
    }

    /// Reports what was assumed about the timestamps of the accepted records.
    pub(crate) fn report_assumed(&self, timestamp: &Timestamp, counts: &Counts, records: u64) {
        if counts.without_timestamp > 0 {
            let verb = if counts.without_timestamp == 1 { "has" } else { "have" };
            diagnostics::report(format_args!(
                "{} of {} {verb} no timestamp `{}`",
                grouped(counts.without_timestamp),
                counted(records, "record"),
                visible(timestamp.path.to_string().as_bytes())
            ));
        }
        if counts.assumed_zone > 0 && self.timezone.is_none() {
            diagnostics::report(
                "timestamps without a time zone were taken as UTC\n  \
                 use `--timezone local`, or a name such as `--timezone Europe/Berlin`",
            );
        }
        for (number, what) in [
            (counts.local_skipped, "skipped: moved forward by the time skipped"),
            (counts.local_repeated, "showed twice: taken as the first"),
        ] {
            if number > 0 {
                let number = counted(number, "timestamp");
                diagnostics::report(format_args!("{number} at a local time that clocks {what}"));
            }
        }
    }
}

/// Checks an old key.
fn key(text: &str) -> Result<String, String> {
    match text {
        "action" | "time" => Err(format!(
            "key `{text}` is part of every action, expected another key for the timestamp"
        )),
        key => Ok(key.to_owned()),
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
