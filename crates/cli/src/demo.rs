//! `windrow demo`: the program that this one grew out of, on the trackers of today.
//!
//! Batches of random actions go through the tracker that keeps every time and through the one that
//! keeps a sum and a count. After each batch both are asked for the averages of all records so far.

use std::time::{Duration, Instant};

use clap::builder::styling::Style;
use facade::{ActionTracker, Limits, Mean, PostTracker, RunningTracker, encode};
use fastrand::Rng;

use crate::exit::Exit;
use crate::output::{self, Failure};
use crate::render::{self, Styled, grouped};

const ACTIONS: [&str; 4] = ["jump", "sprint", "hop", "barrel roll"];
const TIME_MAX: u32 = 5_000;

/// Compares two ways of averaging on random actions
///
/// Post keeps every time and averages when it is asked. Running keeps a sum and a count. Both take
/// the same JSON text, made beforehand, and both means are exact, so they must agree to the bit.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where the random numbers start; the same seed gives the same averages
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// How many batches are added
    #[arg(long, value_name = "N", default_value_t = 4)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100))]
    batches: u32,

    /// How many actions are in a batch
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    records: u32,
}

const EXAMPLES: &str = "\
After each batch the averages are of all records so far. Times are of this one run: `add_action` of
the whole batch, reading the JSON text included, and `get_stats` of one call.

Examples:
  windrow demo
  windrow demo --seed 7 --batches 10 --records 1000

Exit codes: 0 means agree, 1 they do not, 2 usage.";

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let Args { seed, batches, records } = *args;
    output::print(format_args!(
        "Post keeps every time, Running a sum and a count.\n\
         Random actions: {batches} × {}, seed {seed}.\n",
        grouped(records.into()),
    ))?;
    let mut random = Rng::with_seed(seed);
    let (post, running) = (PostTracker::default(), RunningTracker::default());
    let mut agree = true;
    for batch in 1..=batches {
        let texts: Vec<String> = (0..records).map(|_| action(&mut random)).collect();
        let (post, running) = (Measured::new(&post, &texts), Measured::new(&running, &texts));
        agree &= post.agrees_with(&running);
        let so_far = grouped(u64::from(batch) * u64::from(records));
        let title = format!("Batch {batch} of {batches}: {so_far} so far");
        output::print(describe(&title, &post, &running))?;
    }
    let (answer, exit) = if agree { ("yes", Exit::Done) } else { ("no", Exit::Failed) };
    output::print(format_args!("\nmeans agree to the bit: {answer}\n"))?;
    Ok(exit)
}

/// A random action as JSON text.
fn action(random: &mut Rng) -> String {
    let action = ACTIONS[random.u32(..ACTIONS.len() as u32) as usize];
    format!(r#"{{"action":"{action}","time":{}}}"#, random.u32(..=TIME_MAX))
}

/// What one tracker did with one batch.
struct Measured {
    added: Duration,
    asked: Duration,
    /// Each action with its count and its mean.
    means: Vec<(String, u64, f64)>,
}

impl Measured {
    fn new<T: ActionTracker<Statistic: Mean>>(tracker: &T, texts: &[String]) -> Self {
        let ((), added) = timed(|| texts.iter().for_each(|text| add_action(tracker, text)));
        let (_, asked) = timed(|| get_stats(tracker));
        let rows = tracker.stats();
        let means = rows.iter().map(|row| (row.action().to_owned(), row.count(), row.mean()));
        Self { added, asked, means: means.collect() }
    }

    /// Whether both have the same actions, counts and means, these to the bit.
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

fn add_action(tracker: &impl ActionTracker<Statistic: Mean>, json: &str) {
    let action = Limits::default().decode(json.as_bytes()).expect("the text was made here");
    tracker.add(action.name.as_str(), action.time).expect("the decoder checked the name");
}

fn get_stats(tracker: &impl ActionTracker<Statistic: Mean>) -> String {
    encode(tracker.stats().iter().map(|row| (row.action(), row.mean())))
}

fn describe(title: &str, post: &Measured, running: &Measured) -> String {
    let row = |name: &str, of: &Measured| {
        [name.to_owned(), render::duration(of.added), render::duration(of.asked)]
    };
    let ratios = [
        "Post / Running".to_owned(),
        ratio(post.added, running.added),
        ratio(post.asked, running.asked),
    ];
    let means = post.means.iter().zip(&running.means).map(|((name, _, post), (_, _, running))| {
        [name.clone(), post.to_string(), running.to_string()]
    });
    let means = render::table(["average", "Post", "Running"], means);
    let times = render::table(
        ["time", "add_action", "get_stats"],
        [row("Post", post), row("Running", running), ratios],
    );
    let title = Styled(Style::new().bold().underline(), title);
    format!("\n{title}\n{means}\n{times}")
}

fn ratio(a: Duration, b: Duration) -> String {
    let ratio = a.as_nanos() as f64 / (b.as_nanos() as f64).max(1.0);
    if ratio < 99.95 { format!("{ratio:.2}") } else { grouped(ratio.round() as u64) }
}

/// Does something, and says how long it took.
#[expect(clippy::disallowed_methods, reason = "a stopwatch, which no clock of ours is meant for")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}
