//! `windrow stats`: the statistics of the actions in files.

use std::fmt::{self, Display};
use std::iter;
use std::num::NonZero;
use std::ops::BitOr;
use std::str::FromStr;

use clap::ValueEnum;
use facade::{
    Cell, ExactMean, Extent, Format, Quantiles, TrackerSpec, Variance, encode_records, visible,
};

use crate::exit::Exit;
use crate::figures::{self, Figure, Figures, Needs, Nothing};
use crate::input::Input;
use crate::output::{Failure, Output, OutputArgs};
use crate::tally::{Names, Row, Rows, Tally};
use crate::{distribution, fault, prometheus, render};

/// Tells count, mean, quantiles and more of the times of each action
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    input: Input,

    /// Which figures: count, sum, mean, min, max, stddev, variance, p50, p99, p99.9 and so on
    #[arg(long, value_name = "FIGURES", value_delimiter = ',')]
    stat: Vec<Figure>,

    /// What comes first: `first` seen, `action`, or a figure, of which the greatest
    #[arg(long, value_name = "KEY")]
    sort: Option<SortKey>,

    /// The other way round
    #[arg(long)]
    reverse: bool,

    /// Only the first N actions; of the most frequent ones, unless sorted otherwise
    #[arg(long, value_name = "N")]
    top: Option<NonZero<usize>>,

    /// How many actions are kept apart; those beyond are counted together, as `(other)`
    ///
    /// The first ones met are kept apart. If several threads read, that is not always the first in
    /// the files: it is the one thing that may differ from run to run, and it is told when it does.
    #[arg(long, value_name = "N", default_value_t = TrackerSpec::default().actions)]
    max_actions: usize,

    /// How results are written
    #[arg(long, value_enum, default_value_t = Style::Table)]
    format: Style,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Style {
    /// Columns for people, rounded; the last is a picture of the distribution
    Table,
    /// One line, [{"action":"jump","avg":150}], with the figures that are asked for
    Json,
    /// The same objects, a line each
    Ndjson,
    /// A line of names, then one for each action
    Csv,
    /// A page for a monitoring system to fetch
    Prometheus,
}

/// What rows are ordered by.
#[derive(Debug, Clone)]
enum SortKey {
    First,
    Action,
    Figure(Figure),
}

impl FromStr for SortKey {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "first" => Ok(Self::First),
            "action" => Ok(Self::Action),
            _ => name.parse().map(Self::Figure).map_err(|_| {
                "none of first, action, count, mean, p99 and other figures".to_owned()
            }),
        }
    }
}

const EXAMPLES: &str = "\
The mean is exact: the exact sum divided by the count and rounded once, whatever the order of the
lines. Quantiles are exact for up to 32 times of an action, and within 0.8 % beyond. `stddev` and
`variance` are those of a sample, of one time there is none.

Without --stat a table and CSV have count, mean, min, p50, p99 and max, JSON has the mean alone, as
`avg`, and Prometheus has a summary. The picture in the table reaches from the shortest to the
longest time of all actions in logarithmic steps.

Input is one action per line, as JSON: {\"action\":\"jump\",\"time\":100}. Blank lines are skipped.
A line that is no action is told on standard error with its place, and the others still count.

Examples:
  windrow stats actions.ndjson
  windrow stats --sort p99 --top 10 monday.ndjson.gz tuesday.ndjson.zst
  windrow stats --stat count,mean,p50,p99.9 --format csv -o stats.csv *.ndjson
  grep checkout service.log | windrow stats --format json -

Exit codes: 0 done, 1 a file could not be read, 2 usage, 3 some lines were refused, 130 Ctrl-C.";

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let Needs { extent, quantiles, variance } = args.needs();
    // Each set of statistics is a tally of its own, so that nothing is paid for but what is used.
    match (variance, extent, quantiles) {
        (false, false, false) => args.run::<(ExactMean, Nothing, Nothing)>(),
        (false, true, false) => args.run::<(ExactMean, Extent, Nothing)>(),
        (false, _, true) => args.run::<(ExactMean, Extent, Quantiles)>(),
        (true, false, false) => args.run::<(Variance, Nothing, Nothing)>(),
        (true, true, false) => args.run::<(Variance, Extent, Nothing)>(),
        (true, _, true) => args.run::<(Variance, Extent, Quantiles)>(),
    }
}

impl Args {
    fn run<S: Figures>(&self) -> Result<Exit, Failure> {
        let output = self.output.open(self.input.files())?;
        let names = Names::new(self.max_actions);
        let tally = || Tally::<S>::new(&names);
        let mut tallies: Vec<_> = iter::repeat_with(tally).take(self.input.threads()).collect();
        let reading = self.input.read(&self.input.policy(), &mut tallies)?;
        if reading.is_stopped {
            reading.tell();
            return Ok(reading.exit());
        }
        let rows = Rows::of(tallies);
        let printed = self.write(&self.arrange(&rows), output);
        reading.tell();
        fault::tell_folded(rows.folded, self.max_actions);
        Ok(reading.exit().or(printed))
    }

    /// The figures that are asked for, or those of the format.
    fn figures(&self) -> Vec<Figure> {
        let percentile = Figure::percentile;
        match self.format {
            _ if !self.stat.is_empty() => self.stat.clone(),
            Style::Table | Style::Csv => {
                let (p50, p99) = (percentile(50), percentile(99));
                vec![Figure::Count, Figure::Mean, Figure::Min, p50, p99, Figure::Max]
            }
            Style::Json | Style::Ndjson => vec![Figure::Mean],
            Style::Prometheus => [50, 90, 99].map(percentile).to_vec(),
        }
    }

    fn needs(&self) -> Needs {
        let sorted = match self.sort_key() {
            SortKey::Figure(figure) => Some(figure),
            _ => None,
        };
        let figures = self.figures().into_iter().chain(sorted);
        figures.map(|figure| figure.needs()).fold(Needs::default(), Needs::bitor)
    }

    fn sort_key(&self) -> SortKey {
        let usual =
            if self.top.is_some() { SortKey::Figure(Figure::Count) } else { SortKey::First };
        self.sort.clone().unwrap_or(usual)
    }

    /// The rows that are asked for, in the order that is asked for.
    fn arrange<'r, S: Figures>(&self, rows: &'r Rows<S>) -> Vec<Row<'r, S>> {
        let mut rows: Vec<_> = rows.iter().collect();
        match self.sort_key() {
            SortKey::First => {}
            SortKey::Action => rows.sort_by_key(Row::action),
            SortKey::Figure(figure) => {
                let mut keyed: Vec<_> =
                    rows.into_iter().map(|row| (figure.of(row.statistic()), row)).collect();
                // The greatest first; equal ones stay in the order first seen.
                keyed.sort_by(|(a, _), (b, _)| figures::compare(b, a));
                rows = keyed.into_iter().map(|(_, row)| row).collect();
            }
        }
        if self.reverse {
            rows.reverse();
        }
        rows.truncate(self.top.map_or(usize::MAX, NonZero::get));
        rows
    }

    fn write<S: Figures>(&self, rows: &[Row<'_, S>], output: Output) -> Result<(), Failure> {
        let figures = self.figures();
        let format = match self.format {
            Style::Table => {
                let pictured = self.stat.is_empty().then(|| table(&figures, rows, true));
                // Where it would be broken, nobody sees a picture.
                let seen = output.columns();
                let fits = |text: &String| seen.is_none_or(|seen| render::width(text) <= seen);
                let text = pictured.filter(fits).unwrap_or_else(|| table(&figures, rows, false));
                return output.print(text);
            }
            Style::Prometheus => {
                let rows = rows.iter().map(|row| (row.action(), row.statistic()));
                return output.print(prometheus::page(&figures, rows));
            }
            Style::Json => Format::Json,
            Style::Ndjson => Format::Ndjson,
            Style::Csv => Format::Csv,
        };
        output.print(Records { format, figures: &figures, rows })
    }
}

/// How many rows are made into text at once: of many, the text would be larger than they are.
const PIECE_ROWS: usize = 1_000;

/// Rows as text for programs, written piece by piece.
struct Records<'r, S> {
    format: Format,
    figures: &'r [Figure],
    rows: &'r [Row<'r, S>],
}

impl<S: Figures> Display for Records<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, figures, rows } = *self;
        // Objects have had the mean from the beginning, as `avg`.
        let objects = format != Format::Csv;
        let asked = figures.iter().filter(|figure| !(objects && **figure == Figure::Mean));
        let mean = objects.then_some(("avg", &Figure::Mean));
        let asked = asked.map(|figure| (figure.name(), figure));
        let (names, figures): (Vec<_>, Vec<_>) = mean.into_iter().chain(asked).unzip();
        let columns: Vec<_> = iter::once("action").chain(names).collect();
        let text = |rows: &[Row<'_, S>]| {
            let rows = rows.iter().map(|row| -> Vec<_> {
                let cells = figures.iter().map(|figure| figure.of(row.statistic()));
                iter::once(Cell::Text(row.action())).chain(cells).collect()
            });
            encode_records(format, &columns, rows)
        };
        // What stands before the first row, between two pieces and behind the last row.
        let nothing = text(&[]);
        let (head, between, end) = match format {
            Format::Json => ("[", ",", "]\n"),
            _ => (nothing.as_str(), "", ""),
        };
        f.write_str(head)?;
        for (index, rows) in rows.chunks(PIECE_ROWS).enumerate() {
            let piece = text(rows);
            let piece = piece.strip_prefix(head).unwrap_or(&piece);
            f.write_str(if index > 0 { between } else { "" })?;
            f.write_str(if end.is_empty() {
                piece
            } else {
                piece.strip_suffix(']').unwrap_or(piece)
            })?;
        }
        f.write_str(end)
    }
}

fn table<S: Figures>(figures: &[Figure], rows: &[Row<'_, S>], is_pictured: bool) -> String {
    let mut columns: Vec<Vec<String>> =
        vec![rows.iter().map(|row| visible(row.action().as_bytes())).collect()];
    for figure in figures {
        let cells: Vec<_> = rows.iter().map(|row| figure.of(row.statistic())).collect();
        columns.push(render::numbers(&cells));
    }
    let mut header: Vec<_> = iter::once("action").chain(figures.iter().map(Figure::name)).collect();
    if is_pictured {
        header.push("distribution");
        columns.push(distribution::pictures(rows.iter().map(|row| row.statistic())));
    }
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    let row = |_| columns.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>();
    render::table(header, (0..rows.len()).map(row))
}

#[cfg(test)]
mod tests {
    use facade::{Entry, Policy, Sink as _};

    use super::*;

    #[test]
    fn pieces_are_the_whole() {
        for count in [0, 1, PIECE_ROWS - 1, PIECE_ROWS, PIECE_ROWS + 1, 2 * PIECE_ROWS] {
            let lines: String = (0..count)
                .map(|name| format!("{{\"action\":\"{name}]\",\"time\":{name}}}\n"))
                .collect();
            let names = Names::new(usize::MAX);
            let mut tally = Tally::<(ExactMean, Nothing, Nothing)>::new(&names);
            Policy::default()
                .decode_slice(lines.as_bytes(), &mut |entry: Entry<'_>| tally.take(entry));
            let all = Rows::of(vec![tally]);
            let rows: Vec<_> = all.iter().collect();
            for (format, end) in [(Format::Json, "\n"), (Format::Ndjson, ""), (Format::Csv, "")] {
                let figures = [Figure::Mean];
                let name = if format == Format::Csv { "mean" } else { "avg" };
                let cells = rows
                    .iter()
                    .map(|row| [Cell::Text(row.action()), Figure::Mean.of(row.statistic())]);
                let whole = encode_records(format, &["action", name], cells) + end;
                let pieces = Records { format, figures: &figures, rows: &rows }.to_string();
                assert!(pieces == whole, "{count} {format:?}");
            }
        }
    }
}
