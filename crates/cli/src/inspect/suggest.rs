//! The options that read a sample best.
//!
//! Each candidate is tried. The default form comes first, because it needs no options, then the
//! presets, then the fields that look right.

use facade::codec::{Form, Quantity};

use super::guess::Guess;
use super::sample::Sample;
use super::trial::{self, Outcome};
use crate::presets::Preset;

/// Options for a sample, with what they make of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suggestion {
    /// The words of the options.
    pub(crate) options: Vec<String>,
    /// The options that a series needs in addition; `None` without timestamps.
    pub(crate) series: Option<Vec<String>>,
    pub(crate) preset: Option<&'static Preset>,
    pub(super) outcome: Outcome,
    /// Whether the values are numbers of an unknown unit.
    pub(crate) lacks_unit: bool,
}

/// What is known about a sample before options are tried.
pub(super) struct Known<'k> {
    pub(super) sample: &'k Sample,
    /// `None` for lines of text.
    pub(super) form: Option<&'k Form>,
    pub(super) guess: &'k Guess<'k>,
    /// The options that find the record, such as `--embedded`.
    pub(super) base: Vec<String>,
    /// The timestamp of what is around the record.
    pub(super) outer: Option<String>,
}

impl Known<'_> {
    /// Returns the best options, if any accept a record.
    pub(super) fn suggest(&self) -> Option<Suggestion> {
        let default = self.default_form();
        let preset = self.preset(&[]);
        let accepted = |option: &Option<Suggestion>| {
            option.as_ref().map_or(0, |suggestion| suggestion.outcome.accepted)
        };
        if accepted(&preset) > accepted(&default) {
            return preset;
        }
        // A preset that only counts says less than a field with durations.
        let others = self.fields(true).or_else(|| self.preset(&["--count-only"]));
        let others = others.or_else(|| self.fields(false));
        if accepted(&others) > accepted(&default) { others } else { default }
    }

    fn is_json(&self) -> bool {
        matches!(self.form, Some(Form::Json | Form::JsonStream))
    }

    /// Returns the default form, unless its time is a moment.
    fn default_form(&self) -> Option<Suggestion> {
        let is_named = self.guess.by.iter().any(|field| field.path == "action");
        let is_timed = self.guess.value.is_some_and(|field| field.path == "time");
        if !(self.is_json() && self.base.is_empty() && is_named && is_timed) {
            return None;
        }
        self.tried(self.name_options(), self.timestamp_options(), self.lacks_unit())
    }

    /// Returns the fields that look right, or the number of records of each name.
    fn fields(&self, has_value: bool) -> Option<Suggestion> {
        let Guess { by, value, unit, .. } = self.guess;
        let by: Vec<_> = by.iter().map(|field| &*field.path).collect();
        let value = value.filter(|_| has_value);
        if by.is_empty() || (has_value && value.is_none()) {
            return None;
        }
        let mut options = self.base.clone();
        // The defaults need no option where another option says that fields are named.
        let is_default = !self.base.is_empty() && by == ["action"];
        if !is_default {
            options.extend(["--by".to_owned(), by.join(",")]);
        }
        match value {
            Some(value) if is_default && value.path == "time" => {}
            Some(value) => options.extend(["--value".to_owned(), value.path.clone()]),
            None => options.push("--count-only".to_owned()),
        }
        if let Some(unit) = unit.filter(|_| value.is_some()) {
            options.extend(["--unit".to_owned(), unit.symbol().to_owned()]);
        }
        options.extend(self.name_options());
        self.tried(options, self.timestamp_options(), value.is_some() && self.lacks_unit())
    }

    /// Returns whether values are numbers, and nothing says in which unit.
    fn lacks_unit(&self) -> bool {
        let Guess { value, unit, .. } = self.guess;
        let has_unit =
            |text: &String| Quantity::parse(text).is_ok_and(|quantity| quantity.has_unit());
        unit.is_none() && value.is_some_and(|value| !value.samples.iter().any(has_unit))
    }

    /// Returns the options that make names fit.
    fn name_options(&self) -> Vec<String> {
        let wanted = [
            ("--group-paths", self.guess.has_paths()),
            ("--clean-names", self.guess.has_controls()),
        ];
        let wanted = wanted.into_iter().filter(|(_, is_wanted)| *is_wanted);
        wanted.map(|(option, _)| option.to_owned()).collect()
    }

    fn timestamp_options(&self) -> Option<Vec<String>> {
        let path = self.guess.timestamp.map(|field| field.path.clone());
        // What is around the record knows when it was written, but not better than the record.
        let path = path.or_else(|| self.outer.clone())?;
        Some(vec!["--timestamp".to_owned(), path])
    }

    /// Returns the options, if they accept a record, and what a series needs, if it works.
    fn tried(
        &self,
        options: Vec<String>,
        series: Option<Vec<String>>,
        lacks_unit: bool,
    ) -> Option<Suggestion> {
        let outcome = trial::run(&options, self.sample).filter(|outcome| outcome.accepted > 0)?;
        let series = series.filter(|series| {
            let timed = trial::run(&[&options[..], series].concat(), self.sample);
            timed.is_some_and(|timed| timed.accepted == outcome.accepted && timed.has_timestamps())
        });
        Some(Suggestion { options, series, preset: None, outcome, lacks_unit })
    }

    /// Returns the preset that accepts the most records, if it fits.
    fn preset(&self, more: &[&str]) -> Option<Suggestion> {
        let mut best: Option<Suggestion> = None;
        let presets = Preset::all().iter().filter(|preset| preset.asks_for().is_empty());
        for preset in presets.filter(|preset| self.is_for(preset)) {
            let is_counted = more.contains(&"--count-only");
            let settings = preset.options().iter().filter(|setting| {
                !(is_counted && ["value", "unit", "count-only"].contains(&setting.option))
            });
            let mut options: Vec<_> = settings.map(|setting| setting.argument()).collect();
            options.extend(more.iter().map(|&option| option.to_owned()));
            let Some(outcome) = trial::run(&options, self.sample) else { continue };
            let has_timestamp = preset.has("timestamp")
                || preset.value("pattern").is_some_and(|pattern| pattern.contains("<timestamp>"));
            // Others have the same keys by chance.
            let fits = outcome.is_fit() && (!has_timestamp || outcome.has_timestamps());
            let accepted = best.as_ref().map_or(0, |best| best.outcome.accepted);
            if fits && outcome.accepted > accepted {
                let mut options = vec!["--preset".to_owned(), preset.name.clone()];
                options.extend(more.iter().map(|&option| option.to_owned()));
                let series = has_timestamp.then(Vec::new);
                let preset = Some(preset);
                best = Some(Suggestion { options, series, preset, outcome, lacks_unit: false });
            }
        }
        best
    }

    /// Returns whether a preset is for this form.
    fn is_for(&self, preset: &Preset) -> bool {
        match preset.value("input") {
            Some("json") => self.is_json(),
            Some("csv") if preset.has("columns") => !self.is_json(),
            Some("csv") => matches!(self.form, Some(Form::Csv(_))),
            Some("logfmt") => self.form == Some(&Form::Logfmt),
            // A pattern. Other forms may be guessed for lines of text.
            _ => !self.is_json(),
        }
    }
}
