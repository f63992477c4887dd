//! Fields of any name: which records are accepted, refused, skipped and filtered, and why.

use codec::{
    DecodeErrorKind, DecodeOptions, FieldTypes, Fields, Fractions, Limits, NameRules, OnMissing,
    Path, Record, Report, Skip, Stamp, Timestamp, TimestampFormat,
};

/// Returns the options that read the name at `by` and the value at `value`.
fn options(by: &str, value: &str) -> DecodeOptions {
    let by = Path::parse_list(by).unwrap();
    let value = (!value.is_empty()).then(|| Path::parse(value).unwrap());
    DecodeOptions { fields: Fields { by, value, ..Fields::any() }, ..DecodeOptions::default() }
}

/// Returns the names and times of the accepted lines, and the report.
fn decode(options: &DecodeOptions, lines: &str) -> (Vec<(String, f64)>, Report) {
    let mut found = Vec::new();
    let report = options.decode_slice(lines.as_bytes(), &mut |record: Record<'_>| {
        found.push((record.name.to_string(), record.time.as_f64()));
    });
    (found, report)
}

#[track_caller]
fn check(options: &DecodeOptions, line: &str, name: &str, time: f64) {
    let alone = options.decode(line.as_bytes()).map(|action| action.time.as_f64());
    assert_eq!(alone, Ok(time), "{line}");
    let (found, report) = decode(options, &format!("{line}\n"));
    assert_eq!(found, [(name.to_owned(), time)], "{line}: {report:?}");
}

#[track_caller]
fn check_refused(options: &DecodeOptions, line: &str, message: &str) {
    assert_eq!(options.decode(line.as_bytes()).unwrap_err().to_string(), message);
    let (_, report) = decode(options, line);
    assert_eq!((report.refused, report.lines()), (1, 1), "{line}");
    assert_eq!(report.refusals[0].error.to_string(), message, "{line}");
}

#[track_caller]
fn check_skipped(options: &DecodeOptions, line: &str, reason: Skip) {
    let kind = options.decode(line.as_bytes()).unwrap_err().kind;
    assert_eq!(kind, DecodeErrorKind::Skipped { reason }, "{line}");
    let (_, report) = decode(options, line);
    assert_eq!((report.skipped, report.lines()), (1, 1), "{line}: {report:?}");
    assert_eq!(report.counts.skipped_for(reason), 1, "{line}");
}

#[test]
fn fields_are_found_at_their_paths() {
    let caddy = options("request.method,request.uri", "duration");
    let request = r#"{"method":"GET","headers":{"A":["b"]},"uri":"/cart"}"#;
    let line = &format!(r#"{{"level":"info","request":{request},"duration":0.25}}"#);
    check(&caddy, line, "GET /cart", 0.25);
    check(&options("a[1].b", "v"), r#"{"a":[{"b":"x"},{"c":[1],"b":"y"},3],"v":1}"#, "y", 1.0);
    check(&options(r#"a["k.l"][0]"#, "v"), r#"{"a":{"k.l":["z"]},"v":7}"#, "z", 7.0);
    check(&options("event", "took"), r#"{"event":"jump","took":100}"#, "jump", 100.0);
    check(&options("event", "took"), r#"{"took":12.5, "event": "jump"}"#, "jump", 12.5);
    check(&options("event", "took"), r#"{"t\u006fok":1,"\u0065vent":"\u006aump"}"#, "jump", 1.0);
    check(&options("a", ""), r#"{"a":"x","time":"not read"}"#, "x", 0.0);
    // A prefix of a key, a longer key and one of the same first word are other keys.
    let line = r#"{"request_i":"a","request_id_":"b","request_iD":"c","request_id":"d","v":1}"#;
    check(&options("request_id", "v"), line, "d", 1.0);
}

#[test]
fn the_first_alternative_that_is_there_is_used() {
    let either = options("a|b.c", "v|w");
    check(&either, r#"{"b":{"c":"y"},"a":"x","w":2,"v":1}"#, "x", 1.0);
    for missing in ["null", r#""""#, r#"" ""#, r#""-""#, r#""\t\u0020""#] {
        let line = format!(r#"{{"a":{missing},"b":{{"c":"y"}},"v":{missing},"w":2}}"#);
        check(&either, &line, "y", 2.0);
    }
    check(&either, r#"{"a":false,"b":{"c":"y"},"v":0,"w":2}"#, "false", 0.0);
}

#[test]
fn names_are_joined_from_scalars_as_written() {
    let joined = options("a,b,c", "v");
    check(&joined, r#"{"c":true,"b":1.0,"a":"x","v":1}"#, "x 1.0 true", 1.0);
    check(&joined, r#"{"c":"z","a":"\u0041","v":1}"#, "A z", 1.0);
    check(&joined, r#"{"b":-1e5,"v":1}"#, "-1e5", 1.0);
    check_skipped(&joined, r#"{"a":null,"b":"","v":1}"#, Skip::NoName);
}

#[test]
fn values_are_numbers_or_texts_with_units() {
    let any = options("a", "v");
    check(&any, r#"{"a":"x","v":"12"}"#, "x", 12.0);
    check(&any, r#"{"a":"x","v":"12.5ms"}"#, "x", 0.0125);
    check(&any, r#"{"a":"x","v":"1\u0032ms"}"#, "x", 0.012);
    let fields = Fields { unit: Some("ms".parse().unwrap()), ..any.fields.clone() };
    check(&DecodeOptions { fields, ..any.clone() }, r#"{"a":"x","v":"2s"}"#, "x", 2_000.0);
    let lines = "{\"a\":\"x\",\"v\":1}\n{\"a\":\"x\",\"v\":\"1\"}\n{\"a\":\"x\",\"v\":\"1s\"}\n";
    let (_, report) = decode(&any, lines);
    assert_eq!((report.counts.bare_values, report.counts.values_with_unit), (2, 1));
}

#[test]
fn values_that_are_no_times_are_refused() {
    let any = options("a", "v");
    for value in ["-1", "1e999", "18446744073709551616", r#""abc""#, r#""1:2""#, r#""-5""#] {
        let line = format!(r#"{{"a":"x","v":{value}}}"#);
        let error = any.decode(line.as_bytes()).unwrap_err();
        assert!(matches!(error.kind, DecodeErrorKind::Value { .. }), "{error}");
        assert_eq!(error.at, 13, "{error}");
        assert!(error.to_string().starts_with("field `v`: value is `"), "{error}");
    }
}

#[test]
fn records_without_a_name_or_value_are_skipped_or_refused() {
    let any = options("a.b|c", "v");
    check_skipped(&any, r#"{"v":1}"#, Skip::NoName);
    check_skipped(&any, r#"{"a":7,"v":1}"#, Skip::NoName);
    check_skipped(&any, r#"{"c":"x"}"#, Skip::NoValue);
    check_skipped(&any, r#"{"c":"x","v":"-"}"#, Skip::NoValue);
    check_skipped(&any, "{}", Skip::NoName);
    // Missing comes before unusable.
    check_skipped(&any, r#"{"c":{},"v":null}"#, Skip::NoValue);
    let fields = Fields { on_missing: OnMissing::Refuse, ..any.fields.clone() };
    let refuses = DecodeOptions { fields, ..any.clone() };
    check_refused(
        &refuses,
        r#"{"v":1} "#,
        "field `a.b|c` is missing, expected a text, a number or a boolean (byte 6)",
    );
    check_refused(
        &refuses,
        r#"{"c":"x"}"#,
        "field `v` is missing, expected a number or a text such as `12.5ms` (byte 8)",
    );
    let fields = Fields { missing: vec!["-1".into(), "none".into()], ..any.fields.clone() };
    let more = DecodeOptions { fields, ..any };
    check_skipped(&more, r#"{"c":"none","v":1}"#, Skip::NoName);
    check_skipped(&more, r#"{"c":"n\u006fne","v":1}"#, Skip::NoName);
    check_skipped(&more, r#"{"c":"x","v":-1}"#, Skip::NoValue);
    check(&more, r#"{"c":"-1 ","v":-0}"#, "-1 ", 0.0);
}

#[test]
fn unusable_fields_are_refused_with_their_path() {
    let any = options("a.b", "v");
    check_refused(
        &any,
        r#"{"a":{"b":{"x":1,"y":2}},"v":1}"#,
        "field `a.b` is an object with the keys `x` and `y`, expected a text, a number or a \
         boolean (byte 10)",
    );
    check_refused(
        &any,
        r#"{"a":{"b":"n"},"v":[1]}"#,
        "field `v` is an array, expected a number or a text such as `12.5ms` (byte 19)",
    );
    check_refused(
        &any,
        r#"{"v":true,"a":{"b":"n"}}"#,
        "field `v` is a boolean, expected a number or a text such as `12.5ms` (byte 5)",
    );
    // The first by position.
    check_refused(
        &any,
        r#"{"v":true,"a":{"b":[]}}"#,
        "field `v` is a boolean, expected a number or a text such as `12.5ms` (byte 5)",
    );
    check_refused(
        &any,
        r#"{"a":{"b":"n\u0007"},"v":1}"#,
        "action name holds the control character U+0007, expected none (byte 12)",
    );
    let long = format!(r#"{{"a":{{"b":"{}"}},"v":1}}"#, "x".repeat(257));
    check_refused(&any, &long, "action name is 257 bytes, limit is 256 (byte 10)");
    let integers = DecodeOptions { fractions: Fractions::Refused, ..any };
    check_refused(
        &integers,
        r#"{"a":{"b":"n"},"v":1.5}"#,
        "time is `1.5`, expected an integer (byte 19)",
    );
}

#[test]
fn repeated_keys_of_a_path_are_refused() {
    let any = options("a.b", "v");
    check_refused(
        &any,
        r#"{"a":{"b":"x","\u0062":"y"},"v":1}"#,
        "key `b` is repeated, expected only the one at byte 6 (byte 14)",
    );
    check_refused(
        &any,
        r#"{"a":1,"v":1,"a":{"b":"x"}}"#,
        "key `a` is repeated, expected only the one at byte 1 (byte 13)",
    );
    check(&any, r#"{"a":{"b":"x","c":1,"c":1},"d":1,"v":1,"d":{"a":1,"a":2}}"#, "x", 1.0);
    // An error of syntax comes first, wherever it is.
    let error = any.decode(br#"{"v":1,"v":2,"x":01}"#).unwrap_err();
    assert!(error.is_syntax(), "{error}");
}

#[test]
fn nesting_is_limited_on_paths_and_beside_them() {
    let limits = Limits { nesting: 3, ..Limits::default() };
    let any = DecodeOptions { limits, ..options("a[0][0].b|a[0]|c", "v") };
    check(&any, r#"{"a":[[1]],"c":"x","v":1,"d":[[]]}"#.replace("[[1]]", "[1]").as_str(), "1", 1.0);
    for (line, at) in [
        (r#"{"a":[[{"b":1}]],"v":1}"#, 7),
        (r#"{"d":[[[]]],"v":1}"#, 7),
        (r#"{"a":[1,[[]]],"v":1}"#, 9),
    ] {
        let error = any.decode(line.as_bytes()).unwrap_err();
        assert_eq!(error.kind, DecodeErrorKind::NestingTooDeep { depth: 4, max: 3 }, "{line}");
        assert_eq!(error.at, at, "{line}");
    }
}

#[test]
fn records_outside_the_interval_are_filtered() {
    let timestamp = Timestamp::new(Path::key("at"), TimestampFormat::Auto);
    let any = options("a", "v");
    let fields = Fields {
        timestamp: Some(timestamp),
        from: Some(Stamp::from_secs(10)),
        to: Some(Stamp::from_secs(20)),
        ..any.fields
    };
    let between = DecodeOptions { fields, ..DecodeOptions::default() };
    let lines = [
        r#"{"at":10,"a":"first","v":1}"#,
        r#"{"at":19.999999999,"a":"last","v":1}"#,
        r#"{"at":20,"a":{},"v":[]}"#, // Filtered records need no name and no value.
        r#"{"at":9.999999999}"#,
        r#"{"a":"x","v":1}"#,
        r#"{"at":"15","a":"text","v":1}"#,
        r#"{"at":"x","a":"y","v":1}"#,
        r#"{"at":"x"}"#,
        r#"{"at":15,"at":30}"#,
        "  ",
    ];
    let (found, report) = decode(&between, &lines.join("\n"));
    let names: Vec<_> = found.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["first", "last", "text"]);
    let Report { accepted, refused, skipped, filtered, blank, .. } = report;
    assert_eq!((accepted, refused, skipped, filtered, blank), (3, 2, 1, 3, 1));
    assert_eq!(report.lines(), 10);
    // The one without a timestamp is filtered, but not in silence.
    assert_eq!(report.counts.without_timestamp, 1);
    assert_eq!(
        report.refusals[0].to_string().lines().next(),
        Some(
            "line 7: timestamp `at` is `x`, expected one like `2024-05-01T12:00:08Z`, or a \
             pattern that describes it (byte 6)"
        )
    );
}

#[test]
fn strict_fields_of_other_names_are_of_their_types() {
    let fields = Fields {
        types: FieldTypes::Strict,
        on_missing: OnMissing::Refuse,
        ..options("a", "v").fields
    };
    let strict = DecodeOptions { fields, ..DecodeOptions::default() };
    check(&strict, r#"{"a":"-","v":1}"#, "-", 1.0);
    check_refused(&strict, r#"{"a":7,"v":1}"#, "field `a` is a number, expected a string (byte 5)");
    check_refused(&strict, r#"{"a":null,"v":1}"#, "field `a` is null, expected a string (byte 5)");
    check_refused(
        &strict,
        r#"{"a":"x","v":"1"}"#,
        "field `v` is a string, expected a number (byte 13)",
    );
    check_refused(&strict, r#"{"a":"x"}"#, "field `v` is missing, expected a number (byte 8)");
}

#[test]
fn rules_of_names_apply() {
    let any = options("m,u", "v");
    let names = NameRules { group_paths: true, max_bytes: Some(20), ..NameRules::default() };
    let fields = Fields { names, ..any.fields };
    let grouped = DecodeOptions { fields, ..DecodeOptions::default() };
    check(&grouped, r#"{"m":"GET","u":"/users/42?page=7","v":1}"#, "GET /users/:id", 1.0);
    let (found, report) =
        decode(&grouped, r#"{"m":"GET","u":"/a/very/long/path/that/goes/on","v":1}"#);
    assert!(found[0].0.len() <= 20 && found[0].0.contains('…'), "{found:?}");
    assert_eq!((report.counts.names_shortened, report.shared_names()), (1, 0));
}

/// A line of two plain keys is read in one run; each record must be as by the general reader.
#[test]
fn a_dash_is_missing_on_the_fast_path_too() {
    // The end of the line makes the line one of the fast path, and so does its place in a block.
    let padding = format!("{{\"x\":\"{}\"}}\n", "x".repeat(200));
    let any = options("event", "took");
    for (name, outcomes) in [("-", (0, 2)), ("--", (1, 1)), ("a", (1, 1)), ("a -", (1, 1))] {
        let lines = format!("{{\"event\":\"{name}\",\"took\":1}}\n{padding}");
        let (_, report) = decode(&any, &lines);
        assert_eq!((report.accepted, report.skipped), outcomes, "{name}");
    }
}

#[test]
fn lines_of_the_fast_path_are_read_as_alone() {
    let padding = " ".repeat(200);
    let fields = Fields {
        timestamp: Some(Timestamp::new(Path::key("at"), TimestampFormat::Auto)),
        ..options("event_name", "took_ms").fields
    };
    let any = DecodeOptions { fields, ..DecodeOptions::default() };
    for line in [
        r#"{"event_name":"jump","took_ms":100}"#,
        r#"{"took_ms":1.5,"event_name":"jump high"}"#,
        r#"{"event_name": "jump", "took_ms": 0}"#,
        r#"{"event_name":"jump","took_mS":1}"#,
        r#"{"event_namE":"jump","took_ms":1}"#,
        r#"{"event_name":"jump","took_ms":1,"at":5}"#,
        r#"{"event_name":"jump","took_ms":1}x"#,
        r#"{"event_name":"jump","event_name":1}"#,
        r#"{"took_ms":7,"took_ms":7}"#,
    ] {
        let alone = any
            .decode_stamped(line.as_bytes())
            .map(|(action, stamp)| (action.name.as_str().to_owned(), action.time.as_f64(), stamp));
        for end in ["\n", "\r\n"] {
            let mut found = Vec::new();
            let text = format!("{line}{end}{padding}");
            let report = any.decode_slice(text.as_bytes(), &mut |record: Record<'_>| {
                found.push((record.name.to_string(), record.time.as_f64(), record.stamp));
            });
            assert_eq!(found, alone.iter().cloned().collect::<Vec<_>>(), "{line}");
            let has_no_timestamp = alone.as_ref().is_ok_and(|(.., stamp)| stamp.is_none());
            assert_eq!(report.counts.without_timestamp, u64::from(has_no_timestamp), "{line}");
        }
    }
}

#[test]
fn names_that_look_shortened_are_compared_on_every_path() {
    let long = "barrel roll, twice";
    for max in [4, 8, 10, 11, 12, 15] {
        let mut options = options("event", "took");
        options.fields.names.max_bytes = Some(max);
        let short = options.fields.names.name(&[long]).unwrap();
        for other in ["", r#","x":[1]"#] {
            let line = |name: &str| format!("{{\"event\":\"{name}\",\"took\":1{other}}}\n");
            let padding = " ".repeat(200); // Lines near the end of an input are read otherwise.
            let (_, report) = decode(&options, &(line(long) + &line(&short) + &padding));
            assert_eq!((report.accepted, report.shared_names()), (2, 1), "{max}: {short}{other}");
        }
    }
}

#[test]
fn values_with_a_unit_are_counted_on_every_path() {
    let any = options("event", "took");
    for other in ["", r#","x":[1]"#, r#","x":"é","\u0078":1"#] {
        let line = |value: &str| format!("{{\"event\":\"a\",\"took\":{value}{other}}}\n");
        let values = ["1", "\"1\"", "\"1ms\"", "2", "\"2.5 s\"", "\"1m2s\"", "3", "\"3\""];
        let lines: String = values.map(line).concat();
        let (found, report) = decode(&any, &(lines + &" ".repeat(200)));
        assert_eq!(found.len(), 8, "{other}");
        assert_eq!((report.counts.bare_values, report.counts.values_with_unit), (5, 3), "{other}");
    }
}

#[test]
fn keys_that_start_alike_are_told_apart() {
    let any = options("duration_1", "took");
    check_skipped(&any, r#"{"x":[1],"duration_2":"a","took":1}"#, Skip::NoName);
    check_skipped(&any, r#"{"x":[1],"duration_":"a","took":1}"#, Skip::NoName);
    check(&any, r#"{"x":[1],"duration_2":"a","duration_1":"b","took":1}"#, "b", 1.0);
    let any = options("duration_1", "duration_2");
    check(&any, r#"{"x":[1],"duration_2":1,"duration_1":"b","duration_3":2}"#, "b", 1.0);
    let line = r#"{"\u0064uration_2":7,"duration_2":1,"duration_1":"a"}"#;
    assert_eq!(decode(&any, line).1.refused, 1, "a key with escapes is repeated");
}

#[test]
fn a_dash_in_a_plain_line_is_no_name() {
    // Behind a line of the same form, with which it is compared.
    let lines = "{\"op\":\"a\",\"ms\":1}\n{\"op\":\"-\",\"ms\":2}\n".repeat(3);
    let (_, report) = decode(&options("op", "ms"), &lines);
    assert_eq!((report.accepted, report.skipped), (3, 3));
}
