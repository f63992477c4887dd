//! Moments: every form, its near misses, what is refused, time zones, and `jiff` as the oracle.
#![cfg(feature = "timestamps")]

mod oracle;

use codec::{FormatError, Moment, MomentError, MomentZone, Pattern, Stamp, TimestampFormat, Zone};

/// 2024-05-01T12:00:08Z.
const NOON: i64 = 1_714_564_808;

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

fn format(name: &str) -> TimestampFormat {
    name.parse().unwrap()
}

fn auto(text: &str) -> Result<Moment, MomentError> {
    TimestampFormat::Auto.parse(text, &Zone::UTC)
}

#[track_caller]
fn check(text: &str, nanos: i64, zone: MomentZone) {
    let expected = Moment { stamp: Stamp::from_nanos(nanos), zone };
    assert_eq!(auto(text), Ok(expected), "{text}");
}

#[track_caller]
fn check_in(zone_name: &str, text: &str, expected: &str, how: MomentZone) {
    let zone = zone(zone_name);
    let moment = TimestampFormat::Auto.parse(text, &zone).unwrap();
    assert_eq!((zone.format(moment.stamp, 0).as_str(), moment.zone), (expected, how), "{text}");
}

#[track_caller]
fn check_refused(format: &TimestampFormat, text: &str, expected: MomentError) {
    assert_eq!(format.parse(text, &Zone::UTC), Err(expected), "{format} {text}");
}

#[test]
fn magnitude_of_a_number_shows_its_unit() {
    for (text, nanos) in [
        ("0", 0),
        ("-0.5", -500_000_000),
        ("1714564808", NOON * 1_000_000_000),
        ("1714564808.25", NOON * 1_000_000_000 + 250_000_000),
        ("1.714564808e9", NOON * 1_000_000_000),
        ("1714564808.0000000019", NOON * 1_000_000_000 + 1),
        ("-1.0000000001", -1_000_000_001),
        ("9223372036.854775807", i64::MAX),
        ("-9223372036.854775808", i64::MIN),
        ("1714564808123", NOON * 1_000_000_000 + 123_000_000),
        ("1714564808123.25", NOON * 1_000_000_000 + 123_250_000),
        ("1714564808123456", NOON * 1_000_000_000 + 123_456_000),
        ("1714564808123456789", NOON * 1_000_000_000 + 123_456_789),
        ("1714564808123456789.9", NOON * 1_000_000_000 + 123_456_789),
        ("-1714564808123", -1_714_564_808_123_000_000),
        // The borders, as far as they fit.
        ("100000000000", 100_000_000_000_000_000),
        ("100000000000000", 100_000_000_000_000_000),
        ("100000000000000000", 100_000_000_000_000_000),
    ] {
        check(text, nanos, MomentZone::Given);
    }
    for text in [
        "99999999999",
        "99999999999999",
        "99999999999999999.9",
        "9223372036.854775808",
        "20240501120008",
        "1e99",
    ] {
        check_refused(&TimestampFormat::Auto, text, MomentError::OutOfRange);
    }
    for text in ["", "-", "1.", ".5", "1e", "1e+", "0x1", "1,5", "+1", "NaN", "1_000"] {
        check_refused(&TimestampFormat::Auto, text, MomentError::Unknown);
    }
}

#[test]
fn texts_with_a_zone_are_recognised() {
    let noon = NOON * 1_000_000_000;
    for text in [
        "2024-05-01T12:00:08Z",
        "2024-05-01t12:00:08z",
        "2024-05-01 12:00:08Z",
        "2024-05-01_12:00:08Z",
        "2024-05-01T12:00:08+00:00",
        "2024-05-01T12:00:08-00:00",
        "2024-05-01T14:00:08+02:00",
        "2024-05-01T14:00:08+0200",
        "2024-05-01T14:00:08+02",
        "2024-05-01 14:00:08 +0200",
        "2024-05-01T06:30:08-05:30",
        "2024-05-01 12:00:08 UTC",
        "2024-05-01 12:00:08 GMT",
        "2024-05-01 12:00:08UTC",
        "2024-05-01 12:00:08 utc",
        "2024-05-01 12:00:08 +0000 UTC",
        "2024/05/01 12:00:08Z",
        "01/May/2024:14:00:08 +0200",
        "01/may/2024:14:00:08 +02:00",
        "Wed, 01 May 2024 12:00:08 GMT",
        " 2024-05-01T12:00:08Z ",
    ] {
        check(text, noon, MomentZone::Given);
    }
    check("2024-05-01T12:00Z", noon - 8_000_000_000, MomentZone::Given);
    check("1990-12-31T23:59:60Z", 662_687_999_000_000_000, MomentZone::Given);
    check("1969-12-31T23:59:59.9999999999Z", -1, MomentZone::Given);
    for (fraction, nanos) in [
        (".5", 500_000_000),
        (",25", 250_000_000),
        (".123456789", 123_456_789),
        (".1234567899999", 123_456_789),
        (".000000001", 1),
        (".0000000009", 0),
    ] {
        check(&format!("2024-05-01T12:00:08{fraction}Z"), noon + nanos, MomentZone::Given);
        check(&format!("01/May/2024:12:00:08{fraction} +0000"), noon + nanos, MomentZone::Given);
    }
}

#[test]
fn texts_without_a_zone_are_in_that_of_the_options() {
    let noon = NOON * 1_000_000_000;
    for text in [
        "2024-05-01T12:00:08",
        "2024-05-01 12:00:08",
        "2024/05/01 12:00:08",
        "01/May/2024:12:00:08",
    ] {
        check(text, noon, MomentZone::Assumed);
        check_in("+02:00", text, "2024-05-01T12:00:08+02:00", MomentZone::Assumed);
        check_in("America/New_York", text, "2024-05-01T12:00:08-04:00", MomentZone::Assumed);
    }
    check("2024-05-01 12:00", noon - 8_000_000_000, MomentZone::Assumed);
    for date in ["2024-05-01", "2024/05/01"] {
        check(date, 1_714_521_600_000_000_000, MomentZone::Assumed);
        check_in("Asia/Kolkata", date, "2024-05-01T00:00:00+05:30", MomentZone::Assumed);
    }
    // A number and a written zone do not depend on it.
    let berlin = zone("Europe/Berlin");
    for text in ["1714564808", "2024-05-01T12:00:08Z", "Wed, 01 May 2024 12:00:08 GMT"] {
        assert_eq!(TimestampFormat::Auto.parse(text, &berlin), auto(text), "{text}");
    }
}

#[test]
fn skipped_local_times_move_forward_and_repeated_ones_are_the_first() {
    let berlin = "Europe/Berlin";
    let skipped = MomentZone::AssumedSkipped;
    check_in(berlin, "2024-03-31 01:59:59", "2024-03-31T01:59:59+01:00", MomentZone::Assumed);
    check_in(berlin, "2024-03-31 02:00", "2024-03-31T03:00:00+02:00", skipped);
    check_in(berlin, "2024-03-31 02:59:59", "2024-03-31T03:59:59+02:00", skipped);
    check_in(berlin, "2024-03-31 03:00", "2024-03-31T03:00:00+02:00", MomentZone::Assumed);
    let repeated = MomentZone::AssumedRepeated;
    check_in(berlin, "2024-10-27 01:59:59", "2024-10-27T01:59:59+02:00", MomentZone::Assumed);
    check_in(berlin, "2024-10-27 02:00", "2024-10-27T02:00:00+02:00", repeated);
    check_in(berlin, "2024-10-27 02:59:59", "2024-10-27T02:59:59+02:00", repeated);
    check_in(berlin, "2024-10-27 03:00", "2024-10-27T03:00:00+01:00", MomentZone::Assumed);
}

#[test]
fn refused_texts_get_the_reason_that_helps() {
    for (text, expected) in [
        ("01/02/2024", MomentError::DayOrMonth),
        ("1/2/2024 12:00", MomentError::DayOrMonth),
        ("13.02.2024", MomentError::DayOrMonth),
        ("01-02-2024 12:00:00", MomentError::DayOrMonth),
        ("24-05-01 12:00:08", MomentError::ShortYear),
        ("24/05/01", MomentError::ShortYear),
        ("1.5.24", MomentError::ShortYear),
        ("01/May/24:12:00:08 +0200", MomentError::ShortYear),
        ("Sunday, 06-Nov-94 08:49:37 GMT", MomentError::ShortYear),
        ("Sun, 06 Nov 94 08:49:37 GMT", MomentError::ShortYear),
        ("May  1 12:00:08", MomentError::NoYear),
        ("Wed May  1 12:00:08", MomentError::NoYear),
        ("1 May 12:00:08", MomentError::NoYear),
        ("05-01 12:00:08.123", MomentError::NoYear),
        ("12:00:08", MomentError::NoDate),
        ("12:00", MomentError::NoDate),
        ("2024-05-01 12:00:08 CEST", MomentError::ZoneName),
        ("2024-05-01T12:00:08EST", MomentError::ZoneName),
        ("2024-05-01T12:00:08+02:00[Europe/Berlin]", MomentError::ZoneName),
        ("2024-05-01 12:00:08 +0200 CEST", MomentError::ZoneName),
        ("2024-05-01 12:00:08 +0200 UTC", MomentError::ZoneName),
        ("Wed, 01 May 2024 12:00:08 CEST", MomentError::ZoneName),
        ("0001-01-01T00:00:00Z", MomentError::YearOne),
        ("0001-01-01", MomentError::YearOne),
        ("2024-13-01T00:00:00Z", MomentError::NoSuchTime),
        ("2023-02-29", MomentError::NoSuchTime),
        ("1900-02-29", MomentError::NoSuchTime),
        ("2024-04-31", MomentError::NoSuchTime),
        ("2024-05-00", MomentError::NoSuchTime),
        ("2024-05-01T24:00:00Z", MomentError::NoSuchTime),
        ("2024-05-01T12:60:00Z", MomentError::NoSuchTime),
        ("2024-05-01T12:00:61Z", MomentError::NoSuchTime),
        ("2024-05-01T12:00:00+24:00", MomentError::NoSuchTime),
        ("2024-05-01T12:00:00+00:60", MomentError::NoSuchTime),
        ("Thu, 01 May 2024 12:00:08 GMT", MomentError::WrongWeekday),
        ("2262-04-11T23:47:16.854775808Z", MomentError::OutOfRange),
        ("1677-09-21", MomentError::OutOfRange),
        ("9999-12-31T23:59:59Z", MomentError::OutOfRange),
        ("", MomentError::Unknown),
        ("now", MomentError::Unknown),
        ("é", MomentError::Unknown),
        ("2024-05-01T", MomentError::Unknown),
        ("2024-05-01T12", MomentError::Unknown),
        ("2024-05-01T12:00:08.Z", MomentError::Unknown),
        ("2024-05-01T12:00:08  +02", MomentError::Unknown),
        ("2024-05/01", MomentError::Unknown),
        ("2024-5-1", MomentError::Unknown),
        ("20240501T120008Z", MomentError::Unknown),
        ("Sun Nov  6 08:49:37 1994", MomentError::Unknown),
        ("2024-05-01T12:00:08+2:00", MomentError::Unknown),
        ("2024-05-01T12:00:08+020", MomentError::Unknown),
    ] {
        check_refused(&TimestampFormat::Auto, text, expected);
    }
}

#[test]
fn reasons_say_what_to_do() {
    for (error, message) in [
        (
            MomentError::Unknown,
            "expected one like `2024-05-01T12:00:08Z`, or a pattern that describes it",
        ),
        (MomentError::NotRfc3339, "expected RFC 3339, such as `1985-04-12T23:20:50.52Z`"),
        (MomentError::NotClf, "expected one like `01/May/2024:12:00:08 +0200`"),
        (MomentError::NotHttp, "expected one like `Sun, 06 Nov 1994 08:49:37 GMT`"),
        (MomentError::NotPattern, "which does not fit the pattern"),
        (MomentError::NotNumber, "expected a number"),
        (MomentError::NotText, "expected a text"),
        (
            MomentError::DayOrMonth,
            "the order of day and month is unknown, expected a pattern such as `%d/%m/%Y` or \
             `%m/%d/%Y`",
        ),
        (
            MomentError::ShortYear,
            "the year has two digits, expected four, or a pattern such as `%y-%m-%d`",
        ),
        (
            MomentError::NoYear,
            "the year is missing, expected a log that writes it, such as `2024-05-01T12:00:08Z`",
        ),
        (
            MomentError::NoDate,
            "the date is missing, expected a log that writes it, such as `2024-05-01T12:00:08Z`",
        ),
        (
            MomentError::ZoneName,
            "names of time zones are ambiguous, expected `UTC`, `GMT`, an offset such as \
             `+02:00`, or a pattern with the name in it",
        ),
        (
            MomentError::YearOne,
            "the year 0001 stands for no moment, expected it among the texts that mean missing",
        ),
        (MomentError::NoSuchTime, "there is no such date or time of day, expected one that exists"),
        (MomentError::WrongWeekday, "the weekday is not that of the date, expected them to agree"),
        (MomentError::OutOfRange, "out of range, expected 1677-09-21 to 2262-04-11"),
    ] {
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn named_formats_accept_nothing_else() {
    let noon = Ok(Moment { stamp: Stamp::from_secs(NOON), zone: MomentZone::Given });
    let forms = [
        ("seconds", "1714564808"),
        ("milliseconds", "1714564808000"),
        ("microseconds", "1714564808000000"),
        ("nanoseconds", "1714564808000000000"),
        ("rfc3339", "2024-05-01T12:00:08Z"),
        ("clf", "01/May/2024:14:00:08 +0200"),
        ("http", "Wed, 01 May 2024 12:00:08 GMT"),
    ];
    for (name, text) in forms {
        let format = format(name);
        assert_eq!(format.to_string(), name);
        assert_eq!(format.parse(text, &Zone::UTC), noon, "{name}");
        for (other, text) in forms {
            assert!(other == name || format.parse(text, &Zone::UTC) != noon, "{name} {text}");
        }
    }
    for text in [
        "2024-05-01 12:00:08Z",
        "2024-05-01T12:00:08",
        "2024/05/01T12:00:08Z",
        "2024-05-01T12:00Z",
        "2024-05-01T12:00:08,5Z",
    ] {
        check_refused(&format("rfc3339"), text, MomentError::NotRfc3339);
    }
    for text in [
        "01/May/2024:14:00:08",
        "01/May/2024:14:00 +0200",
        "01/May/2024:14:00:08 +02:00",
        "01/May/2024:14:00:08 +02000",
    ] {
        check_refused(&format("clf"), text, MomentError::NotClf);
    }
    check_refused(&format("http"), "Wed, 01 May 2024 12:00:08", MomentError::NotHttp);
    check_refused(&format("http"), "Wed, 01 May 2024 12:00 GMT", MomentError::NotHttp);
    check_refused(&format("http"), "Wed, 01 May 2024 12:00:08 +0000", MomentError::NotHttp);
    check_refused(&format("seconds"), "noon", MomentError::NotNumber);
    let error = "hours".parse::<TimestampFormat>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "timestamp format `hours` is unknown, expected auto, seconds, milliseconds, microseconds, \
         nanoseconds, rfc3339, clf, http, or a pattern such as `%Y-%m-%d %H:%M:%S`"
    );
}

#[test]
fn patterns_give_a_date() {
    let berlin = zone("Europe/Berlin");
    for (pattern, text, expected) in [
        ("%d.%m.%Y %H:%M:%S", "01.05.2024 12:00:08", "2024-05-01T12:00:08+02:00"),
        ("%d/%m/%y", "01/05/24", "2024-05-01T00:00:00+02:00"),
        ("%Y-%m-%d %H:%M:%S%.f %z", "2024-05-01 12:00:08.5 +0000", "2024-05-01T14:00:08+02:00"),
        ("%Y-%m-%d %H:%M:%S CEST", "2024-05-01 12:00:08 CEST", "2024-05-01T12:00:08+02:00"),
        ("%s", "1714564808", "2024-05-01T14:00:08+02:00"),
        ("%Y%m%dT%H%M%S", "20240501T120008", "2024-05-01T12:00:08+02:00"),
        ("%F %T %Q", "2024-05-01 12:00:08 America/New_York", "2024-05-01T18:00:08+02:00"),
        ("%Y-%j", "2024-122", "2024-05-01T00:00:00+02:00"),
        ("%b %d %Y %I:%M %p", "May 01 2024 01:05 PM", "2024-05-01T13:05:00+02:00"),
        ("100%% %F", "100% 2024-05-01", "2024-05-01T00:00:00+02:00"),
    ] {
        let format = format(pattern);
        assert_eq!(format.to_string(), pattern);
        let moment = format.parse(text, &berlin).unwrap();
        assert_eq!(berlin.format(moment.stamp, 0), expected, "{pattern}");
    }
    let pattern = format("%d.%m.%Y %H:%M:%S");
    for text in ["", "01.05.2024", "2024-05-01 12:00:08", "31.02.2024 00:00:00"] {
        check_refused(&pattern, text, MomentError::NotPattern);
    }
    let year = format("%Y-%m-%d");
    check_refused(&year, "1500-01-01", MomentError::OutOfRange);
    check_refused(&year, "-0001-01-01", MomentError::OutOfRange);
    let skipped = pattern.parse("31.03.2024 02:30:00", &berlin).unwrap();
    assert_eq!(skipped.zone, MomentZone::AssumedSkipped);
}

#[test]
fn patterns_without_a_date_are_refused() {
    for pattern in ["%H:%M", "%b %d %H:%M:%S", "%Y", "%%", "%Y-%m", "%m-%d"] {
        let error = Pattern::new(pattern).unwrap_err();
        let expected = format!(
            "pattern `{pattern}` gives no date, expected a year, a month and a day such as \
             `%Y-%m-%d`, or `%s`"
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(pattern.parse::<TimestampFormat>(), Err(FormatError::Pattern(error)));
    }
    for pattern in ["%", "%Y-%m-%d %", "%Y-%m-%d %Z", "%!", "%c", "%Y-%m-%d %q"] {
        let message = Pattern::new(pattern).unwrap_err().to_string();
        assert!(message.starts_with(&format!("pattern `{pattern}` cannot be read: ")), "{message}");
    }
}

#[test]
fn zones_have_a_name_or_an_offset() {
    for (text, shown) in [
        ("UTC", "UTC"),
        ("utc", "UTC"),
        ("+00:00", "UTC"),
        ("+05:30", "+05:30"),
        ("-23:59", "-23:59"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("Etc/GMT-2", "Etc/GMT-2"),
    ] {
        assert_eq!(zone(text).to_string(), shown);
    }
    assert!(!zone("local").to_string().is_empty());
    for text in ["", "CEST", "Mars/Base", "+24:00", "+02:60", "+2", "02:00", "../etc/passwd"] {
        assert_eq!(
            text.parse::<Zone>().unwrap_err().to_string(),
            format!(
                "time zone `{text}` is unknown, expected one such as `Europe/Berlin`, `UTC`, \
                 `local` or `+02:00`"
            )
        );
    }
}

/// Returns the hours of the local days from this one on.
fn hours(zone: &Zone, date: &str, days: i64) -> Vec<u64> {
    let first = zone.day(TimestampFormat::Auto.parse(date, zone).unwrap().stamp);
    let start = |day| zone.day_start(day);
    let length = |day| start(day + 1).saturating_since(start(day)).as_secs() / 3_600;
    (first..first + days).map(length).collect()
}

#[test]
fn days_have_23_to_25_hours() {
    assert_eq!(hours(&zone("Europe/Berlin"), "2024-03-30", 3), [24, 23, 24]);
    assert_eq!(hours(&zone("Europe/Berlin"), "2024-10-26", 3), [24, 25, 24]);
    assert_eq!(hours(&Zone::UTC, "2024-03-30", 3), [24, 24, 24]);
    // Clocks skip midnight.
    assert_eq!(hours(&zone("Asia/Beirut"), "2024-03-30", 3), [24, 23, 24]);
    // The whole of 2011-12-30 was left out.
    assert_eq!(hours(&zone("Pacific/Apia"), "2011-12-29", 3), [24, 0, 24]);
    assert_eq!(Zone::UTC.day(Stamp::UNIX_EPOCH), 0);
    assert_eq!(Zone::UTC.day(Stamp::from_nanos(-1)), -1);
    assert_eq!(
        (Zone::UTC.day_start(i64::MIN), Zone::UTC.day_start(i64::MAX)),
        (Stamp::MIN, Stamp::MAX)
    );
    assert_eq!(Zone::UTC.day_start(Zone::UTC.day(Stamp::MIN)), Stamp::MIN);
    assert_eq!(Zone::UTC.day_start(Zone::UTC.day(Stamp::MAX) + 1), Stamp::MAX);
}

#[test]
fn day_that_begins_twice_begins_at_the_first_midnight() {
    // At 00:01 clocks went back to 23:01 of the day before.
    let zone = zone("America/St_Johns");
    let day = zone.day(TimestampFormat::Auto.parse("2010-11-07 12:00", &zone).unwrap().stamp);
    let start = zone.day_start(day);
    assert_eq!(zone.format(start, 0), "2010-11-07T00:00:00-02:30");
    for minutes in [0, 1, 30, 59, 60, 61] {
        let stamp = start + std::time::Duration::from_secs(60 * minutes);
        assert_eq!(zone.day(stamp), day, "{minutes}");
    }
    assert_eq!(zone.day(start - std::time::Duration::from_nanos(1)), day - 1);
}
