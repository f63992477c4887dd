//! The options that say which form an input has, and the choice of the form of each input.

use clap::ValueEnum;
use facade::codec::{
    Columns, CsvOptions, Delimiter, Detected, Form, Input, LinePattern, Path, detect,
};
use thiserror::Error;

use super::head::{Head, Patience};
use super::source;
use crate::options::INPUT_OPTIONS;

/// The options that say which form an input has.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct FormArgs {
    /// Form of the input: auto, json, logfmt, csv or tsv
    ///
    /// By default each file is recognised by its first lines. JSON is an object on each line, or
    /// objects in any layout, also in an array.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Named::Auto)]
    #[arg(hide_default_value = true, hide_possible_values = true, help_heading = INPUT_OPTIONS)]
    input: Named,

    /// Character between two columns of CSV [default: a comma]
    #[arg(long, value_name = "CHARACTER", help_heading = INPUT_OPTIONS)]
    delimiter: Option<Delimiter>,

    /// Names of the columns of CSV without a header
    ///
    /// `auto` gives no names. Columns also have numbers: `#1` is the first.
    #[arg(long, value_name = "NAMES", help_heading = INPUT_OPTIONS)]
    columns: Option<Columns>,

    /// Read the JSON object at the end of each line, after other text
    ///
    /// `@prefix` is the text before it. Lines without one are skipped.
    #[arg(long, help_heading = INPUT_OPTIONS)]
    embedded: bool,

    /// Read the JSON text in the field PATH as the record
    ///
    /// `@outer.PATH` is a field of the record around it. Records without one are skipped.
    #[arg(long, value_name = "PATH", value_parser = Path::parse, help_heading = INPUT_OPTIONS)]
    unwrap: Option<Path>,

    /// Read lines of text by a regular expression with named groups
    ///
    /// Groups are fields. The groups `action`, `value` and `timestamp` are the defaults of --by,
    /// --value and --timestamp. Lines that do not match are skipped.
    #[arg(long, value_name = "REGEX", value_parser = pattern, help_heading = INPUT_OPTIONS)]
    #[arg(conflicts_with_all = ["delimiter", "columns", "embedded"])]
    pattern: Option<LinePattern>,
}

/// The forms that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Named {
    /// Recognise the form of each file by its first lines
    Auto,
    /// Objects, on a line each or in any layout
    Json,
    /// Pairs `key=value` on each line
    Logfmt,
    /// Comma-separated values with a header
    Csv,
    /// Tab-separated values with a header
    Tsv,
}

/// Two options that exclude each other.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{one}` and `{other}` exclude each other\n  {advice}")]
pub(crate) struct FormConflict {
    one: &'static str,
    other: &'static str,
    advice: &'static str,
}

/// The form of an input is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum UnknownForm {
    /// Most lines have an object at their end.
    #[error("lines have JSON after other text\n  use `--embedded`")]
    Embedded,
    /// CSV is named.
    #[error("lines are JSON, not CSV\n  leave out `--input`")]
    Json,
    #[error(
        "lines are neither JSON, logfmt nor CSV\n  \
         name the form with `--input`, or describe a line with `--pattern`"
    )]
    Text,
}

fn pattern(text: &str) -> Result<LinePattern, String> {
    // With the caret, on lines of its own.
    text.parse().map_err(|error: facade::codec::LinePatternError| format!("{error:#}"))
}

impl FormArgs {
    /// Returns whether the options say more than that records are JSON.
    pub(super) fn are_special(&self) -> bool {
        !matches!(self.input, Named::Auto | Named::Json)
            || self.is_csv()
            || self.embedded
            || self.unwrap.is_some()
            || self.pattern.is_some()
    }

    /// Returns the options for an input whose form is known, unless they name one.
    pub(super) fn of_content(self, form: Named) -> Self {
        let is_named = self.named() != Named::Auto || self.embedded || self.pattern.is_some();
        if is_named { self } else { Self { input: form, ..self } }
    }

    /// Returns the pattern of lines.
    pub(super) fn pattern(&self) -> Option<&LinePattern> {
        self.pattern.as_ref()
    }

    /// Returns the field of `--unwrap`.
    pub(super) fn wrapped(&self) -> Option<&Path> {
        self.unwrap.as_ref()
    }

    /// Returns how much of an input is read before its form is chosen.
    pub(super) fn patience(&self) -> Patience {
        let is_given = self.pattern.is_some() || self.embedded;
        match self.input {
            Named::Auto | Named::Csv if !is_given => Patience::Full,
            _ => Patience::Line,
        }
    }

    /// Checks that the options go together.
    ///
    /// # Errors
    ///
    /// [`FormConflict`] with the first two that do not.
    pub(super) fn check(&self) -> Result<(), FormConflict> {
        let form = match self.input {
            Named::Auto => None,
            Named::Json => Some("--input json"),
            Named::Logfmt => Some("--input logfmt"),
            Named::Csv => Some("--input csv"),
            Named::Tsv => Some("--input tsv"),
        };
        let of_csv =
            [("--delimiter", self.delimiter.is_some()), ("--columns", self.columns.is_some())];
        let of_csv = of_csv.into_iter().find_map(|(option, is_given)| is_given.then_some(option));
        let conflict = |one, other, advice| Err(FormConflict { one, other, advice });
        match (form, of_csv) {
            (Some(form), _) if self.pattern.is_some() => conflict(
                form,
                "--pattern",
                "a pattern describes lines of any text, leave out `--input`",
            ),
            (Some(form), Some(option)) if !self.is_csv() => {
                conflict(form, option, "only CSV has columns")
            }
            (Some(form), _) if self.embedded && self.input != Named::Json => {
                conflict(form, "--embedded", "only JSON can be embedded")
            }
            (_, Some(option)) if self.embedded => {
                conflict(option, "--embedded", "only JSON can be embedded")
            }
            (Some(form), _) if self.input == Named::Tsv && self.delimiter.is_some() => {
                conflict(form, "--delimiter", "use `--input csv` with a delimiter of your own")
            }
            _ => Ok(()),
        }
    }

    /// Chooses how an input of this name is read, by its first bytes if the options do not say.
    ///
    /// # Errors
    ///
    /// [`UnknownForm`], or an error with a command that converts an encoding.
    pub(super) fn choose(&self, name: &str, head: &Head) -> Result<Input, FormError> {
        let (form, unwrap) = (self.form(head)?, self.unwrap.clone());
        Ok(Input { form, embedded: self.embedded, unwrap, name: Some(name.into()) })
    }

    fn form(&self, head: &Head) -> Result<Form, FormError> {
        if let Some(pattern) = &self.pattern {
            return Ok(Form::Pattern(pattern.clone()));
        }
        let detected = detect(head.bytes(), head.is_whole());
        if let Detected::Unsupported(format) = detected {
            return Err(FormError::Unsupported(source::unsupported(format)));
        }
        Ok(match (self.named(), detected) {
            _ if self.embedded => Form::Json,
            (Named::Json, Detected::Form(form @ Form::JsonStream)) => form,
            (Named::Json, _) => Form::Json,
            (Named::Logfmt, _) => Form::Logfmt,
            // Its first line would be taken for the names of columns.
            (Named::Csv | Named::Tsv, detected)
                if self.columns.is_none() && is_json(&detected, head) =>
            {
                return Err(FormError::Unknown(UnknownForm::Json));
            }
            (Named::Tsv, _) => Form::Csv(self.csv(Delimiter::TAB)),
            // A file with semicolons is CSV, too.
            (Named::Csv, Detected::Form(Form::Csv(found))) => Form::Csv(self.csv(found.delimiter)),
            (Named::Csv, _) => Form::Csv(self.csv(Delimiter::COMMA)),
            (Named::Auto, Detected::Form(form)) => form,
            (Named::Auto, Detected::Unknown { has_objects: true }) => {
                return Err(FormError::Unknown(UnknownForm::Embedded));
            }
            (Named::Auto, _) => return Err(FormError::Unknown(UnknownForm::Text)),
        })
    }

    /// Returns the form that the options name.
    fn named(&self) -> Named {
        if self.is_csv() && self.input == Named::Auto { Named::Csv } else { self.input }
    }

    fn is_csv(&self) -> bool {
        let has_columns = self.delimiter.is_some() || self.columns.is_some();
        matches!(self.input, Named::Csv | Named::Tsv) || (self.input == Named::Auto && has_columns)
    }

    fn csv(&self, delimiter: Delimiter) -> CsvOptions {
        CsvOptions {
            delimiter: self.delimiter.unwrap_or(delimiter),
            columns: self.columns.clone().unwrap_or_default(),
        }
    }
}

/// Returns whether an input begins with an object of JSON.
///
/// `[` may begin a name of a column, and an input without a line is taken for JSON.
fn is_json(detected: &Detected, head: &Head) -> bool {
    let first = head.bytes().trim_ascii_start().first();
    match detected {
        Detected::Form(Form::Json) => first == Some(&b'{'),
        Detected::Form(Form::JsonStream) => true,
        _ => false,
    }
}

/// An input cannot be read.
#[derive(Debug)]
pub(crate) enum FormError {
    Unknown(UnknownForm),
    Unsupported(std::io::Error),
}
