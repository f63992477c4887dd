//! Checks that rows of CSV are those of the crate `csv`, decoded in every way.
#![no_main]

#[path = "../../crates/codec/tests/support/ways.rs"]
mod ways;

use codec::{Columns, CsvOptions, DecodeOptions, Fields, Form, Input};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (column, text) = input;
    // The crate ends a row at a carriage return alone.
    let mut text: Vec<u8> = text.iter().copied().filter(|&byte| byte != b'\r').collect();
    if text.starts_with(b"\xEF\xBB\xBF") {
        text.clear();
    }
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.has_headers(false).flexible(true);
    let rows: Vec<_> = reader.from_reader(&*text).into_byte_records().map(Result::unwrap).collect();

    let form = Form::Csv(CsvOptions { columns: Columns::Numbered, ..CsvOptions::default() });
    let fields = Fields { value: None, ..Fields::any() };
    let mut fields = Fields { by: vec![format!("#{}", column % 4 + 1).parse().unwrap()], ..fields };
    fields.names.max_bytes = Some(65_536);
    let options = DecodeOptions {
        input: Input { form, ..Input::default() },
        fields,
        ..DecodeOptions::default()
    };
    let (found, report) = ways::ways(&options, &text, [1, 7, 64]);
    if report.fault.is_some() {
        return;
    }
    // Each name is the text of its column in a row of the same number of columns as the first.
    let columns = rows.iter().find(|row| !is_blank(row)).map_or(0, |row| row.len());
    let texts: Vec<_> = rows
        .iter()
        .filter(|row| row.len() == columns)
        .filter_map(|row| row.get(usize::from(column % 4)))
        .filter_map(|text| std::str::from_utf8(text).ok())
        .collect();
    let mut texts = texts.into_iter();
    for (_, name, _) in &found.accepted {
        assert!(texts.any(|text| text == name), "{name:?} is in no row");
    }
});

/// Returns whether a row is white space.
fn is_blank(row: &csv::ByteRecord) -> bool {
    row.len() == 1 && row[0].trim_ascii().is_empty()
}
