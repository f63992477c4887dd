//! Collects the fields of the records of a sample, in any form.

use std::collections::HashMap;

use facade::codec::{CsvOptions, Form, Path, logfmt_pairs, split_embedded};
use regex::bytes::Regex;
use serde::de::DeserializeSeed;

use super::field::{Field, Value};
use super::json::{Collect, Found};

/// The fields of a sample.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// In order of appearance.
    pub(super) fields: Vec<Field>,
    /// The place of each field by its path.
    places: HashMap<String, usize>,
    /// The number of records that could be read.
    pub(super) records: u64,
    /// The number of records that could not.
    pub(super) malformed: u64,
}

/// How the records of a sample are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reading<'r> {
    Form(&'r Form),
    /// Objects at the ends of lines.
    Embedded,
    /// Objects in the texts of a field.
    Unwrap(&'r Form, &'r str),
    /// The groups of a pattern.
    Pattern(&'r Regex),
}

impl Survey {
    /// Reads the records of a sample.
    pub(super) fn of(sample: &[u8], reading: Reading<'_>) -> Self {
        let mut survey = Self::default();
        match reading {
            Reading::Form(Form::Csv(options)) => survey.read_csv(sample, options),
            Reading::Form(Form::Logfmt) => survey.read_lines(sample, |line| {
                logfmt_pairs(line).map(|pairs| pairs.into_iter().map(flat).collect())
            }),
            Reading::Form(form) => {
                let mut insert = |record| survey.insert(record);
                each_object(sample, form, &mut insert);
            }
            Reading::Unwrap(form, path) => {
                let mut insert = |record: Option<Vec<Found>>| {
                    let text = record.into_iter().flatten().find(|found| found.path == path);
                    survey.insert(match text.map(|found| found.value) {
                        Some(Value::Text(text)) => {
                            object(text.trim().as_bytes()).map(|(_, record)| record)
                        }
                        _ => None,
                    });
                };
                each_object(sample, form, &mut insert);
            }
            Reading::Embedded => survey.read_lines(sample, |line| {
                let (_, json) = split_embedded(line)?;
                let (len, record) = object(json)?;
                json[len..].trim_ascii().is_empty().then_some(record)
            }),
            Reading::Pattern(pattern) => survey.read_lines(sample, |line| groups(pattern, line)),
        }
        survey
    }

    fn read_lines(&mut self, sample: &[u8], read: impl Fn(&[u8]) -> Option<Vec<Found>>) {
        for line in sample.split(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.trim_ascii().is_empty() {
                self.insert(read(line));
            }
        }
    }

    fn read_csv(&mut self, sample: &[u8], options: &CsvOptions) {
        let mut rows = csv::ReaderBuilder::new();
        let mut rows = rows.delimiter(options.delimiter.byte()).flexible(true).from_reader(sample);
        let Ok(names) = rows.byte_headers().cloned() else { return };
        for row in rows.byte_records() {
            let row = row.ok().filter(|row| row.len() == names.len());
            self.insert(row.map(|row| {
                let pairs = names.iter().zip(row.iter());
                pairs.map(|(name, text)| flat((lossy(name), lossy(text)))).collect()
            }));
        }
    }

    /// Adds a record, or one that could not be read.
    fn insert(&mut self, record: Option<Vec<Found>>) {
        let Some(record) = record else {
            self.malformed += 1;
            return;
        };
        self.records += 1;
        for Found { path, parent, key, value } in record {
            let place = *self.places.entry(path).or_insert_with_key(|path| {
                self.fields.push(Field::new(path.clone(), parent, key));
                self.fields.len() - 1
            });
            self.fields[place].insert(self.records, &value);
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns a field of a record without nesting.
fn flat((key, text): (String, String)) -> Found {
    // In a flat record, a key with dots needs no quotes.
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    let is_plain = !key.is_empty() && key.chars().all(plain);
    let is_path = is_plain && Path::parse(&key).is_ok_and(|path| path.to_string() == key);
    let path = if is_path { key.clone() } else { Path::key(&key).to_string() };
    Found { path, parent: String::new(), key, value: Value::Text(text) }
}

/// Returns the named groups of a line.
fn groups(pattern: &Regex, line: &[u8]) -> Option<Vec<Found>> {
    let captures = pattern.captures(line)?;
    let names = pattern.capture_names().flatten();
    let found =
        names.filter_map(|name| Some((name.to_owned(), lossy(captures.name(name)?.as_bytes()))));
    Some(found.map(flat).collect())
}

/// Passes each object of a sample to `insert`, or `None` for what is not one.
fn each_object(sample: &[u8], form: &Form, insert: &mut impl FnMut(Option<Vec<Found>>)) {
    let mut rest = sample;
    loop {
        let is_between = |byte: &u8| byte.is_ascii_whitespace() || b"[],\x1e".contains(byte);
        let start = match form {
            // Each line is a record or a fault.
            Form::Json => rest.iter().position(|byte| !byte.is_ascii_whitespace()),
            _ => rest.iter().position(|byte| !is_between(byte)),
        };
        let Some(start) = start else { return };
        rest = &rest[start..];
        let line = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        match (form, object(rest)) {
            (Form::Json, Some((len, record))) if len <= line => {
                let is_alone = rest[len..line].trim_ascii().is_empty();
                insert(is_alone.then_some(record));
                rest = &rest[line..];
            }
            (Form::Json, _) | (_, None) => {
                insert(None);
                rest = &rest[line..];
            }
            (_, Some((len, record))) => {
                insert(Some(record));
                rest = &rest[len..];
            }
        }
    }
}

/// Reads the object at the start of a text, and returns its length and fields.
fn object(text: &[u8]) -> Option<(usize, Vec<Found>)> {
    if text.first() != Some(&b'{') {
        return None;
    }
    let mut fields = Vec::new();
    // A stream reports how far it has read.
    let mut json = serde_json::Deserializer::from_slice(text);
    Collect::record(&mut fields).deserialize(&mut json).ok()?;
    let mut objects =
        serde_json::Deserializer::from_slice(text).into_iter::<serde::de::IgnoredAny>();
    objects.next()?.ok()?;
    Some((objects.byte_offset(), fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sample: &str, reading: Reading<'_>, expected: &[(&str, u64)], records: [u64; 2]) {
        let survey = Survey::of(sample.as_bytes(), reading);
        let fields: Vec<_> =
            survey.fields.iter().map(|field| (field.path.as_str(), field.present)).collect();
        assert_eq!(fields, expected, "{sample}");
        assert_eq!([survey.records, survey.malformed], records, "{sample}");
    }

    #[test]
    fn lines_of_json_are_records() {
        let json = Reading::Form(&Form::Json);
        check("{\"a\":1}\n\n{\"a\":null,\"b\":{\"c\":2}}\n", json, &[("a", 1), ("b.c", 1)], [2, 0]);
        check("{\"a\":1}x\n{\"a\"\n[1]\n{\"a\":1}", json, &[("a", 1)], [1, 3]);
        check("{\"a\":\n1}\n{\"a\":2}", json, &[("a", 1)], [1, 2]);
    }

    #[test]
    fn values_of_a_stream_are_records() {
        let stream = Reading::Form(&Form::JsonStream);
        check("[{\"a\":1},\n{\"a\":2}]", stream, &[("a", 2)], [2, 0]);
        check("{\n \"a\": 1\n}\n{\n\"b\":1}", stream, &[("a", 1), ("b", 1)], [2, 0]);
        check("{\n\"a\" 1\n}\n{\"b\":1}", stream, &[("b", 1)], [1, 3]);
    }

    #[test]
    fn flat_forms_have_keys() {
        check("a=1 b.c=x\n\na=\n\"", Reading::Form(&Form::Logfmt), &[("a", 1), ("b.c", 1)], [2, 1]);
        let csv = Form::Csv(CsvOptions::default());
        let text = "a,\"b c\"\r\n1,\"x\ny\"\r\n2\r\n-,3\r\n";
        check(text, Reading::Form(&csv), &[("a", 1), ("\"b c\"", 2)], [2, 1]);
        let pattern = Regex::new(r"(?<x>\d+)(?<y>[a-z])?").unwrap();
        check("12a\nb\n3", Reading::Pattern(&pattern), &[("x", 2), ("y", 1)], [2, 1]);
    }

    #[test]
    fn objects_are_found_in_lines_and_texts() {
        check("10:00 {\"a\":1}\nb\n11:00 {\"a\":1} x", Reading::Embedded, &[("a", 1)], [1, 2]);
        let text = "{\"log\":\"{\\\"a\\\":1}\\n\"}\n{\"log\":\"a\"}\n";
        check(text, Reading::Unwrap(&Form::Json, "log"), &[("a", 1)], [1, 1]);
    }
}
