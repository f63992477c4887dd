//! Hostile inputs of each form: no panic, no quadratic time, and the documented outcome.

mod support {
    pub(crate) mod ways;
}

use codec::{
    CsvOptions, DecodeErrorKind, DecodeOptions, Fields, Filter, Form, Input, Limits, NameRules,
    Path, Quantity, Record, Report, Skip, Timestamp, TimestampFormat, Zone,
};
use proptest::prelude::*;
use support::ways::ways;

const FORMS: usize = 6;

/// Returns the options of a form, whose fields are of any type.
fn options(form: usize) -> DecodeOptions {
    let pattern = || r"^(?<action>\S+)(?: (?<time>\S+))?".parse().unwrap();
    let (form, embedded, unwrap) = match form {
        0 => (Form::Csv(CsvOptions::default()), false, None),
        1 => (Form::Logfmt, false, None),
        2 => (Form::Pattern(pattern()), false, None),
        3 => (Form::Json, true, None),
        4 => (Form::Json, false, Some("log".parse().unwrap())),
        _ => (Form::JsonStream, false, None),
    };
    let input = Input { form, embedded, unwrap, name: None };
    DecodeOptions { input, fields: Fields::any(), ..DecodeOptions::default() }
}

fn decode(options: &DecodeOptions, input: &[u8]) -> (Vec<(String, f64)>, Report) {
    let mut accepted = Vec::new();
    let report = options.decode_slice(input, &mut |record: Record<'_>| {
        accepted.push((record.name.to_string(), record.time.as_f64()));
    });
    (accepted, report)
}

#[track_caller]
fn check(form: usize, input: &[u8], outcomes: [u64; 4]) -> Report {
    let (found, report) = ways(&options(form), input, [1, 2, 3, 64, 1 << 20]);
    let [accepted, refused, skipped, blank] = outcomes;
    let found = (found.accepted.len() as u64, report.refused, report.skipped, report.blank);
    let shown = input.escape_ascii();
    assert_eq!(found, (accepted, refused, skipped, blank), "form {form}: {shown}");
    report
}

#[test]
fn inputs_without_a_record_have_no_outcome() {
    for form in 0..FORMS {
        check(form, b"", [0; 4]);
        let report = check(form, b"\xEF\xBB\xBF", [0; 4]);
        assert_eq!(report.bytes, 3);
        // Rows before a header and space between values are not records.
        let lines = if form == 0 || form == 5 { 0 } else { 2 };
        check(form, b"\n\r\n", [0, 0, 0, lines]);
    }
    check(0, b"action,time", [0; 4]);
    check(0, b"action,time\r\n", [0; 4]);
    check(0, b"\xEF\xBB\xBFaction,time\n", [0; 4]);
}

#[test]
fn a_second_byte_order_mark_is_part_of_the_text() {
    let mark = "\u{FEFF}\u{FEFF}";
    // The name of the first column is another one.
    check(0, format!("{mark}action,time\na,1\n").as_bytes(), [0, 0, 1, 0]);
    check(1, format!("{mark}action=a time=1\n").as_bytes(), [0, 0, 1, 0]);
    let (found, _) = decode(&options(2), format!("{mark}a 1").as_bytes());
    assert_eq!(found, [("\u{FEFF}a".to_owned(), 1.0)]);
    check(3, format!("{mark}{{\"action\":\"a\",\"time\":1}}").as_bytes(), [1, 0, 0, 0]);
    check(5, format!("{mark}\n{{\"action\":\"a\",\"time\":1}}").as_bytes(), [1, 1, 0, 0]);
}

#[test]
fn line_ends_are_those_of_every_system() {
    for end in ["\n", "\r\n"] {
        for last in ["", end] {
            check(0, format!("action,time{end}a,1{end}\"b\",2{last}").as_bytes(), [2, 0, 0, 0]);
            check(
                1,
                format!("action=a time=1{end}action=\"b\" time=2{last}").as_bytes(),
                [2, 0, 0, 0],
            );
            check(2, format!("a 1{end}b 2{last}").as_bytes(), [2, 0, 0, 0]);
            let json = "{\"action\":\"a\",\"time\":1}";
            check(3, format!("x {json}{end}{json}{last}").as_bytes(), [2, 0, 0, 0]);
            check(5, format!("{json}{end}{json}{last}").as_bytes(), [2, 0, 0, 0]);
        }
    }
    // A carriage return alone ends nothing: the name has one, which is a control character.
    check(0, b"action,time\na\rb,1\n", [0, 1, 0, 0]);
    check(0, b"time,action\n1,a\r\r\n2,b", [1, 1, 0, 0]);
    // A value may have white space around it.
    check(0, b"action,time\na,1\r\r\n", [1, 0, 0, 0]);
    // In logfmt and JSON it is white space.
    check(1, b"action=a\rtime=1\n", [1, 0, 0, 0]);
    check(3, b"x {\"action\":\"a\",\r\"time\":1}\r\r\n", [1, 0, 0, 0]);
}

#[test]
fn a_line_end_in_quotes_ends_no_row_at_the_end_either() {
    // The name has a line end, which is a control character.
    check(0, b"time,action\n1,\"a\n\"", [0, 1, 0, 0]);
    check(0, b"time,action\n1,\"a\n\"\n", [0, 1, 0, 0]);
    check(0, b"time,note,action\n1,\"\n\n\",a", [1, 0, 0, 0]);
    // Not closed: the rest is one row.
    check(0, b"time,action\n1,\"a\n", [0, 1, 0, 0]);
    check(0, b"time,action\n1,\"a\"\"\n2,b\n", [0, 1, 0, 0]);
}

#[test]
fn zeros_and_bytes_that_are_not_utf8_are_refused_where_they_are_used() {
    check(0, b"action,time,note\na\0,1,\na,1,\0\na,1,\xFF\n\xFF,1,\n", [2, 2, 0, 0]);
    check(1, b"action=a\xFF time=1\naction=a time=1 note=\xFF\n\xFF\xFF=1\n", [1, 1, 1, 0]);
    check(1, b"action=\"a\0\" time=1\naction=\"a\\u0000\" time=1 n=\"\0\"\n", [0, 2, 0, 0]);
    // The pattern matches up to the byte that is not a character.
    check(2, b"a\0 1\na 1 \xFF\na\xFF 1\n", [1, 1, 1, 0]);
    check(
        3,
        b"\xFF {\"action\":\"a\",\"time\":1}\n{\"action\":\"\xFF\",\"time\":1}\n",
        [1, 1, 0, 0],
    );
    check(3, b"{\"action\":\"a\",\"time\":1,\"x\":\"\xFF\"}\n", [0, 1, 0, 0]);
    check(3, b"{\"action\":\"\\ud800\",\"time\":1}\n{\"x\":\"\\udc00\\ud800\"}", [0, 2, 0, 0]);
    check(5, b"{\"action\":\"a\0\"}\n{\"action\":\"\xFF\"}\n{\"x\":\"\\ud800\"}", [0, 3, 0, 0]);
    let mut prefix = options(3);
    prefix.fields.by = vec!["@prefix".parse().unwrap()];
    let (_, report) = ways(&prefix, b"\xFF {\"time\":1}\nok {\"time\":1}\n", [1, 64]);
    assert_eq!((report.accepted, report.refused), (1, 1));
}

#[test]
fn an_unwrapped_text_that_is_not_utf8_is_refused() {
    let mut options = options(0);
    options.input.unwrap = Some("log|message".parse().unwrap());
    options.fields.missing = vec!["none".into()];
    let text = b"log,message\n\"\xFF{}\",\"\"\n\"{\"\"action\"\":\"\"a\"\",\"\"time\"\":1}\",\n\
                 none,\"{\"\"action\"\":\"\"b\"\",\"\"time\"\":2}\"\n\xFF,\n";
    let (found, report) = ways(&options, text, [1, 64]);
    let names: Vec<_> = found.accepted.iter().map(|record| &*record.1).collect();
    assert_eq!((names, report.refused), (vec!["a", "b"], 2));
    let shown = "line 2: found the byte 0xFF, expected UTF-8 (byte 1)";
    assert_eq!(report.refusals[0].to_string(), shown);
}

#[test]
fn a_header_of_old_line_ends_is_refused_although_it_has_quotes() {
    let report = check(0, b"\"action\",time\ra,1\r", [0; 4]);
    assert!(report.fault.unwrap().to_string().ends_with("(byte 13)"));
    // In quotes, it is a part of a name.
    let report = check(0, b"action,time,\"a\rb\"\na,1,\n", [1, 0, 0, 0]);
    assert_eq!(report.fault, None);
}

#[test]
fn a_row_of_a_million_columns_has_its_own_count() {
    let commas = ",".repeat(999_999);
    let limits = Limits { input_bytes: 1 << 22, ..Limits::default() };
    let wide = DecodeOptions { limits, ..options(0) };
    let text = format!("action,time\n{commas}\na,1\n");
    let (found, report) = decode(&wide, text.as_bytes());
    assert_eq!(found.len(), 1);
    let shown = "line 2: row has 1000000 columns, expected 2 (byte 0)";
    assert_eq!(report.refusals[0].to_string(), shown);
    // A header of a million columns, of which the last are read.
    let mut last = wide.clone();
    last.fields.by = vec!["#1000000".parse().unwrap()];
    last.fields.value = Some("#999999".parse().unwrap());
    let row = format!("{}7,z", ",".repeat(999_998));
    let (found, _) = decode(&last, format!("{commas}\n{row}\n{row}x\n").as_bytes());
    assert_eq!(found, [("z".to_owned(), 7.0), ("zx".to_owned(), 7.0)]);
}

#[test]
fn brackets_a_million_deep_are_one_refused_value() {
    let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    let good = "{\"action\":\"a\",\"time\":1}";
    for deep in
        [format!("{{\"x\":{deep}}}"), "{\"x\":".repeat(200_000) + "1" + &"}".repeat(200_000)]
    {
        for (start, end) in [("", ""), ("[", "]")] {
            let text = format!("{start}{good},{deep},{good}{end}");
            let (found, report) = decode(&options(5), text.as_bytes());
            assert_eq!((found.len(), report.refused, report.fault), (2, 1, None));
        }
    }
    let (found, report) = decode(&options(3), format!("x {{\"x\":{deep}}}\n{good}").as_bytes());
    assert_eq!((found.len(), report.refused), (1, 1));
}

#[test]
fn a_key_that_is_repeated_100_000_times_is_refused_once() {
    let json = format!("{{{}\"time\":1}}", "\"action\":\"a\",".repeat(70_000));
    for form in [3, 5] {
        let (_, report) = decode(&options(form), json.as_bytes());
        assert_eq!(report.refused, 1);
        let shown = "line 1: key `action` is repeated, expected only the one at byte 1 (byte 14)";
        assert_eq!(report.refusals[0].to_string(), shown);
    }
    let logfmt = "action=a ".repeat(100_000);
    let (_, report) = decode(&options(1), logfmt.as_bytes());
    let shown = "line 1: key `action` is repeated, expected only the one at byte 0 (byte 9)";
    assert_eq!(report.refusals[0].to_string(), shown);
    let csv = format!("action,time{}\na,1{}\n", ",x".repeat(100_000), ",".repeat(100_000));
    let (found, report) = decode(&options(0), csv.as_bytes());
    assert_eq!((found.len(), report.fault), (1, None));
}

#[test]
fn patterns_take_linear_time() {
    // Exponential where a match is searched by going back.
    let pattern = r"^(?<action>(?:a|aa|a+)+) (?<time>(?:\d+)*)$".parse().unwrap();
    let mut options = options(2);
    options.input.form = Form::Pattern(pattern);
    let line = "a".repeat(100_000);
    let digits = "1".repeat(100_000);
    let text = format!("{line}!\n{line} {digits}x\naa 1\n");
    let (found, report) = decode(&options, text.as_bytes());
    assert_eq!(found, [("aa".to_owned(), 1.0)]);
    assert_eq!(report.counts.skipped_for(Skip::NoMatch), 2);
    let filter = Filter::parse("action~(a|aa|a+)+$").unwrap();
    options.fields.filters = vec![filter];
    let (_, report) = decode(&options, text.as_bytes());
    assert_eq!(report.accepted, 1);
}

#[test]
fn a_thousand_paths_are_joined() {
    let paths: Vec<String> = (0..1_000).map(|number| format!("k{number}")).collect();
    let record: Vec<String> = paths.iter().map(|key| format!("\"{key}\":1")).collect();
    let mut options = options(3);
    options.fields.by = Path::parse_list(&paths.join(",")).unwrap();
    options.fields.names.max_bytes = Some(65_536);
    let text = format!("{{{},\"time\":5}}\n", record.join(","));
    let (found, _) = decode(&options, text.as_bytes());
    assert_eq!(found, [(vec!["1"; 1_000].join(" "), 5.0)]);
}

#[test]
fn names_of_64_kib_are_kept_or_shortened() {
    let name = "\u{e9}".repeat(32_768);
    for (form, text) in [
        (0, format!("action,time\n{name},1\n{name}x,1\n")),
        (1, format!("action={name} time=1\naction=\"{name}x\" time=1\n")),
        (2, format!("{name} 1\n{name}x 1\n")),
        (
            3,
            format!(
                "x {{\"action\":\"{name}\",\"time\":1}}\n{{\"action\":\"{name}x\",\"time\":1}}"
            ),
        ),
        (
            5,
            format!("[{{\"action\":\"{name}\",\"time\":1}},{{\"action\":\"{name}x\",\"time\":1}}]"),
        ),
    ] {
        let mut options = options(form);
        options.fields.names.max_bytes = Some(65_536);
        let (found, report) = decode(&options, text.as_bytes());
        assert_eq!((found.len(), &found[0].0), (2, &name), "form {form}");
        assert_eq!(report.counts.names_shortened, 1);
        let start = &name[..65_524];
        assert!(found[1].0.starts_with(start) && found[1].0.len() == start.len() + 11);
        // A control character behind the part that is kept is refused all the same.
        options.fields.names.max_bytes = Some(32);
        let control = text.replace(&format!("{name}x"), &format!("{name}\u{84}"));
        let (found, report) = decode(&options, control.as_bytes());
        assert_eq!((found.len(), report.refused), (1, 1), "form {form}");
        let kind = DecodeErrorKind::NameControl { found: '\u{84}' };
        assert_eq!(report.refusals[0].error.kind, kind);
    }
}

#[test]
fn a_control_character_of_a_name_is_located_in_its_field() {
    let name = |form, by: &str, replace: &[&str]| {
        let mut options = options(form);
        options.fields.by = Path::parse_list(by).unwrap();
        options.fields.names.replace = replace.iter().map(|text| text.parse().unwrap()).collect();
        options
    };
    let json = r#"{"action":"\u00e9x\u0084","b":"\u0084","c":"y","time":1}"#;
    for (options, text, at) in [
        (name(0, "action", &[]), "time,action\n1,\"a\u{84}\"\n", 4),
        (name(0, "action", &[]), "time,action\n1,a\u{84}\n", 3),
        // In a text with doubled quotes, the place is that of the text.
        (name(0, "action", &[]), "time,action\n1,\"\"\"\u{84}\"\n", 3),
        (name(1, "action", &[]), "action=a\u{84} time=1\n", 8),
        (name(1, "action", &[]), "action=\"a\\n\" time=1\n", 9),
        (name(3, "action", &[]), json, 18),
        // The rules of names move it.
        (name(3, "action", &["é="]), json, 18),
        (name(3, "c,b", &["y=a long text"]), json, 31),
        (name(3, "c", &["y=\u{84}"]), json, 43),
    ] {
        let (_, report) = decode(&options, text.as_bytes());
        let error = &report.refusals[0].error;
        assert!(matches!(error.kind, DecodeErrorKind::NameControl { .. }), "{error}");
        assert_eq!(error.at, at, "{text}");
    }
}

#[test]
fn long_texts_take_linear_time() {
    let rules = NameRules {
        group_paths: true,
        clean: true,
        max_bytes: Some(64),
        replace: vec!["[0-9]+=1".parse().unwrap()],
        ..NameRules::default()
    };
    for piece in ["/", "/a", "/1;", "{", "://", "@", "?#", " /", "\n", "\u{2003}", "…", "a.b", "é"]
    {
        let long = piece.repeat((1 << 20) / piece.len());
        let name = rules.name(&["/x", &long]).unwrap();
        assert!(name.len() <= 64, "{piece}");
        assert!(TimestampFormat::Auto.parse(&long, &Zone::UTC).is_err());
        assert!(Quantity::parse(&long).is_err());
        let mut prefix = options(3);
        let format = TimestampFormat::Auto;
        prefix.fields.timestamp = Some(Timestamp::new("@prefix".parse().unwrap(), format));
        let json = "{\"action\":\"a\",\"time\":1}";
        prefix.limits.input_bytes = 1 << 22;
        let text = format!("2024-05-01 {} {json}\n", long.replace(['\n', '{'], "."));
        let (found, report) = decode(&prefix, text.as_bytes());
        assert_eq!((found.len(), report.counts.without_timestamp), (1, 0), "{piece}");
    }
}

#[test]
fn a_long_value_in_short_reads_is_moved_once() {
    let value = format!("{{\"action\":\"a\",\"time\":1,\"x\":\"{}\"}}", "x".repeat(1_000_000));
    let (found, report) = ways(&options(5), value.as_bytes(), [1, 3]);
    assert_eq!((found.accepted.len(), report.refused), (1, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The sum of outcomes is the number of records, and every way to decode agrees.
    #[test]
    fn any_bytes_have_outcomes(
        form in 0..FORMS,
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                &b"action"[..], b"time", b"log", b"\"", b"\"\"", b"\\", b"{", b"}", b"[", b"]",
                b",", b":", b"=", b" ", b"\t", b"\n", b"\n", b"\r", b"\r\n", b"1", b"-", b"\xFF",
                b"\0", b"\x1E", b"\xEF\xBB\xBF", b"\\u00", b"\\ud800", b"{\"action\":\"a\"",
                b"\"time\":1}", b"{\"log\":\"", b"action=", b"time=5ms", b"action,time",
                b"\xC3\xA9", b"null", b"2024-05-01T10:00:00Z stdout P ",
            ]),
            0..40,
        ),
        input_bytes in proptest::sample::select(vec![5, 40, 1 << 20]),
    ) {
        let text = pieces.concat();
        let limits = Limits { input_bytes, ..Limits::default() };
        let options = DecodeOptions { limits, ..options(form) };
        // What is passed to a sink of a long record differs for slices and readers.
        if text.len() <= input_bytes {
            ways(&options, &text, [1, 2, 7, 64]);
        } else {
            let mut accepted = 0;
            let mut sink = |_: Record<'_>| accepted += 1;
            let report = options.decode_reader(&*text, &mut sink).unwrap();
            prop_assert_eq!(report.accepted, accepted);
            let slice = options.decode_slice(&text, &mut |_: Record<'_>| {});
            prop_assert_eq!(slice.refusals, report.refusals);
        }
    }
}
