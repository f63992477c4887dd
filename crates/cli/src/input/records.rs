//! The options that decide what a record is, and what they make of one input.

use facade::codec::{
    Counts, DecodeOptions, FieldTypes, Fields, Fractions, LinePattern, Path, Timestamp,
    TimestampFormat, Zone,
};
use facade::time::{Clock as _, SystemClock};
use facade::{Stamp, Unit};

use super::fields::FieldArgs;
use super::form::{FormArgs, FormError, Named};
use super::head::{Head, Patience};
use crate::diagnostics;
use crate::exit::Exit;
use crate::options::INPUT_OPTIONS;
use crate::presets::{self, Preset};
use crate::timestamps::TimestampArgs;
use crate::units::UnitArgs;

/// The groups of `--pattern` that are the default of an option each.
const GROUPS: [(&str, &str); 2] = [("action", "--by"), ("value", "--value")];

/// The group of `--pattern` that is the default of `--timestamp`.
const TIMESTAMP: &str = "timestamp";

/// The options that decide what a record is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RecordArgs {
    /// Use the options for the log of a program, such as nginx-json
    ///
    /// NAME is one that `windrow presets` lists, or a TOML file with options. Options on the
    /// command line replace those of the preset.
    #[arg(long, value_name = "NAME", value_parser = presets::parser(), hide_possible_values = true)]
    #[arg(help_heading = INPUT_OPTIONS)]
    preset: Option<Preset>,

    #[command(flatten)]
    form: FormArgs,

    #[command(flatten)]
    fields: FieldArgs,

    #[command(flatten)]
    units: UnitArgs,

    #[command(flatten)]
    timestamps: TimestampArgs,
}

impl RecordArgs {
    /// Returns what is wrong with the options, if they do not go together.
    fn problem(&self) -> Option<String> {
        let conflict = self.form.check().err().map(|conflict| conflict.to_string());
        conflict
            .or_else(|| self.missing_field())
            .or_else(|| self.missing_group())
            .or_else(|| self.useless_option())
    }

    /// Returns what to do about a preset without a name or a value.
    fn missing_field(&self) -> Option<String> {
        let preset = self.preset.as_ref()?;
        let is_given = |option: &&str| match *option {
            "by" => self.fields.have_name(),
            _ => self.fields.have_value(),
        };
        let option = preset.asks_for().into_iter().find(|option| !is_given(option))?;
        let name = &preset.name;
        let or = if option == "value" { ", or use `--count-only`" } else { "" };
        Some(format!(
            "preset `{name}` does not say which field is the {}\n  name it with `--{option}`{or}; \
             `windrow inspect` lists the fields",
            if option == "by" { "name" } else { "value" },
        ))
    }

    /// Returns what to do about a pattern without a name or a value.
    fn missing_group(&self) -> Option<String> {
        let pattern = self.form.pattern()?;
        let is_named = [self.fields.have_name(), self.fields.have_value()];
        let missing = GROUPS.into_iter().zip(is_named).find(|((group, _), is_named)| {
            !is_named && !pattern.groups().any(|name| name == *group)
        });
        let ((group, option), _) = missing?;
        let or = if group == "value" { ", or use `--count-only`" } else { "" };
        Some(format!(
            "`--pattern` has no group `{group}`\n  write `(?<{group}>...)`, name another group \
             with `{option}`{or}"
        ))
    }

    /// Returns what to do about an option without an effect.
    fn useless_option(&self) -> Option<String> {
        if self.units.unit().is_some()
            && self.fields.counts_only()
            && !self.fields.have_conditions()
        {
            return Some(
                "`--count-only` reads no value, so that `--unit` says nothing\n  \
                         leave out one of them"
                    .into(),
            );
        }
        None
    }

    /// Returns whether records are only counted, so that times have no statistics.
    pub(crate) fn counts_only(&self) -> bool {
        self.fields.counts_only()
    }

    /// Returns the unit of numbers without one, if it is known.
    pub(crate) fn unit(&self) -> Option<Unit> {
        self.units.unit()
    }

    /// Returns the maximum length of a name in bytes.
    pub(crate) fn name_bytes(&self) -> usize {
        self.fields.name_bytes()
    }

    /// Returns the time zone of days and labels.
    pub(crate) fn zone(&self) -> &Zone {
        self.timestamps.zone()
    }

    /// Reports what was assumed about the timestamps of the accepted records.
    pub(crate) fn report_assumed(&self, fields: &Fields, counts: &Counts, records: u64) {
        if let Some(timestamp) = &fields.timestamp {
            self.timestamps.report_assumed(timestamp, counts, records);
        }
    }

    /// Returns how records are read. Options that exclude each other are reported.
    ///
    /// # Errors
    ///
    /// The exit code of the command.
    pub(crate) fn recipe(&self, fractions: Fractions) -> Result<Recipe, Exit> {
        if self.problem().is_none() {
            self.fields.warn_of_conditions();
            self.timestamps.report_old_names();
        }
        self.try_recipe(fractions, SystemClock.now()).map_err(|problem| {
            diagnostics::report(problem);
            Exit::Misused
        })
    }

    /// Returns how records that come at `now` are read, and reports nothing.
    ///
    /// # Errors
    ///
    /// What is wrong with the options, if they do not go together.
    pub(crate) fn try_recipe(&self, fractions: Fractions, now: Stamp) -> Result<Recipe, String> {
        if let Some(problem) = self.problem() {
            return Err(problem);
        }
        let is_named = self.fields.are_named() || self.form.are_special() || self.preset.is_some();
        let mut any = self.options(FieldTypes::Any, fractions);
        self.timestamps.apply(&mut any.fields, now)?;
        let mut json = any.clone();
        if !is_named {
            let strict = self.options(FieldTypes::Strict, fractions).fields;
            let Fields { timestamp, from, to, .. } = any.fields.clone();
            json.fields = Fields { timestamp, from, to, ..strict };
        }
        Ok(Recipe { json, any, form: self.form.clone(), is_identified: false })
    }

    /// Returns the options for an input whose form is known, unless they name one.
    pub(crate) fn of_content(self, form: Named) -> Self {
        Self { form: self.form.of_content(form), ..self }
    }

    fn options(&self, types: FieldTypes, fractions: Fractions) -> DecodeOptions {
        let mut fields = Fields { unit: self.units.unit(), ..self.fields.fields(types) };
        if let Some(pattern) = self.form.pattern() {
            self.name_groups(pattern, &mut fields);
        }
        DecodeOptions { fields, fractions, ..DecodeOptions::default() }
    }

    /// Names the groups of a pattern that are the default fields.
    fn name_groups(&self, pattern: &LinePattern, fields: &mut Fields) {
        let [(action, _), (value, _)] = GROUPS;
        if pattern.groups().any(|group| group == TIMESTAMP) {
            let format = TimestampFormat::default();
            fields.timestamp = Some(Timestamp::new(Path::key(TIMESTAMP), format));
        }
        if !self.fields.have_name() {
            fields.by = vec![Path::key(action)];
        }
        if !self.fields.have_value() {
            fields.value = Some(Path::key(value));
        }
    }
}

/// How the records of inputs are read.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    /// The options for JSON: the default form, unless a field is named.
    json: DecodeOptions,
    /// The options for all other forms.
    any: DecodeOptions,
    form: FormArgs,
    /// Whether the content of inputs is hashed.
    is_identified: bool,
}

impl Recipe {
    /// Sets whether inputs are identified by their path and content.
    pub(crate) fn identified(self, is_identified: bool) -> Self {
        Self { is_identified, ..self }
    }

    /// Returns whether inputs are identified.
    pub(super) fn is_identified(&self) -> bool {
        self.is_identified
    }

    /// Returns how an input with this name and these first bytes is read.
    ///
    /// # Errors
    ///
    /// [`FormError`] if the form is not known or cannot be read.
    pub(crate) fn options(&self, name: &str, head: &Head) -> Result<DecodeOptions, FormError> {
        use facade::codec::Form;

        let input = self.form.choose(name, head)?;
        let options = match input.form {
            Form::Json | Form::JsonStream => &self.json,
            _ => &self.any,
        };
        Ok(DecodeOptions { input, ..options.clone() })
    }

    /// Returns the fields that records are read by.
    pub(crate) fn fields(&self) -> &Fields {
        &self.any.fields
    }

    /// Returns how much of an input is read before its form is chosen.
    pub(crate) fn patience(&self) -> Patience {
        self.form.patience()
    }

    /// Returns whether records of some time only are counted.
    pub(crate) fn is_limited(&self) -> bool {
        self.any.fields.from.is_some() || self.any.fields.to.is_some()
    }

    /// Returns the field of `--unwrap`.
    pub(crate) fn wrapped(&self) -> Option<&Path> {
        self.form.wrapped()
    }
}
