//! `windrow report`: an HTML report.

mod about;
mod content;
mod course;
mod distributions;
mod given;
mod made;
mod page;
mod picture;
mod table;

use std::io::{self, IsTerminal};
use std::iter;

use facade::actions::{
    HasCount, LocalTracker, Mean, MinMax, NameTable, Quantiles, TrackerSpec, Variance,
};
use facade::codec::{Record, Sink};

use crate::diagnostics;
use crate::exit::Exit;
use crate::input::{Input, rows};
use crate::inspect;
use crate::options::{self, STATISTICS_OPTIONS};
use crate::output::figures::Figures;
use crate::output::infinite::Infinite;
use crate::output::{Failure, OutputArgs, Outputs};
use crate::stat::Stat;
use crate::timeline::{Combined, TimelineBuilder, Width};

use content::{Content, Course};
use given::Given;
use made::Made;

/// Write a self-contained HTML report
///
/// The report has totals, a table that can be sorted, distributions, charts over time, and refused
/// records.
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
pub(crate) struct Args {
    #[command(flatten)]
    given: Given,

    #[command(flatten)]
    input: Input,

    /// Show only the N actions with the largest totals
    #[arg(long, value_name = "N", default_value_t = 100, help_heading = STATISTICS_OPTIONS)]
    #[arg(value_parser = options::integer(0..=usize::MAX))]
    top: usize,

    /// Maximum number of actions with a row each
    ///
    /// Further actions share the row `(other)`, with a message. Actions get their rows in the order
    /// in which they are read, which may differ from run to run with several threads.
    #[arg(long, value_name = "N", default_value_t = TrackerSpec::default().actions)]
    #[arg(value_parser = options::integer(0..=usize::MAX))]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    max_actions: usize,

    #[command(flatten)]
    output: OutputArgs,
}

const DETAILS: &str = "\
The report is one file without scripts, and loads nothing from elsewhere. It follows the light or
dark theme of the browser. The heading of a column sorts the table by it. All distributions have one
scale of time. Charts over time need --timestamp; a first or last interval that the log covers only
in part is marked.

The report names its files, options and the moment when it was made, in --timezone. If
SOURCE_DATE_EPOCH is set, it is that moment, so that the same input gives the same report.

Examples:
  windrow report actions.ndjson -o report.html
  windrow report --timestamp at monday.ndjson.gz tuesday.ndjson.gz -o week.html
  windrow report - < actions.ndjson > report.html

Exit codes: 0 success, 1 a file could not be read, 2 usage, 3 too many records were refused or none
was accepted, 130 Ctrl-C.";

/// The statistics of an action.
type ActionStats = (Variance, MinMax, Quantiles);
/// The statistics of an interval.
type IntervalStats = (Mean, MinMax, Quantiles);

/// The maximum number of intervals in a chart.
const INTERVALS_MAX: u64 = 150;

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let recipe = match args.input.recipe() {
        Ok(recipe) => recipe,
        Err(exit) => return Ok(exit),
    };
    let made = match Made::from_environment() {
        Ok(made) => made,
        Err(exit) => return Ok(exit),
    };
    let Outputs { results: output, kept, .. } = args.input.outputs(&args.output, None)?;
    if output.is_stdout() && io::stdout().is_terminal() {
        diagnostics::report(
            "standard output is a terminal, HTML needs a file\n  \
             use `-o report.html`",
        );
        return Ok(Exit::Misused);
    }
    let names = NameTable::new(args.input.tracker_spec(args.max_actions));
    let sink = || ReportSink { tracker: LocalTracker::new(&names), timeline: timeline(args) };
    let mut sinks: Vec<_> = iter::repeat_with(sink).take(args.input.threads()).collect();
    let result = args.input.read(&recipe, &mut sinks, kept, None)?;
    if !result.has_result() {
        result.report();
        inspect::report_hint(&result);
        return Ok(result.exit());
    }
    let mut timeline = timeline(args);
    let mut tracker = LocalTracker::new(&names);
    for sink in sinks {
        timeline.merge(sink.timeline);
        tracker.merge(sink.tracker);
    }
    let timeline = timeline.build();
    let mut rows = tracker.into_rows();
    // The sort is stable: equal rows stay in order of appearance.
    rows.sort_by(|one, other| {
        let [one, other] = [one, other].map(|row| row.statistic().0.sum());
        other.total_cmp(&one)
    });
    let fields = recipe.fields();
    let course = fields.timestamp.as_ref().map(|timestamp| Course {
        field: timestamp.path.to_string(),
        timeline: &timeline,
        partial: timeline.partial([fields.from, fields.to]),
    });
    let content = Content {
        inputs: args.input.names(),
        options: &args.given.0,
        made: made.moment(),
        zone: args.input.zone(),
        result: &result,
        rows: &rows,
        top: args.top,
        course,
        folded: names.overflow().folded,
        figures: Figures::new(result.unit()),
        counts_only: args.input.counts_only(),
    };
    let page = page::page(&content);
    let printed = output.stream(|output| output.write_all(page.as_bytes()));
    let totals = content.shown().iter().map(|row| (row.name(), row.statistic()));
    Infinite::among(&[Stat::Sum("total")], totals).warn("inf");
    args.input.report(&result);
    inspect::report_hint(&result);
    let counts = rows.iter().map(|row| (row.name(), row.statistic().0.count()));
    result.warn_of_moments(result.moments.are_all_of_one(counts));
    timeline.left_out(result.accepted).iter().for_each(diagnostics::report);
    diagnostics::report_folded(names.overflow().folded, args.max_actions);
    Ok(result.exit().or(printed))
}

fn timeline(args: &Args) -> TimelineBuilder<Combined<IntervalStats>> {
    // There is always room: intervals are widened until there are few.
    TimelineBuilder::new(Width::AtMost(INTERVALS_MAX), usize::MAX, args.input.zone())
}

/// Records actions in the table, and in the timeline if they have a timestamp.
struct ReportSink<'t> {
    tracker: LocalTracker<'t, ActionStats>,
    timeline: TimelineBuilder<Combined<IntervalStats>>,
}

impl Sink for ReportSink<'_> {
    fn accept(&mut self, record: Record<'_>) {
        self.timeline.insert(&record);
        rows::record(&mut self.tracker, &record);
    }
}
