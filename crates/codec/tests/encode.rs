//! The output: exact text where promised, and the same rows when read back.

#![cfg(feature = "encode")]

use std::io::{self, Write};
use std::panic::catch_unwind;

use codec::{
    ActionName, ActionTime, DecodeOptions, Field, Format, Record, encode, encode_means,
    encode_rows, write_records,
};
use core_actions::{RunningTracker, TrackerSpec, WhenFull};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

#[track_caller]
fn check_mean(mean: f64, expected: &str) {
    assert_eq!(encode([("a", mean)]), format!(r#"[{{"action":"a","avg":{expected}}}]"#));
}

#[track_caller]
fn check_name(name: &str, expected: &str) {
    assert_eq!(encode([(name, 1.0)]), format!(r#"[{{"action":{expected},"avg":1}}]"#));
}

#[test]
fn rows_keep_their_order_and_repetitions() {
    assert_eq!(encode([]), "[]");
    let rows = [("jump", 150.0), ("run", 75.0), ("jump", 0.5)];
    let expected =
        r#"[{"action":"jump","avg":150},{"action":"run","avg":75},{"action":"jump","avg":0.5}]"#;
    assert_eq!(encode(rows), expected);
}

#[test]
fn integral_means_have_no_fraction_below_two_to_the_53() {
    check_mean(0.0, "0");
    check_mean(-0.0, "0");
    check_mean(1.0, "1");
    check_mean(-7.0, "-7");
    check_mean(1e15, "1000000000000000");
    check_mean(9_007_199_254_740_991.0, "9007199254740991");
    check_mean(9_007_199_254_740_992.0, "9007199254740992.0");
    check_mean(-9_007_199_254_740_991.0, "-9007199254740991");
}

#[test]
fn other_means_have_the_shortest_digits() {
    check_mean(0.1, "0.1");
    check_mean(0.1 + 0.2, "0.30000000000000004");
    check_mean(1.0 / 3.0, "0.3333333333333333");
    check_mean(1.5, "1.5");
    check_mean(4_503_599_627_370_495.5, "4503599627370495.5");
    check_mean(f64::from_bits(1), "5e-324");
    check_mean(f64::MAX, "1.7976931348623157e+308");
}

#[test]
fn infinities_and_nan_are_null() {
    check_mean(f64::NAN, "null");
    check_mean(f64::INFINITY, "null");
    check_mean(f64::NEG_INFINITY, "null");
}

#[test]
fn names_are_escaped_as_json_requires() {
    check_name("", r#""""#);
    check_name(r#"a"b\c/d"#, r#""a\"b\\c/d""#);
    check_name("\n\u{0}\u{1f}\u{7f}", "\"\\n\\u0000\\u001f\u{7f}\"");
    check_name("日本 🚀\u{2028}", "\"日本 🚀\u{2028}\"");
}

proptest! {
    #[test]
    fn rows_read_back_as_they_were(
        rows in vec((any::<String>(), prop_oneof![
            any::<f64>().prop_filter("finite", |mean| mean.is_finite()),
            any::<u64>().prop_map(|mean| mean as f64),
            (0_u32..1_000, 1_u32..1_000).prop_map(|(sum, count)| f64::from(sum) / f64::from(count)),
        ]), 0..8)
    ) {
        let text = encode(rows.iter().map(|(name, mean)| (name.as_str(), *mean)));
        let Value::Array(found) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
        prop_assert_eq!(found.len(), rows.len());
        for (row, (name, mean)) in found.iter().zip(&rows) {
            prop_assert_eq!(row.as_object().unwrap().len(), 2);
            prop_assert_eq!(row["action"].as_str().unwrap(), name);
            // Adding 0 turns -0 into 0 and changes no other number.
            prop_assert_eq!(row["avg"].as_f64().unwrap().to_bits(), (mean + 0.0).to_bits());
        }
    }
}

/// Reads CSV as defined by RFC 4180, naively. `None` is an empty field without quotes.
fn records(text: &str) -> Vec<Vec<Option<String>>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), None::<String>);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => loop {
                let inside = field.get_or_insert_default();
                match chars.next().expect("a quote that closes") {
                    '"' if chars.peek() == Some(&'"') => inside.push(chars.next().unwrap()),
                    '"' => break,
                    other => inside.push(other),
                }
            },
            ',' => record.push(field.take()),
            '\n' => {
                record.push(field.take());
                records.push(std::mem::take(&mut record));
            }
            other => field.get_or_insert_default().push(other),
        }
    }
    assert!(record.is_empty() && field.is_none(), "the last record has no end: {text:?}");
    records
}

#[test]
fn folded_row_is_marked_and_its_name_is_not_reserved() {
    let spec = TrackerSpec { actions: 1, when_full: WhenFull::Fold, ..TrackerSpec::default() };
    let tracker = RunningTracker::new(spec);
    ["(other)", "jump", "run"].into_iter().for_each(|name| tracker.record(name, 150).unwrap());
    let expected =
        r#"[{"action":"(other)","avg":150},{"action":"(other)","other":true,"avg":150}]"#;
    assert_eq!(encode_means(&tracker.stats()), expected);
    assert_eq!(encode_means(&RunningTracker::default().stats()), "[]");
}

#[test]
fn flag_is_written_only_if_true() {
    let write = |format| {
        let rows = [true, false].map(|flag| [Field::from("a"), Field::Flag(flag), Field::Missing]);
        encode_rows(format, ["x", "flag", "z"], rows)
    };
    assert_eq!(write(Format::Json), r#"[{"x":"a","flag":true,"z":null},{"x":"a","z":null}]"#);
    assert_eq!(write(Format::Csv), "x,flag,z\na,true,\na,,\n");
    let first = encode_rows(Format::Ndjson, ["flag", "z"], [[Field::Flag(false), 1.into()]]);
    assert_eq!(first, "{\"z\":1}\n");
}

#[test]
fn repeated_columns_of_objects_are_refused() {
    let row = || [[Field::Missing; 2]];
    assert_eq!(encode_rows(Format::Csv, ["a", "a"], row()), "a,a\n,\n");
    for format in [Format::Json, Format::Ndjson] {
        let written = catch_unwind(|| encode_rows(format, ["a", "a"], row()));
        assert!(written.is_err(), "{written:?}");
    }
}

#[test]
fn fields_are_quoted_as_csv_requires() {
    let check = |text: &str, expected: &str| {
        let found = encode_rows(Format::Csv, ["a"], [[Field::from(text)]]);
        assert_eq!(found, format!("a\n{expected}\n"));
    };
    check("plain", "plain");
    check("two words", "two words");
    check("", "\"\"");
    check("a,b", "\"a,b\"");
    check("say \"hi\"", "\"say \"\"hi\"\"\"");
    check("\"", "\"\"\"\"");
    check("a\nb", "\"a\nb\"");
    check("a\rb", "\"a\rb\"");
    check(" a", "\" a\"");
    check("a ", "\"a \"");
    check("=1+1", "=1+1");
    let rows = [[Field::Missing, Field::from(f64::NAN), None::<u64>.into(), Some(1).into()]];
    assert_eq!(encode_rows(Format::Csv, ["a", "b", "c", "d"], rows), "a,b,c,d\n,,,1\n");
    let infinities = [[f64::INFINITY.into(), f64::NEG_INFINITY.into()]];
    assert_eq!(encode_rows(Format::Csv, ["a", "b"], infinities), "a,b\ninf,-inf\n");
    assert_eq!(encode_rows::<2>(Format::Csv, ["a,", "b"], []), "\"a,\",b\n");
}

#[test]
fn objects_have_their_columns_in_order() {
    let rows =
        [[Field::from("a\"b"), Field::from(u64::MAX), Field::from(150.0), Field::Missing]; 2];
    let columns = ["action", "c\"t", "avg", "none"];
    let object = r#"{"action":"a\"b","c\"t":18446744073709551615,"avg":150,"none":null}"#;
    assert_eq!(encode_rows(Format::Json, columns, rows), format!("[{object},{object}]"));
    assert_eq!(encode_rows(Format::Ndjson, columns, rows), format!("{object}\n{object}\n"));
    assert_eq!(encode_rows::<1>(Format::Json, ["a"], []), "[]");
    assert_eq!(encode_rows::<1>(Format::Ndjson, ["a"], []), "");
    let infinite = encode_rows(Format::Ndjson, ["a"], [[f64::INFINITY.into()]]);
    assert_eq!(infinite, "{\"a\":null}\n");
}

fn name() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("a name", |name| ActionName::new(name).is_ok())
}

fn time() -> impl Strategy<Value = ActionTime> {
    prop_oneof![
        any::<u64>().prop_map(ActionTime::from),
        any::<f64>().prop_filter_map("a time", |float| ActionTime::try_from(float.abs()).ok()),
        (0_u32..10_000, 1_u32..1_000)
            .prop_map(|(a, b)| { ActionTime::try_from(f64::from(a) / f64::from(b)).unwrap() }),
    ]
}

proptest! {
    #[test]
    fn actions_read_back_as_they_were(actions in vec((name(), time()), 0..20)) {
        let rows = || actions.iter().map(|(name, time)| [name.as_str().into(), (*time).into()]);
        let lines = encode_rows(Format::Ndjson, ["action", "time"], rows());
        let mut found = Vec::new();
        let sink = &mut |record: Record<'_>| found.push((record.name.to_string(), record.time));
        let report = DecodeOptions::default().decode_slice(lines.as_bytes(), sink);
        prop_assert_eq!(report.refusals, []);
        prop_assert_eq!(&found, &actions);

        let all: Value =
            serde_json::from_str(&encode_rows(Format::Json, ["action", "time"], rows())).unwrap();
        for (row, (name, time)) in all.as_array().unwrap().iter().zip(&actions) {
            let line = row.to_string();
            let action = codec::decode(line.as_bytes()).unwrap();
            prop_assert_eq!((action.name.as_str(), action.time), (name.as_str(), *time));
        }
        prop_assert_eq!(all.as_array().unwrap().len(), actions.len());
    }

    #[test]
    fn records_read_back_as_they_were(
        rows in vec((any::<String>(), any::<Option<u64>>(), any::<f64>()), 0..20),
    ) {
        let cells = rows.iter().map(|(a, b, c)| [a.as_str().into(), (*b).into(), (*c).into()]);
        let text = encode_rows(Format::Csv, ["a", "b", "c"], cells);
        let mut found = records(&text).into_iter();
        prop_assert_eq!(found.next().unwrap().len(), 3);
        prop_assert_eq!(found.len(), rows.len());
        for (record, (a, b, c)) in found.zip(&rows) {
            prop_assert_eq!(record[0].as_ref(), Some(a));
            prop_assert_eq!(record[1].as_ref().map(|b| b.parse().unwrap()), *b);
            let float = record[2].as_ref().map(|c| c.parse::<f64>().unwrap().to_bits());
            prop_assert_eq!(float, c.is_finite().then_some((c + 0.0).to_bits()));
        }
    }
}

/// Records the size of each write, and fails when it is full.
#[derive(Default)]
struct Pieces {
    all: Vec<u8>,
    longest: usize,
    room: Option<usize>,
}

impl Write for Pieces {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.room.is_some_and(|room| self.all.len() + piece.len() > room) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.longest = self.longest.max(piece.len());
        self.all.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn rows_are_written_once_in_pieces() {
    let rows = || (0..50_000_u64).map(|number| [Field::from("jump"), Field::from(number)]);
    for format in [Format::Json, Format::Ndjson, Format::Csv] {
        let columns = ["action", "count"];
        let whole = encode_rows(format, columns, rows());
        let mut output = Pieces::default();
        write_records(&mut output, format, &columns, rows()).unwrap();
        assert!(output.all == whole.as_bytes(), "{format:?}");
        assert!(output.longest < 65 * 1_024 && whole.len() > 128 * 1_024, "{format:?}");
        assert_eq!(whole.matches("jump").count(), 50_000, "{format:?}");

        let mut full = Pieces { room: Some(100_000), ..Pieces::default() };
        let fault = write_records(&mut full, format, &columns, rows()).unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::StorageFull);
        assert!(whole.as_bytes().starts_with(&full.all) && !full.all.is_empty());
    }
}
