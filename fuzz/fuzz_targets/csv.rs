//! Compares each column of each row of CSV with the crate `csv`, decoded in every way.
//!
//! The differences are those of the documentation: a row of white space is blank, a carriage return
//! ends a row only before a line feed, and a quote that is not closed refuses the row.
#![no_main]

#[path = "../support/outcomes.rs"]
mod outcomes;
#[path = "../../crates/codec/tests/support/ways.rs"]
mod ways;

use codec::{Columns, CsvOptions, DecodeOptions, Delimiter, Fields, Form, Input};
use libfuzzer_sys::fuzz_target;
use outcomes::{Outcome, few_ways, found, of_text};

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, text) = input;
    let delimiter = [Delimiter::COMMA, Delimiter::SEMICOLON][usize::from(choice % 2)];
    let text = without_lone_returns(text);
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text);
    // The crate leaves out one mark, and so does the decoder.
    if text.starts_with(b"\xEF\xBB\xBF") {
        return;
    }
    let rows = rows(text, delimiter);
    // The first row has the columns that each row must have. If its quote is open, so is the input.
    let Some(first) = rows.first() else { return };
    let columns = first.fields.as_ref().map_or(1, Vec::len);
    let column = usize::from(choice / 2) % columns.min(8);
    let form = Form::Csv(CsvOptions { columns: Columns::Numbered, delimiter });
    let mut fields = Fields { value: None, ..Fields::any() };
    fields.by = vec![format!("#{}", column + 1).parse().unwrap()];
    let input = Input { form, ..Input::default() };
    let options = DecodeOptions { input, fields, ..DecodeOptions::default() };
    let (all, report) = few_ways(&options, text);
    if first.fields.is_none() {
        assert!(report.fault.is_some());
        return;
    }
    let expected: Vec<_> = rows
        .iter()
        .map(|row| match &row.fields {
            Some(fields) if fields.len() == columns => (row.at, of_text(&fields[column])),
            _ => (row.at, Outcome::Refused),
        })
        .collect();
    assert_eq!(report.fault, None);
    assert_eq!(found(&all), expected, "column {column} of {}", text.escape_ascii());
});

/// One row that is not blank.
struct Row {
    at: u64,
    /// `None` if a quote is not closed.
    fields: Option<Vec<Vec<u8>>>,
}

/// Leaves out carriage returns that no line feed follows.
fn without_lone_returns(text: &[u8]) -> Vec<u8> {
    let keeps = |at: usize| text[at] != b'\r' || text.get(at + 1) == Some(&b'\n');
    let kept: Vec<u8> = (0..text.len()).filter(|&at| keeps(at)).map(|at| text[at]).collect();
    kept
}

/// Reads the rows of a text by the crate, one by one.
fn rows(text: &[u8], delimiter: Delimiter) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (len, is_closed) = row_len(&text[at..], delimiter.byte());
        let row = &text[at..at + len];
        if !row.trim_ascii().is_empty() {
            let mut reader = csv::ReaderBuilder::new();
            reader.has_headers(false).flexible(true).delimiter(delimiter.byte());
            // A row before it, because the crate leaves out a byte order mark at the start.
            let text = [b"x\n", row].concat();
            let mut records = reader.from_reader(&*text).into_byte_records().skip(1);
            let record = records.next().unwrap().unwrap();
            // The end of the row is that of the crate, too.
            assert!(records.next().is_none(), "{}", row.escape_ascii());
            let fields = record.iter().map(<[u8]>::to_vec).collect();
            rows.push(Row { at: at as u64, fields: is_closed.then_some(fields) });
        }
        at += len;
    }
    rows
}

/// Returns the length of the first row, byte by byte, and whether its quotes are closed.
fn row_len(text: &[u8], delimiter: u8) -> (usize, bool) {
    let (mut at, mut is_quoted, mut is_start) = (0, false, true);
    while let Some(&byte) = text.get(at) {
        at += 1;
        if is_quoted {
            let is_doubled = byte == b'"' && text.get(at) == Some(&b'"');
            at += usize::from(is_doubled);
            is_quoted = byte != b'"' || is_doubled;
        } else if byte == b'\n' {
            return (at, true);
        } else {
            is_quoted = byte == b'"' && is_start;
            is_start = byte == delimiter;
        }
    }
    (at, !is_quoted)
}
