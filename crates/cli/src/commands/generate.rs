//! `windrow generate`: random actions.

use std::io::{self, Write};
use std::num::NonZero;

use clap::ValueEnum;
use workload::{Popularity, Shape, Stamps, Times, Workload};

use crate::exit::Exit;
use crate::options;
use crate::output::progress::Progress;
use crate::output::{Failure, OutputArgs};

/// The size of a write.
const BUFFER_BYTES: usize = 128 * 1024;
/// The number of lines between two updates of the progress.
const STEP_LINES: u64 = 10_000;

/// Generate random actions
///
/// The same options generate the same lines on every machine.
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
pub(crate) struct Args {
    /// Number of lines
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    #[arg(value_parser = options::integer(0..=u64::MAX))]
    lines: u64,

    /// Number of different actions
    #[arg(long, value_name = "N", default_value = "4")]
    #[arg(value_parser = options::integer(NonZero::<u32>::MIN..=NonZero::<u32>::MAX))]
    actions: NonZero<u32>,

    /// Distribution of the actions
    #[arg(long, value_enum, default_value = "even")]
    popularity: PopularityName,

    /// Distribution of the times
    #[arg(long, value_enum, default_value = "uniform")]
    times: TimesName,

    /// Scale of the times: the maximum or the median, see --times
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    #[arg(value_parser = options::integer(0..=u32::MAX))]
    scale: u32,

    /// Shape of the lines
    #[arg(long, value_enum, default_value = "common")]
    shape: ShapeName,

    /// Share of lines that are not actions, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    bad: f64,

    /// Add timestamps under this key, in seconds since 1970
    #[arg(long, value_name = "KEY", alias = "stamp-key", value_parser = key)]
    timestamp: Option<String>,

    /// Number of actions per second of the timestamps
    #[arg(long, value_name = "N", default_value = "100", value_parser = rate)]
    per_second: f64,

    /// Seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = options::integer(0..=u64::MAX))]
    seed: u64,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PopularityName {
    /// All equally frequent
    Even,
    /// The n-th is 1/n as frequent as the first
    Zipf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TimesName {
    /// Uniform from 0 to the scale
    Uniform,
    /// Log-normal with the scale as median
    Lognormal,
    /// Nine of ten around a twentieth of the scale, the others around the scale
    Bimodal,
    /// Always the scale
    Constant,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ShapeName {
    /// All alike: {"action":"jump", "time":150}
    Common,
    /// Seven shapes, with other orders of keys, spaces, fractions, escapes and more keys
    Mixed,
}

const DETAILS: &str = "\
The same options generate the same lines on every machine and in every version. With -o, FILE is
written whole or not at all, also after Ctrl-C.

Examples:
  windrow generate | windrow stats
  windrow generate --lines 10000000 -o actions.ndjson
  windrow generate --lines 100000 --times lognormal --popularity zipf --actions 50 --bad 0.001
  windrow generate --timestamp at --per-second 10

Exit codes: 0 success, 1 output could not be written, 2 usage, 130 Ctrl-C.";

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a number from 0 to 1, such as 0.01".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (1e-6..=1e9).contains(rate));
    rate.ok_or_else(|| "expected a number from 0.000001 to 1000000000".to_owned())
}

fn key(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.@".contains(c);
    if text.is_empty() || !text.chars().all(is_plain) || ["action", "time"].contains(&text) {
        return Err(
            "expected letters, digits, `_`, `-`, `.` or `@`, and neither `action` nor `time`"
                .to_owned(),
        );
    }
    Ok(text.to_owned())
}

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let workload = args.workload();
    let output = args.output.open()?;
    // No progress line among the lines on a terminal.
    let is_seen = output.is_terminal();
    let progress = if is_seen { Progress::hidden() } else { Progress::of_lines(args.lines) };
    let written = output.stream(|output| write(&workload, output, &progress));
    if written.as_ref().is_err_and(|failure| failure.signal().is_some()) {
        progress.interrupted();
    }
    written.map(|()| Exit::Done)
}

fn write(workload: &Workload, output: &mut dyn Write, progress: &Progress) -> io::Result<()> {
    let mut text = Vec::with_capacity(BUFFER_BYTES + 1_024);
    for (number, line) in (1..).zip(workload.lines()) {
        line.write(&mut text);
        if text.len() >= BUFFER_BYTES {
            output.write_all(&text)?;
            text.clear();
        }
        if number % STEP_LINES == 0 {
            progress.add(STEP_LINES);
        }
    }
    output.write_all(&text)
}

impl Args {
    fn workload(&self) -> Workload {
        let per_second = self.per_second;
        Workload {
            lines: self.lines,
            actions: self.actions,
            popularity: match self.popularity {
                PopularityName::Even => Popularity::Even,
                PopularityName::Zipf => Popularity::Zipf,
            },
            times: match self.times {
                TimesName::Uniform => Times::Uniform,
                TimesName::Lognormal => Times::Lognormal,
                TimesName::Bimodal => Times::Bimodal,
                TimesName::Constant => Times::Constant,
            },
            scale: self.scale,
            shape: match self.shape {
                ShapeName::Common => Shape::Common,
                ShapeName::Mixed => Shape::Mixed,
            },
            bad: self.bad,
            stamps: self.timestamp.clone().map(|key| Stamps { key, per_second }),
            seed: self.seed,
        }
    }
}
