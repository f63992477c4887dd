//! `windrow series`: statistics over time.

mod plot;
pub(crate) mod rows;
mod show;
pub(crate) mod view;

use std::iter;
use std::num::NonZero;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::ArgPredicate;
use facade::actions::{Mean, MinMax, Quantiles, Variance};
use facade::codec::{Record, Sink};

use crate::diagnostics;
use crate::exit::Exit;
use crate::input::Input;
use crate::inspect;
use crate::options::{self, JsonArg, OUTPUT_OPTIONS, STATISTICS_OPTIONS};
use crate::output::{Failure, OutputArgs, Outputs};
use crate::saved;
use crate::stat::{self, Needs, NoStat, Stat, Stats};
use crate::timeline::{Aggregate, ByAction, Combined, TimelineBuilder, Width};
use crate::timestamps;

use rows::Rows;
use view::{MAX_ROWS, Style, View};

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
    #[arg(long, value_name = "N", default_value_t = MAX_ROWS, help_heading = STATISTICS_OPTIONS)]
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

    /// Save all rows and statistics to FILE, for `windrow merge`
    ///
    /// In addition to the result, and with --every. FILE is replaced when it is complete, and only
    /// if all inputs were read to their ends. It has all actions, whatever --top says.
    #[arg(long, value_name = "FILE", help_heading = OUTPUT_OPTIONS)]
    save: Option<PathBuf>,
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
  windrow series --timestamp at --every 1m --save a.rows a.ndjson; windrow merge *.rows
  windrow series --timestamp when --timezone local --format plot *.ndjson

Exit codes: 0 success, 1 failure, 2 usage, 3 too many records were refused or none was accepted,
130 Ctrl-C.";

/// The maximum number of rows of time where their width is chosen.
const ROWS: u64 = 60;

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Err(exit) = args.json.check(&args.format, &Style::Json) {
        return Ok(exit);
    }
    if args.input.counts_only()
        && let Err(exit) = options::check_counts(&args.stat)
    {
        return Ok(exit);
    }
    if let Err(exit) = args.check_saved() {
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

impl Args {
    fn view(&self) -> View {
        View {
            format: self.format,
            stats: View::stats_of(&self.stat, self.input.counts_only()),
            counts_only: self.input.counts_only(),
            unit: None,
            top: self.top,
            max_rows: self.max_rows,
        }
    }

    /// Returns whether the rows are written as bytes, with all statistics.
    fn saves(&self) -> bool {
        self.save.is_some() || self.format == Style::Rows
    }

    fn needs(&self) -> Needs {
        if self.saves() && !self.input.counts_only() {
            return Needs { min_max: true, quantiles: true, variance: true };
        }
        self.view().needs()
    }

    /// Checks that saved rows have a width and a zone that other runs can have, too.
    fn check_saved(&self) -> Result<(), Exit> {
        if !self.saves() {
            return Ok(());
        }
        if self.every.is_none() {
            diagnostics::report(
                "`--save` and `--format rows` need the width of intervals\n  use `--every`, such \
                 as `--every 1m`",
            );
            return Err(Exit::Misused);
        }
        if self.input.zone().to_string() == "local" {
            diagnostics::report(
                "time zone of the system has no name to be saved\n  use `--timezone`, such as \
                 `--timezone Europe/Berlin`",
            );
            return Err(Exit::Misused);
        }
        Ok(())
    }

    fn run_of<K: Stats>(&self) -> Result<Exit, Failure> {
        if self.by_action { self.run::<ByAction<K>>() } else { self.run::<Combined<K>>() }
    }

    fn run<C: Rows<Statistic: Stats> + Send + Clone>(&self) -> Result<Exit, Failure> {
        let recipe = match self.input.recipe() {
            Ok(recipe) => recipe.identified(self.saves()),
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
        let Outputs { results: output, kept, saved } =
            self.input.outputs(&self.output, self.save.as_deref())?;
        let mut view = self.view();
        if let Err(exit) = view.check_output(&output) {
            return Ok(exit);
        }
        // Without `--every` the width grows, so that the limit of rows is the last resort.
        let chosen = Width::AtMost(ROWS.min(self.max_rows.get() as u64));
        let width = self.every.map_or(chosen, Width::Given);
        let zone = self.input.zone();
        let builder = || TimelineSink(TimelineBuilder::<C>::new(width, self.max_rows.get(), zone));
        let mut sinks: Vec<_> = iter::repeat_with(builder).take(self.input.threads()).collect();
        let result = self.input.read(&recipe, &mut sinks, kept, None)?;
        let mut timeline = builder().0;
        sinks.into_iter().for_each(|sink| timeline.merge(sink.0));
        let timeline = timeline.build();
        if !result.has_result() {
            result.report();
            inspect::report_hint(&result);
            return Ok(result.exit());
        }
        if view.is_too_long(&timeline, self.every.map(|_| "use")) {
            result.report();
            return Ok(result.exit().max(Exit::Failed));
        }
        view.unit = result.unit().filter(|_| !view.counts_only);
        let inputs = self.saves().then(|| saved::check_inputs(result.instances()));
        let unsaved = inputs.as_ref().and_then(|inputs| inputs.as_ref().err()).cloned();
        let inputs = inputs.and_then(Result::ok);
        let rows = inputs
            .map(|inputs| saved::encode_timeline(&timeline, view.unit, inputs, view.counts_only));
        let left_out = timeline.left_out(result.accepted);
        let printed = view.show(timeline, output, rows.as_deref());
        let written = saved.zip(rows).map_or(Ok(()), |(file, rows)| saved::write(file, &rows));
        self.input.report(&result);
        let unsaved = unsaved.map_or(Exit::Done, |unsaved| unsaved.report());
        inspect::report_hint(&result);
        result.warn_of_moments(result.moments.are_all(result.accepted));
        left_out.iter().for_each(diagnostics::report);
        Ok(result.exit().or(printed).or(written).max(unsaved))
    }
}
