//! Random moments and texts, compared with `jiff`.

use codec::{Stamp, TimestampFormat, Zone};
use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;
use proptest::sample::select;

use super::{auto, zone};

const ZONES: [&str; 7] = [
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Pacific/Apia",
    "Asia/Kolkata",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// What `jiff` writes is read back, and what it reads is read alike.
    #[test]
    fn texts_are_read_as_jiff_reads_them(
        nanos in any::<i64>(),
        offset_min in -1_439_i32..1_440,
        digits in 0_usize..=9,
    ) {
        let timestamp = jiff::Timestamp::from_nanosecond(nanos.into()).unwrap();
        let offset = Offset::from_seconds(offset_min * 60).unwrap();
        let shown = format!("{:.digits$}", timestamp.display_with_offset(offset));
        let expected = shown.parse::<jiff::Timestamp>().unwrap().as_nanosecond();
        let expected = i64::try_from(expected).map(Stamp::from_nanos).ok();
        for format in [TimestampFormat::Auto, TimestampFormat::Rfc3339] {
            let found = format.parse(&shown, &Zone::UTC).ok().map(|moment| moment.stamp);
            prop_assert_eq!(found, expected, "{}", shown);
        }
        // Whole seconds, in the other forms.
        let zoned = timestamp.to_zoned_datetime(TimeZone::fixed(offset));
        let clf = zoned.strftime("%d/%b/%Y:%H:%M:%S %z").to_string();
        let seconds = i128::from(nanos).div_euclid(1_000_000_000) * 1_000_000_000;
        let seconds = i64::try_from(seconds).map(Stamp::from_nanos).ok();
        let http = timestamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        for (text, format) in [(clf, TimestampFormat::Clf), (http, TimestampFormat::Http)] {
            for format in [TimestampFormat::Auto, format] {
                let found = format.parse(&text, &Zone::UTC).ok().map(|moment| moment.stamp);
                prop_assert_eq!(found, seconds, "{}", text);
            }
        }
    }

    /// Any text near RFC 3339 is accepted exactly if `jiff` accepts it, and it has the strict form.
    #[test]
    fn dates_that_do_not_exist_are_those_of_jiff(
        date in "[0-2][0-9]{3}-[01][0-9]-[0-3][0-9]",
        time in "[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,12})?",
        offset in "Z|[+-][0-2][0-9]:[0-6][0-9]",
    ) {
        let text = format!("{date}T{time}{offset}");
        let found = TimestampFormat::Rfc3339.parse(&text, &Zone::UTC).map(|moment| moment.stamp);
        // `jiff` reads fractions of at most nine digits, and offsets of more than a day.
        let (whole, fraction) = time.split_once('.').unwrap_or((&time, "0"));
        let short = format!("{date}T{whole}.{}{offset}", &fraction[..fraction.len().min(9)]);
        let expected = short.parse::<jiff::Timestamp>().ok()
            .filter(|_| offset == "Z" || &offset[1..3] < "24")
            .filter(|_| !date.starts_with("0001"))
            .and_then(|timestamp| i64::try_from(timestamp.as_nanosecond()).ok())
            .map(Stamp::from_nanos);
        prop_assert_eq!(found.ok(), expected, "{}", text);
    }

    /// Local times, days and labels are those of `jiff` in every zone.
    #[test]
    fn zones_are_those_of_jiff(nanos in any::<i64>(), name in select(&ZONES[..])) {
        let (zone, tz) = (zone(name), TimeZone::get(name).unwrap());
        // Two days from each end, so that no day is cut.
        let nanos = nanos / 1_000 * 999;
        let stamp = Stamp::from_nanos(nanos);
        let timestamp = jiff::Timestamp::from_nanosecond(nanos.into()).unwrap();
        let zoned = timestamp.to_zoned_datetime(tz.clone());
        let offset = zoned.offset();
        let label = if offset.seconds() == 0 || offset.seconds() % 60 != 0 {
            format!("{timestamp:.9}")
        } else {
            format!("{:.9}", timestamp.display_with_offset(offset))
        };
        prop_assert_eq!(zone.format(stamp, 9), label.as_str());
        // The label names its offset; without it, the time may be skipped or repeated.
        let local = zoned.datetime();
        let expected = tz.to_ambiguous_timestamp(local).compatible().unwrap().as_nanosecond();
        let found = TimestampFormat::Auto.parse(&local.to_string(), &zone).unwrap();
        prop_assert_eq!(i128::from(found.stamp.as_nanos()), expected);
        let day = zone.day(stamp);
        prop_assert!(zone.day_start(day) <= stamp && stamp < zone.day_start(day + 1));
        let midnight = zoned.start_of_day().unwrap().timestamp().as_nanosecond();
        if offset == offset_at(&tz, zone.day_start(day)) {
            prop_assert_eq!(i128::from(zone.day_start(day).as_nanos()), midnight);
        }
    }

    /// The unit of a number depends on its magnitude only, and the value is exact.
    #[test]
    fn numbers_are_exact(whole in any::<i64>(), fraction in "[0-9]{0,12}") {
        let point = if fraction.is_empty() { "" } else { "." };
        let text = format!("{whole}{point}{fraction}");
        let unit = match whole.unsigned_abs() {
            0..100_000_000_000 => 1_000_000_000,
            100_000_000_000..100_000_000_000_000 => 1_000_000,
            100_000_000_000_000..100_000_000_000_000_000 => 1_000,
            _ => 1_i128,
        };
        // In units of 10^-12 ns.
        let scale = 10_i128.pow(12);
        let part = format!("{fraction:0<12}").parse::<i128>().unwrap();
        let part = if text.starts_with('-') { -part } else { part };
        let expected = ((i128::from(whole) * scale + part) * unit).div_euclid(scale);
        let expected = i64::try_from(expected).map(Stamp::from_nanos).ok();
        prop_assert_eq!(auto(&text).ok().map(|moment| moment.stamp), expected, "{}", text);
    }

    /// No text makes a parser panic, whatever its format.
    #[test]
    fn any_text_is_read_or_refused(
        text in ".{0,40}",
        date in "[-0-9/:., TZ+]{0,30}",
        name in select(&ZONES[..]),
    ) {
        let zone = zone(name);
        for format in ["auto", "seconds", "rfc3339", "clf", "http", "%Y-%m-%d %H:%M", "%s"] {
            for text in [&text, &date] {
                let found = format!("{:?}", super::format(format).parse(text, &zone));
                prop_assert!(!found.is_empty());
            }
        }
        let _ = text.parse::<TimestampFormat>();
        let _ = text.parse::<Zone>();
        let _ = format!("%{text}").parse::<TimestampFormat>();
    }
}

fn offset_at(tz: &TimeZone, stamp: Stamp) -> Offset {
    tz.to_offset(jiff::Timestamp::from_nanosecond(stamp.as_nanos().into()).unwrap())
}
