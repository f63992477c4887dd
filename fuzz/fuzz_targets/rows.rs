//! Reads encoded rows back with `serde_json` and a naive CSV reader, and compares the fields.
#![no_main]

use codec::{Field, Format, encode_rows};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// One field of a CSV file.
#[derive(Debug, PartialEq)]
enum CsvField {
    Quoted(String),
    Plain(String),
}

fuzz_target!(|rows: Vec<(String, u64, u64, Option<String>)>| {
    let columns = ["name", "count", "mean,\"x\"", "note"];
    let fields = || {
        rows.iter().map(|(name, count, bits, note)| {
            let mean = f64::from_bits(*bits);
            [name.as_str().into(), (*count).into(), mean.into(), note.as_deref().into()]
        })
    };
    let array = encode_rows(Format::Json, columns, fields());
    let array: Vec<Value> = serde_json::from_str(&array).expect("is JSON");
    let lines = encode_rows(Format::Ndjson, columns, fields());
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect();
    assert_eq!(array, lines);
    let csv = records(&encode_rows(Format::Csv, columns, fields()));
    assert_eq!((csv.len(), lines.len()), (rows.len() + 1, rows.len()));
    for ((record, line), row) in csv[1..].iter().zip(&lines).zip(fields()) {
        assert_eq!(record.len(), columns.len(), "{record:?}");
        for ((field, column), written) in record.iter().zip(columns).zip(row) {
            check(field, &line[column], written);
        }
    }
});

/// Compares a CSV field and a JSON value with the field that was written.
fn check(field: &CsvField, json: &Value, written: Field<'_>) {
    match written {
        Field::Text(text) => {
            assert_eq!(json.as_str(), Some(text));
            let (CsvField::Quoted(found) | CsvField::Plain(found)) = field;
            assert_eq!(found, text);
            // Empty text differs from a missing value.
            assert!(!text.is_empty() || *field == CsvField::Quoted(String::new()));
        }
        Field::Integer(integer) => {
            assert_eq!(json.as_u64(), Some(integer));
            assert_eq!(*field, CsvField::Plain(integer.to_string()));
        }
        Field::Float(float) if float.is_finite() => {
            let CsvField::Plain(digits) = field else { panic!("{field:?} is not a number") };
            assert_eq!((json.as_f64(), digits.parse()), (Some(float), Ok(float)));
        }
        _ => assert_eq!((json, field), (&Value::Null, &CsvField::Plain(String::new()))),
    }
}

/// Reads CSV as defined by RFC 4180, but with `\n` as the line end.
fn records(csv: &str) -> Vec<Vec<CsvField>> {
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
                (CsvField::Quoted(quoted[..end].replace("\"\"", "\"")), &quoted[end + 1..])
            }
            None => {
                let end = rest.find([',', '\n']).expect("a line ends");
                (CsvField::Plain(rest[..end].to_owned()), &rest[end..])
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
