//! The forms of inputs behind the front door.

use facade::codec::{
    DecodeOptions, Detected, Filter, FilterError, FilterErrorKind, FilterWarning, Form,
    FormatError, Input, InputFault, Pattern, PatternError, Record, TimestampFormat, Unsupported,
    Zone, ZoneError, detect,
};

#[test]
fn texts_of_options_are_refused_with_a_reason() {
    let refused: FilterError = Filter::parse("status=\"5").unwrap_err();
    assert_eq!(refused.kind, FilterErrorKind::InvalidString);
    let warning = Filter::parse("status=").unwrap().warning(&[]);
    assert_eq!(warning, Some(FilterWarning::MissingValue { found: "".into() }));
    let refused: FormatError = "hours".parse::<TimestampFormat>().unwrap_err();
    assert!(matches!(refused, FormatError::Unknown { .. }), "{refused}");
    let refused: ZoneError = "CEST".parse::<Zone>().unwrap_err();
    assert!(matches!(refused, ZoneError::Unknown { .. }), "{refused}");
    let pattern: Result<Pattern, PatternError> = Pattern::new("%H:%M");
    assert!(matches!(pattern, Err(PatternError::NoDate { .. })), "{pattern:?}");
}

#[test]
fn forms_are_detected() {
    let detected: Detected = detect(b"BZh9", true);
    let Detected::Unsupported(Unsupported { command, .. }) = detected else { panic!() };
    assert_eq!(command, "bzip2 -dc");

    let input = Input { form: Form::JsonStream, ..Input::default() };
    let options = DecodeOptions { input, ..DecodeOptions::default() };
    let report = options.decode_slice(b"[{},", &mut |_: Record<'_>| {});
    assert!(matches!(report.fault, Some(InputFault::BrokenArray(_))));
}

#[cfg(feature = "csv")]
#[test]
fn rows_are_records() {
    use facade::codec::{Columns, ColumnsError, CsvOptions, Delimiter, DelimiterError};

    let columns: Result<Columns, ColumnsError> = "action,time".parse();
    let delimiter: Result<Delimiter, DelimiterError> = ";".parse();
    let form = Form::Csv(CsvOptions { delimiter: delimiter.unwrap(), columns: columns.unwrap() });
    let input = Input { form, ..Input::default() };
    let options = DecodeOptions { input, ..DecodeOptions::default() };
    let mut sum = 0.0;
    options.decode_slice(b"jump;1\n", &mut |record: Record<'_>| sum += record.time.as_f64());
    assert_eq!(sum, 1.0);
}

#[cfg(feature = "regex")]
#[test]
fn lines_have_a_pattern() {
    use facade::codec::{LinePattern, LinePatternError};

    let pattern: Result<LinePattern, LinePatternError> = r"(?<action>\w+)".parse();
    assert_eq!(pattern.unwrap().groups().collect::<Vec<_>>(), ["action"]);
}

#[cfg(feature = "regex")]
#[test]
fn replacements_are_read() {
    use facade::codec::{Replace, ReplaceError, ReplaceErrorKind};

    let replace: Result<Replace, ReplaceError> = Replace::parse("[0-9]+=n");
    assert_eq!(replace.unwrap().to_string(), "[0-9]+=n");
    let kind: ReplaceErrorKind = Replace::parse("n").unwrap_err().kind;
    assert!(!format!("{kind:?}").is_empty());
}
