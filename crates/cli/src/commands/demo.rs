//! `windrow demo`: what three trackers are for, what each answers, and at what cost.
//!
//! The same random actions are recorded by the tracker that keeps every time, by the one that keeps
//! a sum and a count, and by the one that keeps any set of statistics. After each batch all compute
//! the means of all actions so far, which must be equal.

use std::time::{Duration, Instant};

use clap::builder::styling::{AnsiColor, Style};
use facade::actions::{
    ActionTime, ActionTracker, HasMean, Mean, MergedTracker, MinMax, PostTracker, Quantiles, Row,
    RunningTracker, Values,
};
use facade::codec::{Limits, encode_means};
use fastrand::Rng;

use crate::exit::Exit;
use crate::options;
use crate::output::figures::number;
use crate::output::human;
use crate::output::render::{Styled, counted, grouped};
use crate::output::spark::bar;
use crate::output::table::Table;
use crate::output::{self, Failure};
use crate::terminal;

const ACTIONS: [&str; 4] = ["jump", "sprint", "hop", "barrel roll"];
const TIME_MAX: u32 = 5_000;

/// The names of the trackers. The last has count, mean, minimum, maximum and quantiles.
const TRACKERS: [&str; 3] = ["Post", "Running", "Merged"];
type Trackers = (PostTracker, RunningTracker, MergedTracker<Several>);
type Several = (Mean, MinMax, Quantiles);

/// What each tracker is for.
const PURPOSES: &str = "\
Post     keeps every time, for questions that come later: any answer is exact,
         but memory and the time to answer grow with each action.
Running  keeps a sum and a count, for exact means and nothing else, in the
         smallest memory.
Merged   keeps the statistics that you choose, here also minimum, maximum and
         quantiles, for percentiles in constant memory, within 0.8 % of exact.
";

/// The number of parts of a batch, and of calls after it, that are timed each.
const PARTS: usize = 5;
/// Durations that differ by less than this factor are not drawn.
const NOISE: f64 = 1.25;
/// The length of the longest bar.
const BAR_COLUMNS: usize = 40;
const BAR: Style = AnsiColor::Cyan.on_default();
const TITLE: Style = Style::new().bold().underline();

/// Show what three trackers are for, and what they cost
///
/// Post keeps every time and computes means on request. Running keeps a sum and a count. Merged
/// keeps any set of statistics, here also minimum, maximum and quantiles. All record the same JSON
/// texts. All means are exact, so they must be equal to the bit.
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
pub(crate) struct Args {
    /// Seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = options::integer(0..=u64::MAX))]
    seed: u64,

    /// Number of batches
    #[arg(long, value_name = "N", default_value_t = 4)]
    #[arg(value_parser = options::integer(1_u32..=100))]
    batches: u32,

    /// Number of actions per batch
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    #[arg(value_parser = options::integer(1_u32..=1_000_000))]
    records: u32,
}

const DETAILS: &str = "\
The means after each batch are of all actions so far. Durations are of this single run, the
middle one of several: where the ranges of their middle halves overlap, the difference is noise, and
only numbers are shown.

Examples:
  windrow demo
  windrow demo --seed 7 --batches 10 --records 1000

Exit codes: 0 the means are equal, 1 they are not, 2 usage.";

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let Args { seed, batches, records } = *args;
    output::print(format_args!(
        "{PURPOSES}\n\
         All three record the same random actions as JSON: {batches} × {}, seed {seed}.\n",
        grouped(records.into()),
    ))?;
    let mut random = Rng::with_seed(seed);
    let trackers = Trackers::default();
    let mut measured: [Vec<Measured>; TRACKERS.len()] = Default::default();
    for _ in 0..batches {
        let texts: Vec<String> = (0..records).map(|_| action(&mut random)).collect();
        measured[0].push(Measured::new(&trackers.0, &texts));
        measured[1].push(Measured::new(&trackers.1, &texts));
        measured[2].push(Measured::new(&trackers.2, &texts));
    }
    let [post, others @ ..] = &measured;
    let agree = others.iter().all(|other| post.iter().zip(other).all(|(a, b)| a.agrees_with(b)));
    let answers = answers(&trackers);
    let so_far = |batch: usize| (batch as u64 + 1) * u64::from(records);
    output::print(format_args!(
        "\n{}\n{}",
        title("Means after each batch, of all actions so far"),
        averages(post, |batch| grouped(so_far(batch))),
    ))?;
    output::print(format_args!("\n{}\n{answers}", title("What each can answer in the end")))?;
    output::print(costs(&measured, |batch| counted(so_far(batch), "action")))?;
    let (answer, exit) = if agree { ("yes", Exit::Done) } else { ("no", Exit::Failed) };
    output::print(format_args!("\nmeans equal to the bit: {answer}\n"))?;
    Ok(exit)
}

fn title(text: &str) -> Styled<&str> {
    Styled(TITLE, text)
}

/// Returns a random action as JSON text.
fn action(random: &mut Rng) -> String {
    let action = ACTIONS[random.u32(..ACTIONS.len() as u32) as usize];
    format!(r#"{{"action":"{action}","time":{}}}"#, random.u32(..=TIME_MAX))
}

/// The measurements of one tracker and one batch.
struct Measured {
    /// The durations of one call of `add_action`, in the mean of each part of the batch.
    added: Vec<Duration>,
    /// The durations of calls of `get_stats`.
    asked: Vec<Duration>,
    /// The name, count and mean of each action.
    means: Vec<(String, u64, f64)>,
}

impl Measured {
    fn new<T: ActionTracker<Statistic: HasMean<Value = ActionTime>>>(
        tracker: &T,
        texts: &[String],
    ) -> Self {
        let add = |part: &[String]| {
            let ((), taken) = timed(|| part.iter().for_each(|text| add_action(tracker, text)));
            taken.div_f64(part.len() as f64)
        };
        let added = texts.chunks(texts.len().div_ceil(PARTS)).map(add).collect();
        let asked = (0..PARTS).map(|_| timed(|| get_stats(tracker)).1).collect();
        let rows = tracker.stats();
        let means = rows.iter().map(|row| (row.name().to_owned(), row.count(), row.mean()));
        Self { added, asked, means: means.collect() }
    }

    /// Returns whether both have the same actions, counts and means, to the bit.
    fn agrees_with(&self, other: &Self) -> bool {
        let bits = |of: &Self| -> Vec<_> {
            of.means
                .iter()
                .map(|(name, count, mean)| (name.clone(), *count, mean.to_bits()))
                .collect()
        };
        bits(self) == bits(other)
    }
}

fn add_action(tracker: &impl ActionTracker<Statistic: HasMean<Value = ActionTime>>, json: &str) {
    let action = Limits::default().decode(json.as_bytes()).expect("the text was made here");
    tracker.record(action.name.as_str(), action.time).expect("the decoder checked the name");
}

fn get_stats(tracker: &impl ActionTracker<Statistic: HasMean<Value = ActionTime>>) -> String {
    encode_means(&tracker.stats())
}

/// Lists the mean of each action after each batch.
fn averages(batches: &[Measured], so_far: impl Fn(usize) -> String) -> Table {
    let mut table = Table::default();
    let last = &batches[batches.len() - 1];
    table.column("action", last.means.iter().map(|(name, ..)| name));
    for (batch, measured) in batches.iter().enumerate() {
        // An action may be missing in the first batches.
        let mean = |name: &str| measured.means.iter().find(|mean| mean.0 == *name);
        let cell = |name: &str| mean(name).map_or_else(|| "-".into(), |mean| number(mean.2));
        table.column(&so_far(batch), last.means.iter().map(|(name, ..)| cell(name)));
    }
    table.fit(terminal::columns());
    table
}

/// Lists what the trackers answer, by the statistics that they keep.
fn answers(trackers: &Trackers) -> Table {
    let (post, merged) = (trackers.0.stats(), trackers.2.stats());
    let exact = post.iter().map(|row| number(p99(row.statistic())));
    let near = |row: &Row<Several>| {
        let (_, min_max, quantiles) = row.statistic();
        let p99 = quantiles.p99().map(|p99| min_max.clamp(p99).as_f64());
        number(p99.unwrap_or_default())
    };
    let mut table = Table::default();
    table.column("action", post.iter().map(Row::name));
    table.column("mean (all three)", post.iter().map(|row| number(row.mean())));
    table.column("p99 (Post)", exact);
    table.column("p99 (Merged)", merged.iter().map(near));
    table.fit(terminal::columns());
    table
}

/// Returns the smallest time that at least 99 % of all times do not exceed.
fn p99(values: &Values) -> f64 {
    let mut times: Vec<_> = values.times().map(ActionTime::as_f64).collect();
    times.sort_unstable_by(f64::total_cmp);
    let rank = (times.len() * 99).div_ceil(100);
    times.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// Describes the durations of each tracker: a bar where they differ, numbers alone where not.
fn costs(measured: &[Vec<Measured>; TRACKERS.len()], so_far: impl Fn(usize) -> String) -> String {
    let added = measured
        .each_ref()
        .map(|batches| Spread::of(batches.iter().flat_map(|batch| &batch.added).copied()));
    let name = title("add_action, per call, including JSON decoding");
    let mut text = format!("\n{name}\n{}", drawn(added));
    let mut shown = vec![0, measured[0].len() - 1];
    shown.dedup();
    for batch in shown {
        let asked = measured.each_ref().map(|it| Spread::of(it[batch].asked.iter().copied()));
        let name = format!("get_stats, one call after {}", so_far(batch));
        text.push_str(&format!("\n{}\n{}", title(&name), drawn(asked)));
    }
    text
}

/// The middle of some durations, and the range of the middle half of them.
///
/// The shortest and the longest are of no use: other programs interrupt a few measurements.
#[derive(Debug, Clone, Copy)]
struct Spread {
    from: Duration,
    middle: Duration,
    to: Duration,
}

impl Spread {
    fn of(durations: impl IntoIterator<Item = Duration>) -> Self {
        let mut durations: Vec<_> = durations.into_iter().collect();
        durations.sort_unstable();
        let at = |index: usize| durations.get(index).copied().unwrap_or_default();
        let last = durations.len().saturating_sub(1);
        let quarter = durations.len() / 4;
        Self { from: at(quarter), middle: at(last / 2), to: at(last.saturating_sub(quarter)) }
    }
}

/// Returns whether durations differ by more than chance explains.
fn do_differ(ranges: &[Spread]) -> bool {
    let ends = |end: fn(&Spread) -> Duration| ranges.iter().map(end);
    // A single measurement has no range.
    let have_ranges = ranges.iter().any(|range| range.from < range.to);
    let are_apart = ends(|it| it.from).max() > ends(|it| it.to).min();
    let (shortest, longest) = (ends(|it| it.middle).min(), ends(|it| it.middle).max());
    let ratio = longest.unwrap_or_default().as_secs_f64()
        / shortest.unwrap_or_default().as_secs_f64().max(f64::MIN_POSITIVE);
    have_ranges && are_apart && ratio >= NOISE
}

fn drawn(ranges: [Spread; TRACKERS.len()]) -> String {
    let differ = do_differ(&ranges);
    let longest = ranges.iter().map(|it| it.middle).max().map_or(0.0, |it| it.as_secs_f64());
    let columns = terminal::columns().unwrap_or(usize::MAX);
    let mut text = String::new();
    for (name, range) in TRACKERS.into_iter().zip(ranges) {
        let begin = format!("{name:7}  {:>7}", human::duration(range.middle));
        let end = if differ {
            let width = columns.saturating_sub(begin.chars().count() + 2).min(BAR_COLUMNS);
            let bar = bar(range.middle.as_secs_f64(), longest, width);
            Styled(BAR, bar).to_string()
        } else if range.from < range.to {
            let [from, to] = [range.from, range.to].map(human::duration);
            format!("({from} to {to})")
        } else {
            String::new()
        };
        text.push_str(format!("{begin}  {end}").trim_end());
        text.push('\n');
    }
    if !differ && ranges.iter().any(|range| range.from < range.to) {
        text.push_str("No difference beyond noise, which the ranges show.\n");
    }
    text
}

/// Runs `work` and measures its duration.
#[expect(clippy::disallowed_methods, reason = "a stopwatch is not a clock of events")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ranges: &[[u64; 3]], expected: bool) {
        let range = |nanos: &[u64; 3]| Spread::of(nanos.map(Duration::from_nanos));
        let ranges: Vec<_> = ranges.iter().map(range).collect();
        assert_eq!(do_differ(&ranges), expected, "{ranges:?}");
    }

    #[test]
    fn durations_differ_beyond_the_range_of_their_batches() {
        check(&[[100, 110, 120], [115, 140, 150]], false);
        check(&[[100, 110, 120], [121, 140, 150]], true);
        check(&[[100, 110, 120], [121, 124, 150]], false);
        check(&[[5, 5, 6], [999, 1_000, 1_000], [5, 5, 5]], true);
        check(&[[5, 5, 5], [1_000, 1_000, 1_000], [5, 5, 5]], false);
        check(&[[0, 0, 0], [0, 0, 0]], false);
    }

    #[test]
    fn spread_is_that_of_the_middle_half() {
        let spread = Spread::of([9, 1, 5, 100, 4].map(Duration::from_nanos));
        let found = [spread.from, spread.middle, spread.to].map(|it| it.as_nanos());
        assert_eq!(found, [4, 5, 9]);
    }

    #[test]
    fn exact_p99_is_the_smallest_that_99_of_100_times_do_not_exceed() {
        use facade::time::Statistic as _;
        let mut values = Values::default();
        for time in (1_u64..=200).rev() {
            values.insert(ActionTime::from(time));
        }
        assert_eq!((p99(&values), p99(&Values::default())), (198.0, 0.0));
    }
}
