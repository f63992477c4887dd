//! `windrow series`: statistics over time.

mod plot;
mod rows;

use std::iter;
use std::num::NonZero;
use std::ops::BitOr;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::ArgPredicate;
use facade::Unit;
use facade::actions::{Mean, MinMax, Quantiles, Variance};
use facade::codec::{Format, Record, Sink};

use crate::diagnostics;
use crate::exit::Exit;
use crate::input::Input;
use crate::inspect;
use crate::options::{self, JsonArg, OUTPUT_OPTIONS, STATISTICS_OPTIONS};
use crate::output::figures::Figures;
use crate::output::infinite::Infinite;
use crate::output::render::{self, counted};
use crate::output::{Failure, Output, OutputArgs, Outputs};
use crate::stat::{self, Needs, NoStat, Stat, Stats};
use crate::timeline::{Aggregate, ByAction, Combined, Timeline, TimelineBuilder, Width};
use crate::timestamps;

use rows::Rows;

/// Print statistics over time
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
pub(crate) struct Args {
    #[command(flatten)]
    input: Input,

    /// Width of an interval [default: the narrowest with at most 60 intervals and --max-rows rows]
    #[arg(long, value_name = "TIME", value_parser = timestamps::positive_duration)]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    every: Option<Duration>,

    /// Split rows by action
    ///
    /// The table has one row for each action, with sparklines of its count and mean over time.
    #[arg(long, help_heading = STATISTICS_OPTIONS)]
    by_action: bool,

    /// Show only the N actions with the largest totals [default: 20 in a table]
    ///
    /// The others share the row `(other)` of each interval.
    #[arg(long, value_name = "N", requires = "by_action", help_heading = STATISTICS_OPTIONS)]
    top: Option<usize>,

    /// Statistics to print [default: count,mean,p50,p99,max]
    ///
    /// These are count, total, share, mean, min, max, stddev, variance, p50, p99.9, …
    #[arg(long, value_name = "STATS", value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_parser = options::offering(Stat::from_str, || stat::NAMES))]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    stat: Vec<Stat>,

    /// Maximum number of rows
    ///
    /// Memory grows with the number of rows.
    #[arg(long, value_name = "N", default_value = "10000", help_heading = STATISTICS_OPTIONS)]
    #[arg(value_parser = options::integer(NonZero::<usize>::MIN..=NonZero::<usize>::MAX))]
    max_rows: NonZero<usize>,

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
    /// Aligned columns of rounded numbers
    Table,
    /// Charts of the counts and the times
    Plot,
    /// An array of objects
    Json,
    /// One object per line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
}

const DETAILS: &str = "\
An action is a line of JSON with a timestamp:
  {\"action\":\"jump\",\"time\":100,\"at\":1700000000.5}
Lines may be in any order. Actions without a timestamp are not counted; a message has their number.

Intervals start at midnight of --timezone, weeks on Monday, or at multiples of their width from then
on. There is a row for each interval from the first timestamp to the last, also for an empty one.
With --by-action there is a row for each action of an interval. Without --every, a few records far
from all others are in a row `before` or `after`.

Quantiles are exact for up to 32 times of a row, and within 0.8 % beyond. All other statistics are
exact. `stddev` and `variance` divide by n - 1 and need two times.

Examples:
  windrow series --timestamp at actions.ndjson
  windrow series --timestamp at --every 10s --format csv actions.ndjson.gz > series.csv
  windrow series --timestamp at --by-action --stat count,p99 actions.ndjson
  windrow series --timestamp when --timezone local --format plot *.ndjson

Exit codes: 0 success, 1 failure, 2 usage, 3 too many records were refused or none was accepted,
130 Ctrl-C.";

/// The maximum number of rows of time where their width is chosen.
const ROWS: u64 = 60;
/// The maximum number of actions in a table.
const TOP: usize = 20;

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Err(exit) = args.json.check(&args.format, &Style::Json) {
        return Ok(exit);
    }
    if args.input.counts_only()
        && let Err(exit) = options::check_counts(&args.stat)
    {
        return Ok(exit);
    }
    // Memory is used by each row, so a row keeps only the statistics that are printed.
    match args.needs() {
        Needs { variance: true, .. } => args.run_of::<(Variance, MinMax, Quantiles)>(),
        Needs { quantiles: true, .. } => args.run_of::<(Mean, MinMax, Quantiles)>(),
        _ => args.run_of::<(Mean, MinMax, NoStat)>(),
    }
}

/// Inserts actions into a timeline.
struct TimelineSink<C>(TimelineBuilder<C>);

impl<C: Aggregate> Sink for TimelineSink<C> {
    fn accept(&mut self, record: Record<'_>) {
        self.0.insert(&record);
    }
}

/// What is shown of a timeline.
struct View<'a> {
    args: &'a Args,
    unit: Option<Unit>,
}

impl View<'_> {
    /// Returns how figures are formatted.
    fn figures(&self) -> Figures {
        Figures::new(self.unit)
    }

    /// Returns the requested statistics, each once.
    fn stats(&self) -> Vec<Stat> {
        self.args.stats()
    }
}

impl Args {
    fn needs(&self) -> Needs {
        // A plot shows p99 whatever `--stat` says.
        let quantiles = self.format == Style::Plot;
        let stats = self.stats();
        let needs = stats.iter().map(Stat::needs);
        needs.fold(Needs { quantiles, ..Needs::default() }, Needs::bitor)
    }

    /// Returns the requested statistics, each once, or the default.
    fn stats(&self) -> Vec<Stat> {
        let percentile = Stat::percentile;
        match &self.stat[..] {
            [] if self.input.counts_only() => vec![Stat::Count],
            [] => vec![Stat::Count, Stat::Mean, percentile(50), percentile(99), Stat::Max],
            stats => options::distinct(stats),
        }
    }

    fn run_of<K: Stats>(&self) -> Result<Exit, Failure> {
        if self.by_action { self.run::<ByAction<K>>() } else { self.run::<Combined<K>>() }
    }

    fn run<C: Aggregate + Send + Clone + Rows>(&self) -> Result<Exit, Failure> {
        let recipe = match self.input.recipe() {
            Ok(recipe) => recipe,
            Err(exit) => return Ok(exit),
        };
        if recipe.fields().timestamp.is_none() {
            diagnostics::report(
                "`series` needs the field of the timestamp\n  \
                 use `--timestamp at` for lines such as \
                 {\"action\":\"jump\",\"time\":100,\"at\":1700000000.5}",
            );
            return Ok(Exit::Misused);
        }
        let Outputs { results: output, kept, .. } = self.input.outputs(&self.output, None)?;
        // Without `--every` the width grows, so that the limit of rows is the last resort.
        let chosen = Width::AtMost(ROWS.min(self.max_rows.get() as u64));
        let width = self.every.map_or(chosen, Width::Given);
        let zone = self.input.zone();
        let builder = || TimelineSink(TimelineBuilder::<C>::new(width, self.max_rows.get(), zone));
        let mut sinks: Vec<_> = iter::repeat_with(builder).take(self.input.threads()).collect();
        let result = self.input.read(&recipe, &mut sinks, kept, None)?;
        let mut timeline = builder().0;
        sinks.into_iter().for_each(|sink| timeline.merge(sink.0));
        let mut timeline = timeline.build();
        if !result.has_result() {
            result.report();
            inspect::report_hint(&result);
            return Ok(result.exit());
        }
        if self.is_too_long(&timeline) {
            result.report();
            return Ok(result.exit().max(Exit::Failed));
        }
        let default = if self.format == Style::Table { TOP } else { usize::MAX };
        C::keep_top(&mut timeline, self.top.unwrap_or(default));
        let view = View { args: self, unit: result.unit().filter(|_| !self.input.counts_only()) };
        let records = |output: Output, format| {
            output.stream(|output| C::records(output, &view, &timeline, format))
        };
        let infinite = match self.format {
            Style::Plot => Infinite::default(),
            _ => C::infinite(&view, &timeline),
        };
        let printed = match self.format {
            Style::Table => {
                let table = C::table(&view, &timeline, output.columns());
                output.print(table)
            }
            Style::Plot => {
                let canvas = plot::Canvas::new(output.columns(), output.is_plain());
                output.print(C::plot(&view, &timeline, canvas))
            }
            Style::Json => records(output, Format::Json),
            Style::Ndjson => records(output, Format::Ndjson),
            Style::Csv => records(output, Format::Csv),
        };
        let is_json = matches!(self.format, Style::Json | Style::Ndjson);
        infinite.warn(if is_json { "null" } else { "inf" });
        self.input.report(&result);
        inspect::report_hint(&result);
        result.warn_of_moments(result.moments.are_all(result.accepted));
        timeline.left_out(result.accepted).iter().for_each(diagnostics::report);
        Ok(result.exit().or(printed))
    }

    /// Returns whether there are more rows than the limit, and reports what to do about it.
    fn is_too_long<C: Aggregate>(&self, timeline: &Timeline<C>) -> bool {
        let max = self.max_rows.get() as u64;
        let Some((first, last)) = timeline.ends() else { return false };
        if !timeline.is_overfull() && timeline.length() <= max {
            return false;
        }
        let (width, length) = (timestamps::span(timeline.width()), timeline.length());
        let [from, to] =
            [first, last].map(|end| timestamps::write(timeline.zone(), end, timestamps::SECOND));
        let limit = counted(max, "row");
        if length > max {
            let wider = timeline.width_for(max).map(timestamps::span);
            let (length, max) = (counted(length, "row"), render::grouped(max));
            let wider = wider.map(|wider| format!("use `--every {wider}`, or "));
            let wider = wider.unwrap_or_default();
            diagnostics::report(format_args!(
                "{from} to {to} is {length} of {width}, limit is {max}\n  \
                 {wider}allow more with `--max-rows`\n  \
                 if a timestamp is far from all others, check `--timestamp-format`"
            ));
        } else if self.every.is_some() {
            diagnostics::report(format_args!(
                "{from} to {to} has more than {limit} of one action and {width} each\n  \
                 use a wider `--every`, omit `--by-action`, or allow more with `--max-rows`"
            ));
        } else {
            diagnostics::report(format_args!(
                "more actions than {limit} at any width\n  \
                 omit `--by-action`, or allow more rows with `--max-rows`"
            ));
        }
        true
    }
}
