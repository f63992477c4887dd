//! Batches: every line is accepted, refused or blank, for every kind of input (C4).

#[path = "support/lines.rs"]
mod support;

use std::io::{self, Chain, Cursor, ErrorKind, Read};

use codec::{DecodeError, DecodeErrorKind, DecodeOptions, Fractions, Limits, Record, Report};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use support::{Expected, Keep, ShortReads, check, naive};

const LINES: &[&str] = &[
    r#"{"action":"jump","time":100}"#,
    r#"{"action":"jump", "time":100}"#,
    r#"{"action": "barrel roll", "time": 5.25}"#,
    r#"{"time":0.1,"action":"hop"}"#,
    r#"{"time": 7, "action": "sprint across the whole field"}"#,
    r#"{"action":"jump","time":123456789012345678}"#,
    r#"{"action":"j\u0075mp","time":1e2,"x":[{"y":"z\n"}]}"#,
    r#"{"action":"日本","time":0.30000000000000004}"#,
    r#"{"action":"jump","time":-1}"#,
    r#"{"action":"jump","time":01}"#,
    r#"{"action":"jump","time":1}x"#,
    r#"{"action":"jump","time":1,}"#,
    r#"{"action":"jump""#,
    r#"{"action":"","time":1}"#,
    r#"{"action":" jump","time":1}"#,
    "{\"action\":\"ju\u{7f}mp\",\"time\":1}",
    r#"{"action":"jump","time":1.}"#,
    r#"{"action":"jump","time":.5}"#,
    r#"["jump",1]"#,
    "",
    " \t",
    "\r",
    "\u{a0}",
    "\u{feff}{}",
];

fn lines() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        4 => select(LINES.to_vec()).prop_map(|line| line.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..40),
        1 => (select(LINES.to_vec()), any::<prop::sample::Index>(), any::<u8>()).prop_map(
            |(line, at, byte)| {
                let mut line = line.as_bytes().to_vec();
                if !line.is_empty() {
                    let at = at.index(line.len());
                    line[at] = byte;
                }
                line
            }
        ),
    ];
    let end = select(vec!["\n", "\n", "\r\n", "\n\n"]);
    (vec((line, end), 0..40), any::<bool>()).prop_map(|(lines, is_cut)| {
        let mut text = Vec::new();
        for (line, end) in lines {
            text.extend(line);
            text.extend(end.bytes());
        }
        if is_cut {
            text.pop();
        }
        text
    })
}

fn options() -> impl Strategy<Value = DecodeOptions> {
    let limits = prop_oneof![
        3 => Just(Limits::default()),
        1 => (0_usize..40, 0_usize..3, 0_usize..60).prop_map(|(name_bytes, nesting, input_bytes)| {
            Limits { name_bytes, nesting, input_bytes }
        }),
    ];
    let fractions = select(vec![Fractions::Allowed, Fractions::Refused]);
    (limits, fractions, 0_usize..9).prop_map(|(limits, fractions, refusals_kept)| DecodeOptions {
        limits,
        fractions,
        refusals_kept,
        ..DecodeOptions::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_way_matches_line_by_line(
        options in options(),
        text in lines(),
        read_max in 1_usize..90,
    ) {
        check(&options, &text, read_max);
    }
}

#[test]
fn generated_lines_have_every_outcome() {
    let text = LINES.join("\n");
    let Expected { actions, report, .. } = naive(&DecodeOptions::default(), text.as_bytes());
    assert_eq!((actions.len(), report.refused, report.blank), (9, 12, 3));
    check(&DecodeOptions::default(), text.as_bytes(), 7);
}

#[test]
fn blocks_of_threads_cover_the_input() {
    // Lengths that put the ends of blocks anywhere, and more than one block per thread.
    for pad in 0..3 {
        let line = |n: usize| {
            let time = if n.is_multiple_of(997) { "-1" } else { "1" };
            format!("{{\"action\":\"{}\",\"time\":{time}}}\r\n", "x".repeat(1 + n % 50 + pad))
        };
        let text: String = (0..40_000).map(line).collect();
        assert!(text.len() > 6 * 256 * 1024, "{} bytes", text.len());
        check(
            &DecodeOptions { refusals_kept: 20, ..DecodeOptions::default() },
            text.as_bytes(),
            1 << 20,
        );
    }
}

#[test]
fn first_refusals_are_kept_on_any_thread() {
    let text = "{}\n".repeat(500_000);
    let options = DecodeOptions { refusals_kept: 3, ..DecodeOptions::default() };
    for _ in 0..5 {
        let mut sinks = [Keep::default(), Keep::default(), Keep::default()];
        let report = options.par_decode_slice(text.as_bytes(), &mut sinks);
        let lines: Vec<_> = report.refusals.iter().map(|refusal| refusal.line).collect();
        assert_eq!((lines, report.refused), (vec![1, 2, 3], 500_000));
    }
}

#[test]
fn a_return_without_a_newline_is_part_of_the_line() {
    for (text, at) in [("{\"action\":\"a\r", 12), ("{\"time\":1}\n{\r", 2)] {
        let report = DecodeOptions::default().decode_slice(text.as_bytes(), &mut Keep::default());
        assert_eq!(report.refusals.last().unwrap().error.at, at);
        check(&DecodeOptions::default(), text.as_bytes(), 1);
    }
}

#[test]
fn nothing_is_decoded_without_a_sink() {
    let none: &mut [Keep] = &mut [];
    assert_eq!(DecodeOptions::default().par_decode_slice(b"{}\n", none), Report::default());
}

#[test]
fn lines_longer_than_a_buffer_work_up_to_the_limit() {
    let action = r#"{"action":"jump","time":1}"#;
    for len in [256 << 10, (256 << 10) + 1, 1 << 20, (1 << 20) + 1, 3 << 20] {
        for end in ["", "\n", "\r\n"] {
            let long = format!("{action}{}{end}", " ".repeat(len - action.len()));
            let text = format!("{action}\n{long}{action}\n");
            if end.is_empty() {
                check(&DecodeOptions::default(), long.as_bytes(), 1 << 20);
            } else {
                check(&DecodeOptions::default(), text.as_bytes(), 1 << 20);
            }
        }
    }
    let options = DecodeOptions::default();
    let text = format!("{action}\n\n{}\n{action}", "[".repeat(9 << 20));
    let mut keep = Keep::default();
    let report = options.decode_reader(text.as_bytes(), &mut keep).unwrap();
    assert_eq!((report.accepted, report.refused, report.blank), (2, 1, 1));
    let (len, max) = (9 << 20, 1 << 20);
    assert_eq!(
        report.refusals[0].error,
        DecodeError { kind: DecodeErrorKind::InputTooLong { len, max }, at: max }
    );
    assert_eq!((report.refusals[0].line, report.refusals[0].offset), (3, 28));
}

#[test]
fn a_line_of_several_mebibytes_reaches_the_sink_whole() {
    // The period does not divide the size of a read, so a lost, swapped or repeated piece is found.
    let long: String = (0..3_u32 << 20).map(|at| char::from(b'!' + (at % 89) as u8)).collect();
    let action = r#"{"action":"jump","time":1}"#;
    for text in [
        format!("{action}\n{long}\n{action}\n"),
        format!("{action}\r\n{long}\r\n{action}\r\n"),
        format!("{action}\n{long}"),
        format!("{long}\r"),
        format!("{long}\r\r\n{long}\n[]\n{long}"),
    ] {
        for read_max in [4_096, 100_000, 4 << 20] {
            check(&DecodeOptions::default(), text.as_bytes(), read_max);
        }
    }
}

/// A reader that fails after its input.
struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::TimedOut.into())
    }
}

fn failing(text: &str) -> Chain<Cursor<Vec<u8>>, Failing> {
    Cursor::new(text.as_bytes().to_vec()).chain(Failing)
}

#[test]
fn lines_before_a_failure_are_counted_and_the_partial_one_is_lost() {
    let text = "{\"action\":\"jump\",\"time\":1}\n\n{}\n{\"action\":\"run\",\"time\":1}";
    let mut keep = Keep::default();
    let failed = DecodeOptions::default().decode_reader(failing(text), &mut keep).unwrap_err();
    assert_eq!(failed.to_string(), "input could not be read after 3 lines");
    assert_eq!(failed.source.kind(), ErrorKind::TimedOut);
    assert_eq!((failed.report.accepted, failed.report.refused, failed.report.blank), (1, 1, 1));
    assert_eq!(keep.actions, [(0, "jump".to_owned(), 1.0)]);

    let mut sinks = [Keep::default(), Keep::default()];
    let failed = DecodeOptions::default().par_decode_reader(failing(text), &mut sinks).unwrap_err();
    assert_eq!((failed.report.lines(), failed.report.refusals[0].line), (3, 3));

    let failed = DecodeOptions::default().decode_reader(failing(&"x".repeat(2 << 20)), &mut keep);
    assert_eq!(failed.unwrap_err().report.lines(), 0);
}

#[test]
fn lines_of_a_pipe_are_decoded_at_once() {
    let text = b"{\"action\":\"a\",\"time\":1}\n{\"action\":\"b\",\"time\":2}\n{\"action\":";
    let mut seen = Vec::new();
    let pipe = text[..24].chain(&text[24..48]).chain(&text[48..]).chain(Failing);
    let sink = &mut |record: Record<'_>| seen.push(record.name.to_string());
    DecodeOptions::default().decode_reader(pipe, sink).unwrap_err();
    assert_eq!(seen, ["a", "b"]);
}

#[test]
fn a_refusal_displays_the_line_and_a_caret() {
    let text = b"{\"action\":\"jump\",\"time\":1}\r\n{\"action\":\"\xE8\xB7\xB3\",\"time\":1,}\r\n";
    let report = DecodeOptions::default().decode_slice(text, &mut Keep::default());
    let refusal = &report.refusals[0];
    let reason = "line 2: found `}` after a comma, expected a key in double quotes (byte 25)";
    assert_eq!(refusal.to_string(), reason);
    #[cfg(feature = "snippet")]
    let reason = &format!("{reason}\n  {{\"action\":\"跳\",\"time\":1,}}\n{:26}^", "");
    assert_eq!(format!("{refusal:#}"), *reason);
}

#[test]
#[should_panic(expected = "panicked")]
fn a_panic_of_a_sink_is_propagated() {
    let text = "{\"action\":\"jump\",\"time\":1}\n".repeat(100_000);
    let mut sinks =
        [(); 4].map(|()| |record: Record<'_>| assert!(record.offset < 1_000_000, "panicked"));
    DecodeOptions::default().par_decode_slice(text.as_bytes(), &mut sinks);
}

#[test]
fn snippet_of_a_long_line_does_not_depend_on_reads() {
    // Found by fuzzing: the snippet depended on where a read ended.
    let text = format!("{{\"action\":\"{}\",\"time\":1}}\r\n{{}}\n", "跳".repeat(30));
    for max in 30..70 {
        let limits = Limits { input_bytes: max, ..Limits::default() };
        let options = DecodeOptions { limits, ..DecodeOptions::default() };
        let whole = options.decode_slice(text.as_bytes(), &mut Keep::default());
        for read_max in 1..60 {
            let sips = ShortReads { text: text.as_bytes(), read_max };
            let report = options.decode_reader(sips, &mut Keep::default()).unwrap();
            assert_eq!(report, whole, "limit {max}, {read_max} bytes at once");
        }
        #[cfg(feature = "snippet")]
        assert!(whole.refusals[0].snippet.text.ends_with('…'), "{}", whole.refusals[0].snippet);
    }
}
