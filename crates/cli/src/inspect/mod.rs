//! What is in an unknown log: its form, its fields, and the options that read it.
//!
//! Everything is guessed from a sample, and the options are tried on it before they are suggested.

mod columns;
mod field;
mod guess;
mod json;
mod sample;
mod suggest;
mod survey;
mod trial;
mod words;

use facade::codec::{Delimiter, Detected, Form, Unsupported, detect};
use regex::bytes::Regex;

pub(crate) use self::columns::Columns;
use self::guess::{Guess, Role};
pub(crate) use self::sample::Sample;
use self::suggest::Known;
pub(crate) use self::suggest::Suggestion;
use self::survey::{Reading, Survey};
use crate::diagnostics;
use crate::input::result::ReadResult;
use crate::presets::Preset;
use crate::quote;

/// What is known about a sample.
#[derive(Debug)]
pub(crate) struct Inspection {
    pub(crate) form: &'static str,
    /// The number of records that could be read.
    pub(crate) records: u64,
    /// The number of records or lines that could not.
    pub(crate) others: u64,
    pub(crate) fields: Vec<FieldReport>,
    /// The path of the field that looks most like a timestamp.
    pub(crate) timestamp: Option<String>,
    /// The path of the first field with decimal commas, and a value.
    pub(crate) comma: Option<[String; 2]>,
    pub(crate) suggestion: Option<Suggestion>,
    /// What columns there are, if nothing is suggested.
    pub(crate) columns: Option<Columns>,
}

/// What is known about a field, for people and programs.
#[derive(Debug)]
pub(crate) struct FieldReport {
    pub(crate) path: String,
    pub(crate) types: String,
    pub(crate) present: u64,
    pub(crate) distinct: u64,
    pub(crate) looks_like: Option<String>,
    pub(crate) samples: Vec<String>,
}

/// Inspects a sample.
///
/// # Errors
///
/// [`Unsupported`] if it is not text that is read.
pub(crate) fn inspect(sample: &Sample) -> Result<Inspection, Unsupported> {
    match detect(sample.bytes(), sample.is_whole()) {
        Detected::Unsupported(format) => Err(format),
        Detected::Form(form) => Ok(of_form(sample, &form)),
        Detected::Unknown { has_objects: true } => Ok(of_objects(sample)),
        _ => Ok(of_lines(sample, None)),
    }
}

/// Returns options to try on an input with these first bytes, in which nothing was accepted.
///
/// `is_unknown` is whether its form is not known.
fn hint(first: &[u8], is_unknown: bool) -> Option<String> {
    let sample = Sample::new(first.to_vec(), false);
    let inspection = inspect(&sample).ok()?;
    let Some(suggestion) = inspection.suggestion else {
        // Other columns are read as the options say.
        let columns = inspection.columns;
        let columns = columns.filter(|columns| is_unknown || !columns.has_header())?;
        let (text, options) = (columns.text(), columns.options());
        return Some(format!("the input looks like {text}\n  try `{options}`"));
    };
    let what = match suggestion.preset {
        Some(preset) => {
            let about = preset.about.as_ref().map_or("", |about| &about.summary);
            format!("the input fits the preset `{}`: {about}", preset.name)
        }
        // The reader said so, or there is nothing to say.
        None if matches!(&suggestion.options[..], [] | [_]) => return None,
        None => "some fields look like what is needed".to_owned(),
    };
    let options = quote::join(suggestion.options.iter().map(String::as_str));
    Some(format!("{what}\n  try `{options}`; `windrow inspect` lists the fields"))
}

/// Returns the field to try as the timestamp, if it is not the one of this path.
fn timestamp_hint(first: &[u8], given: &str) -> Option<String> {
    let inspection = inspect(&Sample::new(first.to_vec(), false)).ok()?;
    let path = inspection.timestamp.filter(|path| path != given)?;
    let option = quote::join(["--timestamp", &path]);
    Some(format!(
        "a field looks like a timestamp\n  try `{option}`; `windrow inspect` lists the fields"
    ))
}

/// Reports options to try, if a run accepted nothing that it read, or found no timestamps.
pub(crate) fn report_hint(result: &ReadResult) {
    let is_unread = result.is_interrupted || result.is_stopped || result.ended.is_some();
    if is_unread || result.problem().is_some() {
        return;
    }
    let has_others = result.refused + result.skipped > 0 || !result.unknown.is_empty();
    let timestamp = result.labels.fields().timestamp.as_ref();
    let has_no_timestamps = result.lacks_timestamps();
    let first = &result.sample.1;
    let hint = match timestamp {
        Some(given) if has_no_timestamps => timestamp_hint(first, &given.path.to_string()),
        _ if result.accepted > 0 || !has_others => None,
        _ => hint(first, !result.unknown.is_empty()),
    };
    if let Some(hint) = hint {
        diagnostics::report(hint);
    }
}

/// Inspects a sample of a form.
fn of_form(sample: &Sample, form: &Form) -> Inspection {
    let survey = Survey::of(sample.bytes(), Reading::Form(form));
    let is_json = matches!(form, Form::Json | Form::JsonStream);
    let is_unread = survey.records == 0 && survey.malformed > 0;
    if is_unread || !is_json {
        // The commas of objects may look like those of columns.
        let objects = Survey::of(sample.bytes(), Reading::Embedded);
        if objects.records > objects.malformed {
            return of_objects(sample);
        }
    }
    if is_unread {
        // Lines of text may begin as JSON does, such as `[info]`.
        return of_lines(sample, None);
    }
    let guess = Guess::of(&survey);
    let known = Known { sample, form: Some(form), guess: &guess, base: Vec::new(), outer: None };
    let wrapped = survey.fields.iter().find(|field| field.role() == Some(Role::Object));
    if let (true, None, Some(wrapped)) = (is_json, guess.value, wrapped) {
        return of_texts(sample, form, &wrapped.path, &guess);
    }
    let suggestion = known.suggest();
    let pattern = suggestion.as_ref().and_then(|suggestion| suggestion.preset?.value("pattern"));
    if !is_json && pattern.is_some() {
        return of_lines(sample, suggestion);
    }
    Inspection::new(name_of(form), &survey, !is_json, suggestion)
}

/// Inspects the objects in the texts of a field.
fn of_texts(sample: &Sample, form: &Form, path: &str, around: &Guess<'_>) -> Inspection {
    let survey = Survey::of(sample.bytes(), Reading::Unwrap(form, path));
    let guess = Guess::of(&survey);
    let outer = around.timestamp.map(|field| format!("@outer.{}", field.path));
    let base = vec!["--unwrap".to_owned(), path.to_owned()];
    let known = Known { sample, form: Some(form), guess: &guess, base, outer };
    Inspection::new("JSON in a text of JSON", &survey, false, known.suggest())
}

/// Inspects the objects at the ends of lines.
fn of_objects(sample: &Sample) -> Inspection {
    let survey = Survey::of(sample.bytes(), Reading::Embedded);
    let guess = Guess::of(&survey);
    let outer = Some("@prefix".to_owned());
    let base = vec!["--embedded".to_owned()];
    let known = Known { sample, form: None, guess: &guess, base, outer };
    Inspection::new("JSON at the end of lines", &survey, false, known.suggest())
}

/// Inspects lines of text, which only a pattern can read.
fn of_lines(sample: &Sample, found: Option<Suggestion>) -> Inspection {
    let (empty, guess) = (Survey::default(), Guess::default());
    let known = Known { sample, form: None, guess: &guess, base: Vec::new(), outer: None };
    let suggestion = found.or_else(|| known.suggest());
    let pattern = suggestion.as_ref().and_then(|suggestion| suggestion.preset?.value("pattern"));
    match pattern.and_then(|pattern| Regex::new(pattern).ok()) {
        Some(pattern) => {
            let survey = Survey::of(sample.bytes(), Reading::Pattern(&pattern));
            Inspection::new("lines of text", &survey, true, suggestion)
        }
        None => {
            // Columns without a header are named by a preset.
            let preset = suggestion.as_ref().and_then(|suggestion| suggestion.preset);
            let form = if preset.is_some_and(|preset| preset.has("columns")) {
                "CSV without a header"
            } else {
                "lines of text"
            };
            let mut inspection = Inspection::new(form, &empty, true, suggestion);
            if inspection.suggestion.is_none() {
                inspection.columns = Columns::of(sample);
            }
            let lines = sample.bytes().split(|&byte| byte == b'\n');
            inspection.others = lines.filter(|line| !line.trim_ascii().is_empty()).count() as u64;
            inspection
        }
    }
}

fn name_of(form: &Form) -> &'static str {
    match form {
        Form::Json => "JSON, an object on each line",
        Form::JsonStream => "JSON, objects in any layout",
        Form::Logfmt => "logfmt",
        Form::Csv(options) if options.delimiter == Delimiter::TAB => "CSV with tabs",
        Form::Csv(options) if options.delimiter == Delimiter::SEMICOLON => "CSV with semicolons",
        Form::Csv(_) => "CSV",
        _ => "lines of text",
    }
}

impl Inspection {
    fn new(
        form: &'static str,
        survey: &Survey,
        is_flat: bool,
        suggestion: Option<Suggestion>,
    ) -> Self {
        let report = |field: &field::Field| FieldReport {
            path: field.path.clone(),
            types: field.types(is_flat),
            present: field.present,
            distinct: field.distinct(),
            looks_like: field.role().map(Role::text),
            samples: field.samples.clone(),
        };
        let fields = survey.fields.iter().map(report).collect();
        // What is around a record is known by the options only.
        let option = suggestion.as_ref().and_then(|suggestion| suggestion.series.as_ref()?.get(1));
        let moment = |field: &&field::Field| matches!(field.role(), Some(Role::Moment(_)));
        let timestamp = option
            .cloned()
            .or_else(|| survey.fields.iter().find(moment).map(|field| field.path.clone()));
        let comma = survey.fields.iter().find(|field| field.role() == Some(Role::Comma));
        let comma = comma.map(|field| [field.path.clone(), field.samples[0].clone()]);
        let (records, others) = (survey.records, survey.malformed);
        Self { form, records, others, fields, timestamp, comma, suggestion, columns: None }
    }
}

impl Role {
    /// Returns the role in a few words.
    fn text(self) -> String {
        match self {
            Self::Name => "name".to_owned(),
            Self::Duration(Some(unit)) => format!("duration ({})", unit.symbol()),
            Self::Duration(None) => "duration".to_owned(),
            Self::Units => "duration with unit".to_owned(),
            Self::Moment(written) => format!("timestamp ({})", written.0),
            Self::Comma => "number with a comma".to_owned(),
            Self::Object => "JSON".to_owned(),
        }
    }
}

impl Suggestion {
    /// Returns the number of accepted records, and of all that were not filtered.
    pub(crate) fn accepted(&self) -> [u64; 2] {
        [self.outcome.accepted, self.outcome.judged]
    }

    /// Returns a remark on the preset.
    pub(crate) fn note(&self) -> Option<&'static str> {
        if self.options.iter().any(|option| option == "--count-only") {
            return None; // It is about the values.
        }
        let about = self.preset.and_then(|preset: &'static Preset| preset.about.as_ref())?;
        about.note.as_deref()
    }
}
