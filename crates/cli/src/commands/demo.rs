//! `windrow demo`: compares three trackers on random actions.
//!
//! Each batch is recorded by the tracker that keeps every time, by the one that keeps a sum and a
//! count, and by the one that keeps any set of statistics. After each batch all compute the means
//! of all actions so far.

use std::time::{Duration, Instant};

use clap::builder::styling::{AnsiColor, Style};
use facade::actions::{
    ActionTracker, HasMean, Mean, MergedTracker, MinMax, PostTracker, Quantiles, RunningTracker,
};
use facade::codec::{Limits, encode_means};
use fastrand::Rng;

use crate::exit::Exit;
use crate::options;
use crate::output::human;
use crate::output::render::{Styled, grouped};
use crate::output::spark::{bar, spark};
use crate::output::table::Table;
use crate::output::{self, Failure};
use crate::terminal;

const ACTIONS: [&str; 4] = ["jump", "sprint", "hop", "barrel roll"];
const TIME_MAX: u32 = 5_000;

/// The names of the trackers. The last has count, mean, minimum, maximum and quantiles.
const TRACKERS: [&str; 3] = ["Post", "Running", "Merged"];
type Trackers = (PostTracker, RunningTracker, MergedTracker<(Mean, MinMax, Quantiles)>);

/// The length of the longest bar.
const BAR_COLUMNS: usize = 40;
const BAR: Style = AnsiColor::Cyan.on_default();
const TITLE: Style = Style::new().bold().underline();

/// Compare three trackers on random actions
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
The means after each batch are of all actions so far. Durations are of this single run.

Examples:
  windrow demo
  windrow demo --seed 7 --batches 10 --records 1000

Exit codes: 0 the means are equal, 1 they are not, 2 usage.";

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let Args { seed, batches, records } = *args;
    output::print(format_args!(
        "Post keeps every time, Running a sum and a count, Merged any set of statistics: here\n\
         also minimum, maximum and quantiles. Random actions: {batches} × {}, seed {seed}.\n",
        grouped(records.into()),
    ))?;
    let mut random = Rng::with_seed(seed);
    let trackers = Trackers::default();
    let mut measured: [Vec<Measured>; TRACKERS.len()] = Default::default();
    for batch in 1..=batches {
        let texts: Vec<String> = (0..records).map(|_| action(&mut random)).collect();
        measured[0].push(Measured::new(&trackers.0, &texts));
        measured[1].push(Measured::new(&trackers.1, &texts));
        measured[2].push(Measured::new(&trackers.2, &texts));
        let so_far = grouped(u64::from(batch) * u64::from(records));
        let title = format!("Batch {batch} of {batches}: {so_far} so far");
        let last = measured.each_ref().map(|batches| &batches[batches.len() - 1]);
        output::print(format_args!("\n{}\n{}", Styled(TITLE, title), averages(last)))?;
    }
    output::print(comparison(&measured, records))?;
    let [post, others @ ..] = &measured;
    let agree = others.iter().all(|other| post.iter().zip(other).all(|(a, b)| a.agrees_with(b)));
    let (answer, exit) = if agree { ("yes", Exit::Done) } else { ("no", Exit::Failed) };
    output::print(format_args!("\nmeans equal to the bit: {answer}\n"))?;
    Ok(exit)
}

/// Returns a random action as JSON text.
fn action(random: &mut Rng) -> String {
    let action = ACTIONS[random.u32(..ACTIONS.len() as u32) as usize];
    format!(r#"{{"action":"{action}","time":{}}}"#, random.u32(..=TIME_MAX))
}

/// The measurements of one tracker and one batch.
struct Measured {
    added: Duration,
    asked: Duration,
    /// The name, count and mean of each action.
    means: Vec<(String, u64, f64)>,
}

impl Measured {
    fn new<T: ActionTracker<Statistic: HasMean>>(tracker: &T, texts: &[String]) -> Self {
        let ((), added) = timed(|| texts.iter().for_each(|text| add_action(tracker, text)));
        let (_, asked) = timed(|| get_stats(tracker));
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

fn add_action(tracker: &impl ActionTracker<Statistic: HasMean>, json: &str) {
    let action = Limits::default().decode(json.as_bytes()).expect("the text was made here");
    tracker.record(action.name.as_str(), action.time).expect("the decoder checked the name");
}

fn get_stats(tracker: &impl ActionTracker<Statistic: HasMean>) -> String {
    encode_means(&tracker.stats())
}

fn averages(measured: [&Measured; TRACKERS.len()]) -> Table {
    let mut table = Table::default();
    table.column("average", measured[0].means.iter().map(|(name, ..)| name));
    for (title, measured) in TRACKERS.into_iter().zip(measured) {
        table.column(title, measured.means.iter().map(|(.., mean)| mean));
    }
    table.fit(terminal::columns());
    table
}

/// Draws the durations of each tracker, and their growth.
fn comparison(measured: &[Vec<Measured>; TRACKERS.len()], records: u32) -> String {
    let all = measured[0].len() as u64 * u64::from(records);
    let added = measured.each_ref().map(|batches| {
        let total: Duration = batches.iter().map(|batch| batch.added).sum();
        total.div_f64(all as f64)
    });
    let asked = measured.each_ref().map(|batches| batches[batches.len() - 1].asked);
    let growth = measured
        .each_ref()
        .map(|batches| spark(batches.iter().map(|batch| Some(batch.asked.as_secs_f64()))));
    let growth = growth.map(|growth| format!("{growth}  "));
    let title = |title| Styled(TITLE, title);
    format!(
        "\n{}\n{}\n{}\n{}",
        title("add_action, per call, including JSON decoding"),
        bars(added, [const { String::new() }; TRACKERS.len()]),
        title(&format!(
            "get_stats, one call after {} actions, and its growth from batch to batch",
            grouped(all)
        )),
        bars(asked, growth),
    )
}

fn bars(times: [Duration; TRACKERS.len()], notes: [String; TRACKERS.len()]) -> String {
    let longest = times.iter().max().map_or(0.0, Duration::as_secs_f64);
    let columns = terminal::columns().unwrap_or(usize::MAX);
    let mut text = String::new();
    for ((name, time), note) in TRACKERS.into_iter().zip(times).zip(notes) {
        let begin = format!("{name:7}  {:>7}  {note}", human::duration(time));
        let width = columns.saturating_sub(begin.chars().count()).min(BAR_COLUMNS);
        let drawn = Styled(BAR, bar(time.as_secs_f64(), longest, width));
        text.push_str(&format!("{begin}{drawn}\n"));
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
