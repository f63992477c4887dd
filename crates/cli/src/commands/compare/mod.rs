//! `windrow compare`: what changed between two inputs, and is it real?

mod gather;
mod json;
mod order;
mod text;

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::ArgPredicate;
use facade::Unit;
use facade::actions::TrackerSpec;

use self::gather::{Gathered, Group};
use self::order::OrderArgs;
use crate::comparison::{
    Comparer, FILES_MIN, Figure, Kept, Rule, Sample, Verdict, alpha_of_one, count, is_judged,
    relative,
};
use crate::diagnostics;
use crate::exit::Exit;
use crate::fail_if::{FailIfArgs, Found};
use crate::input::result::ReadResult;
use crate::input::source::is_stdin;
use crate::input::{Input, ReadArgs};
use crate::inspect;
use crate::options::{self, JsonArg, OUTPUT_OPTIONS, STATISTICS_OPTIONS};
use crate::output::render::{counted, grouped};
use crate::output::{Failure, OutputArgs, Outputs};
use crate::stat::{self, Stat};

/// Compare the statistics of two inputs: what changed, and is it real?
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
#[command(override_usage = "windrow compare [OPTIONS] BEFORE AFTER\n       \
                            windrow compare [OPTIONS] --before FILE... --after FILE...")]
pub(crate) struct Args {
    /// The file before the change, and the file after it
    ///
    /// Files that are compressed with gzip or zstd are decompressed. `-` is standard input.
    #[arg(value_names = ["BEFORE", "AFTER"], num_args = 2)]
    #[arg(required_unless_present_any = ["before", "after"])]
    files: Vec<PathBuf>,

    /// Files before the change
    ///
    /// With 5 or more files on each side, each file is one value of the sample.
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "after")]
    #[arg(conflicts_with = "files", help_heading = options::INPUT_OPTIONS)]
    before: Vec<PathBuf>,

    /// Files after the change
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "before")]
    #[arg(conflicts_with = "files", help_heading = options::INPUT_OPTIONS)]
    after: Vec<PathBuf>,

    #[command(flatten)]
    read: ReadArgs,

    /// Statistics to compare: mean, median, or quantiles such as p99
    #[arg(long, value_name = "STATS", value_delimiter = ',', default_value = "mean,p50,p99")]
    #[arg(value_parser = options::offering(judged, || stat::JUDGED_NAMES))]
    #[arg(hide_possible_values = true, help_heading = STATISTICS_OPTIONS)]
    stat: Vec<Stat>,

    /// Minimum change that matters, in percent
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = percent)]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    min_change: f64,

    /// Call higher values faster, as for a throughput
    #[arg(long, help_heading = STATISTICS_OPTIONS)]
    higher_is_better: bool,

    #[command(flatten)]
    order: OrderArgs,

    #[command(flatten)]
    fail_if: FailIfArgs,

    /// Maximum number of actions on each side
    ///
    /// With more, nothing is compared.
    #[arg(long, value_name = "N", default_value_t = TrackerSpec::default().actions)]
    #[arg(value_parser = options::integer(0..=usize::MAX), help_heading = STATISTICS_OPTIONS)]
    max_actions: usize,

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
    /// One object on one line
    Json,
    /// A table for a pull request
    Markdown,
}

const DETAILS: &str = "\
Each figure has a change with an interval of confidence, and a verdict:

  slower, faster  the whole interval is on one side of zero, and the change is at least --min-change
  same            the whole interval is within --min-change
  unclear         anything else: more records narrow the interval
  too few         not enough records: 100 for a mean, 6 for a median, 368 for p99, and more of them
                  the more intervals there are

The verdict next to the name of an action is that of its quantiles: slower or faster if one is and
none is the opposite, mixed if two disagree, same if all are. An action of one side is new or gone.
Counts and rates are shown, never judged.

The level is 95 % for the whole table: at most 1 of 20 tables of unchanged actions has a verdict of
slower or faster. It is divided among the quantiles of all actions. The interval of a quantile holds
for any distribution. That of a mean is approximate for heavy tails, so it is marked with `≈` and
does not enter the verdict on its action.

Records are taken as independent. Bursts, warm caches and the load of a machine make intervals too
narrow. With --before and --after and 5 or more files on each side, each file is one value instead:
medians of the figures of files are compared, and a rank test (Mann-Whitney) decides. `±` is the
interval of a median, and `p` the probability of such a difference by chance. Here `too few` means
too few files: the level is divided among all figures, so that more figures need more files.

--fail-if is about the input after the change, or with a signed percentage about the measured change
whatever its verdict: 'p99 > 250ms', 'checkout: p50 > +10%'. No action on both sides fails too.

Examples:
  windrow compare before.ndjson after.ndjson
  windrow compare --sort verdict --top 20 --unit ms before.ndjson after.ndjson
  windrow compare --unit ms --format markdown main.ndjson branch.ndjson > comment.md
  windrow compare --before main-*.ndjson --after branch-*.ndjson --fail-if 'p99 > +10%'

Exit codes: 0 success, whatever the verdicts, 1 a file could not be read, 2 usage, 3 too many
records were refused or none was accepted, 4 a condition of --fail-if holds, 130 Ctrl-C.";

/// Parses a statistic that can be judged.
fn judged(name: &str) -> Result<Stat, String> {
    let expected = "expected mean, median, or a quantile between p0 and p100, such as p99";
    let stat: Stat = name.parse().map_err(|_| expected.to_owned())?;
    match &stat {
        Stat::Quantile(quantile, _) if [0.0, 1.0].contains(&quantile.share()) => {
            Err(format!("no interval encloses an end of a distribution, {expected}"))
        }
        stat if is_judged(stat) => Ok(stat.clone()),
        _ => Err(expected.to_owned()),
    }
}

/// Parses a percentage, with or without its sign.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim_end();
    stat::fraction(number)
        .ok_or_else(|| "expected a percentage of 0 or more, such as `5%` or `0.5%`".to_owned())
}

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Err(exit) = args.check() {
        return Ok(exit);
    }
    let [before, after] = args.sides();
    let input = Input::new([before, after].concat(), args.read.clone());
    let recipe = match input.recipe() {
        Ok(recipe) => recipe,
        Err(exit) => return Ok(exit),
    };
    let Outputs { results: output, kept, .. } = input.outputs(&args.output, None)?;
    let group = match before.len().min(after.len()) {
        FILES_MIN.. => Group::ByFile,
        _ => Group::BySide,
    };
    let spec = input.tracker_spec(args.max_actions);
    let gatherer = gather::Gatherer { group, files: [before.len(), after.len()], spec };
    let (gathered, result) = gatherer.read(&input, &recipe, kept)?;
    // A part of an input would be compared as if it were all of it.
    let is_whole = result.has_result() && result.unreadable.is_empty() && !result.is_interrupted;
    let unit = result.unit();
    if !is_whole || !result.unknown.is_empty() {
        result.report();
        inspect::report_hint(&result);
        let is_cut = !result.unreadable.is_empty() || !result.unknown.is_empty();
        if is_cut && result.ended.is_none() {
            diagnostics::report("no comparison, because not all of the input was read");
        }
        return Ok(result.exit());
    } else if gathered.folded > 0 {
        diagnostics::report(format_args!(
            "more than {}, no comparison\n  \
             raise the limit with `--max-actions`; memory grows with it",
            counted(args.max_actions as u64, "action")
        ));
        return Ok(Exit::Failed);
    } else if let Err(exit) = args.fail_if.check_unit(unit) {
        result.report();
        return Ok(exit);
    }
    let comparison = args.compare(&gathered, unit);
    let printed = match args.format {
        Style::Table => {
            let columns = output.columns();
            output.print(text::table(&comparison, columns))
        }
        Style::Markdown => output.print(text::markdown(&comparison)),
        Style::Json => output.stream(|output| json::write(output, &comparison)),
    };
    input.report(&result);
    report_sides(&result, before.len());
    inspect::report_hint(&result);
    let moments = result.moments.are_all_of_one(comparison.counts());
    result.warn_of_moments(moments);
    let judged = comparison.judge(&args.fail_if);
    Ok(result.exit().or(printed).max(judged))
}

/// Reports how much of each side is missing: a difference may be one of what could be read.
fn report_sides(result: &ReadResult, before: usize) {
    let sides = [0..before, before..usize::MAX].map(|files| result.uncounted(files));
    if sides.iter().any(|[uncounted, _]| *uncounted > 0) {
        let [[before, of_before], [after, of_after]] = sides;
        diagnostics::report(format_args!(
            "refused or skipped: {} of {} before, {} of {} after",
            grouped(before),
            counted(of_before, "record"),
            grouped(after),
            grouped(of_after)
        ));
    }
}

impl Args {
    /// Checks options that exclude each other.
    fn check(&self) -> Result<(), Exit> {
        self.json.check(&self.format, &Style::Json)?;
        let misused = |message: &str| {
            diagnostics::report(message);
            Err(Exit::Misused)
        };
        let of_stdin = self.sides().concat().iter().filter(|file| is_stdin(file)).count();
        if of_stdin > 1 {
            return misused("standard input is given twice, expected a file\n  `-` is read once");
        } else if self.read.counts_only() {
            return misused("`--count-only` leaves no times to compare\n  leave it out");
        } else if self.fail_if.stats().any(|stat| *stat == Stat::Share) {
            return misused("`--fail-if` has no `share` here\n  use it with `windrow stats`");
        }
        Ok(())
    }

    /// Returns the files of both sides.
    fn sides(&self) -> [&[PathBuf]; 2] {
        match &self.files[..] {
            [before, after] => [before, after].map(std::slice::from_ref),
            _ => [&self.before, &self.after],
        }
    }

    /// Compares all actions.
    fn compare<'g>(&self, gathered: &'g Gathered, unit: Option<Unit>) -> Comparison<'g> {
        let sample = gathered.sample;
        let stats = options::distinct(&self.stat);
        let rule = Rule { min_change: self.min_change, higher_is_better: self.higher_is_better };
        let actions = gathered.actions();
        let mut comparer = Comparer { sample, alpha: alpha_of_one(1), rule };
        let of_both = actions.iter().filter(|action| action.is_of_both()).count();
        let deciding = stats.iter().filter(|stat| comparer.counts(stat)).count();
        // Without a quantile, the means are all there is.
        let judged = of_both * if deciding == 0 { stats.len() } else { deciding };
        comparer.alpha = alpha_of_one(judged);
        let row = |action: Action<'g>| {
            let [before, after] = &action.sides;
            let compare = |stat: &Stat| comparer.compare(stat, before, after);
            let figures: Vec<_> = stats.iter().map(compare).collect();
            let deciding = figures.iter().zip(&stats).filter(|(_, stat)| comparer.counts(stat));
            let verdicts = deciding.filter_map(|(figure, _)| figure.verdict);
            let verdict = match (before.is_empty(), after.is_empty()) {
                (true, _) => Some(Verdict::New),
                (_, true) => Some(Verdict::Gone),
                _ => Verdict::of_all(verdicts),
            };
            Row { action, figures, verdict }
        };
        let rows = actions.into_iter().map(row).collect();
        let files = gathered.files;
        let seconds = gathered.seconds;
        let order = self.order;
        Comparison { stats, rows, order, comparer, judged, unit, files, seconds }
    }
}

/// An action with its statistics on each side, none on one without it.
#[derive(Debug, Clone)]
struct Action<'g> {
    name: &'g str,
    sides: [Vec<&'g Kept>; 2],
}

impl Action<'_> {
    fn is_of_both(&self) -> bool {
        self.sides.iter().all(|side| !side.is_empty())
    }

    fn counts(&self) -> [u64; 2] {
        [0, 1].map(|side| count(&self.sides[side]))
    }

    /// Returns the sum of the times of both sides.
    fn total(&self) -> f64 {
        self.sides.iter().flatten().map(|kept| kept.0.sum()).sum()
    }
}

/// An action with its figures in the order of the statistics.
#[derive(Debug, Clone)]
struct Row<'g> {
    action: Action<'g>,
    figures: Vec<Figure>,
    /// `None` if no figure decides.
    verdict: Option<Verdict>,
}

/// A result: all actions in order of appearance, before and then after.
#[derive(Debug, Clone)]
struct Comparison<'g> {
    stats: Vec<Stat>,
    rows: Vec<Row<'g>>,
    /// Which rows are shown.
    order: OrderArgs,
    comparer: Comparer,
    /// The number of figures that share the level.
    judged: usize,
    unit: Option<Unit>,
    /// The number of files of each side.
    files: [usize; 2],
    /// The seconds from the first to the last timestamp of each side, if there are some.
    seconds: [Option<f64>; 2],
}

impl Comparison<'_> {
    /// Returns the actions with the number of their records.
    fn counts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.rows.iter().map(|row| (row.action.name, row.action.counts().into_iter().sum()))
    }

    /// Returns the records per second of an action on each side, where timestamps say it.
    fn rates(&self, action: &Action<'_>) -> [Option<f64>; 2] {
        let counts = action.counts();
        [0, 1].map(|side| self.seconds[side].map(|seconds| counts[side] as f64 / seconds))
    }

    /// Returns how many actions have each verdict, without those that none has.
    fn verdicts(&self) -> impl Iterator<Item = (Verdict, usize)> {
        let number = |verdict| self.rows.iter().filter(|row| row.verdict == Some(verdict)).count();
        Verdict::ALL.map(|verdict| (verdict, number(verdict))).into_iter().filter(|it| it.1 > 0)
    }

    /// Returns the level of one interval.
    fn level(&self) -> f64 {
        1.0 - self.comparer.alpha
    }

    /// Returns whether a figure has too few records or files for a verdict.
    fn has_too_few(&self) -> bool {
        let mut figures = self.rows.iter().flat_map(|row| &row.figures);
        figures.any(|figure| figure.verdict == Some(Verdict::TooFew))
    }

    fn is_of_files(&self) -> bool {
        self.comparer.sample == Sample::Files
    }

    /// Reports the actions for which a condition holds.
    fn judge(&self, conditions: &FailIfArgs) -> Exit {
        let found = |row: &Row<'_>, stat: &Stat| match stat {
            Stat::Count => {
                let [before, after] = row.action.counts();
                Found {
                    value: after.into(),
                    change: relative(before as f64, after as f64)
                        .filter(|_| row.action.is_of_both()),
                    detail: None,
                }
            }
            _ => {
                let [before, after] = &row.action.sides;
                let figure = self.comparer.compare(stat, before, after);
                Found {
                    change: figure.change_or_infinite(),
                    detail: text::verdict_with_interval(&figure),
                    value: figure.after,
                }
            }
        };
        conditions.judge(&self.rows, |row| row.action.name, found, self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_fractions() {
        for (text, expected) in
            [("5%", 0.05), ("5", 0.05), ("0.5 %", 0.005), ("0", 0.0), ("250%", 2.5)]
        {
            assert_eq!(percent(text), Ok(expected), "{text}");
        }
        for text in ["", "%", "-5%", "+5%", "1e3", "inf", "nan", "5%%"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_figures_with_an_interval_are_compared() {
        for name in ["mean", "avg", "median", "p0.1", "p99.99"] {
            assert!(judged(name).is_ok(), "{name}");
        }
        for name in ["count", "min", "max", "stddev", "total", "share", "p0", "p100", "x"] {
            assert!(judged(name).is_err(), "{name}");
        }
    }
}
