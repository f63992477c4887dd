//! `windrow generate`: actions to try things on.

use std::io::{self, Write};
use std::num::NonZero;

use clap::ValueEnum;
use workload::{Popularity, Shape, Stamps, Times, Workload};

use crate::exit::Exit;
use crate::output::progress::Progress;
use crate::output::{Failure, OutputArgs};

/// So much is written at once.
const BUFFER_BYTES: usize = 128 * 1024;
/// So often the progress is told of.
const STEP_LINES: u64 = 10_000;

/// Writes random actions, the same ones for the same options
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How many lines
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    lines: u64,

    /// How many different actions
    #[arg(long, value_name = "N", default_value = "4")]
    actions: NonZero<u32>,

    /// How frequent each action is
    #[arg(long, value_enum, default_value = "even")]
    popularity: PopularityName,

    /// How times are distributed
    #[arg(long, value_enum, default_value = "uniform")]
    times: TimesName,

    /// The greatest time, or the one around which the others are
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    scale: u32,

    /// How lines are written
    #[arg(long, value_enum, default_value = "common")]
    shape: ShapeName,

    /// Which share of the lines is no actions, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    bad: f64,

    /// Say when each action happened, under this key, in seconds since 1970
    #[arg(long, value_name = "KEY", value_parser = key)]
    stamp_key: Option<String>,

    /// How many actions there are in a second of these stamps
    #[arg(long, value_name = "N", default_value = "100", value_parser = rate)]
    per_second: f64,

    /// Where the random numbers start
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PopularityName {
    /// As any other
    Even,
    /// The n-th about an n-th as frequent as the first
    Zipf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TimesName {
    /// From 0 to the scale, each as likely
    Uniform,
    /// Around the scale, as many half as long as twice as long
    Lognormal,
    /// Nine of ten around a twentieth of the scale, the others around the scale
    Bimodal,
    /// Always the scale
    Constant,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ShapeName {
    /// All alike, {"action":"jump", "time":150}
    Common,
    /// In seven ways: other orders, spaces, fractions, escapes, more keys
    Mixed,
}

const EXAMPLES: &str = "\
The same options write the same lines on every machine and in every version.

Examples:
  windrow generate | windrow stats
  windrow generate --lines 10000000 -o actions.ndjson
  windrow generate --lines 100000 --times lognormal --popularity zipf --actions 50 --bad 0.001
  windrow generate --stamp-key at --per-second 10

Ctrl-C ends it; the FILE of -o is written whole or not at all.

Exit codes: 0 done, 1 the lines could not be written, 2 usage, 130 Ctrl-C.";

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "not a share from 0 to 1, such as 0.01 for one in a hundred".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (1e-6..=1e9).contains(rate));
    rate.ok_or_else(|| "not a number from 0.000001 to 1000000000".to_owned())
}

fn key(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.@".contains(c);
    if text.is_empty() || !text.chars().all(is_plain) || ["action", "time"].contains(&text) {
        return Err("not a key of letters, digits, `_`, `-`, `.` and `@`, other than `action` \
                    and `time`"
            .to_owned());
    }
    Ok(text.to_owned())
}

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let workload = args.workload();
    let output = args.output.open()?;
    // Beside the lines themselves it would only be in the way.
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
            stamps: self.stamp_key.clone().map(|key| Stamps { key, per_second }),
            seed: self.seed,
        }
    }
}
