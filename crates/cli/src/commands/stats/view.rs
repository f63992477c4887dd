//! What is shown of the rows of actions, whatever they come from.

use std::num::NonZero;
use std::ops::{BitOr, Deref};
use std::path::Path;
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::ArgPredicate;
use facade::Unit;
use facade::actions::{Row, TrackerSpec};
use facade::codec::{Format, visible};

use super::records::{Value, csv_columns, object_keys};
use super::sort::{SORT_KEYS, SortKey};
use crate::diagnostics;
use crate::exit::Exit;
use crate::fail_if::{FailIfArgs, Found};
use crate::memory::MemoryArgs;
use crate::options::{self, JsonArg, OUTPUT_OPTIONS, STATISTICS_OPTIONS};
use crate::output::depth::{self, Depth};
use crate::output::figures::Figures;
use crate::output::infinite::Infinite;
use crate::output::names::nearest;
use crate::output::render;
use crate::output::table::Table;
use crate::output::{Failure, Output, OutputArgs};
use crate::output::{distribution, prometheus};
use crate::saved::{self, SaveArgs};
use crate::stat::{self, Needs, Stat, Stats, Whole};

/// The options for what is shown.
#[derive(Debug, clap::Args)]
pub(crate) struct ViewArgs {
    /// Statistics to print: count, total, share, mean, min, max, stddev, variance, p50, p99.9, …
    #[arg(long, value_name = "STATS", value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_parser = options::offering(Stat::from_str, || stat::NAMES))]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    pub(crate) stat: Vec<Stat>,

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
    pub(crate) top: Option<NonZero<usize>>,

    /// Show only the action NAME, in depth: a table has its percentiles and their counts
    ///
    /// Can be repeated. With --stat, a table has these statistics. Shares are those of all actions.
    #[arg(long, value_name = "NAME", help_heading = STATISTICS_OPTIONS)]
    only: Vec<String>,

    /// Add a histogram to the table of --only
    #[arg(long, requires = "only", conflicts_with = "stat")]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    histogram: bool,

    #[command(flatten)]
    pub(crate) fail_if: FailIfArgs,

    /// Maximum number of actions with a row each
    ///
    /// Further actions share the row `(other)`, with a message. Actions get their rows in the order
    /// in which they are read, which may differ from run to run with several threads.
    #[arg(long, value_name = "N", default_value_t = TrackerSpec::default().actions)]
    #[arg(value_parser = options::integer(0..=usize::MAX))]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    pub(crate) max_actions: usize,

    #[command(flatten)]
    pub(crate) memory: MemoryArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t = Style::Table, help_heading = OUTPUT_OPTIONS)]
    #[arg(default_value_if("json", ArgPredicate::IsPresent, "json"))]
    pub(crate) format: Style,

    #[command(flatten, next_help_heading = OUTPUT_OPTIONS)]
    json: JsonArg,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) save: SaveArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Style {
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
    /// All statistics as bytes, for `windrow merge`
    Rows,
    /// Charts of the counts and the times of `series`: only `windrow merge` offers it.
    #[value(skip)]
    Plot,
}

impl Style {
    /// Returns the word for a number above the largest float.
    pub(crate) fn infinite(self) -> &'static str {
        match self {
            Self::Json | Self::Ndjson => "null",
            Self::Table | Self::Csv | Self::Rows | Self::Plot => "inf",
            Self::Prometheus => prometheus::INFINITE,
        }
    }
}

/// The statistics of a table that are omitted on a narrow terminal, in this order.
const OMITTED: [Stat; 2] = [Stat::Min, Stat::Max];

/// The rows of a run, and what is shown of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) args: &'a ViewArgs,
    /// Whether records are only counted, so that times have no statistics.
    pub(crate) counts_only: bool,
}

impl Deref for View<'_> {
    type Target = ViewArgs;

    fn deref(&self) -> &ViewArgs {
        self.args
    }
}

impl ViewArgs {
    /// Returns whether the rows are written as bytes, with all statistics.
    pub(crate) fn saves(&self) -> bool {
        self.save.path().is_some() || self.format == Style::Rows
    }

    /// Returns the first option that is given and is not one of `series`.
    pub(crate) fn of_stats_only(&self) -> Option<&'static str> {
        let options = [
            ("--sort", self.sort.is_some()),
            ("--reverse", self.reverse),
            ("--only", !self.only.is_empty()),
            ("--fail-if", self.fail_if.stats().next().is_some()),
            ("--max-actions", self.max_actions != TrackerSpec::default().actions),
            ("--max-memory", self.memory.is_limited()),
            ("--format prometheus", self.format == Style::Prometheus),
        ];
        options.into_iter().find(|&(_, is_given)| is_given).map(|(option, _)| option)
    }

    /// Returns the file for rows.
    pub(crate) fn saved(&self) -> Option<&Path> {
        self.save.path()
    }
}

impl View<'_> {
    /// Returns what a row needs after its name is new: for more times, to be sorted and printed.
    pub(crate) fn row_bytes<S: Stats>(&self, threads: usize) -> usize {
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

    /// Prints rows; `bytes` are all of them as bytes, if they are to be saved.
    ///
    /// # Errors
    ///
    /// The error of the system.
    pub(crate) fn show<S: Stats>(
        &self,
        all: &[Row<S>],
        unit: Option<Unit>,
        output: Output,
        bytes: Option<&[u8]>,
    ) -> Result<(), Failure> {
        if self.format == Style::Rows {
            // Without bytes there is nothing to write, so that an earlier file stays.
            return bytes.map_or(Ok(()), |bytes| saved::write(output, bytes));
        }
        let whole = self.whole(all);
        let rows = self.arrange(all, &whole);
        let printed = self.write(&rows, &whole, unit, output);
        self.infinite(&rows, unit).warn(self.format.infinite());
        printed
    }

    /// Reports names that no action has, and conditions that hold.
    pub(crate) fn verdict<S: Stats>(&self, all: &[Row<S>], unit: Option<Unit>) -> Exit {
        self.report_unknown(all).max(self.judge(all, &self.whole(all), unit))
    }

    /// Checks that rows do not go to a terminal.
    ///
    /// # Errors
    ///
    /// The exit code of the command.
    pub(crate) fn check_output(&self, output: &Output) -> Result<(), Exit> {
        saved::check_output(self.format == Style::Rows, output)
    }

    /// Checks options that exclude each other.
    ///
    /// # Errors
    ///
    /// The exit code of the command.
    pub(crate) fn check_options(&self) -> Result<(), Exit> {
        self.json.check(&self.format, &Style::Json)?;
        if self.histogram && self.format != Style::Table {
            diagnostics::report(
                "`--histogram` is part of a table\n  leave out `--format`, or `--histogram`",
            );
            return Err(Exit::Misused);
        }
        if self.histogram && self.counts_only {
            diagnostics::report(
                "`--histogram` is of times, and `--count-only` reads none\n  leave out one of them",
            );
            return Err(Exit::Misused);
        }
        self.fail_if.check_values()?;
        self.check_counts()
    }

    /// Returns whether actions are shown in depth.
    fn is_deep(&self) -> bool {
        let is_plain_table = self.format == Style::Table && self.stat.is_empty();
        is_plain_table && !self.only.is_empty() && !self.counts_only
    }

    /// Checks the statistics of records that are only counted.
    fn check_counts(&self) -> Result<(), Exit> {
        let sort = match &self.sort {
            Some(SortKey::Stat(stat)) => Some(stat),
            _ => None,
        };
        if self.counts_only {
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
            Style::Table if self.counts_only => vec![Stat::Count, Stat::Share],
            _ if self.counts_only => vec![Stat::Count],
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
            Style::Rows | Style::Plot => Vec::new(),
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

    pub(crate) fn needs(&self) -> Needs {
        if self.saves() && !self.counts_only {
            return Needs { min_max: true, quantiles: true, variance: true };
        }
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
    pub(crate) fn arrange<'r, S: Stats>(
        &self,
        all: &'r [Row<S>],
        whole: &Whole,
    ) -> Vec<&'r Row<S>> {
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
        if self.counts_only {
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
            Style::Prometheus if self.counts_only => {
                output.stream(|output| prometheus::write_counts(output, &stats, rows, whole))
            }
            Style::Prometheus => {
                output.stream(|output| prometheus::write(output, &stats, rows, whole, unit))
            }
            Style::Json => self.write_records(&stats, rows, whole, unit, Format::Json, output),
            Style::Ndjson => self.write_records(&stats, rows, whole, unit, Format::Ndjson, output),
            Style::Csv => self.write_records(&stats, rows, whole, unit, Format::Csv, output),
            Style::Rows | Style::Plot => Ok(()),
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
            _ if self.counts_only => object_keys(stats, has_other, None),
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
        if self.stat.is_empty() && !self.counts_only {
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
