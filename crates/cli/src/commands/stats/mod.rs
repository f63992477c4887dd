//! `windrow stats`: statistics of each action.

mod records;
mod sort;

use std::iter;
use std::mem;
use std::num::NonZero;
use std::ops::BitOr;
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::ArgPredicate;
use facade::Unit;
use facade::actions::{LocalTracker, Mean, MinMax, Quantiles, Row, TrackerSpec, Variance};
use facade::codec::{Format, visible};

use crate::diagnostics;
use crate::exit::Exit;
use crate::fail_if::{FailIfArgs, Found};
use crate::input::Input;
use crate::input::rows::RowSink;
use crate::inspect;
use crate::memory::{self, MemoryArgs};
use crate::options::{self, JsonArg, OUTPUT_OPTIONS, STATISTICS_OPTIONS};
use crate::output::depth::{self, Depth};
use crate::output::figures::Figures;
use crate::output::infinite::Infinite;
use crate::output::names::nearest;
use crate::output::render;
use crate::output::table::Table;
use crate::output::{Failure, Output, OutputArgs, Outputs};
use crate::output::{distribution, prometheus};
use crate::stat::{self, Needs, NoStat, Stat, Stats, Whole};

use self::records::{Value, csv_columns, object_keys};
use self::sort::{SORT_KEYS, SortKey};

/// Print statistics of each action
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
pub(crate) struct Args {
    #[command(flatten)]
    input: Input,

    /// Statistics to print: count, total, share, mean, min, max, stddev, variance, p50, p99.9, …
    #[arg(long, value_name = "STATS", value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_parser = options::offering(Stat::from_str, || stat::NAMES))]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    stat: Vec<Stat>,

    /// Sort by `first` (order of appearance), `action`, or a statistic, descending
    ///
    /// Without it, a table is sorted by total. Other formats are in order of appearance, or with
    /// --top by count.
    #[arg(long, value_name = "KEY", hide_possible_values = true)]
    #[arg(value_parser = options::offering(SortKey::from_str, || SORT_KEYS))]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    sort: Option<SortKey>,

    /// Reverse the sort order
    #[arg(long, help_heading = STATISTICS_OPTIONS)]
    reverse: bool,

    /// Show only the first N actions
    ///
    /// Without --sort, a table has those with the largest totals, other formats the most frequent.
    #[arg(long, value_name = "N", help_heading = STATISTICS_OPTIONS)]
    #[arg(value_parser = options::integer(NonZero::<usize>::MIN..=NonZero::<usize>::MAX))]
    top: Option<NonZero<usize>>,

    /// Show only the action NAME, in depth: a table has its percentiles and their counts
    ///
    /// Can be repeated. With --stat, a table has these statistics. Shares are those of all actions.
    #[arg(long, value_name = "NAME", help_heading = STATISTICS_OPTIONS)]
    only: Vec<String>,

    /// Add a histogram to the table of --only
    #[arg(long, requires = "only", conflicts_with_all = ["stat", "count_only"])]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    histogram: bool,

    #[command(flatten)]
    fail_if: FailIfArgs,

    /// Maximum number of actions with a row each
    ///
    /// Further actions share the row `(other)`, with a message. Actions get their rows in the order
    /// in which they are read, which may differ from run to run with several threads.
    #[arg(long, value_name = "N", default_value_t = TrackerSpec::default().actions)]
    #[arg(value_parser = options::integer(0..=usize::MAX))]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    max_actions: usize,

    #[command(flatten)]
    memory: MemoryArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t = Style::Table, help_heading = OUTPUT_OPTIONS)]
    #[arg(default_value_if("json", ArgPredicate::IsPresent, "json"))]
    format: Style,

    #[command(flatten, next_help_heading = OUTPUT_OPTIONS)]
    json: JsonArg,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Style {
    /// Aligned columns of rounded numbers, and the distribution of times
    Table,
    /// An array of objects on one line: [{"action":"jump","avg":150}]
    Json,
    /// One object per line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
    /// Prometheus text format
    Prometheus,
}

impl Style {
    /// Returns the word for a number above the largest float.
    fn infinite(self) -> &'static str {
        match self {
            Self::Json | Self::Ndjson => "null",
            Self::Table | Self::Csv => "inf",
            Self::Prometheus => prometheus::INFINITE,
        }
    }
}

/// The statistics of a table that are omitted on a narrow terminal, in this order.
const OMITTED: [Stat; 2] = [Stat::Min, Stat::Max];

const DETAILS: &str = "\
An action is a line of JSON: {\"action\":\"jump\",\"time\":100}. Blank lines are ignored. Any other
line is refused: a message shows its place and the reason, and reading continues. Where --by,
--value, --count-only, --pattern, --embedded or --unwrap is given, and in logfmt and CSV, a record
without a name or a value is skipped instead.

The mean is the exact sum divided by the count, rounded once. Quantiles are exact for up to 32 times
of an action, and within 0.8 % beyond. `stddev` and `variance` divide by n - 1 and need two times.

`total` is the sum of the times, and `share` its part of the total of all actions, from 0 to 1.

Without --stat, a table has count, total, share, mean, min, p50, p99, max and the distribution of
times, a histogram in logarithmic steps from the shortest to the longest time of all rows. CSV has
count, mean, min, p50, p99 and max, JSON the mean, as `avg`, and Prometheus a summary.

A table fits the terminal: it shortens names in the middle, then omits the distribution, min and
max, then continues below. Its numbers are rounded to 4 digits, but whole numbers are not.

With --only, a table shows actions in depth: percentiles from p50 to p99.99, each with the number of
times above it. --histogram adds the number of times in ranges of equal ratio, exactly.

With --unit, a table has a suitable unit for each time, such as `34.8 ms`, JSON a key `unit` and CSV
a last column `unit`. Prometheus has seconds, as windrow_action_duration_seconds.

A sum or variance above the largest float, 1.8e308, is `null` in JSON, `inf` in table and CSV, and
`+Inf` in Prometheus, with a warning.

Examples:
  windrow stats actions.ndjson
  windrow stats --sort p99 --top 10 --unit ms mon.ndjson.gz tue.ndjson.zst
  windrow stats --by request.method,request.uri --value duration --unit s --group-paths access.log
  windrow stats --input csv --by label --value elapsed --unit ms --where 'code>=500' results.csv
  windrow stats --stat count,mean,p50,p99.9 --format csv -o stats.csv *.ndjson
  windrow stats --only checkout --histogram --unit ms actions.ndjson
  windrow stats --unit ms --fail-if 'p99 > 250ms' --fail-if 'checkout: mean > 80ms' actions.ndjson
  grep checkout service.log | windrow stats --format json -

Exit codes: 0 success, 1 a file could not be read, 2 usage, 3 too many records were refused, none
was accepted or --only found no action, 4 a condition of --fail-if holds, 130 Ctrl-C.";

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Err(exit) = args.json.check(&args.format, &Style::Json) {
        return Ok(exit);
    }
    if let Err(exit) = args.check() {
        return Ok(exit);
    }
    let Needs { min_max, quantiles, variance } = args.needs();
    // Each set of statistics has a type, so that unused statistics cost nothing.
    match (variance, min_max, quantiles) {
        (false, false, false) => args.run::<(Mean, NoStat, NoStat)>(),
        (false, true, false) => args.run::<(Mean, MinMax, NoStat)>(),
        (false, _, true) => args.run::<(Mean, MinMax, Quantiles)>(),
        (true, false, false) => args.run::<(Variance, NoStat, NoStat)>(),
        (true, true, false) => args.run::<(Variance, MinMax, NoStat)>(),
        (true, _, true) => args.run::<(Variance, MinMax, Quantiles)>(),
    }
}

impl Args {
    fn run<S: Stats>(&self) -> Result<Exit, Failure> {
        let recipe = match self.input.recipe() {
            Ok(recipe) => recipe,
            Err(exit) => return Ok(exit),
        };
        let Outputs { results: output, kept } = self.input.outputs(&self.output)?;
        let (spec, threads) = (self.input.tracker_spec(self.max_actions), self.input.threads());
        let (names, budget) = match self.memory.names(spec, threads, self.row_bytes::<S>(threads)) {
            Ok(names) => names,
            Err(exit) => return Ok(exit),
        };
        let trackers = iter::repeat_with(|| LocalTracker::<S>::new(&names)).take(threads);
        let mut trackers: Vec<_> = trackers.collect();
        let mut sinks: Vec<_> = trackers.iter_mut().map(RowSink).collect();
        let result = self.input.read(&recipe, &mut sinks, kept, budget.as_deref())?;
        if let Some(budget) = budget.as_deref().filter(|budget| budget.is_exceeded()) {
            memory::report_exceeded(budget);
            return Ok(Exit::Failed);
        }
        if !result.has_result() {
            result.report();
            inspect::report_hint(&result);
            return Ok(result.exit());
        }
        let mut tracker = LocalTracker::new(&names);
        trackers.into_iter().for_each(|other| tracker.merge(other));
        let all = tracker.into_rows();
        let whole = self.whole(&all);
        let rows = self.arrange(&all, &whole);
        let unit = result.unit().filter(|_| !self.input.counts_only());
        if let Err(exit) = self.fail_if.check_unit(unit) {
            result.report();
            return Ok(exit);
        }
        let printed = self.write(&rows, &whole, unit, output);
        self.infinite(&rows, unit).warn(self.format.infinite());
        self.input.report(&result);
        inspect::report_hint(&result);
        let counts = all.iter().map(|row| (row.name(), row.statistic().count()));
        result.warn_of_moments(result.moments.are_all_of_one(counts));
        let folded = names.overflow().folded;
        if !budget.is_some_and(|budget| memory::report_folded(&budget, folded)) {
            diagnostics::report_folded(folded, self.max_actions);
        }
        let judged = self.report_unknown(&all).max(self.judge(&all, &whole, unit));
        // The program ends: 100,000 rows take longer to free than to find.
        mem::forget(all);
        Ok(result.exit().or(printed).max(judged))
    }

    /// Returns what a row needs after its name is new: for more times, to be sorted and printed.
    fn row_bytes<S: Stats>(&self, threads: usize) -> usize {
        // Of tables that grow to twice their size, of quantiles from the first time to hundreds,
        // and of the name and the position of a row.
        let [tables, times, name] = [16, 448, 128];
        let times = if self.needs().quantiles { times } else { 0 };
        let cells = self.stats().len() + 4; // Three more for the distribution.
        let text = if self.format == Style::Table { 64 * cells } else { 0 };
        size_of::<Row<S>>() + name + text + threads * (tables + times)
    }

    /// Reports the names of `--only` that no action has.
    fn report_unknown<S: Stats>(&self, all: &[Row<S>]) -> Exit {
        let names = || all.iter().map(Row::name);
        let is_unknown = |only: &&String| names().all(|name| name != **only);
        let mut exit = Exit::Done;
        for only in self.only.iter().filter(is_unknown) {
            let near = nearest(only, names());
            let only = visible(only.as_bytes());
            diagnostics::report(format_args!("no such action `{only}`{near}"));
            exit = Exit::Refused;
        }
        exit
    }

    /// Reports the actions for which a condition of `--fail-if` holds.
    fn judge<S: Stats>(&self, all: &[Row<S>], whole: &Whole, unit: Option<Unit>) -> Exit {
        let found = |row: &Row<S>, stat: &Stat| Found::from(stat.of(row.statistic(), whole));
        self.fail_if.judge(all, Row::name, found, unit)
    }

    /// Checks options that exclude each other.
    fn check(&self) -> Result<(), Exit> {
        if self.histogram && self.format != Style::Table {
            diagnostics::report(
                "`--histogram` is part of a table\n  leave out `--format`, or `--histogram`",
            );
            return Err(Exit::Misused);
        }
        self.fail_if.check_values()?;
        self.check_counts()
    }

    /// Returns whether actions are shown in depth.
    fn is_deep(&self) -> bool {
        let is_plain_table = self.format == Style::Table && self.stat.is_empty();
        is_plain_table && !self.only.is_empty() && !self.input.counts_only()
    }

    /// Checks the statistics of records that are only counted.
    fn check_counts(&self) -> Result<(), Exit> {
        let sort = match &self.sort {
            Some(SortKey::Stat(stat)) => Some(stat),
            _ => None,
        };
        if self.input.counts_only() {
            options::check_counts(self.stat.iter().chain(sort).chain(self.fail_if.stats()))
        } else {
            Ok(())
        }
    }

    /// Returns the requested statistics, or the default of the format.
    fn stats(&self) -> Vec<Stat> {
        let percentile = Stat::percentile;
        match self.format {
            _ if !self.stat.is_empty() => options::distinct(&self.stat),
            Style::Table if self.is_deep() => depth::stats(),
            Style::Table if self.input.counts_only() => vec![Stat::Count, Stat::Share],
            _ if self.input.counts_only() => vec![Stat::Count],
            Style::Table | Style::Csv => {
                let (p50, p99) = (percentile(50), percentile(99));
                let mut stats = vec![Stat::Count, Stat::Mean, Stat::Min, p50, p99, Stat::Max];
                if self.format == Style::Table {
                    stats.splice(1..1, [Stat::Sum("total"), Stat::Share]);
                }
                stats
            }
            Style::Json | Style::Ndjson => vec![Stat::Mean],
            Style::Prometheus => [50, 90, 99].map(percentile).to_vec(),
        }
    }

    /// Returns the statistics to print, to sort by and to judge.
    fn used(&self) -> Vec<Stat> {
        let mut stats = self.stats();
        stats.extend(self.fail_if.stats().cloned());
        if let SortKey::Stat(stat) = self.sort_key() {
            stats.push(stat);
        }
        stats
    }

    fn needs(&self) -> Needs {
        self.used().iter().map(Stat::needs).fold(Needs::default(), Needs::bitor)
    }

    /// Adds up all rows, if a share is used.
    fn whole<S: Stats>(&self, rows: &[Row<S>]) -> Whole {
        if self.used().contains(&Stat::Share) {
            Whole::of(rows.iter().map(Row::statistic))
        } else {
            Whole::default()
        }
    }

    fn sort_key(&self) -> SortKey {
        let default = match self.format {
            Style::Table => SortKey::Stat(Stat::Sum("total")),
            _ if self.top.is_some() => SortKey::Stat(Stat::Count),
            _ => SortKey::First,
        };
        self.sort.clone().unwrap_or(default)
    }

    /// Returns the rows to print, in order.
    fn arrange<'r, S: Stats>(&self, all: &'r [Row<S>], whole: &Whole) -> Vec<&'r Row<S>> {
        let is_shown =
            |row: &&Row<S>| self.only.is_empty() || self.only.iter().any(|only| only == row.name());
        let mut rows: Vec<_> = all.iter().filter(is_shown).collect();
        match self.sort_key() {
            SortKey::First => {}
            SortKey::Action => rows.sort_by_key(|row| row.name()),
            SortKey::Stat(stat) => {
                let key = |row: &'r Row<S>| (stat.of(row.statistic(), whole), row);
                let mut keyed: Vec<_> = rows.into_iter().map(key).collect();
                // Descending; equal rows stay in order of appearance.
                keyed.sort_by(|(a, _), (b, _)| stat::compare(b, a));
                rows = keyed.into_iter().map(|(_, row)| row).collect();
            }
        }
        if self.reverse {
            rows.reverse();
        }
        rows.truncate(self.top.map_or(usize::MAX, NonZero::get));
        rows
    }

    /// Returns the statistics of these rows that are above the largest float.
    fn infinite<S: Stats>(&self, rows: &[&Row<S>], unit: Option<Unit>) -> Infinite {
        let mut stats = self.stats();
        let labelled = rows.iter().map(|row| (row.name(), row.statistic()));
        if self.format != Style::Prometheus {
            return Infinite::among(&stats, labelled);
        }
        if self.input.counts_only() {
            return Infinite::default();
        }
        if !stats.contains(&Stat::Sum("sum")) {
            stats.push(Stat::Sum("sum")); // A summary always has the sum.
        }
        Infinite::among_converted(&stats, labelled, prometheus::conversion(unit))
    }

    fn write<S: Stats>(
        &self,
        rows: &[&Row<S>],
        whole: &Whole,
        unit: Option<Unit>,
        output: Output,
    ) -> Result<(), Failure> {
        let stats = self.stats();
        let figures = Figures::new(unit);
        match self.format {
            Style::Table if self.is_deep() => {
                let depth = Depth { figures, columns: output.columns(), histogram: self.histogram };
                output.print(depth.text(rows, whole))
            }
            Style::Table => {
                let table = self.table(&stats, rows, whole, figures, output.columns());
                output.print(table)
            }
            Style::Prometheus if self.input.counts_only() => {
                output.stream(|output| prometheus::write_counts(output, &stats, rows, whole))
            }
            Style::Prometheus => {
                output.stream(|output| prometheus::write(output, &stats, rows, whole, unit))
            }
            Style::Json => self.write_records(&stats, rows, whole, unit, Format::Json, output),
            Style::Ndjson => self.write_records(&stats, rows, whole, unit, Format::Ndjson, output),
            Style::Csv => self.write_records(&stats, rows, whole, unit, Format::Csv, output),
        }
    }

    /// Writes a record for each row.
    fn write_records<S: Stats>(
        &self,
        stats: &[Stat],
        rows: &[&Row<S>],
        whole: &Whole,
        unit: Option<Unit>,
        format: Format,
        output: Output,
    ) -> Result<(), Failure> {
        let has_other = rows.iter().any(|row| row.is_other());
        let mut columns = match format {
            Format::Csv => csv_columns(stats, has_other),
            _ if self.input.counts_only() => object_keys(stats, has_other, None),
            _ => object_keys(stats, has_other, Some(&Stat::Mean)),
        };
        columns.extend(unit.map(|unit| ("unit", Value::Unit(unit))));
        let (names, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let records = rows
            .iter()
            .map(|row| -> Vec<_> { values.iter().map(|value| value.of(row, whole)).collect() });
        output.stream(|output| render::records(output, format, &names, records))
    }

    fn table<S: Stats>(
        &self,
        stats: &[Stat],
        rows: &[&Row<S>],
        whole: &Whole,
        figures: Figures,
        columns_seen: Option<usize>,
    ) -> Table {
        let mut table = Table::default();
        table.names("action", rows.iter().map(|row| visible(row.name().as_bytes())));
        table.stats(stats, rows.iter().map(|row| row.statistic()), whole, figures);
        if self.stat.is_empty() && !self.input.counts_only() {
            // A wrapped histogram is unreadable, so there is none on a narrow terminal.
            if table.left(columns_seen) >= distribution::COLUMNS {
                let pictures = distribution::pictures(rows.iter().map(|row| row.statistic()));
                table.column("distribution", pictures);
            }
            for stat in OMITTED {
                if !table.fits(columns_seen) {
                    table.remove(stat.name());
                }
            }
        }
        table.fit(columns_seen);
        table
    }
}
