//! Allocations of decoding: none for a plain line or a refusal, a bounded amount for a batch.

mod support {
    pub(crate) mod allocator;
}

use std::io::{self, Read};

use codec::{
    DecodeError, DecodeErrorKind, DecodeOptions, Fields, Filter, Form, Input, Limits, NameRules,
    Path, Quantity, Record, Report, Stamp, Timestamp, TimestampFormat, decode,
};
use support::allocator::{allocated, peak_of};

#[track_caller]
fn check_accepted(input: &str, expected: usize) {
    let (bytes, answer) = allocated(|| decode(input.as_bytes()));
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(bytes, expected, "{}", &input[..input.len().min(99)]);
}

#[track_caller]
fn check_refused(input: &[u8]) -> DecodeError {
    let (bytes, answer) = allocated(|| decode(input));
    let refusal = answer.unwrap_err();
    // A name with escapes is decoded before it is refused.
    assert!(bytes <= 256, "{bytes} bytes for {refusal}");
    refusal
}

#[test]
fn allocations_are_counted() {
    assert_eq!(allocated(|| Box::new([0_u8; 77])).0, 77);
    assert_eq!(allocated(|| ()).0, 0);
}

#[test]
fn lines_without_escapes_in_the_name_allocate_nothing() {
    check_accepted(r#"{"action":"jump","time":100}"#, 0);
    check_accepted(r#"{"time":0.1,"action":"日本"}"#, 0);
    check_accepted(r#"{"\u0061ction":"jump","tim\u0065":1e2,"x\n":"\ud83d\ude80"}"#, 0);
    let deepest =
        format!(r#"{{"action":"a","time":1,"x":{}1{}}}"#, "[".repeat(127), "]".repeat(127));
    check_accepted(&deepest, 0);
    let long_number = format!(r#"{{"action":"a","time":0.{}1e5001}}"#, "0".repeat(5_000));
    check_accepted(&long_number, 0);
}

#[test]
fn a_name_with_escapes_is_copied_once() {
    check_accepted(r#"{"action":"\u006aump","time":100}"#, 4);
    check_accepted(&format!(r#"{{"action":"\u00e9{}","time":1}}"#, "x".repeat(254)), 256);
}

#[test]
fn quantities_allocate_by_the_length_of_their_text() {
    let long = "9".repeat(10_000);
    for text in [
        "1e999999999999s",
        "1e-999999999999h",
        "-1e999999999999",
        "1d2h3m4.5s",
        "100:00:00.5",
        &format!("{long}s"),
        &format!("{long}d{long}h{long}.{long}s"),
        &format!("P{long}DT{long}.{long}S"),
        &format!("{long}:00:00.{long}"),
    ] {
        let (bytes, quantity) = allocated(|| {
            let quantity = Quantity::parse(text).unwrap();
            let _ = quantity.to_time(None);
            quantity < quantity.clone()
        });
        assert!(!quantity);
        assert!(bytes <= 1_000 + 10 * text.len(), "{bytes} bytes for {}", text.len());
    }
    let (bytes, refused) = allocated(|| Quantity::parse(&format!("x{long}")[..]).is_err());
    assert!(refused);
    assert_eq!(bytes, allocated(|| format!("x{long}")).0);
}

#[test]
fn refused_lines_allocate_nothing() {
    let reject = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/reject");
    for path in std::fs::read_dir(reject).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|extension| extension == "json") {
            check_refused(&std::fs::read(path).unwrap());
        }
    }
    let large = 100_000;
    let escaped = r"\u0061".repeat(large);
    let name = r"\u0061".repeat(256);
    check_refused(format!(r#"{{"action":"{escaped}","time":1}}"#).as_bytes());
    check_refused(format!(r#"{{"{escaped}":1}}"#).as_bytes());
    check_refused(format!(r#"{{"action":"{name}","time":-{}}}"#, "9".repeat(large)).as_bytes());
    check_refused(format!(r#"{{"action":"{name}","time":1{}.0}}"#, "0".repeat(large)).as_bytes());
    check_refused(format!(r#"{{"action":"{name}","time":1"#).as_bytes());
    check_refused("[".repeat(large).as_bytes());
    check_refused(r#""action":"#.repeat(large).as_bytes());
    let many_faults = r#""action":1,"time":"","#.repeat(large / 8);
    let refusal = check_refused(format!("{{{many_faults}}}").as_bytes());
    // A trailing comma after many schema errors.
    assert!(refusal.is_syntax(), "{refusal}");
}

#[test]
fn nesting_beyond_the_default_takes_bits() {
    let limits = Limits { nesting: 1_000_000, ..Limits::default() };
    let input = "[".repeat(500_000) + &"]".repeat(500_000);
    let (bytes, answer) = allocated(|| limits.decode(input.as_bytes()));
    assert!(answer.unwrap_err().is_schema());
    // A vector that doubles allocates at most four times its size in total.
    assert!(bytes <= 4 * 500_000 / 8, "{bytes} bytes");
}

/// A generated input: a start, a repeated middle, and an end.
struct Long<'t> {
    start: &'t [u8],
    middle: u64,
    fill: u8,
    end: &'t [u8],
}

impl Read for Long<'_> {
    fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
        if !self.start.is_empty() {
            return self.start.read(free);
        }
        let len = free.len().min(usize::try_from(self.middle).unwrap());
        if len > 0 {
            free[..len].fill(self.fill);
            self.middle -= len as u64;
            return Ok(len);
        }
        self.end.read(free)
    }
}

/// Returns the peak of bytes held while a batch is decoded, above those before.
fn peak(options: &DecodeOptions, reader: impl Read) -> (usize, Report) {
    peak_of(|| options.decode_reader(reader, &mut |_: Record<'_>| {}).unwrap())
}

const ACTION: &[u8] = b"{\"action\":\"a\",\"time\":1}\n";
const GIB: u64 = 1 << 30;

#[test]
fn a_gibibyte_without_a_line_end_takes_no_more_than_a_line() {
    for (start, end) in [
        (&b"{\"action\":\"a\",\"time\":1,\"x\":\""[..], &b"\"}\n"[..]),
        (b"{\"action\":\"", b"\",\"time\":1}\n"),
        (b"", b""),
    ] {
        let long = Long { start, middle: GIB, fill: b'a', end };
        let (peak, report) = peak(&DecodeOptions::default(), ACTION.chain(long).chain(ACTION));
        let len =
            GIB as usize + start.len() + end.len() + if end.is_empty() { ACTION.len() } else { 0 };
        let accepted = if end.is_empty() { 1 } else { 2 };
        assert_eq!((report.accepted, report.refused), (accepted, 1));
        let found = report.refusals[0].error.clone();
        let newline = 1;
        let kind = DecodeErrorKind::InputTooLong { len: len - newline, max: 1 << 20 };
        assert_eq!(found, DecodeError { kind, at: 1 << 20 });
        // While a buffer grows, both copies are held.
        assert!(peak < 4 << 20, "{peak} bytes");
    }
}

#[test]
fn a_gibibyte_in_memory_is_refused_unread() {
    for start in [&b"{\"action\":\"a\",\"time\":1,\"x\":\""[..], b"{\"action\":\"", b""] {
        // Untouched zeros take no memory: the system allocates a page at the first write.
        let mut input = vec![0; GIB as usize];
        input[..start.len()].copy_from_slice(start);
        let kind = DecodeErrorKind::InputTooLong { len: input.len(), max: 1 << 20 };
        let refused = DecodeError { kind, at: 1 << 20 };
        assert_eq!(check_refused(&input), refused);
        let limits = Limits { input_bytes: usize::MAX, ..Limits::default() };
        // Within the limit, decoding ends at the first zero, which is not JSON.
        let (bytes, answer) = allocated(|| limits.decode(&input));
        assert_eq!((bytes, answer.unwrap_err().at), (0, start.len()));
    }
}

#[test]
fn a_long_string_is_skipped_without_a_copy() {
    // 16 MiB show a copy as well as a gibibyte, which would take a minute here.
    const LONG: usize = 16 << 20;
    let limits = Limits { input_bytes: usize::MAX, ..Limits::default() };
    for (start, end, is_accepted) in [
        (&b"{\"action\":\"a\",\"time\":1,\"x\":\""[..], &b"\"}"[..], true),
        (b"{\"", b"\":0,\"action\":\"a\",\"time\":1}", true),
        (b"{\"action\":\"", b"\",\"time\":1}", false),
        (b"{\"action\":\"\\u0061", b"\",\"time\":1}", false),
    ] {
        let mut input = vec![b'a'; start.len() + LONG];
        input[..start.len()].copy_from_slice(start);
        input.extend_from_slice(end);
        let (bytes, answer) = allocated(|| limits.decode(&input).map(|action| action.time));
        assert_eq!((bytes, answer.is_ok()), (0, is_accepted), "{}", start.escape_ascii());
        let options = DecodeOptions { limits, ..DecodeOptions::default() };
        let (bytes, report) = allocated(|| options.decode_slice(&input, &mut |_: Record<'_>| {}));
        assert_eq!(report.accepted, u64::from(is_accepted));
        assert!(bytes < 128 << 10, "{bytes} bytes");
    }
}

#[test]
fn memory_does_not_grow_with_the_number_of_lines() {
    // Blank lines, and lines refused at the first byte, listed or not.
    for (middle, refused) in [(b'\n', 0), (b'x', 1)] {
        let long = Long { start: b"", middle: 4 << 20, fill: middle, end: b"\n" };
        let (peak, report) = peak(&DecodeOptions::default(), long);
        assert_eq!(report.refused, refused);
        // While a buffer grows, both copies are held.
        assert!(peak < 4 << 20, "{peak} bytes");
    }
    let refused = b"{\"action\":\"a\",\"time\":-1}\n".repeat(1_000_000);
    let (peak, report) = peak(&DecodeOptions::default(), &refused[..]);
    assert_eq!((report.refused, report.refusals.len()), (1_000_000, 100));
    assert!(peak < 1 << 20, "{peak} bytes");
}

#[test]
fn a_batch_allocates_no_more_for_more_lines() {
    let lines = b"{\"action\":\"\\u006aump\",\"time\":100}\n{\"action\":\"run\", \"time\":1.5}\n";
    let all = |lines: &[u8]| {
        allocated(|| DecodeOptions::default().decode_slice(lines, &mut |_: Record<'_>| {})).0
    };
    assert_eq!(all(&lines.repeat(10_000)), all(lines));
    // One name with escapes, and the map entry of one block.
    assert!(all(lines) < 512, "{} bytes", all(lines));
}

#[test]
fn a_million_distinct_keys_are_not_kept() {
    let keys: String = (0..1_000_000).map(|n| format!("\"key{n}\":{n},")).collect();
    let line = format!("{{{keys}\"action\":\"a\",\"time\":1}}");
    let limits = Limits { input_bytes: usize::MAX, ..Limits::default() };
    let (bytes, answer) = allocated(|| limits.decode(line.as_bytes()).map(|action| action.time));
    assert_eq!((bytes, answer.map(|time| time.as_integer())), (0, Ok(Some(1))));
}

#[test]
fn hostile_slices_take_only_the_kept_refusals() {
    const LONG: usize = 16 << 20;
    let refused = [
        &b"{\"action\":\"a\",\"time\":\"1\"}\n"[..],
        b"{\"action\":\"\\u0061\",\"time\":-1}\r\n",
        b"{\"action\":\"\\u000a\",\"tame\":[[1]]}\n",
        b"{\"action\":\"\xff\",\"time\":1}\n",
    ];
    let keys: String = (0..1_000_000).map(|n| format!("\"key{n}\":{n},")).collect();
    let keys = format!("{{{keys}\"action\":\"a\",\"time\":1}}\n").into_bytes();
    let long = |start: &[u8], end: &[u8]| [start, &vec![b'a'; LONG], end].concat();
    let texts = [
        (b"{\"time\":-1 }\n{\"time\":\"\"}\n\"a long line\"\n".repeat(333_334), 0, 1_000_002),
        (refused.concat().repeat(5_000), 0, 20_000),
        (keys, 1, 0),
        (long(b"{\"action\":\"a\",\"time\":1,\"x\":\"\\n", b"\"}\n"), 1, 0),
        (long(b"{\"action\":\"\\u0061", b"\",\"time\":1}\n"), 0, 1),
        (long(b"{\"action\":\"", b"\",\"time\":\n"), 0, 1),
    ];
    let limits = Limits { input_bytes: usize::MAX, ..Limits::default() };
    let options = DecodeOptions { limits, ..DecodeOptions::default() };
    for (text, accepted, refused) in &texts {
        let check = |(peak, report): (usize, Report)| {
            let shown = text[..40].escape_ascii();
            assert_eq!((report.accepted, report.refused), (*accepted, *refused), "{shown}");
            assert!(peak < 256 << 10, "{peak} bytes for {shown}");
        };
        check(peak_of(|| options.decode_slice(text, &mut |_: Record<'_>| {})));
        // Each thread has its own count; this one holds what is merged.
        let mut sinks = [|_: Record<'_>| {}; 2];
        check(peak_of(|| options.par_decode_slice(text, &mut sinks)));
    }
}

/// Checks that the second thousand lines of a batch allocate nothing.
#[track_caller]
fn check_steady(fields: Fields, lines: &str, outcomes: [u64; 3]) {
    check_form(Input::default(), fields, lines, outcomes);
}

#[track_caller]
fn check_form(input: Input, fields: Fields, lines: &str, outcomes: [u64; 3]) {
    let options = DecodeOptions { input, fields, ..DecodeOptions::default() };
    let all = |times: usize| {
        let lines = lines.repeat(times);
        allocated(|| options.decode_slice(lines.as_bytes(), &mut |_: Record<'_>| {}))
    };
    let ((few, report), (many, _)) = (all(1_000), all(2_000));
    let found = [report.accepted, report.skipped, report.filtered];
    assert_eq!(found, outcomes.map(|lines| 1_000 * lines), "{lines}{report:?}");
    assert_eq!(many, few, "{} bytes for each repetition of {lines}", (many - few) as f64 / 1_000.0);
}

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

#[test]
fn fields_and_names_reuse_their_memory() {
    let lines = "{\"request\":{\"method\":\"GET\",\"uri\":\"/\\u0061/7?x=1\"},\"took\":\"7\"}\n\
                 {\"request\":{\"method\":\"GET\",\"uri\":\"/users/42/orders/1\"},\"took\":1.5}\n\
                 {\"request\":{\"method\":null},\"took\":1.5}\n";
    let by = vec![path("request.method"), path("path|request.uri")];
    let fields = || Fields { by: by.clone(), value: Some(path("took")), ..Fields::any() };
    check_steady(fields(), lines, [2, 1, 0]);
    let names = NameRules { group_paths: true, ..NameRules::default() };
    check_steady(Fields { names, ..fields() }, lines, [2, 1, 0]);
    let names = NameRules { clean: true, max_bytes: Some(16), ..NameRules::default() };
    check_steady(Fields { names, ..fields() }, lines, [2, 1, 0]);
    check_steady(Fields { value: None, ..fields() }, lines, [2, 1, 0]);
}

#[cfg(feature = "regex")]
#[test]
fn replacements_reuse_their_memory() {
    let lines = "{\"action\":\"GET /users/42\",\"time\":1}\n{\"action\":\"run\",\"time\":1}\n";
    let replace = vec![codec::Replace::parse("/([0-9]+)=/$1$1/:n").unwrap()];
    let names = NameRules { replace, group_paths: true, ..NameRules::default() };
    check_steady(Fields { names, ..Fields::any() }, lines, [2, 0, 0]);
}

#[test]
fn filters_reuse_their_memory() {
    let lines =
        "{\"action\":\"a\",\"time\":1,\"status\":404,\"took\":\"1m2.5s\",\"m\":\"G\\u0045T\"}\n";
    let filters =
        ["status>=400", "status=404.0", "took>62400ms", "took=62.5 s", "m=GET", "!error", "time"];
    for filter in filters {
        let filters = vec![Filter::parse(filter).unwrap()];
        check_steady(Fields { filters, ..Fields::any() }, lines, [1, 0, 0]);
    }
    let filters = vec![Filter::parse("m!=GET").unwrap()];
    check_steady(Fields { filters, ..Fields::any() }, lines, [0, 0, 1]);
    #[cfg(feature = "regex")]
    {
        let filters = vec![Filter::parse("m~^G.T$").unwrap()];
        check_steady(Fields { filters, ..Fields::any() }, lines, [1, 0, 0]);
    }
}

#[test]
fn values_as_text_allocate_nothing() {
    for value in [
        "12.5ms",
        "850 µs",
        "0.000123456789012345 s",
        "1h2m3.5s",
        "26:00:00,25",
        "P1DT2H3M4.5S",
        "1e-3",
        "12345678901234567890",
        "0.1234567890123456789",
    ] {
        let line = format!("{{\"action\":\"a\",\"time\":\"{value}\"}}\n");
        check_steady(
            Fields { unit: Some(core_actions::Unit::Milliseconds), ..Fields::any() },
            &line,
            [1, 0, 0],
        );
    }
}

#[test]
fn timestamps_allocate_nothing() {
    for (format, value) in [
        ("auto", "1714564808"),
        ("auto", "-1714564808.25"),
        ("auto", "\"1714564808123\""),
        ("auto", "\"2024-05-01T12:00:08.123456789+02:00\""),
        ("auto", "\"2024-05-01 12:00\""),
        ("auto", "\"01/May/2024:12:00:08 +0200\""),
        ("auto", "\"Wed, 01 May 2024 12:00:08 GMT\""),
        ("rfc3339", "\"2024-05-01T12:00:08\\u005a\""),
        #[cfg(feature = "timestamps")]
        ("%d.%m.%Y %H:%M:%S", "\"01.05.2024 12:00:08\""),
    ] {
        let line = format!("{{\"action\":\"a\",\"time\":1,\"at\":{value}}}\n");
        let zone = if cfg!(feature = "timestamps") { "Europe/Berlin" } else { "+02:00" };
        let (path, zone) = (path("at"), zone.parse().unwrap());
        let timestamp = Some(Timestamp { path, format: format.parse().unwrap(), zone });
        let from = Some(Stamp::from_nanos(i64::MIN));
        check_steady(Fields { timestamp, from, ..Fields::any() }, &line, [1, 0, 0]);
    }
}

#[test]
fn forms_of_inputs_reuse_their_memory() {
    let line = "2024-05-01T12:00:08Z web[12]: INFO {\"action\":\"a\",\"time\":1}\n";
    let timestamp = Timestamp::new(path("@prefix"), TimestampFormat::Auto);
    let fields = Fields { timestamp: Some(timestamp), ..Fields::any() };
    check_form(Input { embedded: true, ..Input::default() }, fields, line, [1, 0, 0]);
    let line = "{\"log\":\"{\\\"action\\\":\\\"a\\\",\\\"time\\\":1}\"}\n";
    let input = Input { unwrap: Some(path("log")), ..Input::default() };
    check_form(input, Fields::any(), line, [1, 0, 0]);
    let input = Input { form: Form::Logfmt, ..Input::default() };
    check_form(input, Fields::any(), "action=\"a \\\"b\\\"\" time=1.5ms x\n", [1, 0, 0]);
}
