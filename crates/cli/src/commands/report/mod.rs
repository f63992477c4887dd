//! `windrow report`: all there is to see, as one page.

mod page;
mod picture;

use std::io::{self, IsTerminal};
use std::iter;

use facade::WhenFull;
use facade::actions::{LocalTracker, Mean, MinMax, NameTable, Quantiles, TrackerSpec, Variance};
use facade::codec::{Record, Sink};

use crate::diagnostics;
use crate::exit::Exit;
use crate::input::Input;
use crate::output::{Failure, OutputArgs, Outputs};
use crate::timeline::{Combined, Timeline, Width};
use crate::timestamps::StampArgs;

/// Makes one page of HTML: totals, a table, distributions, the course of time, refused lines
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    stamp: StampArgs,

    /// How many actions the table has, the most frequent ones
    #[arg(long, value_name = "N", default_value_t = 100)]
    top: usize,

    /// How many actions are kept apart; those beyond are counted together, as `(other)`
    #[arg(long, value_name = "N", default_value_t = TrackerSpec::default().actions)]
    max_actions: usize,

    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLES: &str = "\
The page needs nothing but itself: no network, no script, no other file. It is light or dark as the
reader prefers. With --stamp-key it shows what happened when.

Examples:
  windrow report actions.ndjson -o report.html
  windrow report --stamp-key at monday.ndjson.gz tuesday.ndjson.gz -o week.html
  windrow report - < actions.ndjson > report.html

Exit codes: 0 done, 1 a file could not be read, 2 usage, 3 some lines were refused, 130 Ctrl-C.";

/// What the page tells of each action.
type ActionStats = (Variance, MinMax, Quantiles);
/// What it tells of each stretch of time.
type IntervalStats = (Mean, MinMax, Quantiles);

/// How many stretches of time the page shows at most.
const INTERVALS_MAX: u64 = 150;

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let Outputs { results: output, refused } = args.input.outputs(&args.output)?;
    if output.is_stdout() && io::stdout().is_terminal() {
        diagnostics::report(
            "a page of HTML is for a browser, not for a terminal\n  \
             `-o report.html` writes it to a file",
        );
        return Ok(Exit::Misused);
    }
    let (actions, when_full) = (args.max_actions, WhenFull::Fold);
    let names = NameTable::new(TrackerSpec { actions, when_full, ..TrackerSpec::default() });
    let sink = || ReportSink { tracker: LocalTracker::new(&names), timeline: timeline() };
    let mut sinks: Vec<_> = iter::repeat_with(sink).take(args.input.threads()).collect();
    let mut options = args.input.decode_options();
    options.stamp = args.stamp.key();
    let result = args.input.read(&options, &mut sinks, refused)?;
    if !result.has_result() {
        result.report();
        return Ok(result.exit());
    }
    let mut timeline = timeline();
    let mut tracker = LocalTracker::new(&names);
    for sink in sinks {
        timeline.merge(sink.timeline);
        tracker.merge(sink.tracker);
    }
    let mut rows = tracker.into_rows();
    // The sort is stable, so that equal ones stay in the order first seen.
    rows.sort_by_key(|row| std::cmp::Reverse(row.count()));
    let shown = rows.len().min(args.top);
    let key = args.stamp.key();
    let page = page::page(&page::Content {
        inputs: args.input.names(),
        result: &result,
        rows: &rows,
        shown,
        timeline: key.as_ref().map(|key| (key.key(), &timeline)),
        folded: names.overflow().folded,
    });
    let printed = output.stream(|output| output.write_all(page.as_bytes()));
    result.report();
    diagnostics::report_folded(names.overflow().folded, args.max_actions);
    Ok(result.exit().or(printed))
}

fn timeline() -> Timeline<Combined<IntervalStats>> {
    // There is always room: the stretches are as wide as it takes for them to be few.
    Timeline::new(Width::AtMost(INTERVALS_MAX), usize::MAX)
}

/// Takes actions for the table, and for the axis if they have a stamp.
struct ReportSink<'t> {
    tracker: LocalTracker<'t, ActionStats>,
    timeline: Timeline<Combined<IntervalStats>>,
}

impl Sink for ReportSink<'_> {
    fn accept(&mut self, record: Record<'_>) {
        self.timeline.insert(&record);
        self.tracker
            .record_numbered(record.name, record.time, record.offset)
            .expect("the decoder checked the name, and what is too many is folded");
    }
}
