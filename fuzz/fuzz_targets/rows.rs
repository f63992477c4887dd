//! Rows are read back as they were written, in every format, by a reader of the naive kind.
#![no_main]

use codec::{Field, Format, encode_rows};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// A field as it is written and read back.
#[derive(Debug, PartialEq)]
enum Field {
    Text(String),
    /// Digits, or nothing.
    Bare(String),
}

fuzz_target!(|rows: Vec<(String, u64, u64, Option<String>)>| {
    let columns = ["name", "count", "mean,\"x\"", "note"];
    let cells = || {
        rows.iter().map(|(name, count, bits, note)| {
            let mean = f64::from_bits(*bits);
            [name.as_str().into(), (*count).into(), mean.into(), note.as_deref().into()]
        })
    };
    let array = encode_rows(Format::Json, columns, cells());
    let array: Vec<Value> = serde_json::from_str(&array).expect("is JSON");
    let lines = encode_rows(Format::Ndjson, columns, cells());
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect();
    assert_eq!(array, lines);
    let csv = records(&encode_rows(Format::Csv, columns, cells()));
    assert_eq!((csv.len(), lines.len()), (rows.len() + 1, rows.len()));
    for ((record, line), row) in csv[1..].iter().zip(&lines).zip(cells()) {
        assert_eq!(record.len(), columns.len(), "{record:?}");
        for ((field, column), cell) in record.iter().zip(columns).zip(row) {
            check(field, &line[column], cell);
        }
    }
});

/// Holds a field of comma-separated values and a value of JSON against what was written.
fn check(field: &Field, value: &Value, cell: Field<'_>) {
    match cell {
        Field::Text(text) => {
            assert_eq!(value.as_str(), Some(text));
            let (Field::Text(found) | Field::Bare(found)) = field;
            assert_eq!(found, text);
            // Empty text is told from what is missing.
            assert!(!text.is_empty() || *field == Field::Text(String::new()));
        }
        Field::Integer(integer) => {
            assert_eq!(value.as_u64(), Some(integer));
            assert_eq!(*field, Field::Bare(integer.to_string()));
        }
        Field::Float(float) if float.is_finite() => {
            let Field::Bare(digits) = field else { panic!("{field:?} is no number") };
            assert_eq!((value.as_f64(), digits.parse()), (Some(float), Ok(float)));
        }
        _ => assert_eq!((value, field), (&Value::Null, &Field::Bare(String::new()))),
    }
}

/// Reads comma-separated values by RFC 4180, with line ends of one character.
fn records(csv: &str) -> Vec<Vec<Field>> {
    let (mut records, mut record) = (Vec::new(), Vec::new());
    let mut rest = csv;
    while !rest.is_empty() {
        let field;
        (field, rest) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut end = 0;
                while !quoted[end..].starts_with('"') || quoted[end..].starts_with("\"\"") {
                    end += if quoted[end..].starts_with('"') { 2 } else { 1 };
                    end = quoted.ceil_char_boundary(end);
                }
                (Field::Text(quoted[..end].replace("\"\"", "\"")), &quoted[end + 1..])
            }
            None => {
                let end = rest.find([',', '\n']).expect("a line ends");
                (Field::Bare(rest[..end].to_owned()), &rest[end..])
            }
        };
        record.push(field);
        if rest.starts_with('\n') {
            records.push(std::mem::take(&mut record));
        }
        rest = &rest[1..];
    }
    records
}
