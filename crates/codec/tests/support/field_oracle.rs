//! Random records and options from bytes, and a naive decision on each record.
//!
//! A record is generated as a tree and written as JSON, so the oracle parses nothing: it walks the
//! paths in the tree, in the order that the documentation of `Fields` and `Report` gives.

use codec::{
    DecodeErrorKind, DecodeOptions, FieldTypes, Fields, Filter, OnMissing, Path, Record, Report,
    Sink, Skip, SkippedRecord, Stamp, Timestamp, TimestampFormat,
};

/// Choices that bytes make; zeros after the last byte.
pub(crate) struct Choices<'b>(pub(crate) &'b [u8]);

impl Choices<'_> {
    /// Returns a number below `end`.
    fn below(&mut self, end: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % end
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    fn rarely(&mut self) -> bool {
        self.below(5) == 4
    }
}

/// A JSON value; an object keeps repeated keys.
#[derive(Debug, Clone)]
enum Json {
    Null,
    Bool(bool),
    Number(&'static str),
    Text(&'static str),
    Array(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

const KEYS: [&str; 8] = ["a", "b", "c", "a.b", "é", "k1234567", "k12345678", "k12345679"];
const NUMBERS: [&str; 9] =
    ["1", "0", "-0", "2.5", "-1", "12e0", "1e999", "18446744073709551615", "18446744073709551616"];
const TEXTS: [&str; 12] =
    ["x", "y z", "", "-", " ", "\t", "12", "2.5ms", "none", "é\u{1f600}", "a\u{7}b", "GET"];

fn json(choices: &mut Choices<'_>, depth: usize) -> Json {
    match choices.below(if depth == 0 { 8 } else { 11 }) {
        0..=2 => Json::Text(choices.one_of(&TEXTS)),
        3..=5 => Json::Number(choices.one_of(&NUMBERS)),
        6 => Json::Null,
        7 => Json::Bool(choices.below(2) == 1),
        8 => Json::Array((0..choices.below(4)).map(|_| json(choices, depth - 1)).collect()),
        _ => object(choices, depth - 1),
    }
}

fn object(choices: &mut Choices<'_>, depth: usize) -> Json {
    let mut members: Vec<(&str, Json)> = Vec::new();
    for _ in 0..choices.below(7) {
        let key = choices.one_of(&KEYS);
        // Most records repeat no key.
        if members.iter().all(|(other, _)| *other != key) || choices.rarely() {
            members.push((key, json(choices, depth)));
        }
    }
    Json::Object(members)
}

fn write_text(text: &str, choices: &mut Choices<'_>, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        if character < ' ' || choices.rarely() {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
    }
    out.push('"');
}

fn write(json: &Json, choices: &mut Choices<'_>, out: &mut String) {
    let space = |choices: &mut Choices<'_>, out: &mut String| {
        if choices.rarely() {
            out.push_str(choices.one_of(&[" ", "\t", "  "]));
        }
    };
    match json {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => out.push_str(&value.to_string()),
        Json::Number(number) => out.push_str(number),
        Json::Text(text) => write_text(text, choices, out),
        Json::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                space(choices, out);
                write(element, choices, out);
                space(choices, out);
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (index, (key, value)) in members.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                space(choices, out);
                write_text(key, choices, out);
                space(choices, out);
                out.push(':');
                space(choices, out);
                write(value, choices, out);
                space(choices, out);
            }
            out.push('}');
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Key(&'static str),
    Index(usize),
}

/// A path as alternatives of steps.
type Steps = Vec<Vec<Step>>;

fn steps(choices: &mut Choices<'_>) -> Steps {
    let alternative = |choices: &mut Choices<'_>| {
        let mut steps = vec![Step::Key(choices.one_of(&KEYS))];
        for _ in 0..choices.one_of(&[0, 0, 1, 2]) {
            steps.push(match choices.below(3) {
                0 => Step::Index(choices.below(3)),
                _ => Step::Key(choices.one_of(&KEYS)),
            });
        }
        steps
    };
    (0..choices.one_of(&[1, 1, 2])).map(|_| alternative(choices)).collect()
}

fn path_text(path: &Steps) -> String {
    let alternative = |steps: &Vec<Step>| {
        let mut text = String::new();
        for step in steps {
            match step {
                Step::Key(key) if text.is_empty() => text.push_str(&format!("\"{key}\"")),
                Step::Key(key) => text.push_str(&format!("[\"{key}\"]")),
                Step::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        text
    };
    path.iter().map(alternative).collect::<Vec<_>>().join("|")
}

fn path(path: &Steps) -> Path {
    Path::parse(&path_text(path)).unwrap()
}

/// A condition, and whether a text or a missing field meets it.
#[derive(Debug, Clone, Copy)]
enum Condition {
    Present,
    Absent,
    IsX,
    IsNotX,
}

/// Random options, as the oracle reads them.
#[derive(Debug)]
pub(crate) struct Case {
    by: Vec<Steps>,
    value: Option<Steps>,
    timestamp: Option<Steps>,
    filters: Vec<(Steps, Condition)>,
    interval: bool,
    missing: Vec<&'static str>,
    on_missing: OnMissing,
    types: FieldTypes,
    records: Vec<(Json, String)>,
}

/// The outcome of a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Accepted(String, f64, Option<i64>),
    Refused,
    Skipped(Skip),
    Filtered,
}

const FROM: i64 = 1_000_000_000;
const TO: i64 = 13_000_000_000;

impl Case {
    pub(crate) fn new(choices: &mut Choices<'_>) -> Self {
        let by = (0..choices.one_of(&[1, 1, 2, 3])).map(|_| steps(choices)).collect();
        let value = (!choices.rarely()).then(|| steps(choices));
        let timestamp = choices.rarely().then(|| steps(choices));
        let filters = (0..choices.one_of(&[0, 0, 1, 2])).map(|_| {
            use Condition::{Absent, IsNotX, IsX, Present};
            (steps(choices), choices.one_of(&[Present, Absent, IsX, IsNotX]))
        });
        let filters = filters.collect();
        let interval = timestamp.is_some() && choices.below(2) == 1;
        let missing = if choices.rarely() { vec!["none", "1", "false"] } else { Vec::new() };
        let on_missing = choices.one_of(&[OnMissing::Skip, OnMissing::Refuse]);
        let types = choices.one_of(&[FieldTypes::Any, FieldTypes::Any, FieldTypes::Strict]);
        let record = |_| {
            let record = object(choices, 3);
            let mut text = String::new();
            write(&record, choices, &mut text);
            (record, text)
        };
        let records = (0..4).map(record).collect();
        Self { by, value, timestamp, filters, interval, missing, on_missing, types, records }
    }

    pub(crate) fn options(&self) -> DecodeOptions {
        let filter = |(steps, condition): &(Steps, Condition)| {
            let path = path_text(steps);
            let text = match condition {
                Condition::Present => path,
                Condition::Absent => format!("!{path}"),
                Condition::IsX => format!("{path}=x"),
                Condition::IsNotX => format!("{path}!=x"),
            };
            Filter::parse(&text).unwrap()
        };
        let timestamp =
            self.timestamp.as_ref().map(|at| Timestamp::new(path(at), TimestampFormat::Auto));
        let fields = Fields {
            by: self.by.iter().map(path).collect(),
            value: self.value.as_ref().map(path),
            timestamp,
            filters: self.filters.iter().map(filter).collect(),
            from: self.interval.then(|| Stamp::from_nanos(FROM)),
            to: self.interval.then(|| Stamp::from_nanos(TO)),
            missing: self.missing.iter().map(|&text| text.into()).collect(),
            on_missing: self.on_missing,
            types: self.types,
            ..Fields::default()
        };
        DecodeOptions { fields, ..DecodeOptions::default() }
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.records.iter().map(|(_, text)| &**text)
    }

    /// Decides the outcome of each record.
    pub(crate) fn expected(&self) -> Vec<Outcome> {
        self.records.iter().map(|(record, _)| self.outcome(record)).collect()
    }

    fn outcome(&self, record: &Json) -> Outcome {
        let filtered = self.filters.iter().map(|(path, _)| path);
        let mut paths = self.by.iter().chain(&self.value).chain(&self.timestamp).chain(filtered);
        if paths.any(|path| path.iter().any(|steps| repeats(record, steps))) {
            return Outcome::Refused;
        }
        let holds = |(path, condition): &(Steps, Condition)| {
            let found = self.first(record, path);
            match condition {
                Condition::Present => found.is_some(),
                Condition::Absent => found.is_none(),
                Condition::IsX => matches!(found, Some(Json::Text("x"))),
                Condition::IsNotX => !matches!(found, Some(Json::Text("x"))),
            }
        };
        if !self.filters.iter().all(holds) {
            return Outcome::Filtered;
        }
        let moment = match self.timestamp.as_ref().and_then(|path| self.first(record, path)) {
            None => Ok(None),
            Some(Json::Number(text) | Json::Text(text)) => nanos(text).map(Some).ok_or(()),
            Some(_) => Err(()),
        };
        if let (true, Ok(moment)) = (self.interval, moment)
            && !moment.is_some_and(|nanos| (FROM..TO).contains(&nanos))
        {
            return Outcome::Filtered;
        }
        let name = self.name(record);
        let value = match &self.value {
            None => Ok(Some(0.0)),
            Some(path) => self.value(record, path),
        };
        let missing = match (&name, &value) {
            (Ok(None), _) => Some(Skip::NoName),
            (_, Ok(None)) => Some(Skip::NoValue),
            _ => None,
        };
        match (missing, self.on_missing, name, value, moment) {
            (Some(reason), OnMissing::Skip, ..) => Outcome::Skipped(reason),
            (_, _, Ok(Some(name)), Ok(Some(value)), Ok(moment)) => {
                Outcome::Accepted(name, value, moment)
            }
            _ => Outcome::Refused,
        }
    }

    /// Returns whether the strict form reports a wrong type where others see a missing field.
    fn keeps_wrong_types(&self) -> bool {
        self.types == FieldTypes::Strict && self.on_missing == OnMissing::Refuse
    }

    fn name(&self, record: &Json) -> Result<Option<String>, ()> {
        let mut parts = Vec::new();
        for path in &self.by {
            let found = match self.first(record, path) {
                // In the strict form a dash is a name, and other missing values are errors.
                None if self.keeps_wrong_types() => match self.any(record, path) {
                    None => continue,
                    Some(Json::Text("-")) => "-",
                    Some(Json::Text(text)) if self.by.len() > 1 => text,
                    Some(_) => return Err(()),
                },
                None => continue,
                Some(Json::Text(text)) => text,
                Some(Json::Number(text)) if self.types == FieldTypes::Any => text,
                Some(Json::Bool(true)) if self.types == FieldTypes::Any => "true",
                Some(Json::Bool(false)) if self.types == FieldTypes::Any => "false",
                Some(_) => return Err(()),
            };
            if !found.is_empty() {
                parts.push(found);
            }
        }
        let name = parts.join(" ");
        if name.chars().any(char::is_control) {
            return Err(());
        }
        if name.trim().is_empty() { Ok(None) } else { Ok(Some(name)) }
    }

    fn value(&self, record: &Json, path: &Steps) -> Result<Option<f64>, ()> {
        match self.first(record, path) {
            None if self.keeps_wrong_types() && self.any(record, path).is_some() => Err(()),
            None => Ok(None),
            Some(Json::Number(text)) => number(text).map(Some).ok_or(()),
            Some(Json::Text(text)) if self.types == FieldTypes::Any => match *text {
                "2.5ms" => Ok(Some(0.0025)),
                text => number(text).map(Some).ok_or(()),
            },
            Some(_) => Err(()),
        }
    }

    /// Returns the first alternative that is not missing.
    fn first<'j>(&self, record: &'j Json, path: &Steps) -> Option<&'j Json> {
        let mut found = path.iter().filter_map(|steps| find(record, steps));
        found.find(|found| match found {
            Json::Null => false,
            Json::Text("-") => false,
            Json::Text(text) => !text.trim().is_empty() && !self.missing.contains(text),
            Json::Number(text) => !self.missing.contains(text),
            Json::Bool(value) => !self.missing.contains(&&*value.to_string()),
            _ => true,
        })
    }

    /// Returns the first alternative that is there and not one of the texts that mean missing.
    fn any<'j>(&self, record: &'j Json, path: &Steps) -> Option<&'j Json> {
        let mut found = path.iter().filter_map(|steps| find(record, steps));
        found.find(|found| match found {
            Json::Text(text) | Json::Number(text) => !self.missing.contains(text),
            Json::Bool(value) => !self.missing.contains(&&*value.to_string()),
            _ => true,
        })
    }
}

fn find<'j>(json: &'j Json, steps: &[Step]) -> Option<&'j Json> {
    let Some((step, rest)) = steps.split_first() else { return Some(json) };
    let inner = match (json, step) {
        (Json::Object(members), Step::Key(key)) => {
            members.iter().find(|(other, _)| other == key).map(|(_, value)| value)
        }
        (Json::Array(elements), Step::Index(index)) => elements.get(*index),
        _ => None,
    };
    find(inner?, rest)
}

/// Returns whether a key on a path is repeated.
fn repeats(json: &Json, steps: &[Step]) -> bool {
    let Some((step, rest)) = steps.split_first() else { return false };
    if let (Json::Object(members), Step::Key(key)) = (json, step)
        && members.iter().filter(|(other, _)| other == key).count() > 1
    {
        return true;
    }
    find(json, std::slice::from_ref(step)).is_some_and(|inner| repeats(inner, rest))
}

/// Returns the value of a number that is a time.
fn number(text: &str) -> Option<f64> {
    let is_integer = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_integer && text.parse::<u64>().is_err() {
        return None;
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0)
}

/// Returns the nanoseconds of a timestamp: seconds, because all of these are small or too large.
fn nanos(text: &str) -> Option<i64> {
    let seconds = text.parse::<f64>().ok()?;
    (seconds.abs() < 1e9).then_some((seconds * 1e9) as i64)
}

/// Collects the outcomes of a batch by offset.
#[derive(Default)]
pub(crate) struct Outcomes(pub(crate) Vec<(u64, Outcome)>);

impl Sink for Outcomes {
    fn accept(&mut self, record: Record<'_>) {
        let (name, time) = (record.name.to_string(), record.time.as_f64());
        let outcome = Outcome::Accepted(name, time, record.stamp.map(Stamp::as_nanos));
        self.0.push((record.offset, outcome));
    }

    fn refuse(&mut self, line: codec::RefusedLine<'_>) {
        self.0.push((line.offset, Outcome::Refused));
    }

    fn skip(&mut self, record: SkippedRecord<'_>) {
        self.0.push((record.offset, Outcome::Skipped(record.reason)));
    }
}

/// Checks that every way to decode has the expected outcomes.
pub(crate) fn check(case: &Case) {
    let options = case.options();
    let expected = case.expected();
    let text: String = case.lines().map(|line| format!("{line}\n\r\n")).collect();
    let mut at = 0;
    let mut rows = Vec::new();
    for (line, expected) in case.lines().zip(&expected) {
        assert_eq!(alone(&options, line), *expected, "{line} {case:#?}");
        rows.push((at, expected.clone()));
        at += line.len() as u64 + 3;
    }
    rows.retain(|(_, outcome)| *outcome != Outcome::Filtered);
    let count = |is: &dyn Fn(&Outcome) -> bool| expected.iter().filter(|o| is(o)).count() as u64;
    let check = |report: &Report, mut found: Vec<(u64, Outcome)>| {
        found.sort_by_key(|row| row.0);
        assert_eq!(found, rows, "{text} {case:#?}");
        assert_eq!(report.lines(), 2 * expected.len() as u64);
        assert_eq!(report.blank, expected.len() as u64);
        assert_eq!(report.accepted, count(&|o| matches!(o, Outcome::Accepted(..))));
        assert_eq!(report.refused, count(&|o| *o == Outcome::Refused));
        assert_eq!(report.skipped, count(&|o| matches!(o, Outcome::Skipped(_))));
        assert_eq!(report.filtered, count(&|o| *o == Outcome::Filtered));
    };
    let mut sink = Outcomes::default();
    let report = options.decode_slice(text.as_bytes(), &mut sink);
    check(&report, sink.0);
    let mut sink = Outcomes::default();
    let read = options.decode_reader(text.as_bytes(), &mut sink).unwrap();
    check(&read, sink.0);
    assert_eq!(read, report);
    for threads in [1, 2, 4] {
        let mut sinks: Vec<_> = (0..threads).map(|_| Outcomes::default()).collect();
        let shared = options.par_decode_slice(text.as_bytes(), &mut sinks);
        check(&shared, sinks.into_iter().flat_map(|sink| sink.0).collect());
        assert_eq!(shared, report);
    }
}

fn alone(options: &DecodeOptions, line: &str) -> Outcome {
    match options.decode_stamped(line.as_bytes()) {
        Ok((action, stamp)) => Outcome::Accepted(
            action.name.as_str().to_owned(),
            action.time.as_f64(),
            stamp.map(Stamp::as_nanos),
        ),
        Err(error) => match error.kind {
            DecodeErrorKind::Skipped { reason } => Outcome::Skipped(reason),
            DecodeErrorKind::Filtered => Outcome::Filtered,
            _ => Outcome::Refused,
        },
    }
}
