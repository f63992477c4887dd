//! `windrow stats`: the statistics of the actions in files.

use clap::ValueEnum;
use facade::{Entry, ExactMean, Row, RunningTracker, encode, visible};

use crate::exit::Exit;
use crate::input::Input;
use crate::output::{Failure, OutputArgs};
use crate::render;

/// Counts the actions in files and averages their times
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    output: OutputArgs,

    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Action, count and mean in columns; means are rounded
    Table,
    /// One line of JSON, [{"action":"jump","avg":150}]; means have every digit
    Json,
}

const EXAMPLES: &str = "\
Means are exact: rounded once, whatever the order and the number of lines.
Actions come in the order in which they are first seen.

Input is one action per line, as JSON: {\"action\":\"jump\",\"time\":100}. Blank lines are skipped.
A line that is no action is told on standard error with its place, and the others still count.

Examples:
  windrow stats actions.ndjson
  windrow stats monday.ndjson tuesday.ndjson
  grep checkout service.log | windrow stats --format json -

Exit codes: 0 done, 1 a file could not be read, 2 usage, 3 some lines were refused.";

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let output = args.output.open(args.input.files())?;
    let tracker = RunningTracker::default();
    let take = |entry: Entry<'_>| {
        tracker.add(entry.name, entry.time).expect("the decoder checked the name");
    };
    let reading = args.input.read(&args.input.policy(), &mut [take])?;
    if reading.is_stopped {
        reading.tell();
        return Ok(reading.exit());
    }
    let stats = tracker.stats();
    let printed = output.print(match args.format {
        Format::Table => table(&stats),
        Format::Json => encode(stats.iter().map(|row| (row.action(), row.mean()))) + "\n",
    });
    reading.tell();
    Ok(reading.exit().or(printed))
}

fn table(stats: &[Row<ExactMean>]) -> String {
    let means = render::means(&stats.iter().map(Row::mean).collect::<Vec<_>>());
    let rows = stats.iter().zip(means);
    let rows =
        rows.map(|(row, mean)| [visible(row.action().as_bytes()), row.count().to_string(), mean]);
    render::table(["action", "count", "mean"], rows)
}
