//! `windrow merge`: the statistics of saved rows.

mod series;

use std::mem;
use std::num::NonZero;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ValueEnum};
use facade::WhenFull;
use facade::actions::{
    BinaryError, BinaryForm, BinaryReader, Count, HasCount, LocalTracker, Mean, TrackerSpec,
};

use crate::commands::stats::view::{Style, View, ViewArgs};
use crate::diagnostics;
use crate::exit::Exit;
use crate::memory;
use crate::options;
use crate::output::{Failure, Outputs};
use crate::saved::files::{self, Files};
use crate::saved::{self, Saved};
use crate::stat::{NoStat, Stats};

/// Print statistics of saved rows
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
#[command(mut_args(with_formats))]
pub(crate) struct Args {
    /// Files that `windrow stats --save` or `series --save` wrote; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    view: ViewArgs,

    /// Maximum number of rows [default: 10000]
    ///
    /// Memory grows with the number of rows.
    #[arg(long, value_name = "N", help_heading = SERIES_OPTIONS)]
    #[arg(value_parser = options::integer(NonZero::<usize>::MIN..=NonZero::<usize>::MAX))]
    max_rows: Option<NonZero<usize>>,
}

/// The heading of what only rows of `series` have.
const SERIES_OPTIONS: &str = "Options for rows of `series` only";

/// The format that only rows of `series` have.
const PLOT: &str = "plot";

const DETAILS: &str = "\
Rows are saved by `windrow stats --save FILE`, or written to standard output by its `--format rows`.
The result is that of one run over all inputs in the order of the files, exactly and with the rows
in the same order, as long as no action shares the row `(other)`. All statistics can be printed.

Rows of `windrow series --every TIME --save FILE` are printed as `series` does, with --stat,
--format and, if they were saved with --by-action, --top. All files must have been saved with the
same --every, --timezone and --by-action.

An input counts once: it is known by its path, its length and a hash of its content. A file whose
inputs are all in another file is left out, with a message. So a job that is run again on the same
input replaces itself. A log that has grown, or has another path, is another input. Files that have
some inputs in common, and others, are refused.

Files of another version, unit, width or set of statistics are refused, and so are damaged ones.
Nothing is printed then.

Examples:
  windrow stats --save monday.rows --unit ms monday.ndjson
  windrow merge --sort p99 --top 10 monday.rows tuesday.rows
  windrow merge <(ssh a windrow stats --format rows app.log) b.rows
  windrow merge --format plot by-minute-a.rows by-minute-b.rows
  windrow merge --save week.rows monday.rows tuesday.rows

Exit codes: 0 success, 1 a file could not be read or is refused, 2 usage, 3 --only found no action,
4 a condition of --fail-if holds.";

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    // Before anything is read: a message may go into an input.
    let outputs = args.view.output.open_for(&args.files, None, None, args.view.saved())?;
    match args.run(outputs) {
        Ok(exit) => exit,
        Err(exit) => Ok(exit),
    }
}

impl Args {
    fn run(&self, outputs: Outputs) -> Result<Result<Exit, Failure>, Exit> {
        let view = |counts_only| View { args: &self.view, counts_only };
        view(false).check_options()?;
        view(false).check_output(&outputs.results)?;
        let files = Files::open(&self.files)?;
        view(files.counts_only).check_options()?;
        if let Some(intervals) = files.intervals.clone() {
            return self.show_series(files, &intervals, outputs);
        }
        self.check_stats(&files)?;
        if files.counts_only {
            return self.show::<Count, (Mean, NoStat, NoStat)>(files, outputs, add_count);
        }
        self.show::<Saved, Saved>(files, outputs, |kept, bytes| kept.add_from(bytes))
    }

    /// Checks that no option is given that only rows of `series` have.
    fn check_stats(&self, files: &Files) -> Result<(), Exit> {
        let options = [
            ("--format plot", self.view.format == Style::Plot),
            ("--max-rows", self.max_rows.is_some()),
        ];
        match options.into_iter().find(|&(_, is_given)| is_given) {
            None => Ok(()),
            Some((option, _)) => Err(misused(option, files.first(), "stats")),
        }
    }

    /// Adds all rows and prints them. `W` is written, `S` is kept.
    fn show<W: BinaryForm, S: Stats>(
        &self,
        files: Files,
        outputs: Outputs,
        add: impl Fn(&mut S, &mut BinaryReader<'_>) -> Result<(), BinaryError>,
    ) -> Result<Result<Exit, Failure>, Exit> {
        let view = View { args: &self.view, counts_only: files.counts_only };
        let spec = TrackerSpec {
            actions: self.view.max_actions,
            when_full: WhenFull::Fold,
            name_bytes: usize::MAX,
            ..TrackerSpec::default()
        };
        let (names, budget) = self.view.memory.names(spec, 1, view.row_bytes::<S>(1))?;
        let mut tracker = LocalTracker::<S>::new(&names);
        let (unit, instances) = (files.unit, files.instances());
        files.add_each::<W>(|row, bytes| {
            let kept = tracker.row_mut(row.name, row.first);
            add(kept.map_err(|error| bytes.impossible(error))?, bytes)
        })?;
        if let Some(budget) = budget.as_deref().filter(|budget| budget.is_exceeded()) {
            memory::report_exceeded(budget);
            return Err(Exit::Failed);
        }
        let all = tracker.into_rows();
        self.view.fail_if.check_unit(unit)?;
        let rows = view.saves().then(|| saved::encode(&all, unit, instances, view.counts_only));
        let printed = view.show(&all, unit, outputs.results, rows.as_deref());
        let written = match (outputs.saved, rows) {
            (Some(output), Some(rows)) => saved::write(output, &rows),
            _ => Ok(()),
        };
        let folded = names.overflow().folded;
        if !budget.is_some_and(|budget| memory::report_folded(&budget, folded)) {
            files::report_folded(folded, self.view.max_actions);
        }
        let judged = view.verdict(&all, unit);
        // The program ends: 100,000 rows take longer to free than to find.
        mem::forget(all);
        Ok(Ok(Exit::Done.or(printed).or(written).max(judged)))
    }
}

/// Adds a count to a statistic that has one.
fn add_count<S: Stats>(kept: &mut S, bytes: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
    let mut count = Count::default();
    count.add_from(bytes)?;
    kept.insert_n(1_u8.into(), count.count());
    Ok(())
}

/// Reports an option that the rows do not have.
fn misused(option: &str, file: &str, command: &str) -> Exit {
    diagnostics::report(format_args!(
        "`{option}` does not apply to rows of `windrow {command}`, as in {file}\n  leave it out"
    ));
    Exit::Misused
}

/// Adds the formats of `series` to those of `stats`.
///
/// `mut_arg` would move the option behind `--json`, whose default would then count as given.
fn with_formats(arg: Arg) -> Arg {
    if arg.get_id() == "format" { arg.value_parser(formats()) } else { arg }
}

fn formats() -> impl TypedValueParser<Value = Style> {
    let plot = PossibleValue::new(PLOT)
        .help("Charts of the counts and the times, for rows of `series` only");
    let values = Style::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    PossibleValuesParser::new(values.chain([plot])).map(|name| match name.as_str() {
        PLOT => Style::Plot,
        // The names were taken from the variants.
        name => Style::from_str(name, false).unwrap_or(Style::Table),
    })
}
