//! Checks that timestamps of every form are read back exactly, and that any text gives the same
//! result in a batch and alone.
#![no_main]

use codec::{DecodeOptions, Fields, Path, Record, Stamp, Timestamp, TimestampFormat};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (i64, i16, String)| {
    let (nanos, offset_min, text) = input;
    let stamp = Stamp::from_nanos(nanos);
    // As numbers, with the fraction of a unit after the point.
    for (form, places) in [
        (TimestampFormat::Seconds, 9),
        (TimestampFormat::Milliseconds, 6),
        (TimestampFormat::Microseconds, 3),
        (TimestampFormat::Nanoseconds, 0),
    ] {
        assert_eq!(read(&form, &decimal(nanos, places)), Some(stamp));
        let _ = read(&form, &text);
    }
    // As RFC 3339, with any offset.
    let offset_min = offset_min % (24 * 60);
    let written = format!("\"{}\"", rfc3339(nanos, offset_min));
    assert_eq!(read(&TimestampFormat::Rfc3339, &written), Some(stamp), "{written}");
    // Whatever has the strict form is recognised by itself, and any text is read or refused.
    assert_eq!(read(&TimestampFormat::Auto, &written), Some(stamp), "{written}");
    for format in [TimestampFormat::Auto, TimestampFormat::Clf, TimestampFormat::Http] {
        let _ = read(&format, &format!("\"{text}\""));
    }
    if let Some(found) = read(&TimestampFormat::Rfc3339, &format!("\"{text}\"")) {
        let written = format!("\"{}\"", rfc3339(found.as_nanos(), 0));
        assert_eq!(
            read(&TimestampFormat::Rfc3339, &written),
            Some(found),
            "{text} is not {written}"
        );
    }
});

/// Reads a value of the timestamp key, alone and in a batch.
fn read(form: &TimestampFormat, value: &str) -> Option<Stamp> {
    let timestamp = Some(Timestamp::new(Path::key("at"), form.clone()));
    let fields = Fields { timestamp, ..Fields::default() };
    let options = DecodeOptions { fields, ..DecodeOptions::default() };
    let line = format!(r#"{{"action":"a","time":1,"at":{value}}}"#);
    let alone = options.decode_stamped(line.as_bytes());
    if !line.contains('\n') {
        let mut found = None;
        let line = format!("{line}\n");
        let report =
            options.decode_slice(line.as_bytes(), &mut |record: Record<'_>| found = record.stamp);
        assert_eq!(alone.clone().ok().and_then(|(_, stamp)| stamp), found, "{line}");
        assert_eq!(report.accepted == 1, alone.is_ok(), "{line}");
    }
    alone.ok().and_then(|(_, stamp)| stamp)
}

/// Writes an integer with its last digits after a point.
fn decimal(value: i64, places: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let point = if places == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// Writes a timestamp at an offset in minutes, by counting days.
fn rfc3339(nanos: i64, offset_min: i16) -> String {
    let local = i128::from(nanos) + i128::from(offset_min) * 60_000_000_000;
    let (second, fraction) = (local.div_euclid(1_000_000_000), local.rem_euclid(1_000_000_000));
    let (mut day, second) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    let mut year = 1970;
    let is_leap = |year: i128| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while day < 0 {
        year -= 1;
        day += 365 + i128::from(is_leap(year));
    }
    while day >= 365 + i128::from(is_leap(year)) {
        day -= 365 + i128::from(is_leap(year));
        year += 1;
    }
    let february = 28 + i128::from(is_leap(year));
    let mut month = 1;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < days {
            break;
        }
        day -= days;
        month += 1;
    }
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let sign = if offset_min < 0 { '-' } else { '+' };
    let offset = offset_min.unsigned_abs();
    format!(
        "{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{fraction:09}\
         {sign}{:02}:{:02}",
        day + 1,
        offset / 60,
        offset % 60
    )
}
