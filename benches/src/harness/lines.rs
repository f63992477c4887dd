//! Lines of text in every form that is measured, and the answers that they must give.
//!
//! The lines of a form are the same for every run. Benchmarks, counted operations and the files of
//! whole programs are all written here.

mod actions;
mod form;
mod members;
mod requests;
mod sums;

use workload::Random;

pub use form::{Form, SHORT, WIDE};
pub use sums::Sums;

use super::SEED;
use super::actions::NAMES;

/// Writes the lines of a form, one after another.
#[derive(Debug, Clone)]
pub struct LineWriter {
    form: Form,
    random: Random,
    sums: Sums,
}

impl LineWriter {
    /// Starts a text of a form.
    #[must_use]
    pub fn new(form: Form) -> Self {
        Self { form, random: Random::new(SEED), sums: Sums::default() }
    }

    /// Appends the next line with its line end, and before the first one the header of the form.
    pub fn write(&mut self, text: &mut Vec<u8>) {
        let (form, number) = (self.form, self.sums.lines());
        let (name_bytes, time) = match form {
            Form::Caddy | Form::Logfmt | Form::Csv | Form::Combined => {
                requests::write(form, number, &mut self.random, text)
            }
            _ => self.write_action(number, text),
        };
        text.push(b'\n');
        self.sums.add(time.map(|time| (name_bytes, time)).ok_or(()));
    }

    /// Writes a line of one of four names, and returns the length of the name and the time.
    fn write_action(&mut self, number: u64, text: &mut Vec<u8>) -> (usize, Option<f64>) {
        let (form, random) = (self.form, &mut self.random);
        let name = NAMES[random.below(NAMES.len() as u64) as usize];
        let time = match form {
            Form::Actions | Form::Renamed | Form::Quoted | Form::Units | Form::Pretty => {
                actions::write_tenths(form, name, random.below(5_000), text)
            }
            Form::ServiceLog
            | Form::Cyrillic
            | Form::Chinese
            | Form::JsonText
            | Form::StackTrace
            | Form::LongText
            | Form::ShortKeys
            | Form::NumberArrays => {
                let fields = members::Fields { name, thousandths: random.below(5_000_000) };
                members::write(form, &fields, number, random, text)
            }
            _ => {
                let time = random.below(5_001);
                actions::write_short(form, name, time, random, text)
            }
        };
        (name.len(), time)
    }
}

/// Lines of one form.
#[derive(Debug, Clone)]
pub struct Lines {
    /// The lines, each with its line end.
    pub text: Vec<u8>,
    sums: Sums,
}

impl Lines {
    /// Writes `count` lines of a form.
    #[must_use]
    pub fn new(form: Form, count: usize) -> Self {
        let (mut writer, mut text) = (LineWriter::new(form), Vec::new());
        (0..count).for_each(|_| writer.write(&mut text));
        Self { text, sums: writer.sums }
    }

    /// Checks totals that were added in the order of the lines.
    ///
    /// # Errors
    ///
    /// Shows what was found and what was written.
    pub fn verify(&self, found: Sums) -> Result<(), String> {
        if found == self.sums { Ok(()) } else { Err(format!("{found:?} is not {:?}", self.sums)) }
    }

    /// Checks a number of lines.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub fn verify_count(&self, found: u64) -> Result<(), String> {
        let count = self.sums.lines();
        if found == count { Ok(()) } else { Err(format!("{found} lines, should be {count}")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(form: Form, count: usize) -> String {
        String::from_utf8(Lines::new(form, count).text).unwrap()
    }

    #[test]
    fn renamed_quoted_and_with_units_are_the_same_records() {
        let actions = lines(Form::Actions, 100);
        let renamed = lines(Form::Renamed, 100);
        assert_eq!(renamed.len(), actions.len());
        assert_eq!(renamed.replace("method", "action").replace("took", "time"), actions);
        let units = lines(Form::Units, 100);
        assert_eq!(units.replace("ms\"", "\""), lines(Form::Quoted, 100));
        assert_eq!(units.replace("ms\"}", "}").replace("time\":\"", "time\":"), actions);
        let pretty = lines(Form::Pretty, 100);
        assert_eq!(
            pretty.replace(",\n  ", ", ").replace("{\n  ", "{").replace("\n}", "}"),
            actions
        );
    }

    #[test]
    fn wide_lines_have_the_documented_length_and_are_json() {
        let lengths = [
            ("service_log", 420..=440),
            ("caddy", 420..=440),
            ("cyrillic", 510..=550),
            ("chinese", 510..=550),
            ("json_text", 510..=540),
            ("stack_trace", 890..=930),
            ("long_text", 2_150..=2_200),
            ("short_keys", 315..=340),
            ("number_arrays", 445..=470),
        ];
        for ((name, form), (expected, length)) in WIDE.into_iter().zip(lengths) {
            assert_eq!(name, expected);
            let text = lines(form, 1_000);
            let mean = text.len() / 1_000;
            assert!(length.contains(&mean), "{name}: {mean} bytes\n{:.900}", text);
            for line in text.lines() {
                let value: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(value.is_object(), "{line}");
            }
        }
    }

    #[test]
    fn wide_lines_have_what_their_names_say() {
        let first = |form| -> serde_json::Value {
            serde_json::from_str(lines(form, 1).trim_end()).unwrap()
        };
        let message = |form| first(form)["message"].as_str().unwrap().to_owned();
        assert!(message(Form::Cyrillic).chars().all(|c| matches!(c, ' ' | 'а'..='я')));
        assert!(message(Form::Chinese).chars().all(|c| matches!(c, '\u{4E00}'..='\u{9FFF}')));
        assert!(message(Form::LongText).is_ascii());
        assert_eq!(message(Form::StackTrace).lines().count(), 13);
        let inner: serde_json::Value = serde_json::from_str(&message(Form::JsonText)).unwrap();
        assert_eq!(inner["order"]["items"].as_array().unwrap().len(), 8);
        assert_eq!(first(Form::ServiceLog).as_object().unwrap().len(), 12);
        assert_eq!(first(Form::ShortKeys).as_object().unwrap().len(), 30);
        assert_eq!(first(Form::NumberArrays)["samples"].as_array().unwrap().len(), 30);
    }

    #[test]
    fn rows_have_16_columns() {
        let text = lines(Form::Csv, 1_000);
        let (head, rows) = text.split_once('\n').unwrap();
        assert_eq!(head.split(',').count(), 16);
        assert_eq!(rows.lines().count(), 1_000);
        for row in rows.lines() {
            let before_quotes = row.split('"').next().unwrap();
            assert_eq!(before_quotes.split(',').count(), 16, "{row}");
        }
        let quoted = rows.lines().filter(|row| row.contains('"')).count();
        assert!((90..160).contains(&quoted), "{quoted}");
    }

    #[test]
    fn text_begins_alike_whatever_its_length() {
        for (name, form) in Form::all() {
            let short = lines(form, 10);
            assert!(lines(form, 20).starts_with(&short), "{name}");
        }
    }
}
