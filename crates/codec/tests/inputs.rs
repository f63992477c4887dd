//! Whole inputs of each form, decoded in every way.

mod support {
    pub(crate) mod ways;
}

use codec::{
    Columns, CsvOptions, DecodeOptions, Delimiter, Fields, Form, Input, Limits, Path, Report, Skip,
};
use support::ways::{every_way, ways};

fn options(form: Form) -> DecodeOptions {
    let input = Input { form, ..Input::default() };
    DecodeOptions { input, fields: Fields::any(), ..DecodeOptions::default() }
}

fn csv(columns: &str) -> DecodeOptions {
    let columns = if columns.is_empty() { Columns::Header } else { columns.parse().unwrap() };
    options(Form::Csv(CsvOptions { columns, ..CsvOptions::default() }))
}

fn by(mut options: DecodeOptions, by: &str, value: &str) -> DecodeOptions {
    options.fields.by = Path::parse_list(by).unwrap();
    options.fields.value = Some(value.parse().unwrap());
    options
}

/// Decodes in every way, and compares names and times, and the displayed refusals.
#[track_caller]
fn check(
    options: &DecodeOptions,
    input: &str,
    accepted: &[(&str, f64)],
    refusals: &[&str],
) -> Report {
    let (found, report) = every_way(options, input.as_bytes());
    let names: Vec<_> = found.accepted.iter().map(|(_, name, time)| (&**name, *time)).collect();
    assert_eq!(names, accepted, "{input}");
    let shown: Vec<_> = report.refusals.iter().map(ToString::to_string).collect();
    assert_eq!(shown, refusals, "{input}");
    report
}

#[test]
fn rows_of_csv_are_records() {
    let text = "action,time,note\njump,1,\"a\n\"\"b\"\"\"\n\nrun,2.5,\"x,y\"\r\n\
                \"a \"\"b\"\"\",3,\nwalk,4";
    let refused = ["line 7: row has 2 columns, expected 3 (byte 0)"];
    let report = check(&csv(""), text, &[("jump", 1.0), ("run", 2.5), ("a \"b\"", 3.0)], &refused);
    assert_eq!((report.accepted, report.refused, report.blank), (3, 1, 1));
    assert_eq!((report.lines(), report.bytes), (5, text.len() as u64));
}

#[test]
fn rows_without_a_name_or_a_value_are_skipped() {
    let report = check(&csv(""), "action,time\n,1\njump,\njump,-\nrun,1\n", &[("run", 1.0)], &[]);
    assert_eq!((report.skipped, report.counts.skipped_for(Skip::NoValue)), (3, 2));
    // The header lacks the columns.
    let report = check(&csv(""), "a,b\n1,2\n", &[], &[]);
    assert_eq!(report.skipped, 1);
}

#[test]
fn columns_are_named_numbered_or_in_the_first_row() {
    check(&by(csv("a,b"), "b", "a"), "1,x\n2,y\n", &[("x", 1.0), ("y", 2.0)], &[]);
    check(&by(csv("auto"), "#2", "#1"), "1,x\n2,y\n", &[("x", 1.0), ("y", 2.0)], &[]);
    check(&by(csv(""), "#2", "a.b"), "\n \na.b,c\n1,x\n", &[("x", 1.0)], &[]);
    let semicolon = CsvOptions { delimiter: Delimiter::SEMICOLON, ..CsvOptions::default() };
    check(&options(Form::Csv(semicolon)), "time;action\n1;a,b\n", &[("a,b", 1.0)], &[]);
    // A first row of data that is too short is one refused row.
    let short = ["line 1: row has 1 column, expected 2 (byte 0)"];
    check(&by(csv("a,b"), "b", "a"), "1\n2,y\n", &[("y", 2.0)], &short);
    check(&csv(""), "", &[], &[]);
    check(&csv(""), "action,time\n", &[], &[]);
}

#[test]
fn a_quote_that_is_not_closed_refuses_the_rest() {
    let text = "action,time\njump,1\n\"run,2\nwalk,3\n";
    let refused = ["line 3: quote is not closed, expected another quote before the end of the \
                    input (byte 0)"];
    check(&csv(""), text, &[("jump", 1.0)], &refused);
}

#[test]
fn headers_that_cannot_be_used_end_the_input() {
    let limits = Limits { input_bytes: 20, ..Limits::default() };
    let long = format!("action,time{}\njump,1\n", ",a".repeat(20));
    for (text, expected) in [
        (
            "action,time,action\njump,1,2\n",
            "columns 1 and 3 are both named `action`, select one by its number, such as `#3`",
        ),
        (
            "action,\"time\njump,1\n",
            "quote in the header is not closed, expected another quote (byte 7)",
        ),
        (
            "action,time\rjump,1\r",
            "header has a carriage return without a line feed, expected lines that end with a \
             line feed (byte 11)",
        ),
        (&long, "header is longer than 20 bytes, expected the names of the columns in one row"),
    ] {
        let report = check(&DecodeOptions { limits, ..csv("") }, text, &[], &[]);
        assert_eq!(report.fault.as_ref().unwrap().to_string(), expected);
        assert_eq!(report.lines(), 0);
    }
    // A name that is not read may be repeated.
    check(&csv(""), "action,time,a,a\njump,1,2,3\n", &[("jump", 1.0)], &[]);
}

#[test]
fn rows_are_the_same_over_the_borders_of_blocks() {
    // 256 KiB are read at once, and rows with line ends in quotes lie over the borders.
    for seed in 0..2_usize {
        let mut text = String::from("time,action\n");
        let mut expected = Vec::new();
        let mut line = 2;
        let mut last = 0;
        while text.len() < 700_000 {
            let number = text.len();
            let (long, lines) = match (number + seed) % 7 {
                0 => (format!("\"{}\"", "a\n\"\"\n".repeat(number % 97)), 2 * (number % 97)),
                1 => ("\"\n".to_owned() + &",\"\"".repeat(number % 5_000) + "\"", 1),
                _ => ("a".repeat(number % 3), 0),
            };
            text.push_str(&format!("{number},{long}\n"));
            let name =
                long.strip_prefix('"').map_or(long.as_str(), |quoted| &quoted[..quoted.len() - 1]);
            expected.push((number as f64, name.replace("\"\"", "\"")));
            line += lines + 1;
            last = line;
        }
        text.push_str("one column");
        let mut options = by(csv(""), "action", "time");
        options.fields.names.clean = true;
        options.fields.names.max_bytes = Some(64);
        options.fields.on_missing = codec::OnMissing::Skip;
        let (found, report) = ways(&options, text.as_bytes(), [1_013, 70_000, 1 << 20]);
        let is_blank = |name: &str| name.trim().is_empty();
        let wanted: Vec<_> = expected.iter().filter(|(_, name)| !is_blank(name)).collect();
        assert_eq!(found.accepted.len(), wanted.len());
        for (record, (time, _)) in found.accepted.iter().zip(wanted) {
            assert_eq!(record.2, *time);
        }
        assert_eq!(report.refusals[0].line, last as u64);
    }
}

#[test]
fn a_row_that_is_too_long_is_refused_whole() {
    let limits = Limits { input_bytes: 30, ..Limits::default() };
    let options = DecodeOptions { limits, ..csv("") };
    let long = format!("jump,\"{}\n{}\"", "a".repeat(40), "b\n".repeat(200_000));
    let text = format!("action,time\n{long}\nrun,1\n{}\nrun,2\n", "c".repeat(31));
    for input in [&text, &text.replace('\n', "\r\n")] {
        let mut found = support::ways::Found::default();
        let report = options.decode_reader(input.as_bytes(), &mut found).unwrap();
        assert_eq!((report.accepted, report.refused), (2, 2));
        let end = if input.contains('\r') { "\r\n" } else { "\n" };
        let whole = long.replace('\n', end);
        assert_eq!(found.refused[0].1, whole.as_bytes().escape_ascii().to_string());
        let shown = format!("line 2: input is {} bytes, limit is 30 (byte 30)", whole.len());
        assert_eq!(report.refusals[0].to_string(), shown);
        let mut slice = support::ways::Found::default();
        assert_eq!(options.decode_slice(input.as_bytes(), &mut slice).refused, 2);
        assert_eq!(slice.accepted, found.accepted);
    }
}

#[test]
fn lines_of_logfmt_are_records() {
    let text = "action=jump time=1 note=\"a b\"\n\naction=\"a \\\"b\\\"\" time=2ms x\ntime=3\n=4\n\
                action=a action=b time=1\nplain text\naction time=5\n";
    let refused = [
        "line 5: found `=`, expected a key (byte 0)",
        "line 6: key `action` is repeated, expected only the one at byte 0 (byte 9)",
    ];
    let mut options = options(Form::Logfmt);
    options.fields.unit = Some("ms".parse().unwrap());
    let report = check(&options, text, &[("jump", 1.0), ("a \"b\"", 2.0), ("true", 5.0)], &refused);
    assert_eq!((report.skipped, report.blank), (2, 1));
}

#[test]
fn groups_of_a_pattern_are_fields() {
    let pattern = r"^(?<method>[A-Z]+) (?<path>\S+)(?: (?<value>\d+))?$".parse().unwrap();
    let options = by(options(Form::Pattern(pattern)), "method,path", "value");
    let text = "GET / 1\nnote\nPUT /a 20\r\nGET /b\n\nGET /\u{e9} 3\n";
    let names = [("GET /", 1.0), ("PUT /a", 20.0), ("GET /é", 3.0)];
    let report = check(&options, text, &names, &[]);
    assert_eq!(report.counts.skipped_for(Skip::NoMatch), 1);
    assert_eq!((report.counts.skipped_for(Skip::NoValue), report.blank), (1, 1));
    let (found, report) = every_way(&options, b"GET /\xFF 1\nGET /a 2\n");
    assert_eq!(found.accepted.len(), 1);
    assert_eq!(report.refused + report.skipped, 1);
}

#[test]
fn fields_of_csv_that_are_not_utf8_are_refused_if_they_are_read() {
    let (found, report) = every_way(&csv(""), b"action,time,note\na\xFF,1,\nb,2,\xFF\n");
    assert_eq!(found.accepted.len(), 1);
    let shown = "line 2: found the byte 0xFF, expected UTF-8 (byte 1)";
    assert_eq!(report.refusals[0].to_string(), shown);
}

#[test]
fn objects_follow_a_prefix() {
    let mut options = options(Form::Json);
    options.input.embedded = true;
    let text = "2024-05-01T10:00:00Z stdout F {\"action\":\"jump\",\"time\":1}\n\
                2024-05-01T10:00:00Z stdout P {\"action\":\"jump\",\"ti\n\
                started {x}\n\n\
                {\"action\":\"run\",\"time\":2}\n\
                note {\"action\":\"run\",\"time\":2} end\n\
                note {\"action\":\"run\",\"time\":x}\n";
    let refused = [
        "line 6: found `e` after the value, expected the end of the input (byte 31)",
        "line 7: found `x`, expected a value (byte 28)",
    ];
    let report = check(&options, text, &[("jump", 1.0), ("run", 2.0)], &refused);
    assert_eq!(report.counts.skipped_for(Skip::Partial), 1);
    assert_eq!(report.counts.skipped_for(Skip::NoObject), 1);
    assert_eq!(report.blank, 1);
    let options = by(options, "@prefix,action", "time");
    check(&options, " a b  {\"action\":\"c\",\"time\":1}", &[("a b c", 1.0)], &[]);
}

#[test]
fn objects_are_the_text_of_a_field() {
    let mut options = by(options(Form::Json), "action,@outer.stream", "time");
    options.input.unwrap = Some("log|message".parse().unwrap());
    let text = r#"{"log":"{\"action\":\"jump\",\"time\":1}\n","stream":"out"}
{"log":"started","stream":"out"}
{"log":{"action":"run","time":2}}
{"log":"","message":"{\"action\":\"\\u00e9\",\"time\":3}"}
{"stream":"out"}
{"log":7}
{"log":"{\"action\":\"a\",\"action\":\"b\",\"time\":1}"}
{"log":"{\"action\":\"a\",\"time\":{}}"}
{"log":"{\"action\":\"a\",\"time\":1"}
{"log":
"#;
    let refused = [
        "line 7: object in the text has a selected key twice, expected once (byte 7)",
        "line 8: field `time` is an object, expected a number or a text such as `12.5ms` (byte 7)",
        "line 10: input ends, expected a value (byte 7)",
    ];
    let names = [("jump out", 1.0), ("run", 2.0), ("é", 3.0)];
    let report = check(&options, text, &names, &refused);
    assert_eq!(report.counts.skipped_for(Skip::NotWrapped), 4);
}

#[test]
fn the_name_of_the_input_is_a_field() {
    let mut options = by(options(Form::Logfmt), "@file,action", "time");
    options.input.name = Some("a.log".into());
    check(&options, "action=jump time=1\n", &[("a.log jump", 1.0)], &[]);
}

#[test]
fn a_byte_order_mark_at_the_start_is_left_out() {
    let json = DecodeOptions::default();
    let line = "{\"action\":\"jump\",\"time\":1}\n";
    let report = check(
        &json,
        &format!("\u{FEFF}{line}[1]"),
        &[("jump", 1.0)],
        &["line 2: input is an array, expected an object (byte 0)"],
    );
    assert_eq!((report.bytes, report.refusals[0].offset), (33, 30));
    // Only at the start, and not within one text.
    check(
        &json,
        &format!("{line}\u{FEFF}{line}"),
        &[("jump", 1.0)],
        &["line 2: found a byte order mark of UTF-8, expected UTF-8 without one (byte 0)"],
    );
    assert!(json.decode(format!("\u{FEFF}{line}").as_bytes()).is_err());
    check(&csv(""), "\u{FEFF}\"action\",time\njump,1\n", &[("jump", 1.0)], &[]);
    check(&options(Form::JsonStream), &format!("\u{FEFF}[{line}]"), &[("jump", 1.0)], &[]);
    let report = check(&json, "\u{FEFF}", &[], &[]);
    assert_eq!((report.bytes, report.lines()), (3, 0));
}
