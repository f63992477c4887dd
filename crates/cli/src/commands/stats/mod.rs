//! `windrow stats`: statistics of each action.

mod records;
mod sort;
pub(crate) mod view;

use std::iter;
use std::mem;

use facade::actions::{LocalTracker, Mean, MinMax, Quantiles, Variance};

use crate::diagnostics;
use crate::exit::Exit;
use crate::input::Input;
use crate::input::rows::RowSink;
use crate::inspect;
use crate::memory;
use crate::output::{Failure, Outputs};
use crate::saved;
use crate::stat::{Needs, NoStat, Stats};

use self::view::{View, ViewArgs};

/// Print statistics of each action
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
pub(crate) struct Args {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    view: ViewArgs,
}

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
  windrow stats --save monday.rows monday.ndjson; windrow merge *.rows
  grep checkout service.log | windrow stats --format json -

Exit codes: 0 success, 1 a file could not be read, 2 usage, 3 too many records were refused, none
was accepted or --only found no action, 4 a condition of --fail-if holds, 130 Ctrl-C.";

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let Needs { min_max, quantiles, variance } = args.view().needs();
    // Each set of statistics has a type, so that unused statistics cost nothing.
    let run = match (variance, min_max, quantiles) {
        (false, false, false) => Args::run::<(Mean, NoStat, NoStat)>,
        (false, true, false) => Args::run::<(Mean, MinMax, NoStat)>,
        (false, _, true) => Args::run::<(Mean, MinMax, Quantiles)>,
        (true, false, false) => Args::run::<(Variance, NoStat, NoStat)>,
        (true, true, false) => Args::run::<(Variance, MinMax, NoStat)>,
        (true, _, true) => Args::run::<(Variance, MinMax, Quantiles)>,
    };
    run(args)
}

impl Args {
    fn view(&self) -> View<'_> {
        View { args: &self.view, counts_only: self.input.counts_only() }
    }

    fn run<S: Stats>(&self) -> Result<Exit, Failure> {
        let (view, input) = (self.view(), &self.input);
        if let Err(exit) = view.check_options() {
            return Ok(exit);
        }
        let recipe = match input.recipe() {
            Ok(recipe) => recipe.identified(view.saves()),
            Err(exit) => return Ok(exit),
        };
        let Outputs { results: output, kept, saved } = input.outputs(&view.output, view.saved())?;
        if let Err(exit) = view.check_output(&output) {
            return Ok(exit);
        }
        let (spec, threads) = (input.tracker_spec(view.max_actions), input.threads());
        let (names, budget) = match view.memory.names(spec, threads, view.row_bytes::<S>(threads)) {
            Ok(names) => names,
            Err(exit) => return Ok(exit),
        };
        let trackers = iter::repeat_with(|| LocalTracker::<S>::new(&names)).take(threads);
        let mut trackers: Vec<_> = trackers.collect();
        let mut sinks: Vec<_> = trackers.iter_mut().map(RowSink).collect();
        let result = input.read(&recipe, &mut sinks, kept, budget.as_deref())?;
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
        let unit = result.unit().filter(|_| !view.counts_only);
        if let Err(exit) = view.fail_if.check_unit(unit) {
            result.report();
            return Ok(exit);
        }
        let inputs = view.saves().then(|| saved::check_inputs(result.instances()));
        let unsaved = inputs.as_ref().and_then(|inputs| inputs.as_ref().err()).cloned();
        let inputs = inputs.and_then(Result::ok);
        let rows = inputs.map(|inputs| saved::encode(&all, unit, inputs, view.counts_only));
        let printed = view.show(&all, unit, output, rows.as_deref());
        let written = saved.zip(rows).map_or(Ok(()), |(file, rows)| saved::write(file, &rows));
        input.report(&result);
        let unsaved = unsaved.map_or(Exit::Done, |unsaved| unsaved.report());
        inspect::report_hint(&result);
        let counts = all.iter().map(|row| (row.name(), row.statistic().count()));
        result.warn_of_moments(result.moments.are_all_of_one(counts));
        let folded = names.overflow().folded;
        if !budget.is_some_and(|budget| memory::report_folded(&budget, folded)) {
            diagnostics::report_folded(folded, view.max_actions);
        }
        let judged = view.verdict(&all, unit);
        // The program ends: 100,000 rows take longer to free than to find.
        mem::forget(all);
        Ok(result.exit().or(printed).or(written).max(judged).max(unsaved))
    }
}
