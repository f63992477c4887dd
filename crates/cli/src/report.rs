//! `windrow report`: all there is to see, as one page.

mod page;
mod picture;

use std::io::{self, IsTerminal};
use std::iter;

use facade::WhenFull;
use facade::actions::{LocalTracker, Mean, MinMax, NameTable, Quantiles, TrackerSpec, Variance};
use facade::codec::{Record, Sink};

use crate::axis::{Axis, Together, Width};
use crate::exit::Exit;
use crate::fault;
use crate::input::Input;
use crate::moment::StampArgs;
use crate::output::{Failure, OutputArgs, Outputs};

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
type Told = (Variance, MinMax, Quantiles);
/// What it tells of each stretch of time.
type Kept = (Mean, MinMax, Quantiles);

/// How many stretches of time the page shows at most.
const STRETCHES: u64 = 150;

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let Outputs { results: output, refused } = args.input.outputs(&args.output)?;
    if output.is_stdout() && io::stdout().is_terminal() {
        fault::tell(
            "a page of HTML is for a browser, not for a terminal\n  \
             `-o report.html` writes it to a file",
        );
        return Ok(Exit::Misused);
    }
    let (actions, when_full) = (args.max_actions, WhenFull::Fold);
    let names = NameTable::new(TrackerSpec { actions, when_full, ..TrackerSpec::default() });
    let taker = || Taker { tally: LocalTracker::new(&names), axis: axis() };
    let mut takers: Vec<_> = iter::repeat_with(taker).take(args.input.threads()).collect();
    let mut policy = args.input.policy();
    policy.stamp = args.stamp.key();
    let reading = args.input.read(&policy, &mut takers, refused)?;
    if !reading.has_result() {
        reading.tell();
        return Ok(reading.exit());
    }
    let mut axis = axis();
    let mut tally = LocalTracker::new(&names);
    for taker in takers {
        axis.merge(taker.axis);
        tally.merge(taker.tally);
    }
    let mut rows = tally.into_rows();
    // The sort is stable, so that equal ones stay in the order first seen.
    rows.sort_by_key(|row| std::cmp::Reverse(row.count()));
    let shown = rows.len().min(args.top);
    let key = args.stamp.key();
    let page = page::page(&page::Content {
        inputs: args.input.names(),
        reading: &reading,
        rows: &rows,
        shown,
        axis: key.as_ref().map(|key| (key.key(), &axis)),
        folded: names.overflow().folded,
    });
    let printed = output.stream(|output| output.write_all(page.as_bytes()));
    reading.tell();
    fault::tell_folded(names.overflow().folded, args.max_actions);
    Ok(reading.exit().or(printed))
}

fn axis() -> Axis<Together<Kept>> {
    // There is always room: the stretches are as wide as it takes for them to be few.
    Axis::new(Width::AtMost(STRETCHES), usize::MAX)
}

/// Takes actions for the table, and for the axis if they have a stamp.
struct Taker<'t> {
    tally: LocalTracker<'t, Told>,
    axis: Axis<Together<Kept>>,
}

impl Sink for Taker<'_> {
    fn accept(&mut self, entry: Record<'_>) {
        self.axis.take(&entry);
        self.tally
            .record_numbered(entry.name, entry.time, entry.offset)
            .expect("the decoder checked the name, and what is too many is folded");
    }
}
