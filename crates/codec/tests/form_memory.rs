//! Memory of decoding each form: it grows with the longest record, not with the input.

mod support {
    pub(crate) mod allocator;
}

use std::io::{self, Read};

use codec::{CsvOptions, DecodeOptions, Fields, Form, Input, Record, Report};
use support::allocator::peak_of;

/// A generated input: a start, and then a text many times.
struct Repeated<'t> {
    start: &'t [u8],
    text: &'t [u8],
    times: usize,
    /// The part of `text` that is not read yet.
    rest: &'t [u8],
}

impl Read for Repeated<'_> {
    fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
        let mut filled = self.start.read(free)?;
        while filled < free.len() {
            if self.rest.is_empty() {
                if self.times == 0 {
                    break;
                }
                (self.rest, self.times) = (self.text, self.times - 1);
            }
            filled += self.rest.read(&mut free[filled..])?;
        }
        Ok(filled)
    }
}

fn options(form: Form) -> DecodeOptions {
    let fields = Fields { by: vec!["action|@prefix".parse().unwrap()], ..Fields::any() };
    DecodeOptions {
        input: Input { form, ..Input::default() },
        fields,
        refusals_kept: 10,
        ..DecodeOptions::default()
    }
}

/// Returns the options of each form, the start of an input, and records of all outcomes.
fn forms() -> Vec<(&'static str, DecodeOptions, &'static str, &'static str)> {
    let pattern = r"^(?<action>\S+) (?<time>\S+)(?: (?:a|aa|aaa)*)?$".parse().unwrap();
    let embedded = Input { embedded: true, ..Input::default() };
    let unwrapped = Input { unwrap: Some("log".parse().unwrap()), ..Input::default() };
    vec![
        (
            "csv",
            options(Form::Csv(CsvOptions::default())),
            "action,time,note\n",
            "jump,1,a\n\"a \"\"b\"\"\",2,\"x\ny\"\n,3,\njump,x,\njump\n\n",
        ),
        (
            "logfmt",
            options(Form::Logfmt),
            "",
            "action=jump time=1\naction=\"a \\\"b\\\"\" time=2ms\na=1\n=\n\naction=a time=x\n",
        ),
        (
            "pattern",
            options(Form::Pattern(pattern)),
            "",
            "jump 1\na 2ms\na b\nnote\n\na 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n",
        ),
        (
            "embedded",
            DecodeOptions { input: embedded, ..options(Form::Json) },
            "",
            "10:00 {\"action\":\"\\u0061\",\"time\":1}\nnote\n10:00 {\"time\":2}\nx {\"a\" 1}\n\n",
        ),
        (
            "unwrap",
            DecodeOptions { input: unwrapped, ..options(Form::Json) },
            "",
            "{\"log\":\"{\\\"action\\\":\\\"\\\\u0061\\\",\\\"time\\\":1}\"}\n{\"log\":\"note\"}\n\
             {\"log\":{\"action\":\"a\",\"time\":2}}\n{\"log\":\"{}\n\n",
        ),
        (
            "stream",
            options(Form::JsonStream),
            "",
            "{\n  \"action\": \"a\",\n  \"time\": 1\n}\n{\"action\":\"b\"}\n5 \"x\" {\"time\" 1}\n",
        ),
        (
            "array",
            options(Form::JsonStream),
            "[",
            "{\n  \"action\": \"a\",\n  \"time\": 1\n},\n{\"action\":\"b\"},\n{\"action\":1e999,\
             \"time\":[]},\"x\",",
        ),
    ]
}

fn peak(options: &DecodeOptions, start: &str, text: &str, times: usize) -> (usize, Report) {
    let (start, text) = (start.as_bytes(), text.as_bytes());
    let reader = Repeated { start, text, times, rest: b"" };
    peak_of(|| options.decode_reader(reader, &mut |_: Record<'_>| {}).unwrap())
}

#[test]
fn memory_does_not_grow_with_the_number_of_records() {
    for (name, options, start, text) in forms() {
        let (few, short) = peak(&options, start, text, 10_000);
        let (many, long) = peak(&options, start, text, 50_000);
        assert!(short.accepted >= 10_000 && short.refused >= 10_000, "{name}: {short:?}");
        assert_eq!((long.accepted, long.refused), (5 * short.accepted, 5 * short.refused));
        assert_eq!((long.skipped, long.blank), (5 * short.skipped, 5 * short.blank), "{name}");
        assert!(many <= few + 4_096, "{name}: {few} bytes, then {many}");
        assert!(many < 2 << 20, "{name}: {many} bytes");
    }
}

#[test]
fn one_record_without_an_end_takes_no_more_than_the_limit() {
    const BYTES: usize = 2_000_000;
    for (name, mut options, start, text) in forms() {
        options.limits.input_bytes = 1 << 16;
        let mut of_text = None;
        let ends = [
            "x",
            "\"x",
            "[[[[[[[[",
            "{\"a\":",
            "{\"a\":[",
            "aaaaaaaa ",
            "\u{FEFF}",
            "a=\"",
            ",,,,,,,,",
        ];
        for end in ends {
            let start = format!("{start}{text}{end}");
            let times = BYTES / end.len();
            let (peak, report) = peak(&options, &start, end, times);
            assert!(report.refused > 0, "{name} {end}");
            // While a buffer grows, both copies are held.
            assert!(peak < 3 << 19, "{name} {end}: {peak} bytes");
            // Text, the first of them, is not remembered. Neither are brackets and quotes.
            let text = *of_text.get_or_insert(peak);
            assert!(peak <= text + 4_096, "{name} {end}: {peak} bytes, and {text} of text");
        }
    }
}
