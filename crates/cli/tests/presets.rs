//! Each preset reads what its program writes.
//!
//! The samples and what must come out of them are with the presets, in `src/presets/presets.toml`.

mod program;

use program::{rows, run};
use toml::{Table, Value};

/// The fields of a preset that the program does not need.
struct Case {
    name: String,
    sample: String,
    with: Vec<String>,
    rows: Vec<Value>,
    from: Option<String>,
}

fn cases() -> Vec<Case> {
    let presets: Table = include_str!("../src/presets/presets.toml").parse().unwrap();
    let presets = presets["preset"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let case = |preset: &Value| {
        let words =
            |key| preset.get(key).map_or(vec![], |list: &Value| list.as_array().unwrap().clone());
        Case {
            name: text(&preset["name"]),
            sample: text(&preset["sample"]),
            with: words("with").iter().map(text).collect(),
            rows: words("rows"),
            from: preset.get("from").map(text),
        }
    };
    presets.iter().map(case).collect()
}

impl Case {
    fn options(&self) -> Vec<&str> {
        let preset = ["--preset", &self.name];
        preset.into_iter().chain(self.with.iter().map(String::as_str)).collect()
    }
}

#[test]
fn samples_have_the_rows_that_are_written_down() {
    for case in cases() {
        let is_timed = case.rows[0].as_array().unwrap().len() == 3;
        let stat = if is_timed { "count,mean" } else { "count" };
        let options = [&["stats", "--json", "--stat", stat][..], &case.options()].concat();
        let output = run(&options, case.sample.as_bytes());
        assert_eq!(output.code, 0, "{}: {}", case.name, output.messages);
        let found: Vec<_> = rows(&output.text)
            .iter()
            .map(|row| {
                (
                    row["action"].as_str().unwrap().to_owned(),
                    row["count"].as_i64(),
                    row["avg"].as_f64(),
                )
            })
            .collect();
        let expected: Vec<_> = case
            .rows
            .iter()
            .map(|row| {
                (row[0].as_str().unwrap().to_owned(), row[1].as_integer(), row.get(2).map(number))
            })
            .collect();
        let is_near = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) => (one - other).abs() <= one * 1e-12,
            (one, other) => one == other,
        };
        let is_same = found.len() == expected.len()
            && found.iter().zip(&expected).all(|(found, expected)| {
                (&found.0, found.1) == (&expected.0, expected.1) && is_near(found.2, expected.2)
            });
        assert!(is_same, "{}: {found:?}, expected {expected:?}", case.name);
    }
}

fn number(value: &Value) -> f64 {
    value.as_float().or(value.as_integer().map(|number| number as f64)).unwrap()
}

#[test]
fn samples_have_the_timestamps_that_are_written_down() {
    for case in cases() {
        let Some(from) = &case.from else { continue };
        let options = ["series", "--json", "--stat", "count", "--every", "1h"];
        let output = run(&[&options[..], &case.options()].concat(), case.sample.as_bytes());
        assert_eq!(output.code, 0, "{}: {}", case.name, output.messages);
        let rows = rows(&output.text);
        assert_eq!((rows.len(), rows[0]["from"].as_str()), (1, Some(&**from)), "{}", case.name);
        let counted: i64 = case.rows.iter().map(|row| row[1].as_integer().unwrap()).sum();
        assert_eq!(rows[0]["count"].as_i64(), Some(counted), "{}", case.name);
    }
}

#[test]
fn options_that_are_printed_are_those_of_the_preset() {
    for case in cases() {
        let printed = run(&["presets", &case.name], b"");
        assert_eq!(printed.code, 0, "{}", printed.messages);
        let words = shlex::split(&printed.text).unwrap();
        let words: Vec<_> = words[1..].iter().chain(&case.with).map(String::as_str).collect();
        let sample = case.sample.as_bytes();
        let pasted = run(&words, sample);
        let named = run(&[&["stats"], &case.options()[..]].concat(), sample);
        assert_eq!((pasted.code, &pasted.text), (0, &named.text), "{}", case.name);
    }
}

#[test]
fn list_has_each_preset_with_a_line_and_its_options() {
    let list = run(&["presets"], b"");
    assert_eq!(list.code, 0, "{}", list.messages);
    let mut lines = list.text.lines();
    for case in cases() {
        let printed = run(&["presets", &case.name], b"").text;
        let options = printed.trim_end().strip_prefix("windrow stats ").unwrap();
        assert!(lines.next().unwrap().starts_with(&format!("{}: ", case.name)));
        let line = lines.next().unwrap().trim_start();
        // Tabs are escaped.
        let sample = case.sample.replace('\t', "\\t");
        assert!(sample.lines().any(|other| other == line), "{line}");
        assert_eq!(lines.next().unwrap().trim_start(), options);
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn sample_of_each_preset_is_recognised() {
    for case in cases() {
        let output = run(&["inspect", "--json"], case.sample.as_bytes());
        assert_eq!(output.code, 0, "{}: {}", case.name, output.messages);
        let file = &rows(&output.text)[0];
        // Others are for the records of any program.
        if case.with.is_empty() {
            assert_eq!(file["preset"].as_str(), Some(&*case.name));
        }
        program::check_commands(file, case.sample.as_bytes(), &case.name, 0);
    }
}
