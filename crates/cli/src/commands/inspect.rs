//! `windrow inspect`: what is in an unknown log, and the command that reads it.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::ArgPredicate;
use clap::builder::styling::Style as TextStyle;
use facade::codec::visible;
use serde::Serialize;

use crate::diagnostics;
use crate::exit::Exit;
use crate::input::source;
use crate::inspect::{FieldReport, Inspection, Sample, Suggestion, inspect};
use crate::options::{JsonArg, OUTPUT_OPTIONS};
use crate::output::names::shorten;
use crate::output::render::{GAP, Styled, counted, grouped, width};
use crate::output::{Failure, OutputArgs, Outputs};
use crate::quote;

/// The width of a sample value in the table.
const SAMPLE_COLUMNS: usize = 24;
/// The number of fields in the table. JSON has all.
const FIELDS_MAX: usize = 100;

/// Show the form and the fields of logs, and a command that reads them
///
/// Reads the first MiB of each file. Options are tried on it before they are suggested.
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
pub(crate) struct Args {
    /// Logs of any form [default: standard input]
    ///
    /// Files that are compressed with gzip or zstd are decompressed. `-` is standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text, help_heading = OUTPUT_OPTIONS)]
    #[arg(default_value_if("json", ArgPredicate::IsPresent, "json"))]
    format: Format,

    #[command(flatten, next_help_heading = OUTPUT_OPTIONS)]
    json: JsonArg,

    #[command(flatten)]
    output: OutputArgs,
}

const DETAILS: &str = "\
Examples:
  windrow inspect access.log
  windrow inspect --json *.gz
  kubectl logs deploy/api | windrow inspect

Exit codes: 0 success, 1 an input could not be read, or output could not be written, 2 usage, 3 no
command is known for a file.";

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// An array with an object for each file
    Json,
}

/// A file with what is known about it.
struct File<'f> {
    path: &'f Path,
    bytes: usize,
    is_whole: bool,
    inspection: Inspection,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Err(exit) = args.json.check(&args.format, &Format::Json) {
        return Ok(exit);
    }
    let Outputs { results: output, .. } = args.output.open_for(&args.files, None, None, None)?;
    let default = [PathBuf::from("-")];
    let paths = if args.files.is_empty() { &default[..] } else { &args.files };
    let (mut files, mut exit) = (Vec::new(), Exit::Done);
    for path in paths {
        match open(path) {
            Ok(file) => files.push(file),
            Err(error) => {
                let name = source::name(path);
                diagnostics::report(diagnostics::Unreadable { name, error, lines: 0 });
                exit = exit.max(Exit::Failed);
            }
        }
    }
    let columns = output.columns();
    let printed = match args.format {
        Format::Json => {
            let files: Vec<_> = files.iter().map(File::json).collect();
            let text = serde_json::to_string_pretty(&files).unwrap_or_default();
            output.stream(|output| writeln!(output, "{text}"))
        }
        Format::Text => {
            let texts: Vec<_> = files.iter().map(|file| file.text(columns)).collect();
            output.print(texts.join("\n"))
        }
    };
    if files.iter().any(File::is_unknown) {
        exit = exit.max(Exit::Refused);
    }
    Ok(exit.or(printed))
}

/// Reads and inspects the first bytes of a file.
fn open(path: &Path) -> io::Result<File<'_>> {
    if source::is_stdin(path) && io::stdin().is_terminal() {
        diagnostics::report("waiting for lines of a log");
    }
    let sample = Sample::read(&mut source::open_unwatched(path)?.reader)?;
    let inspection = inspect(&sample).map_err(source::unsupported)?;
    let (bytes, is_whole) = (sample.bytes().len(), sample.is_whole());
    Ok(File { path, bytes, is_whole, inspection })
}

impl File<'_> {
    /// Returns whether there is something to read, and no command that reads it.
    fn is_unknown(&self) -> bool {
        let Inspection { records, others, suggestion, .. } = &self.inspection;
        suggestion.is_none() && records + others > 0
    }

    /// Returns a command that reads the file.
    fn command(&self, command: &str, options: &[String], more: &[String]) -> String {
        let path = self.path.to_string_lossy();
        // A name that begins with a dash would be an option.
        let path = if path.starts_with('-') { format!("./{path}") } else { path.into_owned() };
        let path = (!source::is_stdin(self.path)).then_some(path);
        let words = ["windrow", command].into_iter().chain(options.iter().map(String::as_str));
        let words = words.chain(more.iter().map(String::as_str)).chain(path.as_deref());
        quote::join(words)
    }

    fn stats(&self) -> Option<String> {
        let suggestion = self.inspection.suggestion.as_ref()?;
        Some(self.command("stats", &suggestion.options, &[]))
    }

    fn series(&self) -> Option<String> {
        let suggestion = self.inspection.suggestion.as_ref()?;
        Some(self.command("series", &suggestion.options, suggestion.series.as_ref()?))
    }

    /// Returns how much of the file was looked at.
    fn amount(&self) -> String {
        let Inspection { records, others, .. } = &self.inspection;
        let others = match others {
            0 => String::new(),
            others => format!(" and {}", counted(*others, "other line")),
        };
        let of = match self.is_whole {
            true => String::new(),
            false => format!(" in the first {} bytes", grouped(self.bytes as u64)),
        };
        format!("{}{others}{of}", counted(*records, "record"))
    }

    fn text(&self, columns: Option<usize>) -> String {
        let name = source::name(self.path);
        let bold = TextStyle::new().bold();
        let Inspection { form, fields, suggestion, .. } = &self.inspection;
        let mut text = format!("{}: {form}; {}\n", Styled(bold, name), self.amount());
        if !fields.is_empty() {
            text += "\n";
            text += &self.table(columns);
        }
        text += "\n";
        text += &self.remark();
        match suggestion {
            Some(suggestion) => text += &self.advice(suggestion),
            None if !self.is_unknown() => text += "There is nothing to read.\n",
            None => match self.inspection.columns {
                Some(columns) => {
                    let (looks, options) = (columns.text(), columns.options());
                    text += &format!("It looks like {looks}. Read it with `{options}`.\n");
                }
                None => {
                    text += "No command is known for it. Describe a line with `--pattern`, or name \
                             fields with `--by` and `--value`.\n";
                }
            },
        }
        text
    }

    /// Returns what is wrong with values that have a comma.
    fn remark(&self) -> String {
        let Some([path, value]) = &self.inspection.comma else { return String::new() };
        let (path, value) = (visible(path.as_bytes()), visible(value.as_bytes()));
        format!(
            "Values of `{path}` such as `{value}` are refused: a comma may separate decimals or \
             thousands.\nWrite decimals with a point.\n"
        )
    }

    /// Returns the commands, and what they do not know.
    fn advice(&self, suggestion: &Suggestion) -> String {
        let [accepted, judged] = suggestion.accepted();
        let (accepted, judged) = (grouped(accepted), counted(judged, "record"));
        let mut text = String::new();
        // Writing to a string succeeds.
        let _ = match suggestion.preset {
            Some(preset) => {
                let about = preset.about.as_ref().map_or("", |about| &about.summary);
                let name = &preset.name;
                writeln!(text, "Preset `{name}` ({about}) reads {accepted} of {judged}:")
            }
            None => writeln!(text, "This reads {accepted} of {judged}:"),
        };
        for command in [self.stats(), self.series()].into_iter().flatten() {
            let _ = writeln!(text, "  {command}");
        }
        if suggestion.lacks_unit {
            text += "If you know the unit of the values, add it, such as `--unit ms`.\n";
        }
        if let Some(note) = suggestion.note() {
            let _ = writeln!(text, "Note: {note}.");
        }
        text
    }

    /// Returns the table of the fields. The last column has what is left of the width.
    fn table(&self, columns: Option<usize>) -> String {
        let Inspection { fields, records, .. } = &self.inspection;
        let titles = ["field", "type", "present", "distinct", "looks like", "samples"];
        let mut rows = vec![titles.map(str::to_owned)];
        rows.extend(fields.iter().take(FIELDS_MAX).map(|field| cells(field, *records)));
        let widest = |column: usize| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0);
        let mut widths = [0, 1, 2, 3, 4].map(widest);
        if let Some(columns) = columns {
            let others: usize = widths[1..].iter().sum::<usize>() + GAP * widths.len();
            // Paths give way before the samples do.
            widths[0] = widths[0].min(columns.saturating_sub(others + SAMPLE_COLUMNS).max(16));
        }
        let mut text = String::new();
        for (index, row) in rows.iter().enumerate() {
            let mut line = String::new();
            for (cell, &columns) in row.iter().zip(&widths) {
                let cell = shorten(cell, columns);
                let blank = " ".repeat(columns.saturating_sub(width(&cell)) + GAP);
                line += &cell;
                line += &blank;
            }
            line += &row[5];
            let line = line.trim_end();
            let line = match columns {
                Some(columns) => console::truncate_str(line, columns, "…"),
                None => line.into(),
            };
            let bold = TextStyle::new().bold();
            let _ = match index {
                0 => writeln!(text, "{}", Styled(bold, line)),
                _ => writeln!(text, "{line}"),
            };
        }
        if let Some(more @ 1..) = fields.len().checked_sub(FIELDS_MAX) {
            let more = grouped(more as u64);
            let _ = writeln!(text, "and {more} more fields, which `--format json` lists");
        }
        text
    }

    fn json(&self) -> FileJson<'_> {
        let Inspection { form, records, others, fields, suggestion, .. } = &self.inspection;
        let field = |field: &'_ FieldReport| FieldJson {
            path: field.path.clone(),
            types: field.types.split(", ").map(str::to_owned).collect(),
            present: field.present,
            distinct: field.distinct,
            looks_like: field.looks_like.clone(),
            samples: field.samples.clone(),
        };
        FileJson {
            file: source::name(self.path),
            form,
            bytes: self.bytes,
            whole: self.is_whole,
            records: *records,
            other_lines: *others,
            fields: fields.iter().map(field).collect(),
            preset: suggestion.as_ref().and_then(|suggestion| Some(&*suggestion.preset?.name)),
            accepted: suggestion.as_ref().map(|suggestion| suggestion.accepted()[0]),
            command: self.stats(),
            series: self.series(),
            note: suggestion.as_ref().and_then(Suggestion::note),
        }
    }
}

/// Returns a row of the table.
fn cells(field: &FieldReport, records: u64) -> [String; 6] {
    let sample = |sample: &String| {
        let text = visible(sample.as_bytes());
        shorten(&text, SAMPLE_COLUMNS).into_owned()
    };
    let samples: Vec<_> = field.samples.iter().map(sample).collect();
    [
        field.path.clone(),
        field.types.clone(),
        percent(field.present, records),
        grouped(field.distinct),
        field.looks_like.clone().unwrap_or_default(),
        samples.join(", "),
    ]
}

/// Returns a share in percent; only all is 100 %, and only none is 0 %.
fn percent(part: u64, all: u64) -> String {
    let rounded = (part * 100 + all / 2) / all.max(1);
    let rounded = if part == 0 || part == all { rounded } else { rounded.clamp(1, 99) };
    format!("{rounded} %")
}

/// A file in JSON.
#[derive(Debug, Serialize)]
struct FileJson<'f> {
    file: String,
    form: &'static str,
    bytes: usize,
    whole: bool,
    records: u64,
    other_lines: u64,
    fields: Vec<FieldJson>,
    preset: Option<&'f str>,
    accepted: Option<u64>,
    command: Option<String>,
    series: Option<String>,
    note: Option<&'f str>,
}

/// A field in JSON.
#[derive(Debug, Serialize)]
struct FieldJson {
    path: String,
    types: Vec<String>,
    present: u64,
    distinct: u64,
    looks_like: Option<String>,
    samples: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_is_all() {
        for (part, all, expected) in
            [(0, 0, "0 %"), (0, 5, "0 %"), (1, 1_000, "1 %"), (999, 1_000, "99 %"), (5, 5, "100 %")]
        {
            assert_eq!(percent(part, all), expected);
        }
    }
}
