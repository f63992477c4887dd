//! `windrow stats`: the statistics of the actions in files.

use std::iter;
use std::num::NonZero;
use std::ops::BitOr;
use std::str::FromStr;

use clap::ValueEnum;
use facade::WhenFull;
use facade::actions::{
    LocalTracker, Mean, MinMax, NameTable, Quantiles, Row, TrackerSpec, Variance,
};
use facade::codec::{Field, Format, Record, visible};

use crate::exit::Exit;
use crate::input::Input;
use crate::output::infinite::Infinite;
use crate::output::render;
use crate::output::table::Table;
use crate::output::{Failure, Output, OutputArgs, Outputs};
use crate::output::{distribution, prometheus};
use crate::stat::{self, Needs, NoStat, Stat, Stats};
use crate::{diagnostics, options};

/// Tells count, mean, quantiles and more of the times of each action
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    input: Input,

    /// Which figures: count, sum, mean, min, max, stddev, variance, p50, p99, p99.9 and so on
    #[arg(long, value_name = "FIGURES", value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_parser = options::offering(Stat::from_str, stat::NAMES))]
    stat: Vec<Stat>,

    /// What comes first: `first` seen, `action`, or a figure, of which the greatest
    #[arg(long, value_name = "KEY", hide_possible_values = true)]
    #[arg(value_parser = options::offering(SortKey::from_str, SORT_KEYS))]
    sort: Option<SortKey>,

    /// The other way round
    #[arg(long)]
    reverse: bool,

    /// Only the first N actions; of the most frequent ones, unless sorted otherwise
    #[arg(long, value_name = "N")]
    top: Option<NonZero<usize>>,

    /// How many actions are kept apart; those beyond are counted together, as `(other)`
    ///
    /// The first ones met are kept apart. If several threads read, that is not always the first in
    /// the files: it is the one thing that may differ from run to run, and it is told when it does.
    #[arg(long, value_name = "N", default_value_t = TrackerSpec::default().actions)]
    max_actions: usize,

    /// How results are written
    #[arg(long, value_enum, default_value_t = Style::Table)]
    format: Style,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Style {
    /// Columns for people, rounded; the last is a picture of the distribution
    Table,
    /// One line, [{"action":"jump","avg":150}], with the figures that are asked for
    Json,
    /// The same objects, a line each
    Ndjson,
    /// A line of names, then one for each action
    Csv,
    /// A page for a monitoring system to fetch
    Prometheus,
}

impl Style {
    /// How a figure is written that is larger than any float.
    fn infinite(self) -> &'static str {
        match self {
            Self::Json | Self::Ndjson => "null",
            Self::Table | Self::Csv => "inf",
            Self::Prometheus => prometheus::INFINITE,
        }
    }
}

/// What a column of records has of each row.
#[derive(Debug, Clone, Copy)]
enum Asked<'f> {
    Action,
    /// Whether it is the row of folded actions, which an action may have the name of.
    IsOther,
    Stat(&'f Stat),
}

impl Asked<'_> {
    fn of<'r, S: Stats>(self, row: &'r Row<S>) -> Field<'r> {
        match self {
            Self::Action => Field::Text(row.name()),
            Self::IsOther => Field::Flag(row.is_other()),
            Self::Stat(stat) => stat.of(row.statistic()),
        }
    }
}

/// Keys that rows are often sorted by.
const SORT_KEYS: &[&str] =
    &["first", "action", "count", "sum", "mean", "min", "max", "stddev", "median", "p90", "p99"];

/// What rows are ordered by.
#[derive(Debug, Clone)]
enum SortKey {
    First,
    Action,
    Stat(Stat),
}

impl FromStr for SortKey {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "first" => Ok(Self::First),
            "action" => Ok(Self::Action),
            _ => name.parse().map(Self::Stat).map_err(|_| {
                "none of first, action, count, mean, p99 and other figures".to_owned()
            }),
        }
    }
}

const EXAMPLES: &str = "\
The mean is exact: the exact sum divided by the count and rounded once, whatever the order of the
lines. Quantiles are exact for up to 32 times of an action, and within 0.8 % beyond. `stddev` and
`variance` are those of a sample, of one time there is none.

A sum or variance above the largest float, 1.8e308, is `null` in JSON, `inf` in a table and CSV and
`+Inf` for Prometheus, and a warning names it.

Without --stat a table and CSV have count, mean, min, p50, p99 and max, JSON has the mean alone, as
`avg`, and Prometheus has a summary. The picture in the table reaches from the shortest to the
longest time of all actions in logarithmic steps.

Input is one action per line, as JSON: {\"action\":\"jump\",\"time\":100}. Blank lines are skipped.
A line that is no action is told on standard error with its place, and the others still count.

Examples:
  windrow stats actions.ndjson
  windrow stats --sort p99 --top 10 monday.ndjson.gz tuesday.ndjson.zst
  windrow stats --stat count,mean,p50,p99.9 --format csv -o stats.csv *.ndjson
  grep checkout service.log | windrow stats --format json -

Exit codes: 0 done, 1 a file could not be read, 2 usage, 3 some lines were refused, 130 Ctrl-C.";

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let Needs { min_max, quantiles, variance } = args.needs();
    // Each set of statistics is a tally of its own, so that nothing is paid for but what is used.
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
        let Outputs { results: output, refused } = self.input.outputs(&self.output)?;
        let (actions, when_full) = (self.max_actions, WhenFull::Fold);
        let names = NameTable::new(TrackerSpec { actions, when_full, ..TrackerSpec::default() });
        let trackers =
            iter::repeat_with(|| LocalTracker::<S>::new(&names)).take(self.input.threads());
        let mut trackers: Vec<_> = trackers.collect();
        let take = |tracker: &mut LocalTracker<'_, S>, record: Record<'_>| {
            // Numbered by its place, so that rows come in the order of the file, whoever read them.
            tracker
                .record_numbered(record.name, record.time, record.offset)
                .expect("the decoder checked the name, and what is too many is folded");
        };
        let sinks =
            trackers.iter_mut().map(|tracker| move |record: Record<'_>| take(tracker, record));
        let result = self.input.read(
            &self.input.decode_options(),
            &mut sinks.collect::<Vec<_>>(),
            refused,
        )?;
        if !result.has_result() {
            result.report();
            return Ok(result.exit());
        }
        let mut tracker = LocalTracker::new(&names);
        trackers.into_iter().for_each(|other| tracker.merge(other));
        let all = tracker.into_rows();
        let rows = self.arrange(&all);
        let printed = self.write(&rows, output);
        self.infinite(&rows).warn(self.format.infinite());
        result.report();
        diagnostics::report_folded(names.overflow().folded, self.max_actions);
        Ok(result.exit().or(printed))
    }

    /// The figures that are asked for, or those of the format.
    fn stats(&self) -> Vec<Stat> {
        let percentile = Stat::percentile;
        match self.format {
            _ if !self.stat.is_empty() => options::distinct(&self.stat),
            Style::Table | Style::Csv => {
                let (p50, p99) = (percentile(50), percentile(99));
                vec![Stat::Count, Stat::Mean, Stat::Min, p50, p99, Stat::Max]
            }
            Style::Json | Style::Ndjson => vec![Stat::Mean],
            Style::Prometheus => [50, 90, 99].map(percentile).to_vec(),
        }
    }

    fn needs(&self) -> Needs {
        let sorted = match self.sort_key() {
            SortKey::Stat(stat) => Some(stat),
            _ => None,
        };
        let stats = self.stats().into_iter().chain(sorted);
        stats.map(|stat| stat.needs()).fold(Needs::default(), Needs::bitor)
    }

    fn sort_key(&self) -> SortKey {
        let usual = if self.top.is_some() { SortKey::Stat(Stat::Count) } else { SortKey::First };
        self.sort.clone().unwrap_or(usual)
    }

    /// The rows that are asked for, in the order that is asked for.
    fn arrange<'r, S: Stats>(&self, all: &'r [Row<S>]) -> Vec<&'r Row<S>> {
        let mut rows: Vec<_> = all.iter().collect();
        match self.sort_key() {
            SortKey::First => {}
            SortKey::Action => rows.sort_by_key(|row| row.name()),
            SortKey::Stat(stat) => {
                let mut keyed: Vec<_> =
                    rows.iter().map(|&row| (stat.of(row.statistic()), row)).collect();
                // The greatest first; equal ones stay in the order first seen.
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

    /// The figures of these rows that are larger than any float.
    fn infinite<S: Stats>(&self, rows: &[&Row<S>]) -> Infinite {
        let mut stats = self.stats();
        if self.format == Style::Prometheus && !stats.contains(&Stat::Sum) {
            stats.push(Stat::Sum); // A summary always has it.
        }
        Infinite::among(&stats, rows.iter().map(|row| (row.name(), row.statistic())))
    }

    fn write<S: Stats>(&self, rows: &[&Row<S>], output: Output) -> Result<(), Failure> {
        let stats = self.stats();
        let format = match self.format {
            Style::Table => {
                let table = self.table(&stats, rows, output.columns());
                return output.print(table);
            }
            Style::Prometheus => {
                return output.stream(|output| prometheus::write(output, &stats, rows));
            }
            Style::Json => Format::Json,
            Style::Ndjson => Format::Ndjson,
            Style::Csv => Format::Csv,
        };
        // Objects have had the mean from the beginning, as `avg`.
        let objects = format != Format::Csv;
        let asked = stats.iter().filter(|stat| !(objects && **stat == Stat::Mean));
        let mean = objects.then_some(("avg", Asked::Stat(&Stat::Mean)));
        let asked = asked.map(|stat| (stat.name(), Asked::Stat(stat)));
        let mut columns: Vec<_> =
            iter::once(("action", Asked::Action)).chain(mean).chain(asked).collect();
        if rows.iter().any(|row| row.is_other()) {
            // Next to the name in objects; behind all others in CSV, whose columns have places.
            let at = if objects { 1 } else { columns.len() };
            columns.insert(at, ("other", Asked::IsOther));
        }
        let (names, columns): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let rows = rows
            .iter()
            .map(|row| -> Vec<_> { columns.iter().map(|column| column.of(row)).collect() });
        output.stream(|output| render::records(output, format, &names, rows))
    }

    fn table<S: Stats>(
        &self,
        stats: &[Stat],
        rows: &[&Row<S>],
        columns_seen: Option<usize>,
    ) -> Table {
        let mut table = Table::default();
        table.names("action", rows.iter().map(|row| visible(row.name().as_bytes())));
        table.stats(stats, rows.iter().map(|row| row.statistic()));
        // A picture that is broken over two lines shows nothing.
        if self.stat.is_empty() && table.left(columns_seen) >= distribution::COLUMNS {
            let pictures = distribution::pictures(rows.iter().map(|row| row.statistic()));
            table.column("distribution", pictures);
        }
        table.fit(columns_seen);
        table
    }
}
